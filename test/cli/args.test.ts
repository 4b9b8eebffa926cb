import { describe, expect, test } from "bun:test";
import { readArguments } from "../../src/cli/args.ts";

const NO_FLAGS = {
  config: undefined,
  endpoints: undefined,
  host: undefined,
  port: undefined,
  logLevel: undefined,
};

const read = (line: string) => readArguments(line === "" ? [] : line.split(" "));

describe("the command line", () => {
  test.each(["", "serve"])("%j serves with nothing else said", (line) => {
    expect(read(line)).toEqual({ name: "serve", ...NO_FLAGS });
  });

  test("takes every option of serve, in any order, with a space or an equals sign", () => {
    const all = {
      name: "serve" as const,
      config: "a.toml",
      endpoints: "b.toml",
      host: "0.0.0.0",
      port: 8080,
      logLevel: "debug" as const,
    };
    expect(read("--config a.toml --endpoints b.toml --host 0.0.0.0 --port 8080 --log-level debug")).toEqual(
      all,
    );
    expect(
      read("--port=8080 --log-level=debug serve --config=a.toml --host=0.0.0.0 --endpoints=b.toml"),
    ).toEqual(all);
  });

  test("knows the other commands", () => {
    expect(read("check")).toEqual({ name: "check", config: undefined, endpoints: undefined, online: false });
    expect(read("check --online --config a.toml --endpoints e.toml")).toEqual({
      name: "check",
      config: "a.toml",
      endpoints: "e.toml",
      online: true,
    });
    expect(read("models --json --config a.toml")).toEqual({ name: "models", config: "a.toml", json: true });
    expect(read("version")).toEqual({ name: "version", json: false });
    expect(read("version --json")).toEqual({ name: "version", json: true });
  });

  test.each([
    ["help", undefined],
    ["--help", undefined],
    ["-h", undefined],
    ["--port 80 -h", undefined],
    ["help check", "check"],
    ["check --help", "check"],
    ["check -h --online", "check"],
    ["help help", "help"],
  ] as const)("%j asks for help", (line, topic) => {
    expect(read(line)).toEqual({ name: "help", topic });
  });

  test.each([
    ["--version", false],
    ["-v", false],
    ["--version --json", true],
  ])("%j asks for the version", (line, json) => {
    expect(read(line)).toEqual({ name: "version", json });
  });

  test.each([
    ["0", 0],
    ["1", 1],
    ["65535", 65_535],
  ])("port %s is one", (text, port) => {
    expect(read(`--port ${text}`)).toHaveProperty("port", port);
  });

  test("a value may begin with a dash when an equals sign says that it is one", () => {
    expect(read("--config=-odd.toml")).toHaveProperty("config", "-odd.toml");
  });
});

describe("a mistake", () => {
  /** The line typed, and what the first line of the answer says. */
  const MISTAKES: [string, string][] = [
    ["chekc", 'unknown command "chekc", did you mean "check"?'],
    ["sevre", 'unknown command "sevre", did you mean "serve"?'],
    ["xyzzy", 'unknown command "xyzzy"'],
    ["constructor", 'unknown command "constructor"'],
    ["my.toml", '"my.toml" is not a command; for a config file write --config my.toml'],
    ["help modles", 'unknown command "modles", did you mean "models"?'],
    ["--prot 80", "unknown option --prot, did you mean --port?"],
    ["--conf a.toml", "unknown option --conf, did you mean --config?"],
    ["--loglevel info", "unknown option --loglevel, did you mean --log-level?"],
    ["--xyzzy", "unknown option --xyzzy"],
    ["--__proto__", "unknown option --__proto__"],
    ["-p 80", "unknown option -p"],
    ["--config", "--config needs a value: --config FILE"],
    ["--config=", "--config needs a value: --config FILE"],
    ["check --config --online", "--config needs a value: --config FILE"],
    ["models --json=yes", "--json takes no value"],
    ["check --port 80", '"check" has no option --port'],
    ["models --online", '"models" has no option --online'],
    ["--json", '"serve" has no option --json'],
    ["serve check", 'unexpected argument "check"'],
    ["help check models", 'unexpected argument "models"'],
    ["--port 65536", '--port must be a number from 0 to 65535, not "65536"'],
    ["--port=-1", '--port must be a number from 0 to 65535, not "-1"'],
    ["--port 80x", '--port must be a number from 0 to 65535, not "80x"'],
    ["--port 1e3", '--port must be a number from 0 to 65535, not "1e3"'],
    [
      "--log-level wran",
      '--log-level must be one of debug, info, warn, error, silent, not "wran", did you mean "warn"?',
    ],
    ["serve --prot 80 --help", "unknown option --prot, did you mean --port?"],
  ];

  test.each(MISTAKES)("%j is answered with what is wrong and what was meant", (line, message) => {
    const command = read(line);
    if (command.name !== "usage") throw new Error(`read as ${command.name}`);
    expect(command.exitCode).toBe(2);
    const [first, second, ...rest] = command.text.split("\n");
    expect(first).toBe(`fairlead: ${message}`);
    expect(second).toStartWith("usage: fairlead ");
    expect(rest).toEqual([]);
  });

  test("gets the usage line of its command", () => {
    const usage = "usage: fairlead check [--config FILE] [--endpoints FILE] [--online]";
    expect(read("check --port 80")).toHaveProperty("text", expect.stringContaining(`\n${usage}`));
  });

  test("cannot send orders to the terminal", () => {
    const lines = [["\u001b[2J"], ["--\u001b[2J"], ["serve", "\u001b[2J"], ["--port", "\u001b[2J"]];
    for (const argv of lines) {
      expect(readArguments(argv)).toHaveProperty("text", expect.not.stringContaining("\u001b"));
    }
  });
});
