import type { Budget } from "./budget.ts";

/**
 * Regular expressions as JSON Schema uses them, in two directions: does a text match, and what is a short text that
 * does? Patterns come from clients, so JavaScript's own matcher is never run on a whole text: it backtracks, and a
 * hostile pattern would hold the process for minutes. Here all positions advance together, within a budget.
 */
export interface Pattern {
  /** False also where the budget did not suffice to tell. */
  matches(text: string): boolean;
  /** A text of at least `length` characters (not always the shortest such), undefined if none was found. */
  sample(length: number): string | undefined;
}

/** Longest pattern that is read, in characters; a few hundred are common in e-mail patterns. */
const SOURCE_MAX = 2000;
/** Longest sample, in characters. */
const SAMPLE_MAX = 16_384;
/** Reading a character may try it against all examples. */
const COST_PER_CHARACTER = 10;

/** Undefined for what is not regular or needs looking around: (?=, (?!, \b, back references. */
export function compilePattern(source: string, budget: Budget): Pattern | undefined {
  if (source.length > SOURCE_MAX || !budget.spend(source.length * COST_PER_CHARACTER)) return undefined;
  try {
    const node = new Reader(source, flagsFor(source)).alternatives();
    const search = (text: string) => matches(node, text, budget);
    return { matches: search, sample: (length) => sample(node, length, search) };
  } catch {
    return undefined;
  }
}

/** Throws for what is no regular expression at all. */
function flagsFor(source: string): string {
  try {
    void new RegExp(source, "u");
    return "u";
  } catch {
    // Schemas often escape what needs no escape (`\-`), which only the old syntax allows.
    void new RegExp(source);
    return "";
  }
}

type Node =
  | { kind: "character"; has: (character: string) => boolean; example: string }
  | { kind: "sequence"; parts: Node[] }
  | { kind: "choice"; options: Node[] }
  | { kind: "repeat"; part: Node; min: number; max: number }
  | { kind: "start" }
  | { kind: "end" };

/** A recursive descent over the pattern's text, which is known to be valid. Throws on what is not supported. */
class Reader {
  readonly #source: string;
  readonly #flags: string;
  #at = 0;

  constructor(source: string, flags: string) {
    this.#source = source;
    this.#flags = flags;
  }

  alternatives(): Node {
    const options = [this.#sequence()];
    while (this.#take(/\|/y)) options.push(this.#sequence());
    return options.length === 1 && options[0] ? options[0] : { kind: "choice", options };
  }

  #sequence(): Node {
    const parts: Node[] = [];
    while (this.#at < this.#source.length && !/[|)]/.test(this.#source[this.#at] ?? ""))
      parts.push(this.#repeated(this.#atom()));
    return { kind: "sequence", parts };
  }

  #atom(): Node {
    if (this.#take(/\^/y)) return { kind: "start" };
    if (this.#take(/\$/y)) return { kind: "end" };
    if (this.#take(/\((?!\?)|\(\?:|\(\?<(?![=!])[^>]*>/y)) return this.#group();
    // A class, an escape of one character or of a set, a dot, a literal.
    const single = this.#take(
      /\[(?:\\.|[^\]\\])*\]|\\[pP]\{[^}]*\}|\\u\{[^}]*\}|\\u[\da-f]{4}|\\x[\da-f]{2}|\\[^bBk1-9cux]|[^\\()[\]{}*+?|]/iuy,
    );
    if (single === undefined) throw new Error("not supported");
    return character(single, this.#flags);
  }

  #group(): Node {
    const inner = this.alternatives();
    this.#take(/\)/y);
    return inner;
  }

  #repeated(part: Node): Node {
    const quantifier = this.#take(/([*+?]|\{\d+(?:,\d*)?\})\??/y);
    if (quantifier === undefined) return part;
    if (quantifier[0] === "*") return { kind: "repeat", part, min: 0, max: Infinity };
    if (quantifier[0] === "+") return { kind: "repeat", part, min: 1, max: Infinity };
    if (quantifier[0] === "?") return { kind: "repeat", part, min: 0, max: 1 };
    const [, min = "0", comma, max] = /(\d+)(,?)(\d*)/.exec(quantifier) ?? [];
    return {
      kind: "repeat",
      part,
      min: Number(min),
      max: max ? Number(max) : comma ? Infinity : Number(min),
    };
  }

  #take(token: RegExp): string | undefined {
    token.lastIndex = this.#at;
    const [found] = token.exec(this.#source) ?? [];
    if (found !== undefined) this.#at += found.length;
    return found;
  }
}

/** What examples are taken from, the plainest first: letters, digits, the rest of ASCII, some of the world. */
const EXAMPLES = Array.from(
  `a0A${Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join("")}\n\téßжא日あ한😀`,
);

