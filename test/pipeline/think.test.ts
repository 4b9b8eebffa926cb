import { describe, expect, test } from "bun:test";
import type { StreamEvent } from "../../src/core/event.ts";
import { ThinkSplitter } from "../../src/pipeline/think.ts";
import type { ThinkHabit } from "../../src/pipeline/think-habits.ts";
import { ThinkHabits } from "../../src/pipeline/think-habits.ts";
import { Dice } from "./dice.ts";
import { backend } from "./house.ts";

const text = (words: string, choice = 0): StreamEvent => ({ type: "text", choice, text: words });
const finish = (reason: "stop" | "length" = "stop"): StreamEvent => ({ type: "finish", choice: 0, reason });

interface Parts {
  whole?: boolean;
  habit?: ThinkHabit;
}

/** What becomes of these events, and what was learnt from them. */
function split(events: readonly StreamEvent[], { whole = false, habit = "unknown" }: Parts = {}) {
  const learnt: ThinkHabit[] = [];
  const splitter = new ThinkSplitter({ whole, habit, learn: (one) => learnt.push(one) });
  const batches = events.map((event) => splitter.pass([event]));
  return { batches, said: [...batches.flat(), ...splitter.flush()], learnt };
}

const wordsOf = (said: readonly StreamEvent[], type: "text" | "reasoning") =>
  said.map((event) => (event.type === type ? event.text : "")).join("");

/** Thoughts and words of an answer that comes in these pieces. */
function parted(pieces: readonly string[], parts: Parts = {}) {
  const { said } = split([...pieces.map((piece) => text(piece)), finish()], parts);
  expect(said.at(-1)).toEqual(finish());
  return [wordsOf(said, "reasoning"), wordsOf(said, "text")];
}

const CASES: [string, string, string, string][] = [
  ["tags at the beginning", "<think>\nHm, well.\n</think>\n\nHello.", "Hm, well.\n", "Hello."],
  ["blanks before them", "\n <think>Hm</think>Hello", "Hm", "Hello"],
  ["nothing between them", "<think>\n\n</think>\n\nHello", "", "Hello"],
  [
    "tags that are not closed: all of it is thought",
    "<think>Hm, but <b> and </thin",
    "Hm, but <b> and </thin",
    "",
  ],
  ["a beginning that is none", "<thinking>Hm", "", "<thinking>Hm"],
  ["tags in the middle, which somebody talks about", "Write <think> and </b>", "", "Write <think> and </b>"],
  ["more of them after the first", "<think>a</think>b <think>c</think>", "a", "b <think>c</think>"],
  ["no more than a beginning", " <thi", "", " <thi"],
  ["only the end: the template opened them", "Hm </b> well.\n</think>\n\nHello", "Hm </b> well.\n", "Hello"],
  ["only the end, and nothing after it", "Hm</think>", "Hm", ""],
  ["no tags", "Hello 1 < 2", "", "Hello 1 < 2"],
];

describe("an answer is parted the same in whatever pieces it comes", () => {
  test.each(CASES)("with %s", (_, answer, thought, said) => {
    expect(parted([answer])).toEqual([thought, said]);
    expect(parted([...answer])).toEqual([thought, said]);
    for (let seed = 1; seed <= 50; seed += 1)
      expect([seed, ...parted(new Dice(seed).pieces(answer, 9))]).toEqual([seed, thought, said]);
  });

  test.each(CASES)(
    "with %s, also of a model that begins in its thoughts, and where all can wait",
    (_, answer, thought, said) => {
      expect(parted([...answer], { habit: "opened" })).toEqual([thought, said]);
      expect(parted([...answer], { whole: true })).toEqual([thought, said]);
    },
  );
});

describe("words go on at once", () => {
  test("after the end of the thoughts", () => {
    const { batches } = split(["<think>", "a", " b", "</think>", "\n", "c", "d"].map((piece) => text(piece)));
    expect(batches.map((batch) => wordsOf(batch, "reasoning") + wordsOf(batch, "text"))).toEqual([
      "",
      "a",
      " b",
      "",
      "",
      "c",
      "d",
    ]);
  });

  test("of a model that is known not to begin in its thoughts, as soon as there is no tag", () => {
    const { batches } = split([text(" "), text("a"), text("b")], { habit: "plain" });
    expect(batches).toEqual([[], [text(" a")], [text("b")]]);
  });

  test("of an unknown one after a while", () => {
    const { batches } = split([text("a".repeat(2000)), text("b".repeat(48)), text("c"), text("d")]);
    expect(batches.map((batch) => wordsOf(batch, "text").length)).toEqual([0, 0, 2049, 1]);
  });
});

