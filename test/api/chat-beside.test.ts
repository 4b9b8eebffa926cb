import { describe, expect, test } from "bun:test";
import { chat } from "../../src/api/chat.ts";
import type { AnswerPart } from "../../src/core/answer.ts";
import type { Annotation, StreamEvent } from "../../src/core/event.ts";
import type { JsonRecord } from "../../src/core/json.ts";
import { type Opaque, sealOpaque } from "../../src/core/opaque.ts";
import { answer, callPart, parsed, wordsPart } from "./answers.ts";
import { question } from "./asked.ts";
import { args, call, end, finish, spoken, start, text, usage } from "./spoken.ts";

const cited: Annotation = {
  url: "https://host/a",
  title: "A",
  start: 1,
  end: 3,
  native: { dialect: "anthropic", value: { type: "web_search_result_location" } },
};
const signature: Opaque = { issuer: "anthropic", kind: "signature", data: "sig" };
const redacted: Opaque = { issuer: "anthropic", kind: "redacted", data: "blob" };
const part = (number: number, kind: "text" | "reasoning"): StreamEvent => ({
  type: "part-start",
  choice: 0,
  part: number,
  kind,
});
const thought = (words: string): StreamEvent => ({ type: "reasoning", choice: 0, text: words });
const opaque = (state: Opaque): StreamEvent => ({ type: "opaque", choice: 0, opaque: state });
const annotation = (one: Annotation): StreamEvent => ({ type: "annotation", choice: 0, annotation: one });

/** The deltas of a stream with these events, but for its first and its last. */
function deltas(...events: StreamEvent[]): JsonRecord[] {
  const { chunks } = spoken(chat, [[start, ...events, finish(), usage(), end]]);
  return chunks.slice(1, -1).map(({ choices }) => choices[0]?.delta ?? {});
}

function message(...parts: AnswerPart[]): JsonRecord {
  const { choices } = parsed(chat.answer(answer({ parts }), { model: "m", request: question() }));
  return (choices as { message: JsonRecord }[])[0]?.message ?? {};
}

describe("sources", () => {
  const citation = (from: number, to: number) => ({
    type: "url_citation",
    url_citation: { url: "https://host/a", title: "A", start_index: from, end_index: to },
  });

  test("of another vendor are OpenAI's citations, their places counted in the whole text", () => {
    const said = deltas(
      part(0, "text"),
      text("abc"),
      annotation(cited),
      part(1, "text"),
      text("def"),
      annotation(cited),
    );
    expect(said).toEqual([
      { content: "abc" },
      { annotations: [citation(1, 3)] },
      { content: "def" },
      { annotations: [citation(4, 6)] },
    ]);
    const first = { ...wordsPart("text", "abc"), annotations: [cited] };
    const second = { ...wordsPart("text", "def"), annotations: [cited] };
    expect(message(first, second)).toMatchObject({
      content: "abcdef",
      annotations: [citation(1, 3), citation(4, 6)],
    });
  });

  test("of this dialect are what the backend sent", () => {
    const value = { type: "url_citation", url_citation: { url: "u", odd: 1 } };
    const native: Annotation = { url: "u", native: { dialect: "openai", value } };
    expect(deltas(part(0, "text"), text("a"), annotation(native))[1]).toEqual({ annotations: [value] });
    expect(message({ ...wordsPart("text", "a"), annotations: [native] }).annotations).toEqual([value]);
  });

  test("that are no page have no words here", () => {
    const { url: _, ...document } = cited;
    expect(deltas(part(0, "text"), text("a"), annotation(document))).toEqual([{ content: "a" }]);
  });
});

