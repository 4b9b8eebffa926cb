import { describe, expect, test } from "bun:test";
import { Serial } from "../../src/api/serial.ts";
import type { StreamEvent } from "../../src/core/event.ts";
import { Normaliser } from "../../src/pipeline/normalise.ts";
import { Dice } from "../pipeline/dice.ts";
import { args, begin, call, close, END, finish, part, START, tool, usage, word } from "./said-parts.ts";

const serial = (...events: StreamEvent[]) => new Serial().push(events);

describe("one part at a time", () => {
  test("what is in order already goes through as it is, event by event", () => {
    const events = [START, ...part(0, "reasoning", "hm"), ...part(1, "text", "a", "b"), finish(), END];
    expect(serial(...events)).toEqual(events);
    const split = new Serial();
    for (const event of events) expect(split.push([event])).toEqual([event]);
  });

  test("two calls whose arguments alternate come one after the other", () => {
    const [first, second] = [tool(0, 0, "a", "1", "2"), tool(1, 1, "b", "3", "4")];
    const mixed = [0, 1, 2, 3].flatMap((i) => [first[i], second[i]].filter((event) => event !== undefined));
    expect(mixed.map(({ type }) => type).slice(0, 2)).toEqual(["tool-start", "tool-start"]);
    expect(serial(...mixed)).toEqual([...first, ...second]);
  });

  test("what the open part says is not held back by others that wait", () => {
    const stream = new Serial();
    stream.push([call(0, 0, "a"), call(1, 1, "b"), args(1, 1, "{")]);
    expect(stream.push([args(0, 0, "{}")])).toEqual([args(0, 0, "{}")]);
    expect(stream.push([close(0, true)])).toEqual([close(0, true), call(1, 1, "b"), args(1, 1, "{")]);
    expect(stream.push([args(1, 1, "}")])).toEqual([args(1, 1, "}")]);
  });

  test("words, what belongs to them, and whole blocks wait behind an open call", () => {
    const foreign: StreamEvent = { type: "foreign", choice: 0, part: 2, dialect: "anthropic", value: {} };
    const logprobs: StreamEvent = { type: "logprobs", choice: 0, logprobs: {} };
    const words = [begin(1, "text"), logprobs, word("text", "so"), close(1)];
    const stream = new Serial();
    expect(stream.push([call(0, 0, "a"), ...words, foreign, ...part(3, "text", "x")])).toEqual([
      call(0, 0, "a"),
    ]);
    expect(stream.push([close(0)])).toEqual([close(0), ...words, foreign, ...part(3, "text", "x")]);
  });

  test("what belongs to no part passes at once", () => {
    const extra: StreamEvent = { type: "extra", choice: 0, extra: { dialect: "openai", chunk: { a: 1 } } };
    const stream = new Serial();
    stream.push([call(0, 0, "a"), call(1, 1, "b")]);
    expect(stream.push([extra, usage()])).toEqual([extra, usage()]);
  });

  test("other choices than the first are left out", () => {
    const other = part(1, "text", "no").map((event) => ({ ...event, choice: 1 }) as StreamEvent);
    expect(serial(START, ...other, ...part(0, "text", "yes"), END)).toEqual([
      START,
      ...part(0, "text", "yes"),
      END,
    ]);
  });

  test("what is held has a limit, and is forgotten once it was said", () => {
    const big = "x".repeat(6 * 1024 * 1024);
    const stream = new Serial();
    for (let at = 0; at < 8; at += 2) {
      stream.push([call(at, at, "a"), call(at + 1, at + 1, "b"), args(at + 1, at + 1, big)]);
      stream.push([close(at), close(at + 1)]);
    }
    stream.push([call(8, 8, "a"), call(9, 9, "b"), args(9, 9, big), args(9, 9, big)]);
    expect(() => stream.push([args(9, 9, big)])).toThrow("parts that overlap");
  });
});

describe("of any answer", () => {
  test("the parts stay whole, in the order they began, and never two at once", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const before = normalised(new Dice(seed));
      const after = new Serial().push(before);
      expect([...after].sort(byText)).toEqual([...before].sort(byText));
      expect([...partsIn(after)]).toEqual([...partsIn(before)]);
      expect(mostOpen(after)).toBeLessThanOrEqual(1);
      const pieces = new Serial();
      expect(before.flatMap((event) => pieces.push([event]))).toEqual(after);
    }
  });

  test("the test itself has seen answers with several parts open at once", () => {
    const most = Array.from({ length: 200 }, (_, seed) => mostOpen(normalised(new Dice(seed + 1))));
    expect(Math.max(...most)).toBeGreaterThan(1);
  });
});

const byText = (a: StreamEvent, b: StreamEvent) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

/** What a backend says that mixes calls and words at random, normalised. */
function normalised(dice: Dice): StreamEvent[] {
  const calls = Array.from({ length: 1 + dice.below(3) }, (_, index): StreamEvent[] => [
    { type: "tool-delta", choice: 0, index, id: `c${index}`, name: `tool${index}` },
    ...dice
      .pieces(`{"n":${index},"text":"abc"}`, 6)
      .map((piece): StreamEvent => ({ type: "tool-delta", choice: 0, index, args: piece })),
  ]);
  const words = dice
    .pieces("some words between", 5)
    .map((text, i): StreamEvent => ({ type: i % 2 === 0 ? "text" : "reasoning", choice: 0, text }));
  const out: StreamEvent[] = [];
  const normaliser = new Normaliser({ id: "x", model: "m", created: 1 });
  normaliser.push([...dice.interleave([words, ...calls]), finish()], out);
  normaliser.end(() => ({ input: 1, output: 1 }), out);
  return out;
}

/** Each part's number with its own events, by the order they began in. */
function partsIn(events: readonly StreamEvent[]): Map<number, StreamEvent[]> {
  const parts = new Map<number, StreamEvent[]>();
  let words = -1;
  for (const event of events) {
    if (event.type === "part-start") words = event.part;
    const own = "part" in event ? (event.part ?? -1) : "text" in event ? words : undefined;
    if (own !== undefined) parts.set(own, [...(parts.get(own) ?? []), event]);
  }
  return parts;
}

function mostOpen(events: readonly StreamEvent[]): number {
  const open = new Set<number>();
  let most = 0;
  for (const event of events) {
    if (event.type === "part-start" || event.type === "tool-start") open.add(event.part);
    if (event.type === "part-end") open.delete(event.part);
    most = Math.max(most, open.size);
  }
  return most;
}
