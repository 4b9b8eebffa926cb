import type { Carried, Dialect } from "../core/dialect.ts";
import type { JsonRecord } from "../core/json.ts";

/** Fields that nobody here knows; undefined where there are none. Null (`audio: null`) says nothing. */
export function unknownFields(source: JsonRecord, known: ReadonlySet<string>): JsonRecord | undefined {
  let fields: JsonRecord | undefined;
  for (const name in source) {
    if (known.has(name) || source[name] === null) continue;
    fields ??= {};
    fields[name] = source[name];
  }
  return fields;
}

/** The same as an event or a part carries them. */
export function carriedFrom(
  dialect: Dialect,
  source: JsonRecord,
  known: ReadonlySet<string>,
): { extra?: Carried } {
  const fields = unknownFields(source, known);
  return fields ? { extra: { dialect, fields } } : {};
}

/** Fields of one answer that are remembered: no host has more than a few. */
const REMEMBERED_MAX = 64;

/** Unknown fields that stand in every chunk (`system_fingerprint`) are news once, and again when they change. */
export class FieldNews {
  readonly #known: ReadonlySet<string>;
  readonly #said = new Map<string, unknown>();

  constructor(known: ReadonlySet<string>) {
    this.#known = known;
  }

  /** Of the next chunk; undefined where it has none. */
  of(chunk: JsonRecord): JsonRecord | undefined {
    let fields: JsonRecord | undefined;
    for (const name in chunk) {
      if (this.#known.has(name)) continue;
      const value = chunk[name];
      if (value === null || this.#said.get(name) === value) continue;
      if (this.#said.size < REMEMBERED_MAX || this.#said.has(name)) this.#said.set(name, value);
      fields ??= {};
      fields[name] = value;
    }
    return fields;
  }
}
