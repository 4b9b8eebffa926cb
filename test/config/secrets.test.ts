import { describe, expect, test } from "bun:test";
import { accept, load, problem, warnings } from "./scratch.ts";

const backend = (key: string) => `[backends.a]\ntype = "openai"\napi_key = ${key}`;

/** What a key resolves to. */
function keyOf(key: string, around = {}): string | undefined {
  return accept(backend(key), around).backends[0]?.apiKey;
}

describe("a secret", () => {
  test("may be written in clear", () => expect(keyOf('"sk-1"')).toBe("sk-1"));

  test("may be the value of an environment variable", () => {
    expect(keyOf('{ env = "MY_KEY" }', { env: { MY_KEY: "sk-2" } })).toBe("sk-2");
  });

  test("may be the content of a file, whose last line break is no part of it", () => {
    expect(keyOf('{ file = "keys/a" }', { files: { "keys/a": "sk-3\r\n" } })).toBe("sk-3");
  });

  test("a relative path starts at the config file, not at the current directory", () => {
    const files = { "etc/a.toml": backend('{ file = "key" }'), "etc/key": "near", key: "far" };
    expect(accept(undefined, { files, configPath: "etc/a.toml" }).backends[0]?.apiKey).toBe("near");
  });

  test("may be a systemd credential", () => {
    const around = { env: { CREDENTIALS_DIRECTORY: "DIR/creds" }, files: { "creds/openai": "sk-4\n" } };
    expect(keyOf('{ credential = "openai" }', around)).toBe("sk-4");
  });

  test("may stand in the header of a backend, and among the client keys", () => {
    const env = { A: "Bearer a b", B: "key" };
    const config = accept(
      '[server]\napi_keys = [{ env = "B" }, "two", "two"]\n[backends.a]\ntype = "openai"\nheaders.Authorization = { env = "A" }',
      { env },
    );
    expect(config.backends[0]?.headers).toEqual({ Authorization: "Bearer a b" });
    expect(config.server.apiKeys).toEqual(["key", "two"]);
  });
});

describe("a reference that leads nowhere is a problem at its line", () => {
  const credentials = { CREDENTIALS_DIRECTORY: "DIR/creds", EMPTY: "" };
  const files = { "creds/empty": "\n", "creds/long": "x".repeat(70_000), "creds/spaced": "a b" };
  const recipe = (name: string) => `in the systemd unit: LoadCredential=${name}:PATH`;
  const check = "check the path; a relative one starts at the config file";

  test.each([
    ['{ env = "NO" }', ".env", "the environment variable NO is not set", "set NO, or remove this entry"],
    [
      '{ env = "EMPTY" }',
      ".env",
      "the environment variable EMPTY is empty",
      "give EMPTY a value, or remove this entry",
    ],
    [
      '{ env = "" }',
      ".env",
      "not the name of an environment variable",
      'for example { env = "OPENAI_API_KEY" }',
    ],
    ["{ env = 3 }", ".env", "expected a string, found a number", "put it in quotes"],
    ['{ file = "none" }', ".file", 'there is no file "DIR/none"', check],
    ['{ file = "creds" }', ".file", "this is a directory", check],
    ['{ file = "creds/empty" }', ".file", 'the file "DIR/creds/empty" is empty', check],
    ['{ file = "creds/long" }', ".file", "longer than 64 KiB", check],
    ['{ file = "a\\u0000b" }', ".file", "may not hold a NUL", check],
    ['{ file = "" }', ".file", "the path is empty", undefined],
    ['{ file = "creds/spaced" }', "", "a character that no key has", undefined],
    ['{ credential = "none" }', ".credential", 'there is no file "DIR/creds/none"', recipe("none")],
    ['{ credential = "a/b" }', ".credential", "without a slash", "for a path use { file = ... }"],
    ['{ credential = ".." }', ".credential", "without a slash", "for a path use { file = ... }"],
    ["{}", "", "exactly one source", '{ env = "NAME" }, { file = "PATH" } or { credential = "NAME" }'],
    [
      '{ env = "A", file = "b" }',
      "",
      "exactly one source",
      '{ env = "NAME" }, { file = "PATH" } or { credential = "NAME" }',
    ],
  ])("%s", (key, path, message, hint) => {
    const found = problem(backend(key), { env: credentials, files });
    expect([found.line, found.path, found.hint]).toEqual([3, `backends.a.api_key${path}`, hint]);
    expect(found.message).toContain(message);
  });

  test("a credential without systemd is told so", () => {
    const found = problem(backend('{ credential = "openai" }'));
    expect(found.message).toBe("there are no systemd credentials here ($CREDENTIALS_DIRECTORY is not set)");
    expect(found.hint).toBe(recipe("openai"));
  });

  test("a client key that is not set is a problem, not an open server", () => {
    const found = problem('[server]\napi_keys = [\n  { env = "FAIRLEAD_API_KEY" },\n]');
    expect(found).toEqual({
      file: "DIR/fairlead.toml",
      line: 3,
      path: "server.api_keys[0].env",
      message: "the environment variable FAIRLEAD_API_KEY is not set",
      hint: "set FAIRLEAD_API_KEY, or remove this entry",
    });
  });
});

