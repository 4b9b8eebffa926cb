import { describe, expect, test } from "bun:test";
import { ANTHROPIC_SCHEMA, GEMINI_JSON_SCHEMA, GEMINI_SCHEMA } from "../../src/adapters/schema/targets.ts";
import { compileParameters, compileSchema, type SchemaTarget } from "../../src/adapters/schema/compile.ts";
import type { JsonRecord } from "../../src/core/json.ts";

const compiled = (schema: JsonRecord, target: SchemaTarget = GEMINI_SCHEMA) =>
  compileSchema(schema, target).schema;
const field = (schema: JsonRecord, target?: SchemaTarget) =>
  (compiled({ type: "object", properties: { x: schema } }, target).properties as { x: JsonRecord }).x;

describe("what a vendor knows stays as it is", () => {
  const schema = {
    type: "object",
    title: "Order",
    description: "One order.",
    properties: {
      id: { type: "string", pattern: "^[A-Z]+$", minLength: 2, maxLength: 9 },
      count: { type: "integer", minimum: 1, maximum: 99, default: 1 },
      tags: { type: "array", items: { type: "string", enum: ["a", "b"] }, minItems: 1, maxItems: 3 },
      when: { type: "string", format: "date-time" },
    },
    required: ["id", "count"],
  };

  test("in Gemini's schemas", () => {
    expect(compileSchema(schema, GEMINI_SCHEMA)).toEqual({ schema, described: [], lost: [] });
  });

  test("and what only comments leaves without a trace", () => {
    const noise = {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      $id: "x",
      additionalProperties: false,
      "x-order": 3,
      examples: [{}],
      deprecated: false,
    };
    expect(compileSchema({ ...noise, ...schema }, GEMINI_SCHEMA)).toEqual({
      schema,
      described: [],
      lost: [],
    });
  });
});

describe("references", () => {
  test("are written out, wherever they point in the document", () => {
    const schema = {
      type: "object",
      properties: {
        a: { $ref: "#/$defs/point" },
        b: { $ref: "#/definitions/odd~1name%20x", description: "Of b." },
        c: { type: "array", items: { $ref: "#/properties/d" } },
        d: { type: "boolean" },
      },
      $defs: { point: { type: "object", properties: { x: { type: "number" } } } },
      definitions: { "odd/name x": { type: "string", description: "Odd." } },
    };
    expect(compileSchema(schema, GEMINI_SCHEMA)).toEqual({
      schema: {
        type: "object",
        properties: {
          a: { type: "object", properties: { x: { type: "number" } } },
          b: { type: "string", description: "Of b." },
          c: { type: "array", items: { type: "boolean" } },
          d: { type: "boolean" },
        },
      },
      described: [],
      lost: [],
    });
  });

  test("to themselves end in any object", () => {
    const tree = { type: "object", properties: { left: { $ref: "#/$defs/tree" }, right: { $ref: "#" } } };
    expect(compileSchema({ $ref: "#/$defs/tree", $defs: { tree } }, GEMINI_SCHEMA)).toEqual({
      schema: {
        type: "object",
        properties: { left: { type: "object" }, right: { type: "object" } },
      },
      described: [],
      lost: ["$ref"],
    });
  });

  test("that lead nowhere allow everything, and are named", () => {
    const schema = {
      type: "object",
      properties: { x: { $ref: "https://example.org/s.json", description: "X." } },
    };
    expect(compileSchema(schema, GEMINI_SCHEMA)).toEqual({
      schema: { type: "object", properties: { x: { description: "X." } } },
      described: [],
      lost: ["$ref"],
    });
  });
});

