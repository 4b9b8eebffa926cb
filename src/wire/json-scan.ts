import { Failure } from "../core/failure.ts";

/** Where one top-level field stands in the bytes of an object. */
export interface Field {
  name: string;
  /** First byte of its name's quote. */
  start: number;
  /** First byte of its value. */
  from: number;
  /** One past the last byte of its value. */
  to: number;
}

/** Deeper than any honest request; a parser further on might recurse. */
const DEPTH_MAX = 128;
/** A request has a few dozen. */
const FIELDS_MAX = 512;

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const BACKSLASH = 92;
const BRACE_OPEN = 123;
const BRACE_CLOSE = 125;

/** Short strings are walked here; longer ones are left to the native search, which costs a call but reads 32 bytes at once. */
const WALK_MAX = 48;

const decoder = new TextDecoder("utf-8");

/**
 * Finds the top-level fields of a JSON object without parsing their values: strings and brackets are followed, nothing
 * else is checked. Throws `invalid_json` where the outline is broken, `invalid_request` for a field that stands twice.
 */
export function scanObject(bytes: Uint8Array): Map<string, Field> {
  const fields = new Map<string, Field>();
  let at = skipSpace(bytes, bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0);
  if (bytes[at] !== BRACE_OPEN) throw notAnObject();
  at = skipSpace(bytes, at + 1);
  if (bytes[at] === BRACE_CLOSE) return atEnd(bytes, at + 1, fields);
  for (;;) {
    const field = scanField(bytes, at);
    if (fields.has(field.name)) throw twice(field.name);
    if (fields.size >= FIELDS_MAX) throw broken(`it has more than ${FIELDS_MAX} fields`);
    fields.set(field.name, field);
    at = skipSpace(bytes, field.to);
    if (bytes[at] === BRACE_CLOSE) return atEnd(bytes, at + 1, fields);
    if (bytes[at] !== COMMA) throw broken(`a comma or a closing brace is missing at byte ${at}`);
    at = skipSpace(bytes, at + 1);
  }
}

/** The Failure for a body that does not begin as an object. */
export function notAnObject(): Failure {
  return new Failure("invalid_json", "The request body must be a JSON object.");
}

function scanField(bytes: Uint8Array, start: number): Field {
  if (bytes[start] !== QUOTE) throw broken(`a field name is missing at byte ${start}`);
  const nameEnd = skipString(bytes, start);
  const colon = skipSpace(bytes, nameEnd);
  if (bytes[colon] !== COLON) throw broken(`a colon is missing at byte ${colon}`);
  const from = skipSpace(bytes, colon + 1);
  return { name: nameOf(bytes.subarray(start, nameEnd)), start, from, to: skipValue(bytes, from) };
}

function nameOf(quoted: Uint8Array): string {
  const text = decoder.decode(quoted);
  if (!text.includes("\\")) return text.slice(1, -1);
  try {
    return String(JSON.parse(text));
  } catch (cause) {
    throw new Failure("invalid_json", "A field name of the request body is not valid JSON.", { cause });
  }
}

function skipValue(bytes: Uint8Array, from: number): number {
  const first = bytes[from];
  if (first === QUOTE) return skipString(bytes, from);
  if (isOpen(first)) return skipNested(bytes, from);
  let at = from;
  while (at < bytes.length && !isScalarEnd(bytes[at])) at++;
  if (at === from) throw broken(`a value is missing at byte ${from}`);
  return at;
}

function skipNested(bytes: Uint8Array, from: number): number {
  let depth = 0;
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) at = skipString(bytes, at) - 1;
    else if (isOpen(byte)) {
      if (++depth > DEPTH_MAX) throw broken(`it is nested deeper than ${DEPTH_MAX} levels`);
    } else if (isClose(byte) && --depth === 0) return at + 1;
  }
  throw broken("it ends too early");
}

/** From the opening quote to one past the closing one. */
function skipString(bytes: Uint8Array, from: number): number {
  const walkEnd = Math.min(bytes.length, from + WALK_MAX);
  let at = from + 1;
  for (; at < walkEnd; at++) {
    const byte = bytes[at];
    if (byte === BACKSLASH) at++;
    else if (byte === QUOTE) return at + 1;
  }
  for (let quote = bytes.indexOf(QUOTE, at); quote !== -1; quote = bytes.indexOf(QUOTE, quote + 1)) {
    let slashes = 0;
    while (quote - slashes > at && bytes[quote - slashes - 1] === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return quote + 1;
  }
  throw broken("it ends inside a string");
}

function atEnd(bytes: Uint8Array, at: number, fields: Map<string, Field>): Map<string, Field> {
  const rest = skipSpace(bytes, at);
  if (rest !== bytes.length) throw broken(`something follows the object at byte ${rest}`);
  return fields;
}

function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] === 32 || bytes[at] === 10 || bytes[at] === 13 || bytes[at] === 9) at++;
  return at;
}

function isOpen(byte: number | undefined): boolean {
  return byte === BRACE_OPEN || byte === 91;
}

function isClose(byte: number | undefined): boolean {
  return byte === BRACE_CLOSE || byte === 93;
}

function isScalarEnd(byte: number | undefined): boolean {
  return (
    byte === COMMA ||
    byte === BRACE_CLOSE ||
    byte === 93 ||
    byte === 32 ||
    byte === 10 ||
    byte === 13 ||
    byte === 9
  );
}

function broken(how: string): Failure {
  return new Failure("invalid_json", `The request body is not valid JSON: ${how}.`);
}

function twice(name: string): Failure {
  return new Failure("invalid_request", `The field "${name}" stands twice in the request body.`, {
    param: name,
  });
}
