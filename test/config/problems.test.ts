import { describe, expect, test } from "bun:test";
import { formatProblem } from "../../src/config/problems.ts";
import { gpu, refuses } from "./mistakes.ts";
import { problems } from "./scratch.ts";

describe("a text that is not TOML", () => {
  refuses([
    [
      "a = 1\nb = = 2",
      2,
      "",
      "not valid TOML: invalid value (column 5)",
      'text goes in quotes: key = "value"',
    ],
    [
      "[server]\nport = 1\nport = 2",
      3,
      "",
      "redefine",
      "each key and each [table] may be written once; a list of tables has [[two]] brackets",
    ],
    ['a = "x', 1, "", "unfinished string (column 5)", "the closing quote is missing"],
    ["a = 99999999999999999999", 1, "", "losslessly", "whole numbers go up to 9007199254740991"],
    [`a = ${"[".repeat(70)}${"]".repeat(70)}`, 1, "", "nested", "lists and inline tables may be 64 deep"],
  ]);

  test("is never shown: the line may hold a key", () => {
    for (const toml of ["api_key = sk-secret", '[x]\napi_key = "sk-secret', 'k = "sk-secret" x']) {
      expect(JSON.stringify(problems(toml))).not.toContain("sk-secret");
    }
  });
});

test("every problem is reported at once, from the top of the file", () => {
  const found = problems(`
log_levle = "info"
[server]
port = "x"
drain = 5
api_keys = [{ env = "NOT_SET" }]
${gpu}url = "nowhere"
prot = 1
[backends.other]
url = "http://a"
[models.fast]
targets = []
[[endpoints]]
path = "a"
`);
  expect(found.map((each) => [each.line, each.path])).toEqual([
    [2, "log_levle"],
    [4, "server.port"],
    [5, "server.drain"],
    [6, "server.api_keys[0].env"],
    [9, "backends.gpu.url"],
    [10, "backends.gpu.prot"],
    [11, "backends.other.type"],
    [14, "models.fast.targets"],
    [15, "endpoints[0].method"],
    [16, "endpoints[0].path"],
  ]);
});

test("a target that is no string does not shift the places of the others", () => {
  const found = problems('[models.fast]\ntargets = [\n1,\n"a",\n"",\n"b"]');
  expect(found.map(({ line, path }) => [line, path])).toEqual([
    [3, "models.fast.targets[0]"],
    [5, "models.fast.targets[2]"],
  ]);
});

test("a file full of mistakes is read in good time, and not all of them are told", () => {
  const toml = Array.from({ length: 40_000 }, (_, index) => `key_${index} = 1`).join("\n");
  expect(problems(toml)).toHaveLength(100);
});

describe("a problem for the terminal", () => {
  test("is file, line, path and message, and the hint below", () => {
    const problem = {
      file: "/a/fairlead.toml",
      line: 3,
      path: "server.prot",
      message: "unknown key",
      hint: 'did you mean "port"?',
    };
    expect(formatProblem(problem)).toBe(
      '/a/fairlead.toml:3: server.prot: unknown key\n  hint: did you mean "port"?',
    );
  });

  test("leaves out what it does not have", () => {
    expect(formatProblem({ file: "environment", path: "FAIRLEAD_PORT", message: "no" })).toBe(
      "environment: FAIRLEAD_PORT: no",
    );
    expect(formatProblem({ file: "/a", path: "", message: "no such file" })).toBe("/a: no such file");
  });

  test("cannot steer the terminal", () => {
    const text = formatProblem({ file: "/a\x1b[2J", path: "x", message: "bad \x9b1m", hint: "\x07" });
    expect(text).toBe("/a?[2J: x: bad ?1m\n  hint: ?");
  });
});
