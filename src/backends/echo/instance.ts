import { Failure } from "../../core/failure.ts";
import { isRecord } from "../../core/json.ts";
import { accepts, itemSchemas, memberSchemas, requiredNames } from "./accepts.ts";
import { Alternatives } from "./alternatives.ts";
import { Budget } from "./budget.ts";
import { numbers, strings } from "./scalars.ts";
import { listOf, numberOf, type Schema, SchemaDocument } from "./schema.ts";

/** Longest schema that is read, in characters of JSON: OpenAI takes half of that. */
const SCHEMA_MAX = 256 * 1024;

/** Steps for one schema, see Budget: a tenth of a second or so where a schema is out to use them all. */
const STEPS_MAX = 200_000;

/** Values within values; nobody's schema needs that many, but one that refers to itself without an end has more. */
const DEPTH_MAX = 24;

/** Depth of what is made for a schema that cannot be satisfied. */
const FALLBACK_DEPTH = 6;

/** Longest instance, in characters of JSON. */
const TEXT_MAX = 256 * 1024;

/** Most items or members that are made only because a schema wants that many. */
const COUNT_MAX = 1024;

/**
 * The smallest value that satisfies a JSON Schema, or nearly: only required members, the shortest of all alternatives,
 * zero, the empty string, `false`; `default` and `examples` are not looked at. Where nothing satisfies the schema, or
 * nothing was found within the limits above, the value has at least the schema's outline.
 *
 * Throws `invalid_request` for a schema over SCHEMA_MAX.
 */
export function smallestInstance(schema: unknown): unknown {
  if ((JSON.stringify(schema) ?? "").length > SCHEMA_MAX)
    throw new Failure("invalid_request", `The JSON schema has more than ${SCHEMA_MAX} characters.`);
  const exact = new Search(schema, { strict: true });
  // The shallowest depth that suffices is found first: it keeps a schema that may nest endlessly from being followed down.
  for (let depth = 1; depth <= DEPTH_MAX; depth++) {
    const text = exact.smallest(schema, depth);
    if (text !== undefined) return JSON.parse(text);
  }
  return JSON.parse(new Search(schema, { strict: false }).smallest(schema, FALLBACK_DEPTH) ?? "null");
}

/** Works on JSON text: its length is the size, and parts are shared without being copied. */
class Search {
  readonly #strict: boolean;
  readonly #document: SchemaDocument;
  readonly #alternatives: Alternatives;
  /** What was found for a schema, by remaining depth. */
  readonly #found = new Map<unknown, Map<number, string | undefined>>();

  /** Not strict: something is always found, if possible something valid. */
  constructor(root: unknown, { strict }: { strict: boolean }) {
    this.#strict = strict;
    this.#document = new SchemaDocument(root, new Budget(STEPS_MAX));
    this.#alternatives = new Alternatives(this.#document);
  }

