import { describe, expect, test } from "bun:test";
import type { FinishReason, StreamEvent } from "../../src/core/event.ts";
import type { Usage } from "../../src/core/usage.ts";
import { Normaliser } from "../../src/pipeline/normalise.ts";
import { Dice } from "./dice.ts";
import { faults } from "./grammar.ts";

const OWN_START = { id: "ours", model: "asked", created: 7 };
const estimate = (characters: number): Usage => ({ input: 1, output: characters, estimated: true });

/** What leaves the normaliser when an adapter reports these events, one batch per list. */
function normalised(...batches: StreamEvent[][]): StreamEvent[] {
  const normaliser = new Normaliser(OWN_START);
  const out: StreamEvent[] = [];
  for (const batch of batches) normaliser.push(batch, out);
  normaliser.end(estimate, out);
  return out;
}

const start: StreamEvent = { type: "start", id: "theirs", model: "real", created: 3 };
const text = (words: string, choice = 0): StreamEvent => ({ type: "text", choice, text: words });
const open: StreamEvent = { type: "part-start", choice: 0, part: 0, kind: "text" };
const finish = (reason: FinishReason, choice = 0): StreamEvent => ({ type: "finish", choice, reason });
const usage = (output: number): StreamEvent => ({ type: "usage", usage: { input: 2, output } });
const call: StreamEvent = { type: "tool-delta", choice: 0, index: 0, id: "a", name: "now", args: "{}" };
const extra = (name: string): StreamEvent => ({
  type: "extra",
  choice: 0,
  extra: { dialect: "openai", chunk: { [name]: 1 } },
});

const of = (said: readonly StreamEvent[], type: StreamEvent["type"]) =>
  said.filter((event) => event.type === type);

describe("the start", () => {
  test("is the backend's", () => {
    expect(normalised([start, text("a"), finish("stop")])[0]).toEqual(start);
  });

  test("gets what the backend left empty", () => {
    const empty: StreamEvent = { type: "start", id: "", model: "", created: 0 };
    expect(normalised([empty, finish("stop")])[0]).toEqual({ type: "start", ...OWN_START });
  });

  test("is there when the backend sends none, and only once when it sends several", () => {
    expect(normalised([text("a"), finish("stop")])[0]).toEqual({ type: "start", ...OWN_START });
    expect(of(normalised([start, text("a")], [start, finish("stop")]), "start")).toEqual([start]);
  });

  test("waits for the backend's id when something else comes first (Azure), but not for ever", () => {
    expect(normalised([extra("a")], [start, finish("stop")]).slice(0, 2)).toEqual([start, extra("a")]);
    const many = Array.from({ length: 20 }, (_, i) => extra(`x${i}`));
    const said = normalised(many, [finish("stop")]);
    expect(said[0]).toEqual({ type: "start", ...OWN_START });
    expect(of(said, "extra")).toEqual(many);
  });
});

describe("the reason to finish", () => {
  test.each<[FinishReason, FinishReason]>([
    ["stop", "tool_calls"],
    ["tool_calls", "tool_calls"],
    ["length", "length"],
    ["content_filter", "content_filter"],
  ])("%s with tool calls is %s", (said, expected) => {
    expect(of(normalised([start, call, finish(said)]), "finish")).toEqual([finish(expected)]);
  });

  test("stop without a call stays stop, in the choice without one", () => {
    const said = normalised([start, call, text("a", 1), finish("stop", 1), finish("stop")]);
    expect(of(said, "finish")).toEqual([finish("tool_calls"), finish("stop", 1)]);
  });

  test("counts when it comes first: a second one adds nothing", () => {
    expect(of(normalised([start, finish("length"), finish("stop")]), "finish")).toEqual([finish("length")]);
  });

  test("keeps the backend's own word", () => {
    const odd: StreamEvent = { type: "finish", choice: 0, reason: "other", raw: "full_moon" };
    expect(of(normalised([start, odd]), "finish")).toEqual([odd]);
  });

  test("is held back until the backend has said all", () => {
    const normaliser = new Normaliser(OWN_START);
    const out: StreamEvent[] = [];
    normaliser.push([start, text("a"), finish("stop"), text("b")], out);
    expect(out).toEqual([start, open, text("a"), text("b")]);
    normaliser.end(estimate, out);
    expect(out.slice(4).map(({ type }) => type)).toEqual(["part-end", "finish", "usage", "end"]);
  });
});

