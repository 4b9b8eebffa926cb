import { describe, expect, test } from "bun:test";
import { Dice } from "./dice.ts";
import { type Fragment, type Seen, seen } from "./strict-client.ts";

const MANGLES = [
  "as OpenAI sends them, interleaved",
  "numbered from 1",
  "their names in pieces",
  "not numbered",
  "all numbered 0",
  "nothing but a name and arguments",
  "with a new id in every fragment",
  "with id and name in every fragment, interleaved",
] as const;
type Mangle = (typeof MANGLES)[number];

describe("random calls are the same calls for a client, whichever way a backend sends them", () => {
  test.each(MANGLES)("%s", (mangle) => {
    for (let seed = 1; seed <= 300; seed += 1) {
      const dice = new Dice(seed);
      const calls = randomCalls(dice);
      const lists = calls.map((call, i) => fragments(call, i, { mangle, dice }));
      const found = seen(mangle.endsWith("interleaved") ? dice.interleave(lists) : lists.flat());
      expect([seed, byName(found, mangle)]).toEqual([seed, byName(calls, mangle)]);
    }
  });
});

/** Names and arguments that can be mistaken for more than they are. */
function randomCalls(dice: Dice): Seen[] {
  return Array.from({ length: 1 + dice.below(5) }, (_, i) => {
    const text = dice.pick(["", 'a "quoted" {', "}\n{", "ä🙂"]);
    const args = dice.one(5) ? {} : { n: i, text, list: [[1], {}] };
    const name = `tool_${i}${dice.pick(["", "_x", "_of_a_longer_name"])}`;
    return { id: `call_${i}`, name, kind: "function", args: JSON.stringify(args) };
  });
}

function fragments({ id, name, args }: Seen, i: number, by: { mangle: Mangle; dice: Dice }): Fragment[] {
  const pieces = by.dice.pieces(args, 6).map((piece) => ({ args: piece }));
  switch (by.mangle) {
    case "as OpenAI sends them, interleaved":
      return [{ id, name, args: "" }, ...pieces].map((fragment) => ({ index: i, ...fragment }));
    case "numbered from 1":
      return [{ id, name }, ...pieces, { args: "" }].map((fragment) => ({ index: i + 1, ...fragment }));
    case "their names in pieces": {
      const names = by.dice.pieces(name, 5).map((piece) => ({ id, name: piece, args: "" }));
      return [...names, ...pieces].map((fragment) => ({ index: i, ...fragment }));
    }
    case "not numbered":
      return [{ id, name, ...pieces[0] }, ...pieces.slice(1)];
    case "all numbered 0":
      return [{ id, name, args: "" }, ...pieces].map((fragment) => ({ index: 0, ...fragment }));
    case "with a new id in every fragment":
      return [{ name, args: "" }, ...pieces, { args: "" }].map((fragment, at) => ({
        index: i,
        id: at === 0 ? id : `${id}_${at}`,
        ...fragment,
      }));
    case "with id and name in every fragment, interleaved":
      return [...pieces, { args: "" }].map((fragment) => ({ index: 0, id, name, ...fragment }));
    case "nothing but a name and arguments":
      return [{ name, args: by.dice.one(2) ? args : (JSON.parse(args) as unknown) }];
  }
}

/** Interleaved calls may begin in another order; ids that were never sent are ours. */
function byName(calls: readonly Seen[], mangle: Mangle): Seen[] {
  const unnamed = mangle === "nothing but a name and arguments";
  return calls
    .map((call) => (unnamed ? { ...call, id: "" } : call))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