describe("what comes beside the text", () => {
  const logprobs: StreamEvent = { type: "logprobs", choice: 0, logprobs: { content: [] } };
  const call: StreamEvent = { type: "tool-delta", choice: 0, index: 0, name: "now", args: "{}" };

  test("waits with it", () => {
    expect(split([text("a"), logprobs, text("b"), finish()]).said).toEqual([logprobs, text("ab"), finish()]);
  });

  test("ends it where it is something else: a call, a refusal, another part", () => {
    expect(split([text("a"), call, text("b")]).said).toEqual([text("a"), call, text("b")]);
    expect(split([text("<think>a</th"), call]).said).toEqual([
      { type: "reasoning", choice: 0, text: "a" },
      { type: "reasoning", choice: 0, text: "</th" },
      call,
    ]);
  });

  test("is no business of another choice, nor what belongs to none", () => {
    const start: StreamEvent = { type: "start", id: "1", model: "m", created: 1 };
    const { said } = split([start, text("<think>a"), text("<think>b</think>B", 1), text("c</think>A")]);
    expect(said).toEqual([
      start,
      { type: "reasoning", choice: 0, text: "a" },
      { type: "reasoning", choice: 1, text: "b" },
      text("B", 1),
      { type: "reasoning", choice: 0, text: "c" },
      text("A"),
    ]);
  });
});

test("an engine that says its reasoning has told the two apart: tags in its text are text", () => {
  const thought: StreamEvent = { type: "reasoning", choice: 0, text: "hm" };
  const { said, learnt } = split([thought, text("<think>a</think>b"), finish()]);
  expect(said).toEqual([thought, text("<think>a</think>b"), finish()]);
  expect(learnt).toEqual([]);
});

describe("what an answer teaches", () => {
  const learnt = (answer: string, parts: Parts = {}, reason: "stop" | "length" = "stop") =>
    split([...answer.split(/(?= )/).map((piece) => text(piece)), finish(reason)], parts).learnt;

  test("is whether its model begins in its thoughts", () => {
    expect(learnt("Hm</think> Hello")).toEqual(["opened"]);
    expect(learnt("Hello")).toEqual(["plain"]);
    expect(learnt("<think>Hm</think> Hello")).toEqual([]);
    expect(learnt("Hello", {}, "length")).toEqual([]);
    expect(split([finish()]).learnt).toEqual([]);
  });

  test("comes too late for a stream that has gone out, and in time for the next one", () => {
    const answer = [text("Hm "), text("well.</think>"), text("Hello"), finish()];
    const late = split(answer, { habit: "plain" });
    expect(late.learnt).toEqual(["opened"]);
    expect(wordsOf(late.said, "text")).toBe("Hm well.</think>Hello");
    expect(wordsOf(split(answer, { habit: "opened" }).said, "reasoning")).toBe("Hm well.");
  });

  test("of a model that is known to begin in its thoughts: cut before their end, all is thought", () => {
    const cut = [text("Hm, well"), finish("length")];
    expect(wordsOf(split(cut, { habit: "opened" }).said, "reasoning")).toBe("Hm, well");
    expect(wordsOf(split(cut).said, "text")).toBe("Hm, well");
  });

  test("is remembered by backend and model, and thoughts once seen are always looked for", () => {
    const habits = new ThinkHabits();
    const [gpu, other] = [backend("gpu"), backend("other")];
    habits.learn(gpu, "m", "plain");
    expect([habits.of(gpu, "m"), habits.of(gpu, "n"), habits.of(other, "m")]).toEqual([
      "plain",
      "unknown",
      "unknown",
    ]);
    habits.learn(gpu, "m", "opened");
    habits.learn(gpu, "m", "plain");
    expect(habits.of(gpu, "m")).toBe("opened");
    for (let i = 0; i < 2000; i += 1) habits.learn(gpu, `m${i}`, "plain");
    expect(habits.of(gpu, "m1999")).toBe("plain");
  });
});