describe("usage", () => {
  test("is the backend's last word, once, wherever it came", () => {
    const said = normalised([start, usage(1), text("a"), usage(2)], [finish("stop"), usage(3)]);
    expect(of(said, "usage")).toEqual([usage(3)]);
    expect(said.at(-2)).toEqual(usage(3));
  });

  test("is estimated only where the backend counted nothing, and says so", () => {
    const thought: StreamEvent = { type: "reasoning", choice: 0, text: "1234" };
    const refused: StreamEvent = { type: "refusal", choice: 1, text: "12" };
    const said = normalised([start, thought, text("123"), refused, call, finish("stop"), finish("stop", 1)]);
    expect(of(said, "usage")).toEqual([
      { type: "usage", usage: { input: 1, output: 4 + 3 + 2 + "{}".length, estimated: true } },
    ]);
  });
});

test("what came before a fault is not lost with it", () => {
  const normaliser = new Normaliser(OWN_START);
  const out: StreamEvent[] = [];
  const nameless: StreamEvent = { type: "tool-delta", choice: 0, index: 0, args: "{}" };
  normaliser.push([start, text("a"), nameless, text("b"), finish("stop")], out);
  expect(() => normaliser.end(estimate, out)).toThrow("without a name");
  expect(out.slice(0, 3)).toEqual([start, open, text("a")]);
  expect(of(out, "text")).toEqual([text("a"), text("b")]);
});

test("a fault in one choice is found before another has looked complete", () => {
  const nameless: StreamEvent = { type: "tool-delta", choice: 1, index: 0, args: "{}" };
  const normaliser = new Normaliser(OWN_START);
  const out: StreamEvent[] = [];
  normaliser.push([start, text("a"), finish("stop"), nameless, finish("stop", 1)], out);
  expect(() => normaliser.end(estimate, out)).toThrow("without a name");
  expect(of(out, "finish")).toEqual([]);
});

test("a choice that has said something and never ended is no answer", () => {
  for (const words of [
    text("a", 1),
    { ...call, choice: 1 },
    { type: "foreign", choice: 1, dialect: "gemini", value: {} },
  ] as StreamEvent[])
    expect(() => normalised([start, text("a"), finish("stop"), words])).toThrow(
      expect.objectContaining({ code: "upstream_truncated" }),
    );
  expect(() =>
    normalised([start, text("a"), finish("stop"), { ...extra("a"), choice: 1 } as StreamEvent]),
  ).not.toThrow();
});

describe("parts", () => {
  const thought: StreamEvent = { type: "reasoning", choice: 0, text: "hm" };
  const signature: StreamEvent = {
    type: "opaque",
    choice: 0,
    opaque: { issuer: "anthropic", kind: "signature", data: "s" },
  };
  const shape = (said: readonly StreamEvent[]) =>
    said
      .filter((event) => "choice" in event && event.type !== "finish")
      .map((event) => ("part" in event ? `${event.type} ${event.part}` : event.type));

  test("begin where the words become of another kind, and end before the next one begins", () => {
    expect(shape(normalised([start, thought, thought, text("a"), call, text("b"), finish("stop")]))).toEqual([
      "part-start 0",
      "reasoning",
      "reasoning",
      "part-end 0",
      "part-start 1",
      "text",
      "part-end 1",
      "tool-start 2",
      "tool-args 2",
      "part-start 3",
      "text",
      "part-end 3",
      "part-end 2",
    ]);
  });

  test("are several where the backend says so, each with what it said of it", () => {
    const carried = { dialect: "openai-responses", fields: { phase: "final" } } as const;
    const boundary: StreamEvent = { type: "boundary", choice: 0, id: "msg_2", extra: carried };
    const said = normalised([start, text("a"), boundary, text("b"), finish("stop")]);
    expect(of(said, "part-start")).toEqual([
      { type: "part-start", choice: 0, part: 0, kind: "text" },
      { type: "part-start", choice: 0, part: 1, kind: "text", id: "msg_2", extra: carried },
    ]);
  });

  test("hold a vendor's state where it belongs: state alone is a thought without words", () => {
    expect(shape(normalised([start, thought, signature, text("a"), finish("stop")]))).toEqual([
      "part-start 0",
      "reasoning",
      "opaque",
      "part-end 0",
      "part-start 1",
      "text",
      "part-end 1",
    ]);
    expect(shape(normalised([start, signature, finish("stop")]))).toEqual([
      "part-start 0",
      "opaque",
      "part-end 0",
    ]);
  });

  test("of two choices are open side by side", () => {
    expect(
      shape(normalised([start, text("a"), text("b", 1), text("a"), finish("stop"), finish("stop", 1)])),
    ).toEqual(["part-start 0", "text", "part-start 1", "text", "text", "part-end 0", "part-end 1"]);
  });
});

