import { describe, expect, test } from "bun:test";
import { callsOf } from "../../src/core/answer.ts";
import type {
  Annotation,
  EventStream,
  Extra,
  PartKind,
  StreamEvent,
  ToolKind,
} from "../../src/core/event.ts";
import { Failure } from "../../src/core/failure.ts";
import type { Opaque } from "../../src/core/opaque.ts";
import type { Carried } from "../../src/core/prompt.ts";
import type { Dialect } from "../../src/core/request.ts";
import { fold } from "../../src/pipeline/fold.ts";
import { callPart, choiceOf, wordsPart } from "../api/answers.ts";

const start: StreamEvent = { type: "start", id: "x", model: "real", created: 3 };
const usage: StreamEvent = { type: "usage", usage: { input: 1, output: 2 } };
const end: StreamEvent = { type: "end" };
const finish = (choice = 0): StreamEvent => ({ type: "finish", choice, reason: "stop" });
const words = (type: PartKind, said: string, choice = 0): StreamEvent => ({ type, choice, text: said });
const text = (said: string, choice = 0) => words("text", said, choice);
const open = (part: number, kind: PartKind = "text", choice = 0): StreamEvent => ({
  type: "part-start",
  choice,
  part,
  kind,
});

async function* batches(said: readonly StreamEvent[], left?: () => void): EventStream {
  try {
    for (const event of said) yield [event];
  } finally {
    left?.();
  }
}

const folded = (...said: StreamEvent[]) => fold(batches([start, ...said, usage, end]), "openai");

test("an answer is its stream, put together: its parts in the order in which they were said", async () => {
  const opaque: Opaque = { issuer: "anthropic", kind: "signature", data: "s" };
  const carried: Carried = { dialect: "openai", fields: { odd: 1 } };
  const annotation: Annotation = { url: "https://a.example", native: { dialect: "openai", value: {} } };
  const said: StreamEvent[] = [
    { type: "part-start", choice: 0, part: 0, kind: "reasoning", id: "rs_1", extra: carried },
    words("reasoning", "h"),
    words("reasoning", "m"),
    { type: "opaque", choice: 0, opaque },
    { type: "part-end", choice: 0, part: 0 },
    open(1),
    text("a"),
    text("b"),
    { type: "annotation", choice: 0, annotation },
    { type: "part-end", choice: 0, part: 1 },
    { type: "foreign", choice: 0, part: 2, dialect: "anthropic", value: { type: "odd" } },
    open(3, "refusal"),
    words("refusal", "n"),
    words("refusal", "o"),
    { type: "part-end", choice: 0, part: 3 },
    open(4),
    text("c"),
    { type: "part-end", choice: 0, part: 4 },
    finish(),
  ];
  expect(await folded(...said)).toEqual({
    id: "x",
    created: 3,
    choices: [
      choiceOf({
        parts: [
          {
            ...wordsPart("reasoning", "hm"),
            opaque: [opaque],
            id: "rs_1",
            extra: carried,
          },
          { ...wordsPart("text", "ab"), annotations: [annotation] },
          { kind: "foreign", dialect: "anthropic", value: { type: "odd" } },
          wordsPart("refusal", "no"),
          wordsPart("text", "c"),
        ],
      }),
    ],
    usage: { input: 1, output: 2 },
    extra: {},
  });
});

test("choices come in order of their index, whichever spoke first", async () => {
  const said = [open(0, "text", 1), text("b", 1), open(1), text("a"), text("B", 1), finish(1), finish()];
  const { choices } = await folded(...said);
  expect(choices).toEqual([choiceOf({ text: "a" }), choiceOf({ index: 1, text: "bB" })]);
});

test("interleaved tool calls keep their own arguments", async () => {
  const call = (at: number, name: string, kind: ToolKind = "function") =>
    ({ type: "tool-start", choice: 0, part: at, call: at, id: name, name, kind }) as const;
  const args = (at: number, json: string) =>
    ({ type: "tool-args", choice: 0, part: at, call: at, kind: "function", json }) as const;
  const extra = { dialect: "openai", fields: { signature: "s" } } as const;
  const opaque: Opaque[] = [{ issuer: "gemini", kind: "thought", data: "t" }];
  const { choices } = await folded(
    call(0, "a"),
    { ...call(1, "b"), namespace: "tools", itemId: "fc_1", opaque },
    args(1, '{"b"'),
    args(0, "{"),
    args(1, ":1}"),
    args(0, "}"),
    { ...call(2, "c", "custom"), extra },
    finish(),
  );
  expect(choices[0] && callsOf(choices[0])).toEqual([
    callPart({ id: "a", name: "a", args: "{}" }),
    callPart({ id: "b", name: "b", namespace: "tools", itemId: "fc_1", args: '{"b":1}', opaque }),
    callPart({ id: "c", name: "c", tool: "custom", args: "", extra }),
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
    const { extra, choices } = await folded(text("a"), said("ollama"), finish());
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
    const said = [start, open(0), ...Array.from({ length: 65 }, () => long), finish(), usage, end];
    await expect(fold(batches(said), "openai")).rejects.toMatchObject({ code: "upstream_bad_response" });
  });
});
