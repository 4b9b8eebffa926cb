import { describe, expect, test } from "bun:test";
import { readArguments } from "../../src/cli/args.ts";
import { COMMANDS, helpText, isCommandName, usageLine } from "../../src/cli/help.ts";
import type { CommandName } from "../../src/cli/help.ts";
import { OPTIONS, isOptionName } from "../../src/cli/options.ts";

const NAMES = Object.keys(COMMANDS).filter(isCommandName);

describe.each([undefined, ...NAMES])("the help about %p", (topic?: CommandName) => {
  const text = helpText(topic);

  test("fits a terminal and ends in one line feed", () => {
    for (const line of text.split("\n")) {
      expect(line.length).toBeLessThanOrEqual(100);
      expect(line).toBe(line.trimEnd());
    }
    expect(text).toEndWith("\n");
    expect(text).not.toEndWith("\n\n");
  });

  test("names only options that exist, each set in one column", () => {
    const lines = text.split("\n").filter((line) => /^ {2}-/.test(line));
    const columns = new Set(lines.map((line) => /^ {2}\S.*? {2,}/.exec(line)?.[0].length));
    expect(columns.size).toBe(1);
    for (const [, name = ""] of text.matchAll(/--([a-z-]+)/g)) expect(isOptionName(name)).toBe(true);
  });
});

test("the overview names every command and what it does", () => {
  for (const name of NAMES) expect(helpText()).toContain(COMMANDS[name].summary);
});

test("the parser takes exactly what the help of a command names", () => {
  for (const command of NAMES) {
    for (const name of Object.keys(OPTIONS).filter(isOptionName)) {
      if (name === "help" || name === "version") continue;
      const value = name === "port" ? "80" : name === "log-level" ? "info" : "x";
      const argv = OPTIONS[name].value === undefined ? [`--${name}`] : [`--${name}`, value];
      const accepted = readArguments([command, ...argv]).name !== "usage";
      expect(`${command} --${name}: ${accepted}`).toBe(
        `${command} --${name}: ${COMMANDS[command].options.includes(name)}`,
      );
    }
  }
});

test("a usage line stays one line", () => {
  for (const command of [undefined, ...NAMES]) expect(usageLine(command)).toMatch(/^usage: fairlead .+$/);
});
