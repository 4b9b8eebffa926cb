import { describe, expect, test } from "bun:test";
import OpenAI from "openai";
import type { StreamEvent } from "../../src/core/event.ts";
import {
  args,
  begin,
  call,
  end,
  ending,
  finish,
  opaque,
  over,
  part,
  start,
  usage,
  words,
} from "./responses-events.ts";
import { memory, streamed } from "./responses-spoken.ts";

const TEXT = [start, ...part(0, "text", "Hel", "lo"), ...ending()];

test("an item that only the backend knows goes out as it came, whatever it lacks", () => {
  const value = { id: "unlisted", type: "__proto__", content: [{ type: "output_text", text: "hi" }] };
  const dialect = "openai-responses" as const;
  const { events, response } = streamed([
    [start, { type: "foreign", choice: 0, part: 0, dialect, value }, ...ending()],
  ]);
  expect(events.find(({ type }) => type === "response.output_item.done")).toMatchObject({ item: value });
  expect(response.output).toEqual([value]);
});

describe("a text", () => {
  test("is an item, its part, its deltas, and the same backwards; numbered from 0 without a gap", () => {
    const { types, events, response } = streamed([TEXT]);
    expect(types).toEqual([
      "created",
      "in_progress",
      "output_item.added",
      "content_part.added",
      "output_text.delta",
      "output_text.delta",
      "output_text.done",
      "content_part.done",
      "output_item.done",
      "completed",
    ]);
    expect(events[0]).toMatchObject({ response: { status: "in_progress", output: [] } });
    expect(events[3]).toMatchObject({
      content_index: 0,
      part: { type: "output_text", text: "", annotations: [] },
    });
    expect(events[6]).toMatchObject({ text: "Hello", logprobs: [] });
    expect(response).toMatchObject({
      object: "response",
      status: "completed",
      model: "asked",
      output: [{ type: "message", role: "assistant", status: "completed", content: [{ text: "Hello" }] }],
      usage: { input_tokens: 3, output_tokens: 2, total_tokens: 5 },
    });
  });

  test("says the same however its events are split over reads", () => {
    const all = streamed([TEXT]).types;
    for (let at = 1; at < TEXT.length; at++)
      expect(streamed([TEXT.slice(0, at), TEXT.slice(at)]).types).toEqual(all);
  });

  test("writes what JSON must escape, on one line", () => {
    const text = 'a "quote"\n\r\t\\ \u2028 ä 🙂 </script>';
    expect(streamed([[start, ...part(0, "text", text), ...ending()]]).events[4]).toMatchObject({
      delta: text,
    });
  });

  test("has its log-probabilities on its deltas, and all of them at its end", () => {
    const token = (text: string) => ({ token: text, logprob: -1, bytes: null, top_logprobs: [] });
    const said = (text: string): StreamEvent => ({
      type: "logprobs",
      choice: 0,
      logprobs: { content: [token(text)], refusal: null },
    });
    const { events } = streamed([
      [
        start,
        said("a"),
        begin(0, "text"),
        words("text", "a"),
        said("b"),
        words("text", "b"),
        over(0),
        ...ending(),
      ],
    ]);
    const read = (text: string) => ({ ...token(text), bytes: [] });
    expect(events[4]?.logprobs).toEqual([read("a")]);
    expect(events[6]).toMatchObject({ text: "ab", logprobs: [read("a"), read("b")] });
  });

  test("has its sources as events, and in its part", () => {
    const own = { type: "file_citation", file_id: "f", filename: "a.txt", index: 1 };
    const cite = (dialect: "openai" | "openai-responses", more: object): StreamEvent => ({
      type: "annotation",
      choice: 0,
      annotation: { native: { dialect, value: own }, ...more },
    });
    const { events, response } = streamed([
      [
        start,
        begin(0, "text"),
        words("text", "so"),
        cite("openai", { url: "https://a.example", title: "A", start: 0, end: 2 }),
        cite("openai-responses", {}),
        cite("openai", {}),
        over(0),
        ...ending(),
      ],
    ]);
    const url = { type: "url_citation", url: "https://a.example", title: "A", start_index: 0, end_index: 2 };
    expect(events.filter(({ type }) => type.endsWith("annotation.added"))).toMatchObject([
      { annotation_index: 0, annotation: url },
      { annotation_index: 1, annotation: own },
    ]);
    expect(response.output[0]).toMatchObject({ content: [{ annotations: [url, own] }] });
  });
});

