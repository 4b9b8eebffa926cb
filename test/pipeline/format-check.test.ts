import { describe, expect, test } from "bun:test";
import { mismatch } from "../../src/pipeline/format-check.ts";

const PERSON = {
  type: "object",
  properties: { name: { type: "string" }, age: { type: "integer", minimum: 0 } },
  required: ["name", "age"],
  additionalProperties: false,
};

describe("an answer that follows its schema", () => {
  test.each<[string, object]>([
    ['{"name":"Ada","age":36}', PERSON],
    [' {"name":"Ada","age":36}\n', PERSON],
    ["[1,2]", { type: "array", items: { $ref: "#/$defs/n" }, $defs: { n: { type: "number" } } }],
    ['{"next":{"next":null}}', { properties: { next: { anyOf: [{ $ref: "#" }, { type: "null" }] } } }],
    ['"red"', { enum: ["red", "green"] }],
    ["{}", {}],
  ])("has nothing wrong with it: %s", (text, schema) => {
    expect(mismatch(text, { ...schema })).toBeUndefined();
  });
});

describe("an answer that does not", () => {
  test.each<[string, string]>([
    ["Sure! Here you are.", "it is no JSON"],
    ["", "it is no JSON"],
    ['{"name":"Ada","age":3', "it is no JSON"],
    ['```json\n{"name":"Ada","age":36}\n```', "it is no JSON"],
    ['{"name":"Ada"}', "age"],
    ['{"name":"Ada","age":-1}', "#/age"],
    ['{"name":"Ada","age":"36"}', "#/age"],
    ['{"name":"Ada","age":36,"born":1815}', "born"],
    ["[]", "type"],
  ])("is told apart, and why: %j", (text, why) => {
    expect(mismatch(text, PERSON)).toContain(why);
  });

  test("is an object where no schema says more", () => {
    expect(mismatch('{"a":1}', undefined)).toBeUndefined();
    expect(mismatch("[1]", undefined)).toBe("it is no JSON object");
    expect(mismatch("null", undefined)).toBe("it is no JSON object");
  });
});

describe("what nobody can tell is no fault", () => {
  test.each<[string, object]>([
    ["a reference to nowhere", { $ref: "#/$defs/nowhere" }],
    ["a reference to itself", { $ref: "#" }],
    ["a reference to another place", { $ref: "https://schemas.example/a" }],
    ["keys by pattern", { type: "object", patternProperties: { "^(a+)+$": { type: "string" } } }],
  ])("%s", (_, schema) => {
    expect(mismatch('{"a":1}', { ...schema })).toBeUndefined();
  });

  test("a text of more than 256 KiB", () => {
    expect(mismatch(JSON.stringify("x".repeat(300_000)), { type: "object" })).toBeUndefined();
  });
});

describe("no schema keeps the server busy", () => {
  test("by a pattern without an end", () => {
    const schema = { type: "string", pattern: "^(a+)+$" };
    const began = performance.now();
    expect(mismatch(JSON.stringify(`${"a".repeat(40)}!`), schema)).toBeUndefined();
    expect(performance.now() - began).toBeLessThan(200);
  });

  test("by a list whose entries are all to be compared", () => {
    const list = JSON.stringify(Array.from({ length: 60_000 }, () => 1));
    const began = performance.now();
    expect(mismatch(list, { type: "array", uniqueItems: true })).toBeUndefined();
    expect(performance.now() - began).toBeLessThan(1000);
  });

  test("but a property of that name is checked like any other", () => {
    const schema = { properties: { pattern: { type: "string" } } };
    expect(mismatch('{"pattern":1}', schema)).toContain("#/pattern");
  });

  test("by references that double at every step", () => {
    const steps = Array.from({ length: 40 }, (_, i) => {
      const next = { $ref: `#/$defs/s${i + 1}` };
      return [`s${i}`, { allOf: [next, next] }] as const;
    });
    const schema = { $ref: "#/$defs/s0", $defs: { ...Object.fromEntries(steps), s40: { type: "object" } } };
    const began = performance.now();
    expect(mismatch("{}", schema)).toBeUndefined();
    expect(performance.now() - began).toBeLessThan(2000);
  });
});

test("the schema that was asked for is left as it is", () => {
  const before = structuredClone(PERSON);
  mismatch('{"name":"Ada"}', PERSON);
  expect(PERSON).toEqual(before);
});