test("no message repeats a key, wherever it was put", () => {
  const secret = "sk-secret-1234";
  const texts = [
    backend(`"${secret} x"`),
    backend(`{ env = "${secret}" }`),
    backend(`{ env = "${secret}", file = "x" }`),
    backend(`["${secret}"]`),
    backend(`{ file = "spaced" }`),
    `[server]\napi_keys = "${secret}"`,
    `[backends.a]\ntype = "openai"\nurl = "http://user:${secret}@host"`,
    `[backends.a]\ntype = "openai"\nurl = "ftp://user:${secret}@host"`,
    `[backends.a]\ntype = "openai"\nurl = "user:${secret}@host:80"`,
    `[backends.a]\ntype = "openai"\nheaders.X = "${secret}\\n"`,
    `[server]\ncors_origins = ["http://u:${secret}@x/"]`,
    `[backends.a]\ntype = "openai"\napi_key = ${secret}`,
  ];
  for (const text of texts) {
    const loaded = load(text, { files: { spaced: `${secret} x` }, env: { FAIRLEAD_API_KEY: `${secret} x` } });
    expect(loaded).toHaveProperty("problems");
    expect(JSON.stringify(loaded)).not.toContain(secret);
  }
});

describe("a key in clear in a file that everybody may read", () => {
  const hint = 'chmod 600 DIR/fairlead.toml, or refer to the key: { env = "NAME" }';
  const open = { modes: { "fairlead.toml": 0o644 } };

  test.each([
    ['[server]\napi_keys = ["a"]', 2, "server.api_keys[0]"],
    [backend('"sk-1"'), 3, "backends.a.api_key"],
    ['[backends.a]\ntype = "openai"\nheaders = { X-Api-Key = "sk-1" }', 3, "backends.a.headers.X-Api-Key"],
  ])("draws a warning, and is loaded", (toml, line, path) => {
    expect(warnings(toml, open)).toEqual([
      {
        file: "DIR/fairlead.toml",
        line,
        path,
        message: "this file holds a key in clear, and every user of this machine may read it",
        hint,
      },
    ]);
  });

  test.each([0o600, 0o640, 0o400])("draws none when others may not read the file (%o)", (mode) => {
    expect(warnings(backend('"sk-1"'), { modes: { "fairlead.toml": mode } })).toEqual([]);
  });

  test("draws none for a reference or for a harmless header", () => {
    expect(warnings(backend('{ env = "K" }'), { ...open, env: { K: "k" } })).toEqual([]);
    expect(warnings('[backends.a]\ntype = "openai"\nheaders.X-Title = "mine"', open)).toEqual([]);
  });
});
