import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { FormatRegistry, type TSchema, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { smallestInstance } from "../../src/backends/echo/instance.ts";
import { randomSchema } from "./echo-schemas.ts";

/** The schema as it comes over the wire: JSON, with nothing of the library that wrote it. */
function overTheWire(schema: TSchema): unknown {
  return JSON.parse(JSON.stringify(schema));
}

function valid(schema: TSchema): unknown {
  const value = smallestInstance(overTheWire(schema));
  expect({ value, errors: [...Value.Errors(schema, value)].map((error) => error.message) }).toEqual({
    value,
    errors: [],
  });
  return value;
}

const FORMATS: Record<string, (text: string) => boolean> = {
  date: (text) => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)),
  "date-time": (text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text) && !Number.isNaN(Date.parse(text)),
  email: (text) => /^[^@\s]+@[^@\s.]+\.[a-z]{2,}$/.test(text),
  uri: (text) => URL.canParse(text) && new URL(text).host !== "",
  uuid: (text) => /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(text),
};

beforeAll(() => {
  for (const [name, holds] of Object.entries(FORMATS)) FormatRegistry.Set(name, holds);
});
afterAll(() => {
  for (const name of Object.keys(FORMATS)) FormatRegistry.Delete(name);
});

describe("the smallest instance", () => {
  test.each([
    ["anything", Type.Any(), ""],
    ["a text", Type.String(), ""],
    ["a number", Type.Number(), 0],
    ["true or false", Type.Boolean(), false],
    ["nothing", Type.Null(), null],
    ["a constant", Type.Literal("on"), "on"],
    ["an enumeration", Type.Union([Type.Literal("celsius"), Type.Literal("k")]), "k"],
    ["a text or nothing", Type.Union([Type.String(), Type.Null()]), ""],
    ["a long text or nothing", Type.Union([Type.String({ minLength: 9 }), Type.Null()]), null],
    ["a text of a length", Type.String({ minLength: 3, maxLength: 4 }), "aaa"],
    ["a whole number from", Type.Integer({ minimum: 3 }), 3],
    ["a whole number up to", Type.Integer({ maximum: -3 }), -3],
    ["a whole number above", Type.Integer({ exclusiveMinimum: 3 }), 4],
    ["a multiple", Type.Integer({ minimum: 10, multipleOf: 7 }), 14],
    ["a fraction", Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1 }), 0.5],
    ["a list", Type.Array(Type.String()), []],
    ["a list of some", Type.Array(Type.Integer(), { minItems: 2 }), [0, 0]],
    ["a list of different ones", Type.Array(Type.Integer(), { minItems: 3, uniqueItems: true }), [0, 1, 2]],
    ["a list with one", Type.Array(Type.Any(), { contains: Type.Literal(7) }), [7]],
    ["a pair", Type.Tuple([Type.String(), Type.Integer({ minimum: 1 })]), ["", 1]],
    [
      "members as needed",
      Type.Object({ b: Type.String(), a: Type.Optional(Type.String()), c: Type.Null() }),
      { b: "", c: null },
    ],
    [
      "enough members",
      Type.Object({ a: Type.Optional(Type.Integer()) }, { minProperties: 2 }),
      { a: 0, aa: "" },
    ],
    [
      "both",
      Type.Intersect([Type.Object({ a: Type.String() }), Type.Object({ b: Type.Integer() })]),
      { a: "", b: 0 },
    ],
    ["not this", Type.Intersect([Type.Integer(), Type.Not(Type.Literal(0))]), 1],
    [
      "a record",
      Type.Record(Type.String({ pattern: "^x-\\d+$" }), Type.Integer(), { minProperties: 1 }),
      { "x-0": 0 },
    ],
  ])("of %s is as small as can be", (_, schema, expected) => {
    expect(valid(schema)).toEqual(expected);
  });

  test("of a schema that refers to itself ends as soon as it may", () => {
    const tree = Type.Recursive((self) =>
      Type.Object({ name: Type.String(), next: Type.Union([self, Type.Null()]) }),
    );
    expect(valid(tree)).toEqual({ name: "", next: null });
    const list = Type.Recursive((self) => Type.Object({ children: Type.Array(self) }));
    expect(valid(list)).toEqual({ children: [] });
  });

  test.each(Object.keys(FORMATS))("of a text in the format %s has that format", (format) => {
    valid(Type.String({ format }));
  });

  test.each([
    ["^[A-Z]{3}-\\d{2,4}$", "AAA-00"],
    ["^\\+?[1-9][0-9]{7,14}$", "10000000"],
    ["^(red|tan|blue)$", "red"],
    ["^#(?:[0-9a-f]{3}){1,2}$", "#aaa"],
    ["^\\w+\\.(?<ending>png|gif)$", "a.png"],
    ["needle", "needle"],
    ["^[^a-z]?\\s\\S.*$", " a"],
    ["^\\d{3}\\-[\\w\\.\\-\\@]+$", "000-a"],
  ])("of a text in the pattern %s fits it", (pattern, expected) => {
    expect(valid(Type.String({ pattern }))).toBe(expected);
  });

  test("of a text with a pattern and a length has both", () => {
    for (const pattern of ["^[a-z]+$", "^(?:ab|c)+$", "^a{2,9}b*$", "x", "x$"])
      expect(valid(Type.String({ pattern, minLength: 6 }))).toHaveProperty("length", 6);
  });

  test("holds for schemas of every make, and none of its members can be left out", () => {
    for (let seed = 1; seed <= 400; seed++) {
      const schema = randomSchema(seed);
      const value = valid(schema);
      for (const smaller of withoutOne(value)) expect(Value.Check(schema, smaller)).toBe(false);
    }
  });
});

