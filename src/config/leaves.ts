import { Type, type SchemaOptions, type TSchema } from "@sinclair/typebox";
import { resolve } from "node:path";
import { parseAllowedHost, parseBackendUrl, parseHost, parseOrigin, parsePin } from "./addresses.ts";
import { readText } from "./files.ts";
import { checkHeaderValue, headersReader, REQUEST_HEADERS, RESPONSE_HEADERS } from "./headers.ts";
import { Refusal, type Path } from "./problems.ts";
import { isTable, leaf, mismatch, textReader, type Reader, type Reading } from "./reading.ts";
import { parseRoutePath } from "./routes.ts";
import { checkKey, secretReader } from "./secrets.ts";
import { DURATION_PATTERN, missingUnit, parseDuration, parseSize, SIZE_PATTERN } from "./units.ts";

/** The values of fairlead.toml that are more than a string, a number or a boolean: each with its schema and its reader. */

/** A string with a unit; milliseconds. */
export function duration(options: SchemaOptions) {
  const what = 'a duration such as "30s"';
  const read = textReader(what, parseDuration);
  return leaf<number>(Type.String({ pattern: DURATION_PATTERN, ...options }), (value, at, reading) => {
    if (!Number.isSafeInteger(value) || Number(value) < 0) return read(value, at, reading);
    return reject(at, reading, missingUnit(String(value), "duration", "s"));
  });
}

/** A string with a unit, or a whole number of bytes; bytes, within the limits. */
export function size(limits: { min: number; max: number; range: string }, options: SchemaOptions) {
  const raw = Type.Union([Type.String({ pattern: SIZE_PATTERN }), Type.Integer({ minimum: 0 })], options);
  const read = textReader('a size such as "64 MiB"', parseSize);
  return leaf<number>(raw, (value, at, reading) => {
    const bytes = typeof value === "number" && Number.isInteger(value) ? value : read(value, at, reading);
    if (bytes === undefined || (bytes >= limits.min && bytes <= limits.max)) return bytes;
    return reject(at, reading, new Refusal(`expected a size from ${limits.range}`));
  });
}

const reference = (name: string, description: string): TSchema =>
  Type.Object({ [name]: Type.String({ minLength: 1, description }) }, { additionalProperties: false });

const secretSchema = (description: string): TSchema =>
  Type.Union(
    [
      Type.String({ minLength: 1, description }),
      reference("env", "Name of the environment variable that holds it."),
      reference("file", "Path of a file that holds it; a relative path starts at the config file."),
      reference(
        "credential",
        "Name of a systemd credential that holds it: a file in $CREDENTIALS_DIRECTORY.",
      ),
    ],
    { description },
  );

/** A key: in clear or by reference. */
export function key(description: string) {
  return leaf<string>(secretSchema(description), secretReader(checkKey));
}

/** Headers for a backend; a value may be a reference. */
export function requestHeaders(options: SchemaOptions) {
  const raw = Type.Record(Type.String(), secretSchema("The header's value."), options);
  return leaf<Record<string, string>>(raw, headersReader(REQUEST_HEADERS, secretReader(checkHeaderValue)));
}

/** Headers of an answer. */
export function responseHeaders(options: SchemaOptions) {
  const raw = Type.Record(Type.String(), Type.String(), options);
  const read = textReader("a string", (text) => checkHeaderValue(text) ?? text);
  return leaf<Record<string, string>>(raw, headersReader(RESPONSE_HEADERS, read));
}

export function backendUrl(options: SchemaOptions) {
  return leaf<string>(
    Type.String({ pattern: "^[Hh][Tt][Tt][Pp][Ss]?://", ...options }),
    textReader("a URL", parseBackendUrl),
  );
}

export function host(options: SchemaOptions) {
  return leaf<string>(
    Type.String({ minLength: 1, ...options }),
    textReader("a name or an address", parseHost),
  );
}

