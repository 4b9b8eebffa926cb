import { describe, expect, test } from "bun:test";
import { functionsOf } from "./structure/functions.ts";
import { untidy } from "./structure/tidy.ts";
import { tokens } from "./structure/tokens.ts";
import { readTree } from "./structure/tree.ts";

test("the repository is tidy", () => {
  expect(untidy(readTree())).toEqual([]);
});

const problems = (path: string, text: string) => untidy(new Map([[path, text]]));
const lines = (count: number, line = "f();") => Array(count).fill(line).join("\n");

describe("a limit bites", () => {
  test.each([
    ["src/core/a.ts", 300],
    ["scripts/a.ts", 300],
    ["test/core/a.test.ts", 400],
  ])("%s may have %d lines", (path, limit) => {
    expect(problems(path, lines(limit))).toEqual([]);
    expect(problems(path, lines(limit + 1))).toEqual([`${path}: ${limit + 1} lines, not ${limit}`]);
  });

  test.each([
    ["a function", "export function f(): void {", "}"],
    ["an async generator", "async function* f<T>(a: T): AsyncGenerator<T> {", "}"],
    ["an arrow", "const f = async (a: string): Promise<void> => {", "};"],
    ["an arrow of one name", "const f = a => {", "};"],
    ["an arrow without a block", "const f = () => [", "];"],
    ["a method", "class A { get f(): { a: 1 } {", "} }"],
    ["a constructor", "class A extends B(C) { constructor() {", "} }"],
    ["a method of an object", "const a = { f(b = {}) {", "} };"],
    ["a callback", "test('...', async () => {", "});"],
  ])("%s may have 70 lines", (_, head, tail) => {
    const filler = head.endsWith("[") ? "1," : "f();";
    expect(problems("src/core/a.ts", `${head}\n${lines(68, filler)}\n${tail}`)).toEqual([]);
    expect(problems("src/core/a.ts", `${head}\n${lines(69, filler)}\n${tail}`)).toEqual([
      expect.stringContaining("has 71 lines, not 70"),
    ]);
  });

  test.each([
    "describe('a', () => {",
    "describe.skipIf(!engine())('a', () => {",
    "describe.each([1])('a', async (n) => {",
  ])("but a suite of tests is a heading: %s", (head) => {
    expect(problems("test/a.test.ts", `${head}\n${lines(100)}\n});`)).toEqual([]);
  });

  test("an arrow in a return type is no function", () => {
    const source = "function f(): (a: A) => void {\nreturn (a = () => 1) => a;\n}\ng();";
    const sizes = functionsOf(source).map(({ name, line, lines }) => [name, line, lines]);
    expect(sizes).toEqual([
      ["f", 1, 3],
      ["=>", 2, 1],
      ["=>", 2, 1],
    ]);
  });

  test.each([
    ["function f(a, b, c, d, e) {}", 5],
    ["function f(this: Map<string, number>, a: [1, 2], { b, c }: X<1, 2>, d = g(1, 2), e = 5,) {}", 4],
    ["const f = (a: (b: 1, c: 2) => void, b, c, d, ...e: string[]): void => {}", 5],
    ["class A { static async f<T>(a, b, c, d, e): Promise<T> {} }", 5],
    ["test.each(TABLE)('%s', async (a, b, c, d, e) => {});", 1],
    ["test('a', (a, b, c, d, e) => {});", 5],
  ])("a function takes at most 4 parameters: %s", (source, parameters) => {
    expect(functionsOf(source).map((found) => found.parameters)).toContain(parameters);
    const expected = parameters > 4 ? [expect.stringContaining(`takes ${parameters} parameters`)] : [];
    expect(problems("src/core/a.ts", source)).toEqual(expected);
  });
});

