import { Failure } from "../core/failure.ts";
import { isRecord, type JsonRecord } from "../core/json.ts";
import type { JsonKind, RawObject } from "../core/request.ts";
import { type Field, notAnObject, scanObject } from "./json-scan.ts";

/** Up to this size a body is parsed whole (about 2 us per KB), so that bad JSON is named at once and exactly. */
export const PARSE_WHOLE_MAX = 64 * 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8");

/**
 * A request body that must be a JSON object. Large ones are not parsed: their top-level fields are found in the bytes
 * and each is parsed only when asked for, which makes a megabyte of messages on its way to a backend of the same dialect
 * four times cheaper. What is inside them is then for the backend to judge.
 *
 * Throws `invalid_json`, and `invalid_request` for a field that stands twice: two readers could take different ones.
 */
export function readObject(bytes: Uint8Array): RawObject {
  const whole = bytes.length <= PARSE_WHOLE_MAX ? parseWhole(bytes) : undefined;
  return new ScannedObject(bytes, scanObject(bytes), whole);
}

/** A value as the bytes of a JSON text. */
export function jsonBytes(value: object): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}

/** The bytes of a body, to search them without parsing them. */
export function bufferOf({ bytes }: RawObject): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

class ScannedObject implements RawObject {
  readonly bytes: Uint8Array;
  readonly #fields: Map<string, Field>;
  readonly #values: Map<string, unknown>;

  constructor(bytes: Uint8Array, fields: Map<string, Field>, whole: JsonRecord | undefined) {
    this.bytes = bytes;
    this.#fields = fields;
    this.#values = new Map();
    if (whole) for (const name of fields.keys()) this.#values.set(name, whole[name]);
  }

  names(): Iterable<string> {
    return this.#fields.keys();
  }

  has(name: string): boolean {
    return this.#fields.has(name);
  }

  kind(name: string): JsonKind | undefined {
    const field = this.#fields.get(name);
    const first = field && this.bytes[field.from];
    return first === undefined ? undefined : (KINDS[String.fromCharCode(first)] ?? "number");
  }

  value(name: string): unknown {
    const field = this.#fields.get(name);
    if (!field) return undefined;
    if (!this.#values.has(name))
      this.#values.set(name, parseField(name, this.bytes.subarray(field.from, field.to)));
    return this.#values.get(name);
  }

  edit(changes: ReadonlyMap<string, unknown>): Uint8Array[] {
    const splice = new Splice(this.bytes);
    const fields = [...this.#fields.values()];
    const open = this.bytes.indexOf(BRACE_OPEN) + 1;
    splice.copy(0, fields[0]?.start ?? open);
    let written = false;
    fields.forEach((field, i) => {
      const changed = changes.has(field.name);
      const value = changes.get(field.name);
      if (changed && value === undefined) return;
      // The gap before a field holds its comma; the first one written has none.
      if (written) splice.copy(fields[i - 1]?.to ?? open, field.start);
      written = true;
      splice.copy(field.start, changed ? field.from : field.to);
      if (changed) splice.insert(JSON.stringify(value));
    });
    for (const [name, value] of changes) {
      if (value === undefined || this.#fields.has(name)) continue;
      splice.insert(`${written ? "," : ""}${JSON.stringify(name)}:${JSON.stringify(value)}`);
      written = true;
    }
    splice.copy(fields.at(-1)?.to ?? open, this.bytes.length);
    return splice.pieces;
  }
}

/** Pieces of one byte string and new text between them; neighbouring copies become one piece. */
class Splice {
  readonly pieces: Uint8Array[] = [];
  readonly #bytes: Uint8Array;
  #from = 0;
  #to = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  copy(from: number, to: number): void {
    const previous = this.pieces.length - 1;
    if (from === this.#to && this.#to > this.#from) {
      this.#to = to;
      this.pieces[previous] = this.#bytes.subarray(this.#from, to);
    } else if (to > from) {
      this.#from = from;
      this.#to = to;
      this.pieces.push(this.#bytes.subarray(from, to));
    }
  }

  insert(text: string): void {
    this.#from = this.#to = 0;
    this.pieces.push(encoder.encode(text));
  }
}

const KINDS: Record<string, JsonKind> = {
  "{": "object",
  "[": "array",
  '"': "string",
  t: "boolean",
  f: "boolean",
  n: "null",
};

const BRACE_OPEN = 123;

function parseWhole(bytes: Uint8Array): JsonRecord {
  const value = parseText(decoder.decode(bytes), "The request body");
  if (!isRecord(value)) throw notAnObject();
  return value;
}

function parseField(name: string, bytes: Uint8Array): unknown {
  return parseText(decoder.decode(bytes), `The field "${name}" of the request body`);
}

function parseText(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // An unexpected identifier is quoted, and may be a word of the prompt: errors travel further than requests do.
    const reason = error instanceof Error ? error.message.replace(/^JSON Parse error: | "[^]*"$/g, "") : "";
    throw new Failure("invalid_json", `${what} is not valid JSON. ${reason}`.trim(), { cause: error });
  }
}
