import { describe, expect, test } from "bun:test";
import { Failure } from "../../src/core/failure.ts";
import { readObject } from "../../src/wire/json.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (pieces: Uint8Array[]) => Buffer.concat(pieces).toString();
const edited = (source: string, changes: Record<string, unknown>) =>
  text(readObject(bytes(source)).edit(new Map(Object.entries(changes))));

describe("a request body is forwarded as it came, only the changed top-level fields replaced", () => {
  test.each([
    [`{"model":"a","n":1}`, { model: "b" }, `{"model":"b","n":1}`],
    [
      `{ "z" : 1 ,\n "model" : "a" , "x":2 }`,
      { model: "long/er" },
      `{ "z" : 1 ,\n "model" : "long/er" , "x":2 }`,
    ],
    [`{"a":1,"b":2,"c":3}`, { a: undefined }, `{"b":2,"c":3}`],
    [`{"a":1, "b":2, "c":3}`, { b: undefined }, `{"a":1, "c":3}`],
    [`{"a":1,"b":2,"c":3}`, { c: undefined }, `{"a":1,"b":2}`],
    [`{"a":1,"b":2,"c":3}`, { a: undefined, b: undefined, c: undefined }, `{}`],
    [`{"a":1,"b":2,"c":3}`, { a: undefined, c: undefined, d: [1] }, `{"b":2,"d":[1]}`],
    [`{}`, { a: 1 }, `{"a":1}`],
    [` { } `, { a: 1, b: "x" }, ` {"a":1,"b":"x" } `],
    [`{"a":1}`, { a: undefined, b: 2 }, `{"b":2}`],
    [`{"a":1}`, { b: undefined }, `{"a":1}`],
    [`{"a":"\\"}{,","model":"x"}`, { model: null }, `{"a":"\\"}{,","model":null}`],
  ])("%s with %o", (source, changes, expected) => {
    expect(edited(source, changes)).toBe(expected);
    expect(() => JSON.parse(expected)).not.toThrow();
  });

  test("numbers beyond a double, odd escapes and duplicate keys further down are not touched", () => {
    const inner = `"messages":[{"seed":9007199254740993,"k":1e400,"u":"\\ud800","a":1,"a":2}]`;
    expect(edited(`{"model":"a",${inner}}`, { model: "b" })).toBe(`{"model":"b",${inner}}`);
  });

  test("a large body is edited without its messages being parsed", () => {
    const messages = `"messages":[${Array(5000).fill(`{"role":"user","content":"it \\"is\\" \\\\ long é"}`).join(",")}]`;
    expect(edited(`{${messages},"model":"a","stream":true}`, { model: "b" })).toBe(
      `{${messages},"model":"b","stream":true}`,
    );
    expect(readObject(bytes(`{${messages},"model":"a"}`)).value("model")).toBe("a");
    expect(readObject(bytes(`{${messages}}`)).value("messages")).toHaveLength(5000);
  });

  test("whatever is valid JSON keeps its meaning when a field is added and removed again", () => {
    let state = 7;
    const random = (n: number) => (state = (state * 48271) % 2147483647) % n;
    const value = (depth: number): unknown =>
      [
        () => `q"\\${String.fromCodePoint(random(0x2fff) + 1)}`.repeat(random(40)),
        () => random(1000) - 500,
        () => null,
        () => Array.from({ length: depth ? random(4) : 0 }, () => value(depth - 1)),
        () =>
          Object.fromEntries(
            Array.from({ length: depth ? random(4) : 0 }, (_, i) => [`k${i}"}`, value(depth - 1)]),
          ),
      ][random(5)]?.();
    for (let i = 0; i < 300; i++) {
      const object = Object.fromEntries(Array.from({ length: random(6) }, (_, k) => [`f${k}`, value(3)]));
      const source = JSON.stringify(object, null, random(3));
      expect(JSON.parse(edited(source, { extra: 1 }))).toEqual({ ...object, extra: 1 });
      const { f0: _, ...without } = object;
      expect(JSON.parse(edited(source, { f0: undefined, f9: "x" }))).toEqual({ ...without, f9: "x" });
    }
  });
});

describe("a broken body is named at once", () => {
  const codeOf = (source: string) => {
    try {
      readObject(bytes(source));
      return "read";
    } catch (error) {
      return Failure.from(error).code;
    }
  };
  test.each([
    "",
    " ",
    "[]",
    `"x"`,
    "null",
    "{",
    `{"a"`,
    `{"a":`,
    `{"a":}`,
    `{"a":1`,
    `{"a":1,}`,
    `{"a":1}x`,
    `{a:1}`,
    `{"a":"x}`,
  ])("%j is refused as JSON", (source) => expect(codeOf(source)).toBe("invalid_json"));
  test("a field that stands twice is refused, since two readers could take different ones", () => {
    expect(codeOf(`{"model":"a","mod\\u0065l":"b"}`)).toBe("invalid_request");
  });
  test("nesting beyond any honest request is refused", () => {
    expect(codeOf(`{"a":${"[".repeat(200)}${"]".repeat(200)}}`)).toBe("invalid_json");
  });
  test("a large body with broken JSON inside a field fails when that field is asked for, naming it", () => {
    const object = readObject(bytes(`{"pad":"${"x".repeat(70_000)}","n":tru,"model":"a"}`));
    expect(object.value("model")).toBe("a");
    expect(() => object.value("n")).toThrow(/"n"/);
  });
});
