import { describe, expect, test } from "bun:test";
import type { AnswerChoice } from "../../src/core/answer.ts";
import type { EventStream, Extra, StreamEvent } from "../../src/core/event.ts";
import { Failure } from "../../src/core/failure.ts";
import type { Dialect } from "../../src/core/request.ts";
import { fold } from "../../src/pipeline/fold.ts";

const start: StreamEvent = { type: "start", id: "x", model: "real", created: 3 };
const usage: StreamEvent = { type: "usage", usage: { input: 1, output: 2 } };
const end: StreamEvent = { type: "end" };
const text = (words: string, choice = 0): StreamEvent => ({ type: "text", choice, text: words });
const finish = (choice = 0): StreamEvent => ({ type: "finish", choice, reason: "stop" });

async function* batches(said: readonly StreamEvent[], left?: () => void): EventStream {
  try {
    for (const event of said) yield [event];
  } finally {
    left?.();
  }
}

const folded = (...said: StreamEvent[]) => fold(batches([start, ...said, usage, end]), "openai");

function choice(parts: Partial<AnswerChoice>): AnswerChoice {
  return {
    index: 0,
    text: "",
    reasoning: "",
    refusal: "",
    toolCalls: [],
    logprobs: undefined,
    finish: "stop",
    extra: {},
    messageExtra: {},
    ...parts,
  };
}

test("an answer is its stream, put together", async () => {
  const said: StreamEvent[] = [
    { type: "reasoning", choice: 0, text: "h" },
    { type: "reasoning", choice: 0, text: "m" },
    text("a"),
    text("b"),
    { type: "refusal", choice: 0, text: "n" },
    { type: "refusal", choice: 0, text: "o" },
    finish(),
  ];
  expect(await folded(...said)).toEqual({
    id: "x",
    created: 3,
    choices: [choice({ text: "ab", reasoning: "hm", refusal: "no" })],
    usage: { input: 1, output: 2 },
    extra: {},
  });
});

test("choices come in order of their index, whichever spoke first", async () => {
  const { choices } = await folded(text("b", 1), text("a"), text("B", 1), finish(1), finish());
  expect(choices).toEqual([choice({ text: "a" }), choice({ index: 1, text: "bB" })]);
});

test("interleaved tool calls keep their own arguments", async () => {
  const call = (at: number, name: string): StreamEvent => ({
    type: "tool-start",
    choice: 0,
    call: at,
    id: name,
    name,
    kind: "function",
  });
  const args = (at: number, json: string): StreamEvent => ({
    type: "tool-args",
    choice: 0,
    call: at,
    kind: "function",
    json,
  });
  const extra = { signature: "s" };
  const custom: StreamEvent = {
    type: "tool-start",
    choice: 0,
    call: 2,
    id: "c",
    name: "c",
    kind: "custom",
    extra,
  };
  const { choices } = await folded(
    call(0, "a"),
    call(1, "b"),
    args(1, '{"b"'),
    args(0, "{"),
    args(1, ":1}"),
    args(0, "}"),
    custom,
    finish(),
  );
  expect(choices[0]?.toolCalls).toEqual([
    { id: "a", name: "a", kind: "function", args: "{}" },
    { id: "b", name: "b", kind: "function", args: '{"b":1}' },
    { id: "c", name: "c", kind: "custom", args: "", extra },
  ]);
});

test("log-probabilities are joined, list by list, and the pieces stay as they were", async () => {
  const piece = (token: string) => ({ content: [{ token }], refusal: null, model: token });
  const pieces = ["a", "b", "c"].map(piece);
  const said = pieces.map((logprobs): StreamEvent => ({ type: "logprobs", choice: 0, logprobs }));
  const { choices } = await folded(...said, finish());
  expect(choices[0]?.logprobs).toEqual({
    content: [{ token: "a" }, { token: "b" }, { token: "c" }],
    refusal: null,
    model: "c",
  });
  expect(pieces).toEqual(["a", "b", "c"].map(piece));
});

test("a reason of the backend's own is kept with its word", async () => {
  const { choices } = await folded(text("a"), {
    type: "finish",
    choice: 0,
    reason: "other",
    raw: "full_moon",
  });
  expect(choices[0]).toMatchObject({ finish: "other", raw: "full_moon" });
});

test("the last usage counts", async () => {
  const more: StreamEvent = { type: "usage", usage: { input: 5, output: 6 } };
  expect((await fold(batches([start, text("a"), usage, finish(), more, end]), "openai")).usage).toEqual({
    input: 5,
    output: 6,
  });
});

describe("unknown fields", () => {
  const said = (dialect: Dialect): StreamEvent => {
    const extra: Extra = {
      dialect,
      chunk: { timings: 1 },
      choice: { stop_reason: 2 },
      delta: { annotations: [3] },
    };
    return { type: "extra", choice: 0, extra };
  };

  test("stand where they stood, for a client of the dialect they came from", async () => {
    const { extra, choices } = await folded(text("a"), said("openai"), finish());
    expect([extra, choices[0]?.extra, choices[0]?.messageExtra]).toEqual([
      { timings: 1 },
      { stop_reason: 2 },
      { annotations: [3] },
    ]);
  });

  test("of another dialect are left out", async () => {
    const foreign = "another" as Dialect;
    const { extra, choices } = await folded(text("a"), said(foreign), finish());
    expect([extra, choices[0]?.extra, choices[0]?.messageExtra]).toEqual([{}, {}, {}]);
  });
});

describe("no answer is made", () => {
  test("of a stream that failed: its failure is thrown, and the stream left", async () => {
    const failure = new Failure("upstream_truncated", "Cut.");
    const { promise, resolve } = Promise.withResolvers<void>();
    const events = batches([start, text("a"), { type: "error", failure }, text("b")], resolve);
    await expect(fold(events, "openai")).rejects.toBe(failure);
    await promise;
  });

  test("of one that stopped without an end", async () => {
    await expect(fold(batches([start, text("a"), finish()]), "openai")).rejects.toMatchObject({
      code: "internal_error",
    });
  });

  test("of one that is too long to be held", async () => {
    const long = text("x".repeat(1024 * 1024));
    const said = [start, ...Array.from({ length: 65 }, () => long), finish(), usage, end];
    await expect(fold(batches(said), "openai")).rejects.toMatchObject({ code: "upstream_bad_response" });
  });
});