/** The value without one of its members or items, in each way. */
function* withoutOne(value: unknown): Generator<unknown> {
  if (typeof value !== "object" || value === null) return;
  const entries = Object.entries(value);
  for (const [i, [name, inner]] of entries.entries()) {
    const [before, after] = [entries.slice(0, i), entries.slice(i + 1)];
    const rebuilt = (middle: [string, unknown][]) => {
      const kept = [...before, ...middle, ...after];
      return Array.isArray(value) ? kept.map(([, item]) => item) : Object.fromEntries(kept);
    };
    yield rebuilt([]);
    for (const smaller of withoutOne(inner)) yield rebuilt([[name, smaller]]);
  }
}

describe("JSON Schema as it is written by hand", () => {
  test.each([
    ["a type left out", { properties: { a: { minLength: 1 } }, required: ["a"] }, { a: "a" }],
    ["several types", { type: ["integer", "null"] }, 0],
    ["definitions", { $ref: "#/$defs/a~1b%20c", $defs: { "a/b c": { const: 1 } } }, 1],
    [
      "words beside a reference",
      { $ref: "#/definitions/n", minimum: 5, definitions: { n: { type: "integer" } } },
      5,
    ],
    ["an anchor", { allOf: [{ $ref: "#here" }], $defs: { x: { $anchor: "here", const: 2 } } }, 2],
    [
      "a reference that leads nowhere",
      { type: "object", required: ["a"], properties: { a: { $ref: "other.json" } } },
      { a: "" },
    ],
    [
      "bounds in several places",
      {
        allOf: [
          { type: "integer", minimum: 2 },
          { minimum: 4, multipleOf: 3 },
        ],
      },
      6,
    ],
    ["one of two, not both", { oneOf: [{ type: "integer" }, { minimum: 0 }] }, -1],
    [
      "a condition that holds",
      {
        type: "object",
        properties: { k: { const: 1 } },
        required: ["k"],
        if: { properties: { k: { const: 1 } } },
        then: { required: ["t"] },
        else: { required: ["e"] },
      },
      { k: 1, t: "" },
    ],
    ["a condition that does not", { type: "integer", minimum: 1, if: { minimum: 5 }, then: false }, 1],
    ["a list of places", { prefixItems: [{ const: 1 }], items: { const: 2 }, minItems: 3 }, [1, 2, 2]],
    ["what else is needed", { required: ["a"], dependentRequired: { a: ["b"] } }, { a: "", b: "" }],
    [
      "names with a shape",
      { type: "object", minProperties: 1, propertyNames: { pattern: "^k\\d$" } },
      { k0: "" },
    ],
    [
      "names that objects have anyway",
      { type: "object", required: ["constructor", "__proto__"] },
      JSON.parse('{"constructor":"","__proto__":""}'),
    ],
    ["a pattern of Unicode", { pattern: "^\\p{Lu}\\u0041\\x42$" }, "AAB"],
    ["an example and a default", { type: "string", default: "no", examples: ["no"] }, ""],
  ])("is understood: %s", (_, schema, expected) => {
    expect(smallestInstance(schema)).toEqual(expected);
  });

  test.each([
    ["nothing fits", { type: "string", minLength: 3, maxLength: 2 }, "aaa"],
    [
      "a member that nothing fits",
      {
        type: "object",
        required: ["a", "b"],
        properties: {
          a: { type: "string", minLength: 2 },
          b: { allOf: [{ type: "null" }, { type: "string" }] },
        },
      },
      { a: "aa", b: null },
    ],
    ["a pattern that looks around", { type: "string", pattern: "^(?=.*\\d)(?=.*[a-z]).{4,}$" }, ""],
    [
      "a member that contains itself without end",
      { $id: "n", type: "object", properties: { n: { $ref: "n" } }, required: ["n"] },
      expect.objectContaining({ n: expect.anything() }),
    ],
    ["no schema", "text", null],
    ["false", false, null],
  ])("gets at least the outline where %s", (_, schema, expected) => {
    expect(smallestInstance(schema)).toEqual(expected);
  });
});

