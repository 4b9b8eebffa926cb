import { isRecord } from "../../core/json.ts";
import { listOf, member, numberOf, type Schema, type SchemaDocument } from "./schema.ts";

/** Schemas within schemas that are followed, so that one that refers to itself comes to an end. */
const DEPTH_MAX = 64;

/**
 * Does a value satisfy a schema? JSON Schema's keywords but for `format` and the `unevaluated...` and `dynamic...`
 * ones, which are taken as satisfied, and so are patterns that are not understood. False when the budget ran out.
 */
export function accepts(schema: unknown, value: unknown, document: SchemaDocument): boolean {
  return new Check(document).holds(schema, value, 0);
}

class Check {
  readonly #document: SchemaDocument;

  constructor(document: SchemaDocument) {
    this.#document = document;
  }

  holds(schema: unknown, value: unknown, depth: number): boolean {
    if (!isRecord(schema)) return schema !== false;
    if (depth > DEPTH_MAX || !this.#document.budget.spend(1)) return false;
    return (
      this.#combined(schema, value, depth + 1) &&
      this.#plain(schema, value) &&
      (!Array.isArray(value) || this.#array(schema, value, depth + 1)) &&
      (!isRecord(value) || this.#object(schema, value, depth + 1))
    );
  }

  #combined(schema: Schema, value: unknown, depth: number): boolean {
    const holds = (inner: unknown) => this.holds(inner, value, depth);
    const { $ref, not, if: condition, then, else: otherwise } = schema;
    if ($ref !== undefined && !holds(this.#document.resolve($ref))) return false;
    if (!(listOf(schema, "allOf") ?? []).every(holds)) return false;
    if (!(listOf(schema, "anyOf")?.some(holds) ?? true)) return false;
    const one = listOf(schema, "oneOf");
    if (one && one.filter(holds).length !== 1) return false;
    if (not !== undefined && holds(not)) return false;
    return condition === undefined || holds(holds(condition) ? then : otherwise);
  }

  #plain(schema: Schema, value: unknown): boolean {
    const { type, const: constant } = schema;
    if (type !== undefined && ![type].flat().some((name) => isOfType(value, name))) return false;
    if (constant !== undefined && JSON.stringify(constant) !== JSON.stringify(value)) return false;
    const values = listOf(schema, "enum");
    if (values && !this.#document.texts(values).includes(JSON.stringify(value))) return false;
    if (typeof value === "number") return numberHolds(schema, value);
    return typeof value !== "string" || this.#string(schema, value);
  }

  #string(schema: Schema, value: string): boolean {
    const { pattern } = schema;
    if (!within(schema, "Length", Array.from(value).length)) return false;
    return typeof pattern !== "string" || this.#matches(pattern, value);
  }

  #matches(pattern: string, value: string): boolean {
    return this.#document.pattern(pattern)?.matches(value) ?? true;
  }

  #array(schema: Schema, value: readonly unknown[], depth: number): boolean {
    if (!within(schema, "Items", value.length)) return false;
    const texts = schema["uniqueItems"] === true ? value.map((item) => JSON.stringify(item)) : [];
    if (new Set(texts).size !== texts.length) return false;
    const { prefix, rest } = itemSchemas(schema);
    if (!value.every((item, i) => this.holds(i < prefix.length ? prefix[i] : rest, item, depth)))
      return false;
    if (schema["contains"] === undefined) return true;
    const found = value.filter((item) => this.holds(schema["contains"], item, depth)).length;
    return (
      found >= (numberOf(schema, "minContains") ?? 1) && found <= (numberOf(schema, "maxContains") ?? found)
    );
  }

  #object(schema: Schema, value: Readonly<Record<string, unknown>>, depth: number): boolean {
    const names = Object.keys(value);
    if (!within(schema, "Properties", names.length)) return false;
    if (!requiredNames(schema, names).every((name) => Object.hasOwn(value, name))) return false;
    return names.every(
      (name) =>
        this.holds(schema["propertyNames"], name, depth) &&
        memberSchemas(schema, name, this.#document).every((inner) => this.holds(inner, value[name], depth)),
    );
  }
}

/** What `items` and its relatives ask of an array, in the words of 2020-12 or of draft 7. */
export function itemSchemas(schema: Schema): { prefix: readonly unknown[]; rest: unknown } {
  const tuple = listOf(schema, "items");
  if (tuple) return { prefix: tuple, rest: schema["additionalItems"] };
  return { prefix: listOf(schema, "prefixItems") ?? [], rest: schema["items"] };
}

/** All schemas that a member of this name must satisfy. */
export function memberSchemas(schema: Schema, name: string, document: SchemaDocument): unknown[] {
  const named = member(schema["properties"], name);
  const { patternProperties } = schema;
  const matched = Object.entries(isRecord(patternProperties) ? patternProperties : {}).filter(
    ([pattern]) => document.pattern(pattern)?.matches(name) ?? false,
  );
  const all = [...(named === undefined ? [] : [named]), ...matched.map(([, inner]) => inner)];
  return all.length > 0 ? all : [schema["additionalProperties"]];
}

/** The names that must be there if these are. */
export function requiredNames(schema: Schema, present: readonly string[]): string[] {
  const names = new Set(strings(schema["required"]));
  for (const name of new Set([...present, ...names]))
    for (const further of strings(member(schema["dependentRequired"], name))) names.add(further);
  return [...names];
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

function isOfType(value: unknown, type: unknown): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "object":
      return isRecord(value);
    case "integer":
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

function numberHolds(schema: Schema, value: number): boolean {
  const step = numberOf(schema, "multipleOf");
  return (
    value >= (numberOf(schema, "minimum") ?? -Infinity) &&
    value <= (numberOf(schema, "maximum") ?? Infinity) &&
    value > (numberOf(schema, "exclusiveMinimum") ?? -Infinity) &&
    value < (numberOf(schema, "exclusiveMaximum") ?? Infinity) &&
    (step === undefined || step <= 0 || value % step === 0)
  );
}

function within(schema: Schema, what: "Length" | "Items" | "Properties", count: number): boolean {
  return (
    count >= (numberOf(schema, `min${what}`) ?? 0) && count <= (numberOf(schema, `max${what}`) ?? Infinity)
  );
}
