import { describe, expect, test } from "bun:test";
import type { Annotation, FinishReason, StreamEvent } from "../../src/core/event.ts";
import { Failure } from "../../src/core/failure.ts";
import { openOpaque } from "../../src/core/opaque.ts";
import type { Usage } from "../../src/core/usage.ts";
import { messages } from "../../src/api/messages.ts";
import {
  args,
  asked,
  begin,
  call,
  close,
  END,
  finish,
  opaque,
  part,
  said,
  START,
  streamed,
  tool,
  usage,
  word,
} from "./said-parts.ts";

const EVENTS = [START, ...part(0, "text", "Hel", "lo"), finish(), usage(), END];

describe("a message", () => {
  test("is its beginning, a ping, its block, its end; every frame says what it is", () => {
    const { types, frames, content, stopped } = streamed([EVENTS]);
    expect(types).toEqual([
      "message_start",
      "ping",
      "content_block_start",
      "content_block_delta",
      "content_block_delta",
      "content_block_stop",
      "message_delta",
      "message_stop",
    ]);
    expect(frames[0]?.message).toEqual({
      id: "msg_x-1",
      type: "message",
      role: "assistant",
      model: "asked",
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: {
        input_tokens: 7,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        output_tokens: 0,
      },
    });
    expect(content).toEqual([{ type: "text", text: "Hello" }]);
    expect(stopped).toBe(true);
  });

  test("is the same however its events are split over reads", () => {
    const events = [
      START,
      ...part(0, "reasoning", "hm"),
      ...part(1, "text", "so"),
      ...tool(2, 0, "a", "{}"),
      finish("tool_calls"),
      usage(),
      END,
    ];
    const whole = streamed([events]).sent;
    for (let at = 1; at < events.length; at++)
      expect(streamed([events.slice(0, at), events.slice(at)]).sent).toBe(whole);
  });

  test("keeps an id that is Anthropic's own", () => {
    expect(streamed([[{ ...START, id: "msg_01" } as StreamEvent, END]]).message.id).toBe("msg_01");
  });

  test("escapes what JSON must, on one line", () => {
    const words = 'a "quote"\n\r\t\\ \u2028 ä 🙂 \u0000';
    expect(said(...part(0, "text", words)).content).toEqual([{ type: "text", text: words }]);
  });

  test("with nothing in it has no block, and neither have empty words", () => {
    expect(said().content).toEqual([]);
    expect(said(...part(0, "text", ""), ...part(1, "reasoning", "")).content).toEqual([]);
    expect(said().message.stop_reason).toBe("end_turn");
  });

  test("tells a guess of its input at once where the backend has not counted yet, and the truth at its end", () => {
    const { inputTokens: _, ...start } = START as Extract<StreamEvent, { type: "start" }>;
    const request = asked({ system: "s".repeat(3500) });
    const { frames, message } = streamed([[start, finish(), usage(), END]], request);
    const guess = Number(/"input_tokens":(\d+)/.exec(JSON.stringify(frames[0]))?.[1]);
    expect(guess).toBeGreaterThan(1000);
    expect(guess).toBeLessThan(1100);
    expect(message.usage).toMatchObject({ input_tokens: 10 });
  });
});

