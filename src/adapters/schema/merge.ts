import { isRecord, type JsonRecord } from "../../core/json.ts";

/**
 * Two schemas that must both hold, as one. What each of them says of the same property is left as an `allOf` for whoever
 * reads that property. A keyword that cannot be joined keeps its first value and is named in `lost`.
 */
export function mergeSchemas(first: JsonRecord, second: JsonRecord, lost: Set<string>): JsonRecord {
  const merged = { ...first };
  for (const [keyword, value] of Object.entries(second)) {
    const before = merged[keyword];
    if (before === undefined) merged[keyword] = value;
    else if (!same(before, value)) merged[keyword] = both(keyword, [before, value], lost);
  }
  return merged;
}

/** What a `$ref` means: only places in the same document, as JSON Pointers. Undefined for any other. */
export function resolveRef(root: JsonRecord, ref: string): unknown {
  if (ref !== "#" && !ref.startsWith("#/")) return undefined;
  let at: unknown = root;
  for (const step of ref.slice(2).split("/")) {
    if (ref === "#") return root;
    const name = decoded(step);
    if (Array.isArray(at)) at = at[Number(name)];
    else if (isRecord(at) && Object.hasOwn(at, name)) at = at[name];
    else return undefined;
  }
  return at;
}

function decoded(step: string): string {
  let text = step;
  try {
    text = decodeURIComponent(step);
  } catch {
    // A percent sign that encodes nothing is one.
  }
  return text.replaceAll("~1", "/").replaceAll("~0", "~");
}

/** Says nothing about which values are right: the first word counts. */
const ANNOTATIONS = new Set(["title", "description", "default", "examples", "example", "$comment", "$id"]);

const LEAST = new Set(["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"]);
const MOST = new Set(["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"]);

function both(keyword: string, [a, b]: [unknown, unknown], lost: Set<string>): unknown {
  if (ANNOTATIONS.has(keyword)) return a;
  if (keyword === "properties" && isRecord(a) && isRecord(b)) return bothProperties(a, b);
  if (keyword === "type") return bothTypes(a, b, lost);
  if (keyword === "additionalProperties" && (a === false || b === false)) return false;
  if ((keyword === "items" || keyword === "additionalProperties") && isRecord(a) && isRecord(b))
    return { allOf: [a, b] };
  if (typeof a === "number" && typeof b === "number") {
    if (LEAST.has(keyword)) return Math.max(a, b);
    if (MOST.has(keyword)) return Math.min(a, b);
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    if (keyword === "required") return [...new Set([...(a as unknown[]), ...(b as unknown[])])];
    const common = keyword === "enum" ? commonValues(a, b) : [];
    if (common.length > 0) return common;
  }
  lost.add(keyword);
  return a;
}

/** By what they are written as: to compare each with each would take long. */
function commonValues(a: unknown[], b: unknown[]): unknown[] {
  const others = new Set(b.map((value) => JSON.stringify(value)));
  return a.filter((value) => others.has(JSON.stringify(value)));
}

function bothProperties(a: JsonRecord, b: JsonRecord): JsonRecord {
  const joined = new Map(Object.entries(a));
  for (const [name, schema] of Object.entries(b)) {
    const before = joined.get(name);
    const apart = before !== undefined && !same(before, schema);
    joined.set(name, apart ? { allOf: [before, schema] } : schema);
  }
  return Object.fromEntries(joined);
}

/** Every integer is a number. */
function bothTypes(a: unknown, b: unknown, lost: Set<string>): unknown {
  const others = new Set(listOf(b));
  const common = listOf(a).flatMap((type) => {
    if (others.has(type) || (type === "integer" && others.has("number"))) return [type];
    return type === "number" && others.has("integer") ? ["integer"] : [];
  });
  if (common.length > 0) return common.length === 1 ? common[0] : common;
  lost.add("type");
  return a;
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value];
}

function same(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === "object" && JSON.stringify(a) === JSON.stringify(b));
}
