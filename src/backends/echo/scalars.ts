import { numberOf, type Schema, type SchemaDocument } from "./schema.ts";

/** Values of one kind that are tried before giving up: `not` and `uniqueItems` rule out the first ones. */
const TRIES = 32;

/** Longest string that is made only because a schema wants it long. */
const LENGTH_MAX = 16_384;

/** Numbers near zero that may satisfy the schema, the nearest first. */
export function* numbers(schema: Schema, integer: boolean): Generator<number> {
  const low = Math.max(
    numberOf(schema, "minimum") ?? -Infinity,
    numberOf(schema, "exclusiveMinimum") ?? -Infinity,
  );
  const high = Math.min(
    numberOf(schema, "maximum") ?? Infinity,
    numberOf(schema, "exclusiveMaximum") ?? Infinity,
  );
  const multipleOf = numberOf(schema, "multipleOf") ?? 0;
  const step = multipleOf > 0 ? multipleOf : 1;
  const nearest = low > 0 ? Math.ceil(low / step) : high < 0 ? Math.floor(high / step) : 0;
  const away = high < 0 ? -1 : 1;
  for (let i = 0; i < TRIES; i++) yield (nearest + i * away) * step;
  for (let i = 1; i < TRIES; i++) yield (nearest - i * away) * step;
  // No whole multiple fits: a narrow range between two whole numbers.
  if (!integer) yield* [low, high, (low + high) / 2].filter(Number.isFinite);
}

/** Strings that may satisfy the schema, the shortest first. */
export function* strings(schema: Schema, document: SchemaDocument): Generator<string> {
  const least = numberOf(schema, "minLength") ?? 0;
  if (least > LENGTH_MAX) return;
  const { pattern, format } = schema;
  if (typeof pattern === "string") yield* samples(pattern, least, document);
  const example = typeof format === "string" ? FORMATS.get(format) : undefined;
  if (example !== undefined) yield* [example, example.padStart(least, "a"), example.padEnd(least, "a")];
  for (let i = 0; i < TRIES; i++) yield "a".repeat(least + i);
}

function* samples(pattern: string, least: number, document: SchemaDocument): Generator<string> {
  const compiled = document.pattern(pattern);
  for (let i = 0; compiled && i < TRIES; i++) {
    const sample = compiled.sample(least + i);
    if (sample !== undefined) yield sample;
  }
}

/** Short values that common validators take: a top-level domain has two letters, a URI for the web a host. */
const FORMATS: ReadonlyMap<string, string> = new Map([
  ["date", "1970-01-01"],
  ["date-time", "1970-01-01T00:00:00Z"],
  ["time", "00:00:00Z"],
  ["duration", "PT0S"],
  ["email", "a@a.aa"],
  ["idn-email", "a@a.aa"],
  ["hostname", "a"],
  ["idn-hostname", "a"],
  ["ipv4", "0.0.0.0"],
  ["ipv6", "::"],
  ["uri", "http://a"],
  ["url", "http://a"],
  ["iri", "http://a"],
  ["uuid", "00000000-0000-0000-0000-000000000000"],
]);