describe("random events", () => {
  const CHOICES = 3;

  test("leave in the grammar's order, however they came, and no word is lost", () => {
    for (let seed = 1; seed <= 500; seed += 1) {
      const raw = randomEvents(new Dice(seed));
      const said = normalised(...raw.batches);
      expect([seed, faults(said)]).toEqual([seed, []]);
      for (const type of ["text", "reasoning", "refusal", "tool-args"] as const) {
        for (let choice = 0; choice < CHOICES; choice += 1)
          expect([seed, type, words(said, type, choice)]).toEqual([
            seed,
            type,
            words(raw.batches.flat(), type, choice),
          ]);
      }
      expect([seed, of(said, "finish")]).toEqual([seed, raw.finishes]);
    }
  });

  test("without a start, extras or order of any kind too", () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const dice = new Dice(seed);
      const { batches } = randomEvents(dice);
      const shuffled = dice.interleave(batches.flat().map((event) => [event]));
      expect([seed, faults(normalised(shuffled))]).toEqual([seed, []]);
    }
  });

  /** Each choice says things and finishes, once or twice; starts, usages and extras lie about. */
  function randomEvents(dice: Dice): { batches: StreamEvent[][]; finishes: StreamEvent[] } {
    const finishes: StreamEvent[] = [];
    const choices = Array.from({ length: 1 + dice.below(CHOICES) }, (_, choice) => {
      const said = Array.from({ length: dice.below(8) }, () => randomWords(dice, choice));
      const calls = said.some(({ type }) => type === "tool-delta");
      const reason = dice.pick<FinishReason>(["stop", "length", "tool_calls", "content_filter"]);
      finishes.push(finish(reason === "stop" && calls ? "tool_calls" : reason, choice));
      return [...said, finish(reason, choice), ...(dice.one(3) ? [finish("stop", choice)] : [])];
    });
    const beside = [start, extra("a"), usage(1), extra("b"), usage(2), start].slice(dice.below(6));
    const all = dice.interleave([...choices, beside]);
    const batches: StreamEvent[][] = [];
    while (all.length > 0) batches.push(all.splice(0, 1 + dice.below(6)));
    return { batches, finishes };
  }

  function randomWords(dice: Dice, choice: number): StreamEvent {
    const said = dice.pick(["a", " b", "ä", "🙂"]);
    const index = dice.below(3);
    return dice.pick<StreamEvent>([
      text(said, choice),
      { type: "reasoning", choice, text: said },
      { type: "refusal", choice, text: said },
      { type: "logprobs", choice, logprobs: { content: [] } },
      { type: "tool-delta", choice, index, id: `id${index}`, name: `tool${index}`, args: said },
    ]);
  }

  function words(
    said: readonly StreamEvent[],
    type: "text" | "reasoning" | "refusal" | "tool-args",
    choice: number,
  ): string {
    const pieces = said.map((event) => {
      if (event.type === type && event.choice === choice) return "text" in event ? event.text : event.json;
      if (type === "tool-args" && event.type === "tool-delta" && event.choice === choice) return event.args;
      return "";
    });
    // Which call a piece belongs to is held elsewhere: here none may be lost.
    return type === "tool-args" ? pieces.sort().join("") : pieces.join("");
  }
});