describe("blocks", () => {
  test("text and two calls whose arguments came mixed are three, one after the other", () => {
    const { content, types } = said(
      ...part(0, "text", "Look."),
      call(1, 0, "a"),
      args(1, 0, '{"x"'),
      call(2, 1, "b"),
      args(2, 1, "{}"),
      args(1, 0, ":1}"),
      close(1, true),
      close(2, true),
      finish("tool_calls"),
    );
    expect(content).toEqual([
      { type: "text", text: "Look." },
      { type: "tool_use", id: "id-a", name: "a", input: { x: 1 } },
      { type: "tool_use", id: "id-b", name: "b", input: {} },
    ]);
    expect(types.filter((type) => type === "content_block_delta")).toHaveLength(4);
  });

  test("a call begins with an empty input", () => {
    const { frames } = said(...tool(0, 0, "a", '{"x":1}'));
    expect(frames[2]).toEqual({
      type: "content_block_start",
      index: 0,
      content_block: { type: "tool_use", id: "id-a", name: "a", input: {} },
    });
  });

  test("a call with free text has the text as its only argument, whatever is in it", () => {
    const pieces = ['a "b"\n', "\ud83d", "\ude42 \\ {"];
    const { content } = said(
      call(0, 0, "run", "custom"),
      ...pieces.map((piece) => args(0, 0, piece, "custom")),
      close(0),
    );
    expect(content).toEqual([
      { type: "tool_use", id: "id-run", name: "run", input: { input: pieces.join("") } },
    ]);
  });

  test("thinking of an engine has an empty signature", () => {
    const { content, frames } = said(...part(0, "reasoning", "h", "m"), ...part(1, "text", "So."));
    expect(content).toEqual([
      { type: "thinking", thinking: "hm", signature: "" },
      { type: "text", text: "So." },
    ]);
    expect(frames).toContainEqual({
      type: "content_block_delta",
      index: 0,
      delta: { type: "signature_delta", signature: "" },
    });
  });

  test("Anthropic's signature goes out as it is, another vendor's framed so that it finds its way back", () => {
    const signed = (issuer: "anthropic" | "openai-responses", data: string) =>
      said(
        begin(0, "reasoning"),
        word("reasoning", "hm"),
        opaque({ issuer, kind: issuer === "anthropic" ? "signature" : "encrypted", data }),
        close(0),
      ).content[0]?.signature;
    expect(signed("anthropic", "EqQB+/=")).toBe("EqQB+/=");
    expect(openOpaque(String(signed("openai-responses", "gAAA")), "anthropic", "signature")).toEqual({
      issuer: "openai-responses",
      kind: "encrypted",
      data: "gAAA",
    });
  });

  test("a signature without words is a thinking block, and each further one another", () => {
    const seal = (data: string) => opaque({ issuer: "anthropic", kind: "signature", data });
    expect(said(begin(0, "reasoning"), seal("s1"), seal("s2"), close(0)).content).toEqual([
      { type: "thinking", thinking: "", signature: "s1" },
      { type: "thinking", thinking: "", signature: "s2" },
    ]);
  });

  test("redacted thinking is a block of its own", () => {
    const redacted = opaque({ issuer: "anthropic", kind: "redacted", data: "x+/" });
    expect(said(begin(0, "reasoning"), redacted, close(0), ...part(1, "text", "a")).content).toEqual([
      { type: "redacted_thinking", data: "x+/" },
      { type: "text", text: "a" },
    ]);
    const seal = opaque({ issuer: "anthropic", kind: "signature", data: "s" });
    expect(said(begin(0, "reasoning"), word("reasoning", "hm"), seal, redacted, close(0)).content).toEqual([
      { type: "thinking", thinking: "hm", signature: "s" },
      { type: "redacted_thinking", data: "x+/" },
    ]);
  });

  test("state that stands with words and not with thinking has no place", () => {
    const thought = opaque({ issuer: "gemini", kind: "thought", data: "t" });
    expect(said(begin(0, "text"), word("text", "a"), thought, close(0)).content).toEqual([
      { type: "text", text: "a" },
    ]);
  });

  test("a refusal is text, and the reason says what it is", () => {
    const { content, message } = said(...part(0, "refusal", "I will not."), finish("stop"));
    expect(content).toEqual([{ type: "text", text: "I will not." }]);
    expect(message.stop_reason).toBe("refusal");
  });

  test("what only Anthropic's own tools say goes out as it came, its input as a call's", () => {
    const foreign = (dialect: "anthropic" | "gemini", value: object): StreamEvent => ({
      type: "foreign",
      choice: 0,
      part: 9,
      dialect,
      value: { ...value },
    });
    const use = { type: "server_tool_use", id: "s1", name: "web_search", input: { query: "boats" } };
    const result = { type: "web_search_tool_result", tool_use_id: "s1", content: [] };
    const { content, frames } = said(
      foreign("anthropic", use),
      foreign("anthropic", result),
      foreign("gemini", { executableCode: {} }),
      ...part(0, "text", "a"),
    );
    expect(content).toEqual([use, result, { type: "text", text: "a" }]);
    expect(frames[2]).toMatchObject({ content_block: { input: {} } });
  });
});

describe("sources", () => {
  const note = (annotation: Annotation): StreamEvent => ({ type: "annotation", choice: 0, annotation });
  const own = { type: "char_location", cited_text: "c", document_index: 0 };

  test("of Anthropic's go out as they came, before the words or after", () => {
    const source = note({ native: { dialect: "anthropic", value: own } });
    for (const order of [
      [source, word("text", "a")],
      [word("text", "a"), source],
    ])
      expect(said(begin(0, "text"), ...order, close(0)).content).toEqual([
        { type: "text", text: "a", citations: [own] },
      ]);
  });

  test("of others are results of a search where they have an address, else nothing", () => {
    const native = { dialect: "openai" as const, value: {} };
    const { content } = said(
      begin(0, "text"),
      word("text", "a"),
      note({ url: "https://a.example/", title: "A", native }),
      note({ cited: "no address", native }),
      close(0),
    );
    expect(content[0]?.citations).toEqual([
      {
        type: "web_search_result_location",
        cited_text: "",
        encrypted_index: "",
        title: "A",
        url: "https://a.example/",
      },
    ]);
  });

  test("without any words are none", () => {
    const source = note({ native: { dialect: "anthropic", value: own } });
    expect(said(begin(0, "text"), source, close(0), ...part(1, "text", "b")).content).toEqual([
      { type: "text", text: "b" },
    ]);
  });
});

