import { Failure } from "../core/failure.ts";
import { isRecord, type JsonRecord } from "../core/json.ts";
import type { CacheMark, Carried } from "../core/prompt.ts";
import type { Dialect, RawObject } from "../core/request.ts";

/** A number, or undefined for anything else: fields that make no sense are as if they had not been sent. */
export function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** A text that says something. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The fields of an object; none of anything else. */
export function fieldsOf(value: unknown): JsonRecord {
  return isRecord(value) ? value : {};
}

/** The fields that are there: a Prompt has none that is undefined. */
export function present<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept = Object.entries(fields).filter(([, value]) => value !== undefined);
  // What is left has the types of T's own fields: only undefined was taken away.
  return Object.fromEntries(kept) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

/** Anthropic's `cache_control` of a block or a tool. */
export function cacheOf({ cache_control: mark }: JsonRecord): { cache?: CacheMark } {
  return isRecord(mark) ? { cache: present({ ttl: textOf(mark.ttl) }) } : {};
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
