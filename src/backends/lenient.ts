import { isRecord } from "../core/json.ts";

/**
 * Readers for answers whose shape nobody promised: each gives a neutral value instead of an error, because a missing detail
 * must never cost a backend.
 */

/** The fields of an object; none of anything else. */
export function fields(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

/** The items of an array; none of anything else. */
export function items(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A text that says something. */
export function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The texts among an array's items; undefined when there is no array. */
export function texts(value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : undefined;
}

/** A whole number above zero. */
function count(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

/** The first of several places that holds a whole number above zero. */
export function firstCount(...values: unknown[]): number | undefined {
  for (const value of values) {
    const found = count(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** True or false, when it is one of the two. */
export function flag(value: unknown): boolean | undefined {
  return typeof value === "boolean" ? value : undefined;
}

/** The object without the fields that hold undefined. */
export function known<T extends object>(value: { [K in keyof T]: T[K] | undefined }): Partial<T> {
  const entries = Object.entries(value).filter(([, held]) => held !== undefined);
  return Object.fromEntries(entries) as Partial<T>;
}