describe("the end", () => {
  test.each<[FinishReason, string]>([
    ["stop", "end_turn"],
    ["length", "max_tokens"],
    ["context", "model_context_window_exceeded"],
    ["tool_calls", "tool_use"],
    ["content_filter", "refusal"],
    ["refusal", "refusal"],
    ["pause", "pause_turn"],
    ["function_call", "end_turn"],
    ["other", "end_turn"],
  ])("of reason %s is %s", (reason, word) => {
    expect(said(finish(reason, { raw: "odd" })).message).toMatchObject({
      stop_reason: word,
      stop_sequence: null,
    });
  });

  test("tells which stop sequence it was", () => {
    expect(said(finish("stop", { stopSequence: "###" })).message).toMatchObject({
      stop_reason: "stop_sequence",
      stop_sequence: "###",
    });
  });

  test("keeps a reason of Anthropic's own that is not known here", () => {
    const native: Usage["native"] = { dialect: "anthropic", value: {} };
    expect(said(finish("other", { raw: "new_reason" }), usage({ native })).message.stop_reason).toBe(
      "new_reason",
    );
  });

  test("counts what came from a cache by itself", () => {
    const counted = said(usage({ input: 100, cachedInput: 60, cacheWrite: 30, output: 5, reasoning: 2 }));
    expect(counted.message.usage).toEqual({
      input_tokens: 10,
      cache_creation_input_tokens: 30,
      cache_read_input_tokens: 60,
      output_tokens: 5,
      output_tokens_details: { thinking_tokens: 2 },
    });
    expect(counted.frames.at(-2)).not.toHaveProperty("x_fairlead");
  });

  test("says that a count is ours, and keeps Anthropic's own", () => {
    expect(said(usage({ estimated: true })).frames.at(-2)).toMatchObject({
      x_fairlead: { usage: "estimated" },
    });
    const native: Usage["native"] = {
      dialect: "anthropic",
      value: { input_tokens: 3, service_tier: "standard" },
    };
    expect(said(usage({ native })).message.usage).toMatchObject({
      input_tokens: 3,
      output_tokens: 4,
      service_tier: "standard",
    });
  });
});

describe("fields that are not known here", () => {
  const extra = (dialect: "anthropic" | "openai", level: "chunk" | "delta", fields: object): StreamEvent => ({
    type: "extra",
    choice: 0,
    extra: { dialect, [level]: { ...fields } },
  });

  test("of Anthropic's stand where they stood: in the message, in its end, beside its end", () => {
    const { frames } = said(
      extra("anthropic", "chunk", { container: { id: "c" } }),
      ...part(0, "text", "a"),
      extra("anthropic", "delta", { odd: 1 }),
      extra("anthropic", "chunk", { stop_details: { type: "refusal" } }),
      extra("anthropic", "chunk", { context_management: { applied_edits: [] } }),
    );
    expect(frames[0]).toMatchObject({ message: { container: { id: "c" }, id: "msg_x-1" } });
    expect(frames.at(-2)).toMatchObject({
      delta: { odd: 1, stop_details: { type: "refusal" }, stop_reason: "end_turn" },
      context_management: { applied_edits: [] },
    });
  });

  test("of a block stand in it", () => {
    const own = (dialect: "anthropic" | "openai") => ({ dialect, fields: { caller: { type: "direct" } } });
    const { content } = said(
      { ...call(0, 0, "a"), extra: own("anthropic") } as StreamEvent,
      close(0),
      { ...begin(1, "text"), extra: own("anthropic") } as StreamEvent,
      word("text", "a"),
      close(1),
      { ...begin(2, "text"), extra: own("openai") } as StreamEvent,
      word("text", "b"),
      close(2),
    );
    expect(content.map(({ caller }) => caller)).toEqual([{ type: "direct" }, { type: "direct" }, undefined]);
  });

  test("never take the place of ours, and another dialect's are left out", () => {
    const { message, sent } = said(
      extra("anthropic", "chunk", { id: "no", model: "no" }),
      extra("openai", "chunk", { timings: {} }),
    );
    expect(message).toMatchObject({ id: "msg_x-1", model: "asked" });
    expect(sent).not.toContain("timings");
  });
});

describe("a stream that fails", () => {
  const failure = new Failure("overloaded", "Too busy.");

  test("ends in an error event, after all that came before it and without an end", () => {
    const cut = streamed([[START, begin(0, "text"), word("text", "Hel"), { type: "error", failure }]]);
    expect(cut.types.slice(-2)).toEqual(["content_block_delta", "error"]);
    expect(cut.error).toEqual({
      type: "error",
      error: { type: "overloaded_error", message: "Too busy.", details: { error_code: "overloaded" } },
      request_id: "req-1",
    });
    expect(cut.stopped).toBe(false);
  });

  test("before it has begun is the error alone", () => {
    expect(streamed([[{ type: "error", failure }]]).types).toEqual(["error"]);
    expect(streamed([[START, { type: "error", failure }]]).types).toEqual(["error"]);
    expect(messages.stream({ model: "m", request: asked() }).error(failure)).toStartWith("event: error\n");
  });
});
