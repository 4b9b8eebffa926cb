import { describe, expect, test } from "bun:test";
import type { FinishReason, StreamEvent, ToolDelta } from "../../src/core/event.ts";
import { Failure } from "../../src/core/failure.ts";
import type { Usage } from "../../src/core/usage.ts";
import { Normaliser } from "../../src/pipeline/normalise.ts";
import { Dice } from "./dice.ts";
import { faults } from "./grammar.ts";

const SEEDS = 600;
const CHOICES = 3;

/** An answer as adapters may report it, whole and in order. */
interface Raw {
  events: StreamEvent[];
  finishes: Map<number, FinishReason>;
}

/** Events of an adapter after the normaliser, in batches of random length; broken off where it finds a fault. */
function normalised(raw: readonly StreamEvent[], dice: Dice, { cut = false } = {}): StreamEvent[] {
  const normaliser = new Normaliser({ id: "ours", model: "asked", created: 7 });
  const out: StreamEvent[] = [];
  const left = [...raw];
  try {
    while (left.length > 0) normaliser.push(left.splice(0, 1 + dice.below(6)), out);
    if (cut) throw new Failure("upstream_truncated", "Cut.");
    normaliser.end(estimate, out);
  } catch (thrown) {
    out.push({ type: "error", failure: Failure.from(thrown) });
  }
  return out;
}

const FAULTS: ReadonlySet<string> = new Set(["upstream_bad_frame", "upstream_truncated"]);
const estimate = (characters: number): Usage => ({ input: 1, output: characters, estimated: true });

/** Runs one check with many streams; the seed is part of what fails. */
function forAll(check: (dice: Dice, seed: number) => unknown, expected: unknown): void {
  for (let seed = 1; seed <= SEEDS; seed += 1)
    expect([seed, check(new Dice(seed), seed)]).toEqual([seed, expected]);
}

describe("whatever an adapter reports, and whatever happened to it on the way", () => {
  test("what leaves the pipeline keeps the grammar: words inside their part, calls numbered, named and with ids", () => {
    forAll((dice) => faults(normalised(randomAnswer(dice).events, dice)), []);
    forAll((dice) => faults(normalised(mutated(randomAnswer(dice).events, dice), dice)), []);
  });

  test("every fault is a failure of the backend's, and none is our own", () => {
    forAll((dice) => {
      const last = normalised(mutated(randomAnswer(dice).events, dice), dice).at(-1);
      return last?.type === "end" || (last?.type === "error" && FAULTS.has(last.failure.code));
    }, true);
  });

  test("an answer that is cut is an error, with nothing after it and no reason to finish before it", () => {
    forAll(
      (dice) => {
        const { events } = randomAnswer(dice);
        const said = normalised(events.slice(0, dice.below(events.length + 1)), dice, { cut: true });
        const claims = said.filter(({ type }) => type === "finish" || type === "usage" || type === "end");
        return [faults(said), claims, said.at(-1)?.type];
      },
      [[], [], "error"],
    );
  });
});

describe("of an answer that arrived as it was sent", () => {
  test("the arguments of every call are what the model wrote", () => {
    forAll((dice) => {
      const { events } = randomAnswer(dice);
      return argsWritten(normalised(events, dice)).join() === argsSent(events).join();
    }, true);
  });

  test("the words of every kind are what the model wrote, in their order", () => {
    forAll((dice) => {
      const { events } = randomAnswer(dice);
      return wordsOf(normalised(events, dice)).join() === wordsOf(events).join();
    }, true);
  });

  test("the last count of tokens is the answer's, and a missing one is marked as a guess", () => {
    forAll((dice) => {
      const { events } = randomAnswer(dice);
      const sent = events.findLast((event) => event.type === "usage")?.usage;
      const got = normalised(events, dice).find((event) => event.type === "usage")?.usage;
      return sent ? got === sent : got?.estimated;
    }, true);
  });

  test("the reason to finish is the model's, but that a stop with calls is their reason", () => {
    forAll((dice) => {
      const { events, finishes } = randomAnswer(dice);
      const calling = new Set(events.flatMap((event) => (event.type === "tool-delta" ? [event.choice] : [])));
      const said = normalised(events, dice).flatMap((event) => (event.type === "finish" ? [event] : []));
      return said.every(({ choice, reason }) => {
        const sent = finishes.get(choice);
        return reason === (sent === "stop" && calling.has(choice) ? "tool_calls" : sent);
      });
    }, true);
  });
});

test("whether arguments are JSON is told as it is, and no text of them is repaired", () => {
  forAll((dice) => {
    const said = normalised(mutated(randomAnswer(dice).events, dice), dice);
    return said.every((event) => {
      if (event.type !== "part-end" || event.argsOk === undefined) return true;
      return event.argsOk === parses(argsOf(said, event.part));
    });
  }, true);
});