describe("alternatives", () => {
  test("of null are nullable, in the vendor's spelling", () => {
    for (const schema of [
      { type: ["string", "null"], description: "D." },
      { anyOf: [{ type: "string" }, { type: "null" }], description: "D." },
      {
        oneOf: [{ type: "null" }, { $ref: "#/$defs/s" }],
        description: "D.",
        $defs: { s: { type: "string" } },
      },
      { type: "string", nullable: true, description: "D." },
    ]) {
      expect(compiled(schema)).toEqual({ type: "string", nullable: true, description: "D." });
      expect(compiled(schema, ANTHROPIC_SCHEMA)).toEqual({ type: ["string", "null"], description: "D." });
    }
    expect(field({ type: ["string", "null"], enum: ["a", null] })).toEqual({
      type: "string",
      enum: ["a"],
      nullable: true,
    });
    expect(field({ type: "null" })).toEqual({ type: "null" });
    expect(compiled({ enum: ["a", null] }, ANTHROPIC_SCHEMA)).toEqual({
      anyOf: [{ type: "string", enum: ["a"] }, { type: "null" }],
    });
  });

  test("of types are alternatives of schemas where there are no lists of types", () => {
    const schema = { type: ["string", "integer", "null"], minLength: 2, minimum: 3, description: "Either." };
    expect(field(schema)).toEqual({
      anyOf: [
        { type: "string", minLength: 2 },
        { type: "integer", minimum: 3 },
      ],
      description: "Either.",
      nullable: true,
    });
    expect(field({ type: ["string", "integer"], description: "E." }, ANTHROPIC_SCHEMA)).toEqual({
      type: ["string", "integer"],
      description: "E.",
    });
  });

  test("share what stands beside them; the same one twice is one", () => {
    const schema = {
      type: "object",
      properties: { a: { type: "string" }, b: { type: "string" } },
      oneOf: [{ required: ["a"] }, { required: ["b"] }, { required: ["a"] }],
    };
    const properties = { a: { type: "string" }, b: { type: "string" } };
    expect(compiled(schema)).toEqual({
      anyOf: [
        { type: "object", properties, required: ["a"] },
        { type: "object", properties, required: ["b"] },
      ],
    });
    expect(field({ anyOf: [{ type: "string" }, { type: "string" }] })).toEqual({ type: "string" });
  });

  test("at the top of a function's arguments become one object that allows each", () => {
    const of = (name: string) => ({
      type: "object",
      properties: { kind: { type: "string" }, [name]: { type: "string" } },
      required: ["kind", name],
    });
    expect(compileParameters({ oneOf: [of("a"), of("b")] }, GEMINI_SCHEMA)).toEqual({
      schema: {
        type: "object",
        properties: { kind: { type: "string" }, a: { type: "string" }, b: { type: "string" } },
        required: ["kind"],
      },
      described: [],
      lost: ["anyOf"],
    });
    expect(compileParameters({}, GEMINI_SCHEMA)).toEqual({
      schema: { type: "object" },
      described: [],
      lost: [],
    });
    expect(compileParameters({ type: "string" }, GEMINI_SCHEMA).lost).toEqual(["type"]);
  });
});

describe("what must hold together", () => {
  test("is one schema", () => {
    const schema = {
      description: "Both.",
      allOf: [
        { $ref: "#/$defs/base" },
        {
          properties: { n: { maximum: 5 }, c: { type: "boolean" } },
          required: ["c"],
          description: "Not this.",
        },
      ],
      $defs: {
        base: {
          type: "object",
          properties: { n: { type: "number", maximum: 9, minimum: 1 } },
          required: ["n"],
        },
      },
    };
    expect(compileSchema(schema, GEMINI_SCHEMA)).toEqual({
      schema: {
        type: "object",
        properties: { n: { type: "number", maximum: 5, minimum: 1 }, c: { type: "boolean" } },
        required: ["n", "c"],
        description: "Both.",
      },
      described: [],
      lost: [],
    });
  });

  test("and cannot is named", () => {
    const { schema, lost } = compileSchema(
      { allOf: [{ type: "string" }, { type: "number" }] },
      GEMINI_SCHEMA,
    );
    expect([schema, lost]).toEqual([{ type: "string" }, ["type"]]);
    expect(compiled({ allOf: [{ enum: ["a", "b"] }, { enum: ["b", "c"] }] })).toEqual({
      type: "string",
      enum: ["b"],
    });
    expect(compiled({ allOf: [{ type: "number" }, { type: ["integer", "string"] }] })).toEqual({
      type: "integer",
    });
  });
});

describe("values", () => {
  test("of one kind are enumerated; a constant is one of them", () => {
    expect(field({ const: "on" })).toEqual({ type: "string", enum: ["on"] });
    expect(field({ enum: [1, 2] }, ANTHROPIC_SCHEMA)).toEqual({ type: "integer", enum: [1, 2] });
    expect(field({ enum: [true, false] })).toEqual({ type: "boolean" });
  });

  test.each<[JsonRecord, JsonRecord]>([
    [{ enum: [1, 2] }, { type: "integer", description: "enum: [1,2]" }],
    [
      { type: "string", enum: ["", "a"] },
      { type: "string", description: 'enum: ["","a"]' },
    ],
    [
      { enum: ["auto", 1] },
      {
        anyOf: [
          { type: "string", enum: ["auto"] },
          { type: "integer", description: "enum: [1]" },
        ],
      },
    ],
  ])("that Gemini refuses in an enum keep their type and are described: %j", (schema, expected) => {
    expect(field(schema)).toEqual(expected);
  });
});

