import { isRecord, type JsonRecord } from "./json.ts";

/** Readers of values whose shape nobody promised: what is not what it should be is as if it had not been sent. */

/** The fields of an object; none of anything else. */
export function fieldsOf(value: unknown): JsonRecord {
  return isRecord(value) ? value : {};
}

/** The entries of a list; none of anything else. */
export function entriesOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A text that says something. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Any number. */
export function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** A number of things: not below zero. */
export function countOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** True or false, where it is one of the two. */
export function flagOf(value: unknown): boolean | undefined {
  return typeof value === "boolean" ? value : undefined;
}

/** The last second that a Date can tell. */
const SECONDS_MAX = 8.64e12;

/** A time as seconds since 1970, from such a number or from a text such as RFC 3339's; 0 where it is neither. */
export function secondsOf(time: unknown): number {
  const seconds = typeof time === "string" ? Number(time) || Date.parse(time) / 1000 : time;
  return typeof seconds === "number" && seconds > 0 && seconds <= SECONDS_MAX ? Math.trunc(seconds) : 0;
}

/** The fields that are there: without those that are undefined. */
export function present<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept = Object.entries(fields).filter(([, value]) => value !== undefined);
  // What is left has the types of T's own fields: only undefined was taken away.
  return Object.fromEntries(kept) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