describe("a schema made to keep the process busy", () => {
  const chain = (link: (next: unknown) => unknown) => ({
    $ref: "#/$defs/0",
    $defs: Array.from({ length: 40 }, (_, i) =>
      i < 39 ? link({ $ref: `#/$defs/${i + 1}` }) : { type: "string" },
    ),
  });
  const nested = (levels: number): unknown =>
    levels === 0
      ? { type: "string", minLength: 9000 }
      : { type: "array", minItems: 1000, items: nested(levels - 1) };

  test.each([
    ["allOf that doubles at each level", chain((next) => ({ allOf: [next, next] }))],
    [
      "anyOf that doubles at each level",
      chain((next) => ({ anyOf: [next, next, { type: "null" }], not: { type: "null" } })),
    ],
    [
      "members that triple at each level",
      chain((a) => ({ type: "object", properties: { a, b: a, c: a }, required: ["a", "b", "c"] })),
    ],
    ["lists of lists of lists", nested(4)],
    ["endless lists", { type: "array", minItems: 1e9 }],
    ["an endless text", { type: "string", minLength: 1e9 }],
    [
      "a pattern that backtracks",
      { type: "string", pattern: "^((a+)+)+$", minLength: 5000, not: { pattern: "(a|a)*b" } },
    ],
    ["a pattern that repeats repeats", { type: "string", pattern: "^(((a{1000}){1000}){1000})$" }],
    [
      "a pattern of brackets",
      { type: "string", pattern: `^${"(".repeat(300)}a${")*".repeat(300)}$`, minLength: 50 },
    ],
    ["JSON of a great depth", JSON.parse('{"minItems":1,"items":'.repeat(3000) + "{}" + "}".repeat(3000))],
    ["a circle", { $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } } }],
  ])("is given up in time: %s", (_, schema) => {
    const start = performance.now();
    expect(JSON.stringify(smallestInstance(schema)).length).toBeLessThan(300_000);
    expect(performance.now() - start).toBeLessThan(3000);
  });

  test("is refused when it is too long to read", () => {
    expect(() => smallestInstance({ const: "x".repeat(300_000) })).toThrow("more than 262144 characters");
  });
});
