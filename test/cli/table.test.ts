import { describe, expect, test } from "bun:test";
import { colours, wantsColour } from "../../src/cli/colour.ts";
import { table } from "../../src/cli/table.ts";

describe("a table", () => {
  test("sets its columns under each other and ends no line in a space", () => {
    expect(
      table([
        ["MODEL", "BACKEND", "CONTEXT"],
        ["qwen3-8b", "gpu", "32768"],
        ["m", "", ""],
      ]),
    ).toBe("MODEL     BACKEND  CONTEXT\nqwen3-8b  gpu      32768\nm\n");
  });

  test("counts what a terminal shows, not what the text is stored in", () => {
    expect(
      table([
        ["模型", "x"],
        ["🙂", "x"],
        ["abcd", "x"],
      ]),
    ).toBe("模型  x\n🙂    x\nabcd  x\n");
  });

  test("lets no cell move the cursor", () => {
    expect(table([["a\u001b[2J\nb", "c"]])).toBe("a\ufffd[2J\ufffdb  c\n");
  });

  test("without rows is empty", () => {
    expect(table([])).toBe("");
  });
});

describe("colour", () => {
  test.each([
    [true, {}, true],
    [true, { NO_COLOR: "" }, true],
    [true, { NO_COLOR: "1" }, false],
    [true, { NO_COLOR: "0" }, false],
    [true, { TERM: "dumb" }, false],
    [false, {}, false],
  ] as [boolean, Record<string, string>, boolean][])(
    "terminal %p, environment %j: %p",
    (terminal, environment, wanted) => {
      expect(wantsColour(terminal, environment)).toBe(wanted);
    },
  );

  test("off means not one byte of it", () => {
    const { bold, red } = colours(false);
    expect(bold(red("x"))).toBe("x");
    expect(colours(true).red("x")).toBe("\u001b[31mx\u001b[39m");
  });
});