describe("reasoning", () => {
  test("is a summary, whose part comes before its first word", () => {
    const { types, response } = streamed([
      [start, ...part(0, "reasoning", "hm", "m"), ...part(1, "text", "so"), ...ending()],
    ]);
    expect(types.slice(2, 9)).toEqual([
      "output_item.added",
      "reasoning_summary_part.added",
      "reasoning_summary_text.delta",
      "reasoning_summary_text.delta",
      "reasoning_summary_text.done",
      "reasoning_summary_part.done",
      "output_item.done",
    ]);
    expect(response.output).toMatchObject([
      { type: "reasoning", summary: [{ type: "summary_text", text: "hmm" }] },
      { type: "message" },
    ]);
  });

  const SIGNED = { issuer: "anthropic", kind: "signature", data: "sig" } as const;
  const REDACTED = { issuer: "anthropic", kind: "redacted", data: "red" } as const;
  const OWN = { issuer: "openai-responses", kind: "encrypted", data: "raw" } as const;
  const thought = (...state: (typeof SIGNED | typeof REDACTED | typeof OWN)[]) => [
    start,
    begin(0, "reasoning"),
    words("reasoning", "hm"),
    ...state.map(opaque),
    over(0),
    ...part(1, "text", "so"),
    ...ending(),
  ];
  const include = { include: ["reasoning.encrypted_content"] };

  test("comes with another vendor's seal only if that is asked for; what is kept has it always", () => {
    const keeping = memory();
    const { response } = streamed([thought(SIGNED)], { keeping });
    expect(response.output[0]).not.toHaveProperty("encrypted_content");
    expect(keeping.kept[0]?.output[0]).toMatchObject({
      id: response.output[0]?.id,
      encrypted_content: "fl1.anthropic.signature.c2ln",
    });
    const asked = streamed([thought(SIGNED)], { body: include });
    expect(asked.response.output[0]).toMatchObject({ encrypted_content: "fl1.anthropic.signature.c2ln" });
  });

  test("comes with its own vendor's as it was", () => {
    expect(streamed([thought(OWN)]).response.output[0]).toMatchObject({ encrypted_content: "raw" });
  });

  test("with two seals is two items, for one has room for one", () => {
    const { response } = streamed([thought(SIGNED, REDACTED)], { body: include });
    expect(response.output).toMatchObject([
      { summary: [{ text: "hm" }], encrypted_content: "fl1.anthropic.signature.c2ln" },
      { summary: [], encrypted_content: "fl1.anthropic.redacted.cmVk" },
      { type: "message" },
    ]);
  });

  test("that is a seal alone is nothing, for a client that does not want it", () => {
    const events = [
      start,
      begin(0, "reasoning"),
      opaque(REDACTED),
      over(0),
      ...part(1, "text", "so"),
      ...ending(),
    ];
    const keeping = memory();
    expect(streamed([events], { keeping }).response.output).toMatchObject([{ type: "message" }]);
    expect(keeping.kept[0]?.output).toMatchObject([{ type: "reasoning", summary: [] }, { type: "message" }]);
    expect(streamed([events], { body: include }).response.output).toMatchObject([
      { type: "reasoning", summary: [] },
      { type: "message" },
    ]);
  });
});

describe("a call", () => {
  test("has its name and ids at once, and all of its arguments at the end", () => {
    const { types, events, response } = streamed([
      [
        start,
        call(0, "close", { namespace: "windows" }),
        args(0, '{"a"'),
        args(0, ":1}"),
        over(0),
        ...ending("tool_calls"),
      ],
    ]);
    expect(types.slice(2, 7)).toEqual([
      "output_item.added",
      "function_call_arguments.delta",
      "function_call_arguments.delta",
      "function_call_arguments.done",
      "output_item.done",
    ]);
    const item = { type: "function_call", call_id: "call_close", name: "close", namespace: "windows" };
    expect(events[2]).toMatchObject({ item: { ...item, arguments: "", status: "in_progress" } });
    expect(events[5]).toMatchObject({ name: "close", arguments: '{"a":1}' });
    expect(response).toMatchObject({ status: "completed", output: [{ ...item, arguments: '{"a":1}' }] });
  });

  test("of a custom tool has its input, which is no JSON", () => {
    const { types, response } = streamed([
      [
        start,
        call(0, "patch", { kind: "custom" }),
        args(0, "*** Begin", "custom"),
        over(0),
        ...ending("tool_calls"),
      ],
    ]);
    expect(types.slice(3, 6)).toEqual([
      "custom_tool_call_input.delta",
      "custom_tool_call_input.done",
      "output_item.done",
    ]);
    expect(response.output).toMatchObject([{ type: "custom_tool_call", name: "patch", input: "*** Begin" }]);
  });

  test("waits until the one before it is whole, if they come at the same time", () => {
    const { response, types } = streamed([
      [start, call(0, "a"), call(1, "b"), args(1, "[1]"), args(0, "[0]"), over(1), over(0), ...ending()],
    ]);
    expect(response.output).toMatchObject([
      { name: "a", arguments: "[0]" },
      { name: "b", arguments: "[1]" },
    ]);
    expect(types.filter((type) => type === "output_item.added")).toHaveLength(2);
  });

  test("has the state that came with it in an item before it", () => {
    const state = [{ issuer: "gemini", kind: "thought", data: "t" }];
    const { response } = streamed(
      [[start, call(0, "a", { opaque: state }), args(0, "{}"), over(0), ...ending()]],
      {
        body: { include: ["reasoning.encrypted_content"] },
      },
    );
    expect(response.output).toMatchObject([
      { type: "reasoning", encrypted_content: "fl1.gemini.thought.dA" },
      { type: "function_call" },
    ]);
  });
});

