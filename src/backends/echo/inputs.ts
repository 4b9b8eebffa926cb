import { invalid } from "./body.ts";

/** OpenAI's limit for one request. */
const INPUTS_MAX = 2048;

/**
 * The texts of a `prompt` or `input`: a string, a list of strings, a list of token ids or a list of such lists. There
 * is no tokenizer to turn ids back into words: the text of ids is the ids, with a space between.
 */
export function readInputs(value: unknown, name: string): string[] {
  if (typeof value === "string") return [value];
  if (!Array.isArray(value) || value.length === 0) throw unreadable(name);
  if (value.every(isToken)) return [value.join(" ")];
  if (value.length > INPUTS_MAX)
    throw invalid(`'${name}' may hold ${INPUTS_MAX} texts at most, and holds ${value.length}.`, name);
  return value.map((item: unknown) => {
    if (typeof item === "string") return item;
    if (Array.isArray(item) && item.length > 0 && item.every(isToken)) return item.join(" ");
    throw unreadable(name);
  });
}

function isToken(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

function unreadable(name: string): Error {
  return invalid(
    `'${name}' must be a string, a list of strings, or lists of token ids; not an empty list.`,
    name,
  );
}
