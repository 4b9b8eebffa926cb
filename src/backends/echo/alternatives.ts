import { isRecord } from "../../core/json.ts";
import { listOf, type Schema, type SchemaDocument } from "./schema.ts";

/** Ways to satisfy one schema that are looked at; `anyOf` within `allOf` multiplies them. */
const ALTERNATIVES_MAX = 64;

/**
 * The ways to satisfy a schema, each as one flat schema: `$ref` followed, `allOf` merged, one branch of each `anyOf`,
 * `oneOf` and `if` taken. A way may turn out impossible (a `oneOf` whose other branch holds too): whoever builds a value
 * from it checks it against the schema itself.
 */
export class Alternatives {
  readonly #document: SchemaDocument;
  readonly #known = new Map<unknown, readonly Schema[]>();

  constructor(document: SchemaDocument) {
    this.#document = document;
  }

  of(schema: unknown): readonly Schema[] {
    const known = this.#known.get(schema);
    if (known) return known;
    const ways = this.#expand(schema, new Set());
    this.#known.set(schema, ways);
    return ways;
  }

  /** `path` holds the schemas being expanded: one that contains itself, with no value in between, adds nothing. */
  #expand(schema: unknown, path: Set<unknown>): Schema[] {
    if (schema === true) return [{}];
    if (!isRecord(schema) || path.has(schema) || !this.#document.budget.spend(1)) return [];
    path.add(schema);
    let ways: Schema[] = [schema];
    for (const options of this.#demands(schema)) {
      const expanded = options.flatMap((option) => this.#expand(option, path));
      ways = ways.flatMap((way) => expanded.map((other) => merge(way, other))).slice(0, ALTERNATIVES_MAX);
      if (!this.#document.budget.spend(ways.length)) break;
    }
    path.delete(schema);
    return ways;
  }

  /** Of each list, one schema must hold beside the schema's own keywords. */
  #demands(schema: Schema): unknown[][] {
    const demands: unknown[][] = [];
    if (schema["$ref"] !== undefined) demands.push([this.#document.resolve(schema["$ref"]) ?? true]);
    for (const part of listOf(schema, "allOf") ?? []) demands.push([part]);
    for (const keyword of ["anyOf", "oneOf"]) {
      const options = listOf(schema, keyword);
      if (options) demands.push([...options]);
    }
    const { if: condition, then = true, else: otherwise = true } = schema;
    if (condition !== undefined) demands.push([{ allOf: [condition, then] }, otherwise]);
    return demands;
  }
}

/** Two flat schemas as one that asks for both. */
function merge(a: Schema, b: Schema): Schema {
  const merged: Record<string, unknown> = { ...a };
  for (const [keyword, value] of Object.entries(b)) {
    const mine = merged[keyword];
    merged[keyword] = mine === undefined ? value : (MERGE.get(keyword)?.(mine, value) ?? mine);
  }
  return merged;
}

type Merge = (a: unknown, b: unknown) => unknown;

const MERGE: ReadonlyMap<string, Merge> = new Map([
  ...each(["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains"], larger),
  ...each(["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains"], smaller),
  ...each(["items", "additionalProperties", "additionalItems", "contains", "propertyNames"], both),
  ...each(["properties", "patternProperties"], memberwise),
  ...each(["type"], commonTypes),
  ...each(["required"], (a, b) => [...new Set([...items(a), ...items(b)])]),
  ...each(["uniqueItems"], (a, b) => a === true || b === true),
  ...each(["multipleOf"], commonMultiple),
  ...each(["prefixItems"], (a, b) => itemwise(items(a), items(b))),
]);

function each(keywords: readonly string[], rule: Merge): [string, Merge][] {
  return keywords.map((keyword) => [keyword, rule]);
}

function larger(a: unknown, b: unknown): unknown {
  return Number(a) > Number(b) ? a : b;
}

function smaller(a: unknown, b: unknown): unknown {
  return Number(a) < Number(b) ? a : b;
}

function both(a: unknown, b: unknown): unknown {
  return a === b ? a : { allOf: [a, b] };
}

function memberwise(a: unknown, b: unknown): unknown {
  if (!isRecord(a) || !isRecord(b)) return a;
  const merged = new Map(Object.entries(a));
  for (const [name, schema] of Object.entries(b))
    merged.set(name, merged.has(name) ? both(merged.get(name), schema) : schema);
  return Object.fromEntries(merged);
}

function itemwise(a: readonly unknown[], b: readonly unknown[]): unknown[] {
  const [long, short] = a.length >= b.length ? [a, b] : [b, a];
  return long.map((schema, i) => (i < short.length ? both(schema, short[i]) : schema));
}

function commonTypes(a: unknown, b: unknown): unknown {
  const mine = Array.isArray(a) ? a : [a];
  const theirs = Array.isArray(b) ? b : [b];
  const has = (list: readonly unknown[], type: unknown) =>
    list.includes(type) || (type === "integer" && list.includes("number"));
  const common = [...mine.filter((type) => has(theirs, type)), ...theirs.filter((type) => has(mine, type))];
  return [...new Set(common)];
}

function commonMultiple(a: unknown, b: unknown): unknown {
  const [x, y] = [Number(a), Number(b)];
  if (x % y === 0) return x;
  return y % x === 0 ? y : x * y;
}

function items(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
