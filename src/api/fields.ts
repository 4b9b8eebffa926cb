import type { Carried, Dialect } from "../core/dialect.ts";
import { Failure } from "../core/failure.ts";
import { isRecord, type JsonRecord, parseJson } from "../core/json.ts";
import { present, textOf } from "../core/lenient.ts";
import { dropped, type Note } from "../core/note.ts";
import type { CacheMark, Prompt } from "../core/prompt.ts";
import type { RawObject } from "../core/request.ts";

/** All fields of a body, which a backend of another dialect needs every one of. Throws `invalid_json`. */
export function allFields({ bytes }: RawObject): JsonRecord {
  let body: unknown;
  try {
    body = parseJson(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new Failure("invalid_json", "The request body is not valid JSON.", { cause });
  }
  return isRecord(body) ? body : {};
}

/** A field of the body that nobody can make sense of. */
export function invalid(param: string, expected: string): Failure {
  return new Failure("invalid_request", `Invalid value for '${param}': expected ${expected}.`, { param });
}

/** Top-level fields that this program does not know and the client meant to say. */
export function carriedOf(
  body: RawObject,
  dialect: Dialect,
  known: ReadonlySet<string>,
): Carried | undefined {
  const unknown = [...body.names()].filter((name) => !known.has(name) && body.kind(name) !== "null");
  if (unknown.length === 0) return undefined;
  return { dialect, fields: Object.fromEntries(unknown.map((name) => [name, body.value(name)])) };
}

/** Anthropic's `cache_control` of a block or a tool. */
export function cacheOf({ cache_control: mark }: JsonRecord): { cache?: CacheMark } {
  return isRecord(mark) ? { cache: present({ ttl: textOf(mark.ttl) }) } : {};
}

/** What should be a text and is JSON in some clients: a call's arguments, a tool's output. Empty where there is nothing. */
export function jsonText(value: unknown): string {
  if (typeof value === "string") return value;
  return value === undefined || value === null ? "" : JSON.stringify(value);
}

/** How much to say, in the words of both of OpenAI's dialects. */
export function verbosityOf(word: unknown): Prompt["verbosity"] {
  return word === "low" || word === "medium" || word === "high" ? word : undefined;
}

/** What OpenAI keeps beside an answer; an empty object is nothing. */
export function metadataOf(value: unknown): JsonRecord | undefined {
  return isRecord(value) && Object.keys(value).length > 0 ? value : undefined;
}

/** Ollama's word for how long the model stays in memory. */
export function keepAliveOf(value: unknown): Prompt["keepAlive"] {
  return typeof value === "number" ? value : textOf(value);
}

/** Notes fields that ask for something only their vendor's own servers do. */
export function noteVendorOnly(
  body: RawObject,
  fields: readonly string[],
  { why, notes }: { why: string; notes: Note[] },
): void {
  for (const field of fields) if (isSaid(body.value(field))) notes.push(dropped(field, why));
}

/** Does the field ask for anything? An empty list does not. */
export function isSaid(value: unknown): boolean {
  return (
    value !== undefined && value !== null && value !== "" && !(Array.isArray(value) && value.length === 0)
  );
}
