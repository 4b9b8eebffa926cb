import { END_OF_TEXT, TURN_END, TURN_START, byteName } from "./vocabulary.ts";
import type { Token, TokenClass } from "./vocabulary.ts";

export type ChainKind = "chat" | "think" | "tool";

/** What may come next: every token of a class, or one token by its name. A wish is a logit. */
type Choice = { any: TokenClass; wish: number } | { one: string; wish: number };
type Row = readonly Choice[];

/**
 * The wishes of a chain: how much, after a token of class `from`, each of `tokens` is wanted. What no row names keeps
 * its floor, which only counts where a grammar has struck out everything that is named.
 */
export function wishes(kind: ChainKind, from: TokenClass, tokens: readonly Token[]): Float32Array {
  const row = { ...ROWS, ...BY_KIND[kind] }[from] ?? [];
  const wanted = Float32Array.from(tokens, floor);
  for (const choice of row) {
    tokens.forEach((token, at) => {
      const meant = "any" in choice ? token.class === choice.any : token.name === choice.one;
      if (meant) wanted[at] = choice.wish;
    });
  }
  return wanted;
}

/** Below every wish. Letters stand above words so that a grammar's own keys are spelled out plainly. */
function floor(token: Token): number {
  if ([END_OF_TEXT, TURN_START].includes(token.name)) return -40;
  if (token.name === TURN_END) return -9;
  if (token.kind !== "normal") return -30;
  if (token.name.length > 1 || token.name < " ") return -25;
  return token.name === " " || token.name === "\\" ? -20 : -10;
}

const SENTENCE: Row = [{ any: "first", wish: 6 }];
const SUBJECT: Row = [{ any: "subject", wish: 6 }];
const AFTER_OBJECT: Row = [
  { one: ".", wish: 6 },
  { any: "joint", wish: 4 },
];
const AFTER_BRACE: Row = [
  { one: '"', wish: 9 },
  { one: "}", wish: 4 },
];
const AFTER_OPEN: Row = [
  { one: '"', wish: 8 },
  { any: "digit", wish: 5 },
  { one: "{", wish: 4 },
  { one: "[", wish: 4 },
];

/** Each byte of a character leads only to the one after it. */
const GLYPHS: Partial<Record<TokenClass, Row>> = {
  cafe: [{ one: byteName(0xc3), wish: 25 }],
  acute: [{ one: byteName(0xa9), wish: 25 }],
  space: [
    { one: byteName(0xf0), wish: 10 },
    { one: byteName(0xe6), wish: 10 },
  ],
  tree1: [{ one: byteName(0x9c), wish: 25 }],
  tree2: [{ one: byteName(0xa8), wish: 25 }],
  ship1: [{ one: byteName(0x9f), wish: 25 }],
  ship2: [{ one: byteName(0x9a), wish: 25 }],
  ship3: [{ one: byteName(0xa2), wish: 25 }],
};

/**
 * JSON is only written under a grammar. The chain cannot know whether a quote opened a string or closed one: it asks
 * for a value, and where the grammar forbids that, for what closes soonest. Without a grammar (tools are given, but
 * none may be called) it is not JSON, and the wish to end keeps it short.
 */
const JSON_ROWS: Partial<Record<TokenClass, Row>> = {
  brace: AFTER_BRACE,
  opened: AFTER_BRACE,
  bracket: [...AFTER_OPEN, { one: "]", wish: 1 }],
  colon: [...AFTER_OPEN, { one: "true", wish: 7 }, { one: "false", wish: 7 }],
  comma: AFTER_OPEN,
  quote: [
    { any: "value", wish: 12 },
    { one: ":", wish: 3 },
    { one: "}", wish: 2 },
    { one: "]", wish: 2 },
    { one: ",", wish: 1 },
    { one: TURN_END, wish: 14 },
  ],
  value: [
    { one: '"', wish: 10 },
    { one: "}", wish: 3 },
    { one: "]", wish: 3 },
    { one: ",", wish: 2 },
    { one: TURN_END, wish: 9 },
  ],
  digit: [
    { one: "}", wish: 8 },
    { one: "]", wish: 8 },
    { one: ",", wish: 7 },
    { any: "digit", wish: 3 },
    { one: TURN_END, wish: 7 },
  ],
  closed: [
    { one: "}", wish: 8 },
    { one: "]", wish: 8 },
    { one: "</tool_call>", wish: 7.5 },
    { one: ",", wish: 5 },
    { one: TURN_END, wish: 9 },
  ],
  // Letters: a key that a grammar spells out, or a prompt that is no chat.
  other: [
    { any: "next", wish: 12 },
    { one: '"', wish: 7 },
  ],
};

const ROWS: Partial<Record<TokenClass, Row>> = {
  ...GLYPHS,
  ...JSON_ROWS,
  blank: SENTENCE,
  thought: [{ one: "\n\n", wish: 15 }],
  first: SUBJECT,
  next: SUBJECT,
  subject: [{ any: "verb", wish: 6 }],
  verb: [{ any: "second", wish: 6 }],
  second: [
    { any: "object", wish: 6 },
    { one: " caf", wish: 7 },
    { one: " ", wish: 7 },
  ],
  object: AFTER_OBJECT,
  glyph: AFTER_OBJECT,
  joint: [{ any: "verb", wish: 6 }],
  stop: [
    { one: TURN_END, wish: 7 },
    { any: "next", wish: 5 },
  ],
  think: [{ any: "doubt", wish: 6 }],
  doubt: [{ any: "matter", wish: 6 }],
  matter: [{ any: "verdict", wish: 6 }],
  verdict: [
    { one: "</think>", wish: 7 },
    { any: "doubt", wish: 5 },
  ],
  call: [{ any: "opened", wish: 15 }],
};

/**
 * The last token of a prompt decides. A newline means "begin": a sentence, a thought, or a call. After an empty line
 * every chain answers.
 */
const BY_KIND: Record<ChainKind, Partial<Record<TokenClass, Row>>> = {
  chat: { newline: SENTENCE },
  think: { newline: [{ one: "<think>", wish: 15 }] },
  tool: {
    newline: [{ one: "<tool_call>", wish: 18 }],
    // Now and then a second call in a turn; the likeliest turn, which is the one at temperature 0, has one.
    called: [
      { one: TURN_END, wish: 9 },
      { one: "\n", wish: 8.3 },
    ],
  },
};