export function allowedHost(options: SchemaOptions) {
  return leaf<string>(Type.String({ minLength: 1, ...options }), textReader("a host name", parseAllowedHost));
}

export function origin(options: SchemaOptions) {
  return leaf<string>(Type.String({ minLength: 1, ...options }), textReader("an origin", parseOrigin));
}

export function pin(options: SchemaOptions) {
  return leaf<string>(Type.String({ minLength: 44, ...options }), textReader("a string", parsePin));
}

export function routePath(options: SchemaOptions) {
  return leaf<string>(Type.String({ pattern: "^/", ...options }), textReader("a path", parseRoutePath));
}

export function contentType(options: SchemaOptions) {
  const pattern = "^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+( *;[ -~]*)?$";
  const read = textReader("a string", (text) =>
    new RegExp(pattern).test(text)
      ? text
      : new Refusal("not a content type", 'for example "text/html; charset=utf-8"'),
  );
  return leaf<string>(Type.String({ pattern, ...options }), read);
}

/** Bundles of a whole system's authorities are about a quarter of this. */
const MAX_CERTIFICATE_BYTES = 1024 * 1024;

/** Path of a PEM file that is there; absolute. */
export function certificateFile(options: SchemaOptions) {
  const read = textReader("a path", (text, reading) => {
    const path = resolve(reading.dir, text);
    const file = readText(path, MAX_CERTIFICATE_BYTES);
    if (file === "absent") return new Refusal(`there is no file ${JSON.stringify(path)}`);
    if (file instanceof Refusal) return new Refusal(`${JSON.stringify(path)}: ${file.message}`);
    if (file.text.includes("-----BEGIN CERTIFICATE-----")) return path;
    return new Refusal(
      `${JSON.stringify(path)} holds no certificate`,
      "expected PEM: -----BEGIN CERTIFICATE-----",
    );
  });
  return leaf<string>(Type.String({ minLength: 1, ...options }), read);
}

/** Path of a directory, there or not; absolute. */
export function directory(options: SchemaOptions) {
  const read = textReader("a path", (text, reading) => resolve(reading.dir, text));
  return leaf<string>(Type.String({ minLength: 1, ...options }), read);
}

/** Any value that JSON can say. */
export function json(options: SchemaOptions) {
  const read: Reader<unknown> = (value, at, reading) => (isJson(value, at, reading) ? value : undefined);
  return leaf<unknown>(Type.Unknown(options), read);
}

/** A table of JSON values, but for some keys. */
export function jsonTable(refused: Readonly<Record<string, string>>, options: SchemaOptions) {
  const raw = Type.Record(Type.String(), Type.Unknown(), options);
  return leaf<Record<string, unknown>>(raw, (value, at, reading) => {
    if (!isTable(value)) return reject(at, reading, mismatch("a table", value));
    for (const name of Object.keys(value)) {
      const reason = Object.hasOwn(refused, name) ? refused[name] : undefined;
      if (reason !== undefined)
        reading.report([...at, name], new Refusal(`"${name}" can have no default`, reason));
    }
    return isJson(value, at, reading) ? value : undefined;
  });
}

/** JSON.stringify would write null for inf and nan, and a string for a date: not what the file says. */
function isJson(value: unknown, at: Path, reading: Reading): boolean {
  if (value instanceof Date) {
    reading.report(at, new Refusal("JSON has no dates", "put it in quotes"));
    return false;
  }
  if (typeof value === "number" && !Number.isFinite(value)) {
    reading.report(at, new Refusal(`JSON has no ${Number.isNaN(value) ? "nan" : "inf"}`));
    return false;
  }
  if (typeof value !== "object" || value === null) return true;
  const children = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return children.map(([name, child]) => isJson(child, [...at, name], reading)).every(Boolean);
}

function reject(at: Path, reading: Reading, refusal: Refusal): undefined {
  reading.report(at, refusal);
  return undefined;
}