/** One character is safe to ask the JavaScript matcher about. */
function character(source: string, flags: string): Node {
  const one = new RegExp(`^${source}$`, flags);
  const example = EXAMPLES.find((candidate) => one.test(candidate));
  if (example === undefined) throw new Error("no example");
  return { kind: "character", has: (candidate) => one.test(candidate), example };
}

function matches(node: Node, text: string, budget: Budget): boolean {
  const characters = Array.from(text);
  const everywhere = new Set(Array.from({ length: characters.length + 1 }, (_, at) => at));
  return advance(node, everywhere, { characters, budget }).size > 0;
}

interface Run {
  readonly characters: readonly string[];
  readonly budget: Budget;
}

type Positions = ReadonlySet<number>;

/** Where a match of the node may end, if it begins at one of these positions. */
function advance(node: Node, from: Positions, run: Run): Positions {
  if (!run.budget.spend(from.size + 1)) return new Set();
  switch (node.kind) {
    case "start":
      return new Set(from.has(0) ? [0] : []);
    case "end":
      return new Set(from.has(run.characters.length) ? [run.characters.length] : []);
    case "character":
      return step(node.has, from, run.characters);
    case "sequence":
      return node.parts.reduce((at, part) => advance(part, at, run), from);
    case "choice":
      return new Set(node.options.flatMap((option) => [...advance(option, from, run)]));
    case "repeat":
      return repeat(node, from, run);
  }
}

function step(has: (character: string) => boolean, from: Positions, text: readonly string[]): Positions {
  const ends = new Set<number>();
  for (const at of from) {
    const next = text[at];
    if (next !== undefined && has(next)) ends.add(at + 1);
  }
  return ends;
}

type Repeat = Extract<Node, { kind: "repeat" }>;

function repeat({ part, min, max }: Repeat, from: Positions, run: Run): Positions {
  const ends = new Set(min === 0 ? from : []);
  let at = from;
  for (let times = 1; times <= max && at.size > 0; times++) {
    const next = advance(part, at, run);
    const before = ends.size;
    if (times >= min) for (const end of next) ends.add(end);
    // Nothing new was reached, so nothing new ever will be.
    if (times >= min && ends.size === before) break;
    // The part can match nothing, so the rounds still to do change nothing.
    if (times < min && next.size === at.size && next.isSubsetOf(at)) times = min - 1;
    at = next;
  }
  return ends;
}

/** `search` says whether a text matches. */
function sample(node: Node, length: number, search: (text: string) => boolean): string | undefined {
  const short = grow(node, { left: 0 });
  if (short === undefined || short.length >= length) return short;
  const long = grow(node, { left: length - short.length });
  if (long === undefined || long.length >= length) return long;
  // A pattern without an end may be followed by anything, one without a beginning preceded.
  const padding = "a".repeat(length - short.length);
  return [short + padding, padding + short].find(search);
}

/** Characters beyond the shortest text that are still wanted: the first quantifiers take most of them. */
interface Extra {
  left: number;
}

function grow(node: Node, extra: Extra): string | undefined {
  switch (node.kind) {
    case "start":
    case "end":
      return "";
    case "character":
      return node.example;
    case "sequence":
      return join(node.parts, extra);
    case "choice":
      return best(node.options, extra);
    case "repeat":
      return copies(node, extra);
  }
}

function join(parts: readonly Node[], extra: Extra): string | undefined {
  let text = "";
  for (const part of parts) {
    const more = grow(part, extra);
    if (more === undefined || text.length + more.length > SAMPLE_MAX) return undefined;
    text += more;
  }
  return text;
}

/** The option that takes most of the extra, and of those the shortest. */
function best(options: readonly Node[], extra: Extra): string | undefined {
  let chosen: { text: string; left: number } | undefined;
  for (const option of options) {
    const mine = { left: extra.left };
    const text = grow(option, mine);
    if (text === undefined) continue;
    const { left } = mine;
    if (!chosen || left < chosen.left || (left === chosen.left && text.length < chosen.text.length))
      chosen = { text, left };
  }
  if (chosen) extra.left = chosen.left;
  return chosen?.text;
}

function copies({ part, min, max }: Repeat, extra: Extra): string | undefined {
  if (min > SAMPLE_MAX) return undefined;
  const one = grow(part, { left: 0 });
  if (one === undefined) return min === 0 ? "" : undefined;
  const more = one === "" ? 0 : Math.min(Math.ceil(extra.left / one.length), max - min);
  const count = min + more;
  if (one.length * count > SAMPLE_MAX) return undefined;
  extra.left = Math.max(0, extra.left - more * one.length);
  // A second look at the part only where it can still help: two looks per nested level would double each time.
  if (extra.left === 0 || count === 0) return one.repeat(count);
  const before = extra.left;
  const first = grow(part, extra);
  if (first === undefined) {
    extra.left = before;
    return one.repeat(count);
  }
  return first + one.repeat(count - 1);
}