describe("limits that a vendor does not know", () => {
  test("go into the description, and are named", () => {
    const { schema, described, lost } = compileSchema(
      {
        type: "object",
        properties: {
          n: { type: "number", description: "Even.", multipleOf: 2, exclusiveMinimum: 0 },
          u: { type: "string", format: "uri" },
          m: { type: "object", additionalProperties: { type: "number" } },
          s: { type: "array", items: { type: "string" }, uniqueItems: true },
          f: { type: "array", items: {}, uniqueItems: false },
        },
      },
      GEMINI_SCHEMA,
    );
    expect(schema.properties).toEqual({
      n: { type: "number", description: "Even. (multipleOf: 2; exclusiveMinimum: 0)" },
      u: { type: "string", description: 'format: "uri"' },
      m: { type: "object", description: 'additionalProperties: {"type":"number"}' },
      s: { type: "array", items: { type: "string" }, description: "uniqueItems: true" },
      f: { type: "array", items: {} },
    });
    expect(described).toEqual([
      "multipleOf",
      "exclusiveMinimum",
      "format",
      "additionalProperties",
      "uniqueItems",
    ]);
    expect(lost).toEqual([]);
  });

  test("are lost where they would be long", () => {
    const not = { enum: Array.from({ length: 100 }, (_, i) => `value ${i}`) };
    const deep = { a: { b: { c: { d: { e: 1 } } } } };
    expect(compileSchema({ type: "string", not, if: deep }, GEMINI_SCHEMA)).toEqual({
      schema: { type: "string" },
      described: [],
      lost: ["not", "if"],
    });
  });

  test("of integers are said in whole numbers where that is the same", () => {
    expect(field({ type: "integer", exclusiveMinimum: 0, exclusiveMaximum: 10, minimum: 5 })).toEqual({
      type: "integer",
      minimum: 5,
      maximum: 9,
    });
  });

  test("of tuples allow what any place of them allows", () => {
    const prefixItems = [{ type: "string" }, { type: "number" }];
    const tuple = {
      type: "array",
      items: { anyOf: prefixItems },
      description: 'prefixItems: [{"type":"string"},{"type":"number"}]',
    };
    expect(field({ type: "array", prefixItems })).toEqual(tuple);
    expect(field({ type: "array", items: prefixItems })).toEqual(tuple);
    expect(field({ type: "array", prefixItems }, GEMINI_JSON_SCHEMA)).toEqual({ type: "array", prefixItems });
  });

  test("of Anthropic close every object and know no numbers", () => {
    const schema = {
      type: "object",
      properties: {
        n: { type: "integer", minimum: 1 },
        l: { type: "array", items: {}, minItems: 1, maxItems: 2 },
      },
      required: ["n"],
    };
    expect(compileSchema(schema, ANTHROPIC_SCHEMA)).toEqual({
      schema: {
        type: "object",
        properties: {
          n: { type: "integer", description: "minimum: 1" },
          l: { type: "array", items: {}, minItems: 1, description: "maxItems: 2" },
        },
        required: ["n"],
        additionalProperties: false,
      },
      described: ["minimum", "maxItems"],
      lost: [],
    });
  });
});

describe("what makes no sense", () => {
  test("is put right: lists without items, needed names that no property has, types that only other words tell", () => {
    expect(compiled({ properties: { l: { type: "array" } }, required: ["l", "gone", 3] })).toEqual({
      type: "object",
      properties: { l: { type: "array", items: {} } },
      required: ["l"],
    });
    expect(compiled({ properties: { any: true, none: false, odd: 3 } })).toEqual({
      type: "object",
      properties: { any: {}, none: {}, odd: {} },
    });
  });

  test("a property may be called anything", () => {
    const schema = JSON.parse(
      '{"properties":{"__proto__":{"type":"string"},"$ref":{"type":"number"}}}',
    ) as JsonRecord;
    expect(Object.keys(compiled(schema).properties ?? {})).toEqual(["__proto__", "$ref"]);
  });

  test("nesting without end is cut off", () => {
    let deep: JsonRecord = { type: "string" };
    for (let i = 0; i < 5000; i++) deep = i % 2 ? { type: "array", items: deep } : { allOf: [deep] };
    const { schema, lost } = compileSchema(deep, GEMINI_SCHEMA);
    expect(lost).toEqual(["depth"]);
    expect(JSON.stringify(schema).length).toBeLessThan(2000);
  });

  test("definitions that use each other twice stop growing", () => {
    const $defs = Object.fromEntries(
      Array.from({ length: 30 }, (_, i) => [
        `d${i}`,
        {
          type: "object",
          properties: { a: { $ref: `#/$defs/d${i + 1}` }, b: { $ref: `#/$defs/d${i + 1}` } },
        },
      ]),
    );
    const { schema, lost } = compileSchema({ $ref: "#/$defs/d0", $defs }, GEMINI_SCHEMA);
    expect(lost).toContain("size");
    expect(JSON.stringify(schema).length).toBeLessThan(1_000_000);
  });

  test("the client's own schema is not changed", () => {
    const schema = {
      type: "object",
      properties: { x: { type: ["string", "null"], enum: ["a", null] } },
      allOf: [{ required: ["x"] }],
    };
    const before = JSON.stringify(schema);
    compiled(schema);
    expect(JSON.stringify(schema)).toBe(before);
  });
});
