/** A parsed JSON object. */
export type JsonRecord = Record<string, unknown>;

/** An object that is no array. */
export function isRecord(value: unknown): value is JsonRecord {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** Deeper than any honest text: whoever reads such a value or writes it again would run out of stack. */
export const NESTING_MAX = 512;

/** Text from somebody else as JSON. Throws SyntaxError for what is none, and for what is nested too deep to be used. */
export function parseJson(text: string): unknown {
  // Whoever opens a bracket has to close it: what is shorter cannot be too deep. Nearly every text is.
  if (text.length > 2 * NESTING_MAX && isTooDeep(text)) throw new SyntaxError("The JSON is nested too deep.");
  return JSON.parse(text);
}

/** The object that a text says in JSON; undefined for any other text. */
export function parseRecord(text: string): JsonRecord | undefined {
  try {
    const value = parseJson(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Of text that may be no JSON at all: strings are passed over, brackets counted. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    // `[` and `{`, `]` and `}` differ in the bit that tells small letters from capitals.
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if ((code | 0x20) === 0x7b && ++depth > NESTING_MAX) return true;
    else if ((code | 0x20) === 0x7d) depth--;
  }
  return false;
}

/** The closing quote of a string, or the end of a text that has none. */
function endOfString(text: string, open: number): number {
  for (let at = text.indexOf('"', open + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let slashes = 0;
    while (text.charCodeAt(at - slashes - 1) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return at;
  }
  return text.length;
}
