import { expect, test } from "bun:test";
import { ANTHROPIC_SCHEMA, GEMINI_JSON_SCHEMA, GEMINI_SCHEMA } from "../../src/adapters/schema/targets.ts";
import { compileParameters, compileSchema, type SchemaTarget } from "../../src/adapters/schema/compile.ts";
import { isRecord, type JsonRecord } from "../../src/core/json.ts";
import { Dice } from "../pipeline/dice.ts";

const KNOWN = ["type", "description", "properties", "required", "items", "anyOf", "enum"];

test.each<[string, SchemaTarget, string[]]>([
  ["Gemini", GEMINI_SCHEMA, ["nullable"]],
  ["Gemini's JSON Schema", GEMINI_JSON_SCHEMA, ["additionalProperties"]],
  ["Anthropic", ANTHROPIC_SCHEMA, ["additionalProperties"]],
])("whatever a client sends, %s is sent nothing that it does not know", (_, target, more) => {
  for (let seed = 1; seed <= 500; seed += 1) {
    const schema = randomSchema(new Dice(seed), 4);
    schema.$defs = { a: randomSchema(new Dice(-seed), 3), b: randomSchema(new Dice(seed + 9), 2) };
    const compiled = compileSchema(schema, target);
    check(compiled.schema, { target, known: new Set([...KNOWN, ...more]), where: String(seed) });
    const { schema: object } = compileParameters(schema, target);
    expect([seed, object.type]).toEqual([seed, "object"]);
    expect([seed, compileSchema(compiled.schema, target).schema]).toEqual([seed, compiled.schema]);
  }
});

interface Rules {
  target: SchemaTarget;
  known: ReadonlySet<string>;
  where: string;
}

/** Reads a schema as the vendor would. */
function check(schema: JsonRecord, rules: Rules): void {
  const { target, known, where } = rules;
  for (const [keyword, value] of Object.entries(schema))
    if (!known.has(keyword) && !target.keeps(keyword, value))
      expect([where, keyword, value]).toEqual(["a keyword that it knows"]);
  const { type, required, properties, anyOf, items, prefixItems, enum: values } = schema;
  if (target.nullable)
    expect([where, typeof type]).toEqual([where, expect.stringMatching(/^(string|undefined)$/)]);
  if (type === "array" && prefixItems === undefined) expect([where, isRecord(items)]).toEqual([where, true]);
  if (target.additional === "closed" && type === "object") expect(schema.additionalProperties).toBe(false);
  if (target.stringEnums && Array.isArray(values))
    expect([where, values.every((value) => typeof value === "string" && value !== "")]).toEqual([
      where,
      true,
    ]);
  const fields = isRecord(properties) ? properties : {};
  for (const name of Array.isArray(required) ? required : []) expect(Object.keys(fields)).toContain(name);
  const inner: unknown[] = [...Object.values(fields), items, schema.additionalProperties];
  for (const list of [anyOf, prefixItems]) if (Array.isArray(list)) inner.push(...(list as unknown[]));
  for (const one of inner) if (isRecord(one)) check(one, rules);
}

const TYPES = ["string", "integer", "number", "boolean", "object", "array", "null"] as const;

function randomSchema(dice: Dice, levels: number): JsonRecord {
  const schema: JsonRecord = {};
  const inner = (): JsonRecord => (levels === 0 ? {} : randomSchema(dice, levels - 1));
  const makers: (() => void)[] = [
    () => (schema.type = dice.pick(TYPES)),
    () => (schema.type = [dice.pick(TYPES), dice.pick(TYPES)]),
    () => (schema.enum = [dice.pick<unknown>([1, "a", null, true, ""]), dice.pick<unknown>([2, "b", 1.5])]),
    () => (schema.const = dice.pick<unknown>([1, "a", null, false])),
    () => (schema.properties = { x: inner(), y: inner() }),
    () => (schema.required = ["x", dice.pick(["y", "z"])]),
    () => (schema.items = dice.pick<unknown>([inner(), [inner()], true])),
    () => (schema.prefixItems = [inner(), inner()]),
    () => (schema.anyOf = [inner(), inner()]),
    () => (schema.oneOf = [inner(), { type: "null" }]),
    () => (schema.allOf = [inner(), inner()]),
    () => (schema.$ref = dice.pick(["#/$defs/a", "#/$defs/b", "#", "#/gone", "odd"])),
    () => (schema.additionalProperties = dice.pick<unknown>([true, false, inner()])),
    () => (schema.description = "D."),
    () => (schema.nullable = true),
    () => (schema.exclusiveMinimum = dice.pick<unknown>([1, 0.5, true])),
    () => (schema.format = dice.pick(["date-time", "uri", "email"])),
    () => (schema.minItems = dice.below(3)),
    () => (schema.not = inner()),
  ];
  for (let n = dice.below(5); n >= 0; n -= 1) makers[dice.below(makers.length)]?.();
  return schema;
}
