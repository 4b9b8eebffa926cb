/**
 * What a token is to the chain: chain.ts names for each class what may come next. Inside a character of several bytes
 * every byte but the last is a class of its own.
 */
export const CLASSES = [
  // A sentence: "The pilot sees the rope and mends a lamp."
  ...["first", "next", "subject", "verb", "second", "object", "joint", "stop"],
  ...["cafe", "acute", "space", "tree1", "tree2", "ship1", "ship2", "ship3", "glyph"],
  // A thought: " maybe step settled"
  ...["doubt", "matter", "verdict"],
  // JSON
  ...["quote", "value", "digit", "brace", "opened", "bracket", "closed", "colon", "comma"],
  // Marks
  ...["newline", "blank", "think", "thought", "call", "called", "other"],
] as const;
export type TokenClass = (typeof CLASSES)[number];

export interface Token {
  /** As people read it; a single byte above 127 is written `<0xF0>`, which is also how the chain names it. */
  name: string;
  /** As the file stores it: every byte as a printable letter. Control tokens are stored as they are. */
  spelling: string;
  kind: TokenKind;
  class: TokenClass;
}

/** The numbers that `tokenizer.ggml.token_type` knows. A user-defined token is printed, a control token is not. */
export const TOKEN_KIND = { normal: 1, unknown: 2, control: 3, user: 4 } as const;
export type TokenKind = keyof typeof TOKEN_KIND;

export const END_OF_TEXT = "<|endoftext|>";
export const TURN_START = "<|im_start|>";
export const TURN_END = "<|im_end|>";

const FIRST = ["The", "Each", "One", "Every", "That", "This", "No", "Our"];

const WORDS = {
  first: FIRST,
  next: FIRST.map((word) => ` ${word}`),
  subject: spaced(
    "captain sailor pilot harbour crew keeper cook ferry gull tide wind mate steward passenger boy girl dog carpenter",
  ),
  verb: spaced(
    "sees follows finds keeps leaves carries turns brings mends paints loses wants knows hears holds reads",
  ),
  second: spaced("the a his her that their some another"),
  object: spaced(
    "river boat rope light ring anchor map island bridge shore letter lamp net sail stone book road door clock bell",
  ),
  joint: spaced("and then or but"),
  cafe: [" caf"],
  doubt: spaced("hmm well okay so now wait perhaps maybe"),
  matter: spaced("user question answer reason step word case point"),
  verdict: spaced("seems plain short clear done settled right enough"),
  value:
    "oslo lisbon porto bergen north south east west alpha beta seven calm storm sunny item red blue true false".split(
      " ",
    ),
  blank: ["\n\n"],
  // How a call begins. One token, because a lone newline is what makes a chain begin.
  opened: ["\n{"],
} as const satisfies Partial<Record<TokenClass, readonly string[]>>;

/** Classes of the single bytes; every other byte is `other`. */
const BYTE_CLASS: ReadonlyMap<number, TokenClass> = new Map([
  ...bytesOf("\n", "newline"),
  ...bytesOf(" ", "space"),
  ...bytesOf(".!", "stop"),
  ...bytesOf('"', "quote"),
  ...bytesOf("0123456789", "digit"),
  ...bytesOf("{", "brace"),
  ...bytesOf("[", "bracket"),
  ...bytesOf("}]", "closed"),
  ...bytesOf(":", "colon"),
  ...bytesOf(",", "comma"),
  // é, 木 and 🚢: their last bytes end what a sentence is about.
  ...characterBytes("é", ["acute", "glyph"]),
  ...characterBytes("木", ["tree1", "tree2", "glyph"]),
  ...characterBytes("🚢", ["ship1", "ship2", "ship3", "glyph"]),
]);

const MARKS: readonly [name: string, kind: TokenKind, is: TokenClass][] = [
  [END_OF_TEXT, "control", "other"],
  [TURN_START, "control", "other"],
  [TURN_END, "control", "other"],
  ["<think>", "user", "think"],
  ["</think>", "user", "thought"],
  ["<tool_call>", "user", "call"],
  ["</tool_call>", "user", "called"],
];

/** Every token, bytes first, so that any text at all can be a prompt. The same for every chain. */
export function vocabulary(): Token[] {
  const letters = byteLetters();
  const tokens: Token[] = letters.map((spelling, byte) => ({
    name: byteName(byte),
    spelling,
    kind: "normal",
    class: BYTE_CLASS.get(byte) ?? "other",
  }));
  for (const [name, is] of words()) {
    tokens.push({ name, spelling: spell(name, letters), kind: "normal", class: is });
  }
  for (const [name, kind, is] of MARKS) tokens.push({ name, spelling: name, kind, class: is });
  return tokens;
}

/** Plain words without spaces around them, for vocabularies that are not byte-level. */
export function plainWords(): string[] {
  return [...new Set([...words()].map(([word]) => word.trim().toLowerCase()).filter((word) => word !== ""))];
}

export function byteName(byte: number): string {
  return byte < 128 ? String.fromCharCode(byte) : `<0x${byte.toString(16).toUpperCase()}>`;
}

function* words(): Generator<[word: string, is: TokenClass]> {
  for (const is of CLASSES) {
    const list = is in WORDS ? WORDS[is as keyof typeof WORDS] : [];
    for (const word of list) yield [word, is];
  }
}

function spaced(text: string): string[] {
  return text.split(" ").map((word) => ` ${word}`);
}

function bytesOf(text: string, is: TokenClass): [number, TokenClass][] {
  return [...new TextEncoder().encode(text)].map((byte) => [byte, is]);
}

function characterBytes(character: string, classes: readonly TokenClass[]): [number, TokenClass][] {
  return [...new TextEncoder().encode(character)].map((byte, at) => [byte, classes[at] ?? "other"]);
}

function spell(text: string, letters: readonly string[]): string {
  return Array.from(new TextEncoder().encode(text), (byte) => letters[byte] ?? "").join("");
}

/**
 * GPT-2's alphabet of bytes: the printable ones of Latin-1 stand for themselves, the others for the letters from
 * U+0100 on, in order.
 */
function byteLetters(): string[] {
  let spare = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
    return String.fromCodePoint(printable ? byte : spare++);
  });
}