describe("state that must come back with the next turn", () => {
  const details = [
    { type: "reasoning.text", text: "hm, so", signature: sealOpaque(signature, "openai"), index: 0 },
    { type: "reasoning.encrypted", data: sealOpaque(redacted, "openai"), index: 1 },
  ];

  test("is an entry of reasoning_details, with the text that it is of", () => {
    const said = deltas(
      part(0, "reasoning"),
      thought("hm,"),
      thought(" so"),
      opaque(signature),
      part(1, "reasoning"),
      opaque(redacted),
      part(2, "text"),
      text("a"),
    );
    expect(said).toEqual([
      { reasoning_content: "hm," },
      { reasoning_content: " so" },
      { reasoning_details: [details[0]] },
      { reasoning_details: [details[1]] },
      { content: "a" },
    ]);
  });

  test("is the same in a whole message, and what comes back is what was sent", () => {
    const said = message(
      { ...wordsPart("reasoning", "hm, so"), opaque: [signature] },
      { ...wordsPart("reasoning", ""), opaque: [redacted] },
      wordsPart("text", "a"),
    );
    expect(said).toMatchObject({ reasoning_content: "hm, so", reasoning_details: details, content: "a" });
    expect(question({ messages: [said] }).prompt().items).toMatchObject([
      { type: "reasoning", text: "hm, so", opaque: [signature] },
      { type: "reasoning", text: "", opaque: [redacted] },
      { type: "message", parts: [{ text: "a" }] },
    ]);
  });

  test("of a backend of this dialect is among its unknown fields, and not said twice", () => {
    const own: Opaque = { issuer: "openai", kind: "signature", data: "{}" };
    expect(deltas(part(0, "reasoning"), thought("hm"), opaque(own))).toEqual([{ reasoning_content: "hm" }]);
    expect(message({ ...wordsPart("reasoning", "hm"), opaque: [own] })).not.toHaveProperty(
      "reasoning_details",
    );
  });

  test("of Gemini stands on the call, where Google's compatible route has it", () => {
    const state: Opaque = { issuer: "gemini", kind: "thought", data: "sig" };
    const extra_content = { google: { thought_signature: "fl1.gemini.thought.c2ln" } };
    const started = { ...call(0, "now"), opaque: [state] } as StreamEvent;
    expect(deltas(started, args(0, "{}"))[0]).toMatchObject({
      tool_calls: [{ id: "id-now", extra_content }],
    });
    expect(message(callPart({ opaque: [state] }))).toMatchObject({ tool_calls: [{ extra_content }] });
  });
});

describe("a client that calls functions in OpenAI's deprecated way", () => {
  const request = question({ functions: [{ name: "now" }] });

  test("reads a function_call, and not a tool call", () => {
    const { choices } = parsed(
      chat.answer(answer({ calls: [{ args: '{"a":1}' }], finish: "tool_calls" }), { model: "m", request }),
    );
    expect(choices).toEqual([
      {
        index: 0,
        message: {
          role: "assistant",
          content: null,
          refusal: null,
          function_call: { name: "now", arguments: '{"a":1}' },
        },
        finish_reason: "function_call",
        logprobs: null,
      },
    ]);
  });

  test("reads it in a stream too: of several calls the first", () => {
    const writer = chat.stream({ model: "m", request });
    const sent = writer.write([
      start,
      call(0, "now"),
      args(0, '{"a"'),
      args(0, ":1}"),
      call(1, "then"),
      args(1, "{}"),
      finish("tool_calls"),
      end,
    ]);
    const said = sent
      .split("\n\n")
      .filter((frame) => frame.startsWith("data: {"))
      .map((frame) => (JSON.parse(frame.slice(6)) as { choices: JsonRecord[] }).choices[0]);
    expect(said.map((choice) => choice?.delta)).toEqual([
      { role: "assistant", content: null, refusal: null },
      { function_call: { name: "now", arguments: "" } },
      { function_call: { arguments: '{"a"' } },
      { function_call: { arguments: ":1}" } },
      {},
    ]);
    expect(said.at(-1)?.finish_reason).toBe("function_call");
  });
});

test("tokens of the cache and of thoughts are told in OpenAI's details", () => {
  const counted = { input: 9, output: 5, cachedInput: 4, cacheWrite: 2, reasoning: 3 };
  const { usage: told } = parsed(
    chat.answer(answer({ text: "a" }, { usage: counted }), { model: "m", request: question() }),
  );
  expect(told).toEqual({
    prompt_tokens: 9,
    completion_tokens: 5,
    total_tokens: 14,
    prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 2 },
    completion_tokens_details: { reasoning_tokens: 3 },
  });
});

test("a block that only another dialect can say is not said", () => {
  const foreign: StreamEvent = {
    type: "foreign",
    choice: 0,
    part: 0,
    dialect: "anthropic",
    value: { type: "x" },
  };
  expect(deltas(foreign, part(1, "text"), text("a"))).toEqual([{ content: "a" }]);
});