describe("other items", () => {
  test("a refusal is a part of its own kind", () => {
    const { types, response } = streamed([[start, ...part(0, "refusal", "no"), ...ending()]]);
    expect(types.slice(4, 7)).toEqual(["refusal.delta", "refusal.done", "content_part.done"]);
    expect(response.output[0]).toMatchObject({ content: [{ type: "refusal", refusal: "no" }] });
  });

  test("what only Responses can say is said as it came; what only others can say is not", () => {
    const search = {
      type: "web_search_call",
      id: "ws_1",
      status: "completed",
      action: { type: "search", query: "q" },
    };
    const foreign = (dialect: "openai-responses" | "anthropic"): StreamEvent => ({
      type: "foreign",
      choice: 0,
      part: 0,
      dialect,
      value: search,
    });
    const { types, response } = streamed([
      [start, foreign("openai-responses"), foreign("anthropic"), ...part(1, "text", "so"), ...ending()],
    ]);
    expect(types.slice(2, 5)).toEqual(["output_item.added", "output_item.done", "output_item.added"]);
    expect(response.output).toMatchObject([search, { type: "message" }]);
  });

  test("the ids that a backend of the same dialect gave are kept: its sealed state belongs to them", () => {
    const { response } = streamed([
      [
        start,
        begin(0, "text", { id: "msg_up" }),
        words("text", "a"),
        over(0),
        call(1, "f", { itemId: "fc_up" }),
        over(1),
        ...ending(),
      ],
    ]);
    expect(response.output.map(({ id }) => id)).toEqual(["msg_up", "fc_up"]);
  });

  test("ids have the request's in them, but one request's id sent twice makes different ones", () => {
    const [one, two] = [streamed([TEXT]).response, streamed([TEXT]).response];
    expect(one?.id).toMatch(/^resp_req1[0-9a-f]{12}$/);
    expect(one?.output[0]?.id).toMatch(/^msg_req1[0-9a-f]{12}000$/);
    expect(one?.id).not.toBe(two?.id ?? "");
  });
});

test("usage has three totals and every detail, whatever the backend left out", () => {
  const native = {
    dialect: "openai-responses",
    value: { input_tokens: 3, output_tokens: 2, extra: 1 },
  } as const;
  const said = (event: StreamEvent) => streamed([[start, finish(), event, end]]).response.usage;
  const details = {
    input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
    output_tokens_details: { reasoning_tokens: 0 },
  };
  const totals = { input_tokens: 3, output_tokens: 2, total_tokens: 5 };
  expect(said(usage())).toEqual({ ...totals, ...details });
  expect(said(usage({ native }))).toEqual({ ...totals, ...details, extra: 1 });
  expect(said(usage({ cachedInput: 1, cacheWrite: 2, reasoning: 1 }))).toEqual({
    ...totals,
    input_tokens_details: { cached_tokens: 1, cache_write_tokens: 2 },
    output_tokens_details: { reasoning_tokens: 1 },
  });
  expect(streamed([[start, finish(), usage({ estimated: true }), end]]).response).toMatchObject({
    x_fairlead: { usage: "estimated" },
  });
});

test("OpenAI's own helper, which throws at any event out of order, reads all of it", async () => {
  const { sent, response } = streamed([
    [start, ...part(0, "reasoning", "hm"), ...part(1, "text", "a", "b"), ...part(2, "refusal", "no")],
    [call(3, "f"), call(4, "g", { kind: "custom" }), args(3, "{}"), args(4, "x", "custom"), over(3), over(4)],
    ending("tool_calls"),
  ]);
  const headers = { "content-type": "text/event-stream" };
  const fetch = () => Promise.resolve(new Response(sent, { headers }));
  const client = new OpenAI({ apiKey: "none", baseURL: "http://127.0.0.1:1/v1", fetch });
  const read = await client.responses.stream({ model: "m", input: "hi" }).finalResponse();
  expect(read.output_text).toBe("ab");
  expect(read.output).toMatchObject(response.output);
});
