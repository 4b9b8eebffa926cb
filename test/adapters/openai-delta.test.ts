import { describe, expect, test } from "bun:test";
import { openai } from "../../src/adapters/openai.ts";
import { PLAIN_PROFILE } from "../../src/adapters/profile.ts";
import type { StreamEvent } from "../../src/core/event.ts";
import type { JsonRecord } from "../../src/core/json.ts";

/** What these choices of a stream say, but for the beginning. */
function read(...choices: JsonRecord[]): StreamEvent[] {
  const state = openai.begin(PLAIN_PROFILE);
  const out: StreamEvent[] = [];
  for (const choice of choices)
    openai.step(state, JSON.stringify({ id: "x", choices: [{ index: 0, ...choice }] }), out);
  return out.slice(1);
}

const delta = (fields: JsonRecord) => ({ delta: fields });
const said = (words: string): StreamEvent => ({ type: "text", choice: 0, text: words });
const thought = (words: string): StreamEvent => ({ type: "reasoning", choice: 0, text: words });

describe("sources of a text", () => {
  const value = {
    type: "url_citation",
    url_citation: { url: "https://host/a", title: "A", start_index: 1, end_index: 3, content: "words" },
  };
  const annotation = {
    url: "https://host/a",
    title: "A",
    start: 1,
    end: 3,
    cited: "words",
    native: { dialect: "openai", value },
  } as const;

  test("come after it, and with the backend's own object", () => {
    expect(read(delta({ content: "abc", annotations: [value] }))).toEqual([
      said("abc"),
      { type: "annotation", choice: 0, annotation },
    ]);
  });

  test("of a whole answer too", () => {
    const state = openai.begin(PLAIN_PROFILE);
    const out: StreamEvent[] = [];
    const message = { role: "assistant", content: "abc", annotations: [value] };
    openai.whole(state, JSON.stringify({ choices: [{ message, finish_reason: "stop" }] }), out);
    expect(out).toContainEqual({ type: "annotation", choice: 0, annotation });
  });

  test("that are none stay the field they are", () => {
    expect(read(delta({ content: "a", annotations: [] }))).toEqual([
      { type: "extra", choice: 0, extra: { dialect: "openai", delta: { annotations: [] } } },
      said("a"),
    ]);
  });
});

describe("state of thoughts (OpenRouter)", () => {
  const signed = { type: "reasoning.text", text: "", signature: "s", format: "f", index: 0 };
  const sealed = { type: "reasoning.encrypted", data: "d", index: 1 };
  const state = (kind: string, entry: JsonRecord) => {
    const { text: _text, ...rest } = entry;
    return { type: "opaque", choice: 0, opaque: { issuer: "openai", kind, data: JSON.stringify(rest) } };
  };

  test("goes to a chat client as it came, and to others as state; each index is a thought of its own", () => {
    const events = read(
      delta({ reasoning: "hm", reasoning_details: [{ type: "reasoning.text", text: "hm", index: 0 }] }),
      delta({ reasoning_details: [signed] }),
      delta({ reasoning_details: [sealed] }),
    );
    expect(events.filter(({ type }) => type !== "extra")).toEqual([
      thought("hm"),
      state("signature", signed),
      { type: "boundary", choice: 0 },
      state("encrypted", sealed),
    ] as never);
    expect(events.filter(({ type }) => type === "extra")).toHaveLength(3);
  });

  test("may be where the only words of a thought are", () => {
    const events = read(
      delta({ reasoning_details: [{ type: "reasoning.summary", summary: "so", index: 0 }] }),
    );
    expect(events).toContainEqual(thought("so"));
  });

  test("of Gemini stands on its call", () => {
    const extra_content = { google: { thought_signature: "sig" } };
    const call = { index: 0, id: "a", function: { name: "now", arguments: "{}" }, extra_content };
    expect(read(delta({ tool_calls: [call] }))).toEqual([
      expect.objectContaining({
        type: "tool-delta",
        opaque: [{ issuer: "openai", kind: "thought", data: "sig" }],
        extra: { dialect: "openai", fields: { extra_content } },
      }),
    ]);
  });
});

describe("the stop sequence that ended a choice", () => {
  const finish = (fields: JsonRecord) => read({ delta: {}, ...fields }).find(({ type }) => type === "finish");

  test.each<[string, JsonRecord]>([
    ["vLLM", { finish_reason: "stop", stop_reason: "END" }],
    ["llama.cpp", { finish_reason: "stop", stopping_word: "END" }],
  ])("is told by %s", (_, fields) => {
    expect(finish(fields)).toEqual({ type: "finish", choice: 0, reason: "stop", stopSequence: "END" });
  });

  test.each<JsonRecord>([
    { finish_reason: "stop", stop_reason: null },
    { finish_reason: "stop", stop_reason: 2 },
    { finish_reason: "stop", stopping_word: "" },
    { finish_reason: "length", stop_reason: "END" },
  ])("is none in %j", (fields) => {
    expect(finish(fields)).not.toHaveProperty("stopSequence");
  });
});

test("tokens that were written into a cache are counted", () => {
  const state = openai.begin(PLAIN_PROFILE);
  const out: StreamEvent[] = [];
  const usage = {
    prompt_tokens: 9,
    completion_tokens: 1,
    prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 3 },
  };
  openai.step(state, JSON.stringify({ choices: [], usage }), out);
  expect(out).toMatchObject([{ type: "usage", usage: { input: 9, cachedInput: 4, cacheWrite: 3 } }]);
});
