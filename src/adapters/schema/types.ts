import type { JsonRecord } from "../../core/json.ts";

/** The types a value of a schema may have beside null, and whether it may be null, or nothing else. */
export interface Types {
  types: string[];
  nullable: boolean;
  onlyNull: boolean;
}

/** As the schema says, or else as its other keywords let suppose; none where everything is allowed. */
export function inferTypes(schema: JsonRecord): Types {
  const { type } = schema;
  const said = (Array.isArray(type) ? type : [type]).filter((name) => typeof name === "string");
  const types = new Set(said.length > 0 ? said : suppose(schema));
  const listed = "const" in schema ? [schema.const] : schema.enum;
  const onlyNull = types.size === 1 && types.has("null");
  // Null among the values is allowed only if the type allows it too.
  const orNull =
    onlyNull ||
    (Array.isArray(listed)
      ? listed.includes(null) && (said.length === 0 || types.has("null"))
      : types.has("null"));
  types.delete("null");
  if (types.has("number")) types.delete("integer");
  return { types: [...types], onlyNull, nullable: orNull || schema.nullable === true };
}

/** A schema as it is for values of one of its types: values of others are not among those it lists. */
export function ofType(schema: JsonRecord, type: string): JsonRecord {
  const own: JsonRecord = { ...schema, type };
  delete own.description;
  delete own.nullable;
  for (const [keyword, of] of KEYWORDS) if (!of.includes(type)) delete own[keyword];
  if (Array.isArray(schema.enum)) {
    const values = schema.enum.filter((value) => isOf(value, type));
    if (values.length > 0) own.enum = values;
    else delete own.enum;
  }
  return own;
}

/** Can each of them be enumerated by a vendor that takes more than strings? */
export function scalarsAlone(values: readonly unknown[]): boolean {
  return values.every((value) => value === null || typeof value !== "object");
}

function suppose(schema: JsonRecord): string[] {
  if ("const" in schema) return [typeOf(schema.const)];
  if (Array.isArray(schema.enum)) return schema.enum.map(typeOf);
  if ("properties" in schema || "required" in schema || "additionalProperties" in schema) return ["object"];
  return "items" in schema || "prefixItems" in schema ? ["array"] : [];
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

function isOf(value: unknown, type: string): boolean {
  const own = typeOf(value);
  return own === type || (own === "integer" && type === "number");
}

/** Keywords that say something about values of some types alone. */
const KEYWORDS: readonly (readonly [string, readonly string[]])[] = [
  ...[
    "properties",
    "required",
    "additionalProperties",
    "patternProperties",
    "propertyNames",
    "minProperties",
    "maxProperties",
  ].map((keyword) => [keyword, ["object"]] as const),
  ...["items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"].map(
    (keyword) => [keyword, ["array"]] as const,
  ),
  ...["minLength", "maxLength", "pattern", "format"].map((keyword) => [keyword, ["string"]] as const),
  ...["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"].map(
    (keyword) => [keyword, ["number", "integer"]] as const,
  ),
];