  smallest(schema: unknown, depth: number): string | undefined {
    const found = this.#found.get(schema) ?? new Map<number, string | undefined>();
    this.#found.set(schema, found);
    if (!found.has(depth)) found.set(depth, this.#seek(schema, depth));
    return found.get(depth);
  }

  #seek(schema: unknown, depth: number): string | undefined {
    const otherwise = this.#strict ? undefined : "null";
    if (depth === 0 || !this.#document.budget.spend(1)) return otherwise;
    let fallback = otherwise;
    let best: string | undefined;
    for (const way of this.#alternatives.of(schema))
      for (const candidates of this.#candidates(way, depth)) {
        const { valid, first } = this.#pick(candidates, schema);
        if (valid !== undefined && valid.length < (best?.length ?? Infinity)) best = valid;
        if (fallback === "null") fallback = first ?? fallback;
      }
    return best ?? fallback;
  }

  #pick(candidates: Iterable<string>, schema: unknown): { valid?: string; first?: string } {
    let first: string | undefined;
    for (const text of candidates) {
      if (text.length > TEXT_MAX || !this.#document.budget.spend(1)) break;
      first ??= text;
      if (accepts(schema, JSON.parse(text), this.#document)) return { valid: text, first };
    }
    return first === undefined ? {} : { first };
  }

  /** Possible values of each kind that the schema allows, the smallest first. */
  *#candidates(schema: Schema, depth: number): Generator<Iterable<string>> {
    const values = schema["const"] === undefined ? listOf(schema, "enum") : [schema["const"]];
    if (values) yield this.#document.texts(values).toSorted((a, b) => a.length - b.length);
    else for (const type of typesOf(schema)) yield this.#ofType(type, schema, depth);
  }

  *#ofType(type: unknown, schema: Schema, depth: number): Generator<string> {
    if (type === "null") yield "null";
    if (type === "boolean") yield* ["false", "true"];
    if (type === "integer" || type === "number")
      for (const number of numbers(schema, type === "integer")) yield JSON.stringify(number);
    if (type === "string") for (const string of strings(schema, this.#document)) yield JSON.stringify(string);
    const text =
      type === "array"
        ? this.#array(schema, depth)
        : type === "object"
          ? this.#object(schema, depth)
          : undefined;
    if (text !== undefined) yield text;
  }

  #array(schema: Schema, depth: number): string | undefined {
    const { prefix, rest = true } = itemSchemas(schema);
    const { contains } = schema;
    const held = contains === undefined ? 0 : (numberOf(schema, "minContains") ?? 1);
    const count = this.#cap(Math.max(numberOf(schema, "minItems") ?? 0, held));
    if (count === undefined) return undefined;
    const items: string[] = [];
    for (let i = 0, length = 0; i < count && length <= TEXT_MAX; i++) {
      const demands = [i < prefix.length ? prefix[i] : rest];
      if (i >= count - held) demands.push(contains);
      if (schema["uniqueItems"] === true) demands.push(noneOf(items));
      const item = this.#all(demands, depth - 1);
      if (item === undefined) return undefined;
      length += item.length;
      items.push(item);
    }
    return `[${items.join()}]`;
  }

  #object(schema: Schema, depth: number): string | undefined {
    const members = new Map<string, string>();
    const order = Object.keys(isRecord(schema["properties"]) ? schema["properties"] : {});
    const required = new Set(requiredNames(schema, []));
    for (const name of new Set([...order.filter((name) => required.has(name)), ...required])) {
      const text = this.#member(schema, name, depth);
      if (text === undefined) return undefined;
      members.set(name, text);
    }
    const count = this.#cap(numberOf(schema, "minProperties") ?? 0);
    if (count === undefined) return undefined;
    for (const name of this.#furtherNames(schema, { order, members, depth })) {
      if (members.size >= count) break;
      const text = this.#member(schema, name, depth);
      if (text !== undefined) members.set(name, text);
    }
    return `{${Array.from(members, ([name, text]) => `${JSON.stringify(name)}:${text}`).join()}}`;
  }

  #member(schema: Schema, name: string, depth: number): string | undefined {
    return this.#all(memberSchemas(schema, name, this.#document), depth - 1);
  }

  /** Names an object may have beside the required ones: its optional members, then made-up ones. */
  *#furtherNames(
    schema: Schema,
    { order, members, depth }: { order: string[]; members: ReadonlyMap<string, string>; depth: number },
  ): Generator<string> {
    yield* order.filter((name) => !members.has(name));
    const { patternProperties: patterns, propertyNames = true } = schema;
    const anyOf = Object.keys(isRecord(patterns) ? patterns : {}).map((pattern) => ({ pattern }));
    const shape = anyOf.length > 0 ? { anyOf } : true;
    for (let i = 0; i < COUNT_MAX; i++) {
      const used = noneOf(Array.from(members.keys(), (name) => JSON.stringify(name)));
      const name = this.#all([{ type: "string", minLength: 1 }, shape, propertyNames, used], depth);
      const parsed: unknown = name === undefined ? undefined : JSON.parse(name);
      if (typeof parsed !== "string" || members.has(parsed)) return;
      yield parsed;
      // Nothing was found for it, nor will it be for another name.
      if (!members.has(parsed)) return;
    }
  }

  #all(schemas: readonly unknown[], depth: number): string | undefined {
    const [only = true] = schemas;
    return this.smallest(schemas.length === 1 ? only : { allOf: schemas }, depth);
  }

  #cap(count: number): number | undefined {
    if (count <= COUNT_MAX) return count;
    return this.#strict ? undefined : COUNT_MAX;
  }
}

/** None of these JSON texts. */
function noneOf(texts: readonly string[]): unknown {
  return texts.length === 0 ? true : { not: { enum: texts.map((text) => JSON.parse(text)) } };
}

/** The types a schema names, or else the one its keywords are about; a schema about nothing gets the empty string. */
function typesOf(schema: Schema): readonly unknown[] {
  const { type } = schema;
  if (type !== undefined) return [type].flat();
  const about = ABOUT.find(([, keywords]) => keywords.some((keyword) => schema[keyword] !== undefined));
  return [about?.[0] ?? "string"];
}

const ABOUT: readonly [string, readonly string[]][] = [
  [
    "object",
    ["properties", "required", "additionalProperties", "patternProperties", "propertyNames", "minProperties"],
  ],
  ["array", ["items", "prefixItems", "contains", "minItems", "uniqueItems"]],
  ["string", ["pattern", "format", "minLength", "maxLength"]],
  ["number", ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]],
];
