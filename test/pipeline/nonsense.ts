import { isRecord } from "../../src/core/json.ts";
import type { Dice } from "./dice.ts";

/** Names that every object of JavaScript has: what is looked up by a stranger's word must not find them. */
const INHERITED: readonly [string, ...string[]] = ["constructor", "__proto__", "toString", "hasOwnProperty"];

const STRANGE: readonly [unknown, ...unknown[]] = [
  null,
  0,
  -1,
  1.5,
  1e300,
  true,
  "",
  "odd",
  [],
  ["odd"],
  {},
  { odd: 1 },
  [[{}]],
  // Nobody can make a text or a number of these.
  { toString: null, valueOf: null },
  [{ toString: null, valueOf: null }],
];

/** A JSON in which some value, anywhere, is another, or is gone, or is there twice, or has another name. */
export function spoilt(value: unknown, dice: Dice): unknown {
  if (dice.one(12)) return dice.pick(STRANGE);
  if (typeof value === "string") return dice.one(8) ? dice.pick(INHERITED) : value;
  if (Array.isArray(value)) {
    const list = value.map((entry) => spoilt(entry, dice));
    return dice.one(8) ? [...list, ...list] : list;
  }
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).filter(() => !dice.one(30));
  return Object.fromEntries(
    entries.map(([name, inner]) => [
      dice.one(40) ? dice.pick(INHERITED) : name,
      dice.one(3) ? spoilt(inner, dice) : inner,
    ]),
  );
}