/** Every choice says parts of random kinds, and ends; counts of tokens and unknown fields lie between. */
function randomAnswer(dice: Dice): Raw {
  const finishes = new Map<number, FinishReason>();
  const choices = Array.from({ length: 1 + dice.below(CHOICES) }, (_, choice) => {
    const reason = dice.pick<FinishReason>([
      "stop",
      "stop",
      "length",
      "tool_calls",
      "content_filter",
      "other",
    ]);
    finishes.set(choice, reason);
    return [...randomParts(dice, choice), { type: "finish", choice, reason } as const];
  });
  const counts = Array.from({ length: dice.below(3) }, (_, i): StreamEvent => ({
    type: "usage",
    usage: { input: 5, output: i },
  }));
  const start: StreamEvent = { type: "start", id: "theirs", model: "real", created: 3 };
  return { events: [...(dice.one(4) ? [] : [start]), ...dice.interleave([...choices, counts])], finishes };
}

function randomParts(dice: Dice, choice: number): StreamEvent[] {
  const parts: StreamEvent[] = [];
  let calls = 0;
  for (let count = dice.below(5); count > 0; count -= 1) {
    const kind = dice.pick(["text", "reasoning", "refusal", "calls", "foreign", "boundary", "opaque"]);
    if (kind === "calls") {
      const several = Array.from({ length: 1 + dice.below(3) }, () => randomCall(dice, choice, calls++));
      parts.push(...dice.interleave(several));
    } else if (kind === "foreign")
      parts.push({ type: "foreign", choice, dialect: "anthropic", value: { n: count } });
    else if (kind === "boundary") parts.push({ type: "boundary", choice });
    else if (kind === "opaque") parts.push({ type: "opaque", choice, opaque: SIGNATURE });
    else
      for (const text of dice.pieces(dice.pick(["Hello", "a 🙂 b", "{}"]), 4))
        parts.push({ type: kind as "text" | "reasoning" | "refusal", choice, text });
    if (dice.one(4))
      parts.push({ type: "extra", choice, extra: { dialect: "openai", delta: { odd: count } } });
  }
  return parts;
}

const SIGNATURE = { issuer: "anthropic", kind: "signature", data: "s" } as const;

function randomCall(dice: Dice, choice: number, index: number): ToolDelta[] {
  const args = dice.pick(["{}", '{"at":"Kiel"}', '{"at":', '{"deep":{"n":[1,2,{}]}}']);
  const call = { type: "tool-delta", choice, index } as const;
  const pieces = dice.pieces(args, 6).map((piece): ToolDelta => ({ ...call, args: piece }));
  return [{ ...call, id: `call_${choice}_${index}`, name: `tool_${index}` }, ...pieces];
}

/** What networks, proxies and broken backends do: events lost, doubled, moved, and fields spoilt. */
function mutated(events: readonly StreamEvent[], dice: Dice): StreamEvent[] {
  const all = [...events];
  for (let times = 1 + dice.below(6); times > 0; times -= 1) {
    const at = dice.below(all.length);
    const event = all[at];
    if (!event) continue;
    const how = dice.below(5);
    if (how === 0) all.splice(at, 1);
    else if (how === 1) all.splice(dice.below(all.length), 0, event);
    else if (how === 2) all.splice(dice.below(all.length), 0, ...all.splice(at, 1));
    else all[at] = spoilt(event, dice);
  }
  return all;
}

function spoilt(event: StreamEvent, dice: Dice): StreamEvent {
  if (event.type === "tool-delta") {
    const { index: _, ...unnumbered } = event;
    const { name: __, ...nameless } = event;
    return dice.pick<StreamEvent>([
      unnumbered,
      nameless,
      { ...event, index: dice.below(3) },
      { ...event, id: "" },
      { ...event, id: "call_0_0" },
      { ...event, name: "other" },
      { ...event, args: { at: "Kiel" } },
      { ...event, args: null },
      { ...event, kind: "custom" },
      { ...event, done: true },
    ]);
  }
  if (event.type === "text") return { ...event, text: "" };
  if (event.type === "start") return { ...event, id: "", model: "" };
  return "choice" in event ? { ...event, choice: dice.below(CHOICES) } : event;
}

function argsSent(events: readonly StreamEvent[]): string[] {
  const args = new Map<string, string>();
  for (const event of events) {
    if (event.type !== "tool-delta") continue;
    const key = `${event.choice} ${event.index}`;
    args.set(key, (args.get(key) ?? "") + (event.args ?? ""));
  }
  return [...args].map(([key, json]) => `${key.split(" ")[0]} ${json}`).sort();
}

function argsWritten(said: readonly StreamEvent[]): string[] {
  const starts = said.flatMap((event) => (event.type === "tool-start" ? [event] : []));
  return starts.map(({ choice, part }) => `${choice} ${argsOf(said, part)}`).sort();
}

function argsOf(said: readonly StreamEvent[], part: number): string {
  return said.map((event) => (event.type === "tool-args" && event.part === part ? event.json : "")).join("");
}

function wordsOf(events: readonly StreamEvent[]): string[] {
  const words = new Map<string, string>();
  for (const event of events) {
    if (event.type !== "text" && event.type !== "reasoning" && event.type !== "refusal") continue;
    const key = `${event.choice} ${event.type}`;
    words.set(key, (words.get(key) ?? "") + event.text);
  }
  return [...words].map((entry) => entry.join(" ")).sort();
}

function parses(json: string): boolean {
  try {
    JSON.parse(json);
    return true;
  } catch {
    return false;
  }
}
