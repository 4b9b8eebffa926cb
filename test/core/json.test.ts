import { describe, expect, test } from "bun:test";
import { NESTING_MAX, parseJson, parseRecord } from "../../src/core/json.ts";

const nested = (depth: number, open = "[", close = "]") => open.repeat(depth) + close.repeat(depth);

describe("JSON from somebody else", () => {
  test("is read as deep as anything honest is, and no deeper", () => {
    expect(() => parseJson(nested(NESTING_MAX))).not.toThrow();
    expect(() => parseJson(nested(NESTING_MAX + 1))).toThrow(SyntaxError);
    expect(() => parseJson(nested(NESTING_MAX + 1, '{"a":', "1}"))).toThrow(SyntaxError);
    expect(() => parseJson(nested(200_000))).toThrow(SyntaxError);
  });

  test("may be long and flat, and say brackets in its texts", () => {
    const flat = Array.from({ length: 4 * NESTING_MAX }, (_, i) => ({ [`a${i}`]: [] }));
    const texts = ["[".repeat(4 * NESTING_MAX), '\\"[', '{"'.repeat(NESTING_MAX), "\\\\"];
    for (const value of [flat, texts, { [nested(NESTING_MAX)]: texts }])
      expect(parseJson(JSON.stringify(value))).toEqual(value);
  });

  test("that ends too early is no JSON", () => {
    for (const text of ["", '{"a', `${"[".repeat(NESTING_MAX)}"${" ".repeat(4 * NESTING_MAX)}\\"`])
      expect(() => parseJson(text)).toThrow(SyntaxError);
  });
});

test.each([
  ['{"a":1}', { a: 1 }],
  ["[]", undefined],
  ["null", undefined],
  ['{"a":', undefined],
  ["", undefined],
  [nested(200_000, '{"a":', "}"), undefined],
])("the object that a text says: %#", (text, value) => {
  expect(parseRecord(text)).toEqual(value);
});