describe("a banned thing is found", () => {
  test.each([
    ["let a: any;", "any"],
    ["const a = b as any;", "any"],
    ["function f(a: Map<string, any[]>) {}", "any"],
    ["const f = (a: string | any) => {};", "any"],
    ["type A = any;", "any"],
    ["interface A<T extends any> {}", "any"],
    [`// ${"@ts"}-ignore: the types are wrong\n`, "-ignore"],
    [`/* ${"@ts"}-expect-error */`, "-expect-error"],
    [`// ${"@ts"}-nocheck`, "-nocheck"],
    [`// ${"TO"}DO: later`, "a comment with"],
    [`/** ${"FIX"}ME */`, "a comment with"],
    ["export default 1;", "default export"],
    ["export { a as default };", "default export"],
    ['export * from "./a.ts";', "export *"],
    ['export * as a from "./a.ts";', "export *"],
    ["console.log(1);", "console"],
    ["const { log } = console;", "console"],
    ["`${`${console.log(1)}`}`;", "console"],
    ["if (a == b) f();", "compares loosely"],
    ["var a = 1;", "not used here"],
    ["debugger;", "not used here"],
    ["eval('1');", "as code"],
    ["new Function('1');", "as code"],
    ['import { a } from "./a";', "lacks its ending"],
    ['export type { A } from "../core/a";', "lacks its ending"],
  ])("%s", (source, what) => {
    const found = problems("src/core/a.ts", source);
    expect(found.length).toBeGreaterThan(0);
    expect(found[0]).toContain(what);
    expect(found[0]).toStartWith("src/core/a.ts:1: ");
  });

  test("a test that switches all others off", () => {
    expect(problems("test/a.test.ts", "test.only('a', () => {});\ndescribe.todo('b');")).toEqual([
      "test/a.test.ts:1: a only test",
      "test/a.test.ts:2: a todo test",
    ]);
  });

  test("console in a test, but not in a script, which talks to a person", () => {
    expect(problems("test/a.test.ts", "console.log(1);")).toHaveLength(1);
    expect(problems("scripts/a.ts", "console.log(1);")).toEqual([]);
  });

  test.each([
    "src/utils/a.ts",
    "src/core/helpers.ts",
    "test/common/a.test.ts",
    "scripts/misc.sh",
    "src/api/sse-util.ts",
  ])("a name that says nothing: %s", (path) => {
    expect(problems(path, "")).toEqual([expect.stringContaining("names no idea")]);
  });

  test.each([
    ["/wo" + "rk/main/dist", "machine"],
    ["see file:/" + "//ro" + "ot/.bashrc", "machine"],
    ["cd /tm" + "p/fairlead", "machine"],
    ['"/ho' + 'me/me/models"', "machine"],
    ["C:\\Us" + "ers\\me", "machine"],
    ["https://regis" + "try.npmjs.org/bun", "registry"],
    ["-----BEGIN PRIV" + "ATE KEY-----", "private key"],
    ["OPENAI_API_KEY=sk-" + "proj-" + "a1".repeat(20), "a key"],
  ])("in any file: %s", (text, what) => {
    const [problem, ...others] = problems("docs/a.md", `\n${text}\n`);
    expect(problem).toStartWith("docs/a.md:2: ");
    expect(problem).toEndWith(what);
    expect(others).toEqual([]);
  });
});

describe("a harmless look-alike passes", () => {
  test.each([
    ["const text = 'let a: any; console.log(1) // @ts-ignore';"],
    ["const pattern = /console\\.log[/\"']any/g; const half = a / b / c;"],
    ["const text = `any ${f({ a: `console ${1}` })} console`;"],
    ["await Promise.any([a]); const a = { any: 1, console: 2, default: 3 };"],
    ["// any console at all"],
    ["const any = f(); const b = { any, c }; g(any, 1);"],
    ["if (a == null || b != null) f();"],
    ["function fit() {} it.each([1]); describe.skipIf(true);"],
    ['import data from "./a.json" with { type: "json" };'],
    ["switch (a) { case 1: default: f(); }"],
  ])("%s", (source) => {
    expect(problems("src/core/a.ts", source)).toEqual([]);
  });

  test("a path below a variable, and the address of a page", () => {
    expect(
      problems("docs/a.md", '${HOME}/tmp/a "$work"/root/usr https://example.com/work/a and /v1/models'),
    ).toEqual([]);
  });
});

describe("the reader of code", () => {
  test("keeps its line count through strings, comments and templates over several lines", () => {
    const source = "/*\n*/ a `\n${\n1}\n` // x\n'\\\n' b";
    expect(tokens(source).map(({ kind, text, line }) => [kind, text, line])).toEqual([
      ["comment", "/*\n*/", 1],
      ["word", "a", 2],
      ["string", "\n", 2],
      ["number", "1", 4],
      ["string", "\n", 4],
      ["comment", "// x", 5],
      ["string", "\\\n", 6],
      ["word", "b", 7],
    ]);
  });

  test("ends at the end, whatever is left open", () => {
    for (const source of ["`a", "/* a", "'a", '"a\\', "`${", "f(", "{ (a, b", "(a): {"]) {
      expect(() => functionsOf(source)).not.toThrow();
    }
  });
});
