import type { JsonRecord } from "../../core/json.ts";

/** What limits values; every other keyword that a target does not know only comments. */
export const LIMITS = new Set(
  (
    "multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength pattern format maxItems minItems " +
    "uniqueItems contains maxContains minContains maxProperties minProperties dependentRequired dependentSchemas " +
    "dependencies propertyNames patternProperties if then else not unevaluatedItems unevaluatedProperties contentEncoding " +
    "contentMediaType contentSchema"
  ).split(" "),
);

/** Longest text of a limit that is put into a description, characters. */
const LIMIT_TEXT_MAX = 200;

/** Of integers "above 0" is "at least 1", which more vendors know. */
export function wholeLimits(
  schema: JsonRecord,
  type: string | undefined,
  keeps: (keyword: string, value: unknown) => boolean,
): JsonRecord {
  if (type !== "integer") return schema;
  const whole = { ...schema };
  for (const [exclusive, inclusive, step] of EXCLUSIVE) {
    const limit = schema[exclusive];
    if (!Number.isInteger(limit) || !keeps(inclusive, 1) || keeps(exclusive, limit)) continue;
    const other = whole[inclusive];
    const next = Number(limit) + step;
    whole[inclusive] = typeof other === "number" && other * step > next * step ? other : next;
    delete whole[exclusive];
  }
  return whole;
}

const EXCLUSIVE = [
  ["exclusiveMinimum", "minimum", 1],
  ["exclusiveMaximum", "maximum", -1],
] as const;

/** A limit's value as a description can name it; undefined where that would be long. */
export function limitText(value: unknown): string | undefined {
  if (isDeep(value, 4)) return undefined;
  const text = JSON.stringify(value);
  return text.length > LIMIT_TEXT_MAX ? undefined : text;
}

function isDeep(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeep(inner, levels - 1));
}
