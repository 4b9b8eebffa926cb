import { describe, expect, test } from "bun:test";
import { BACKEND_TYPES } from "../../src/config/backend-schema.ts";
import { accept, warnings } from "./scratch.ts";

const backend = (more: string) => accept(`[backends.a]\ntype = "openai"\n${more}`).backends[0];

/** Types whose place nobody but the user knows. */
const ANYWHERE = new Set<string>(["openai-compatible", "openai-responses", "azure"]);

describe("a backend of the file", () => {
  test.each(BACKEND_TYPES.filter((type) => !ANYWHERE.has(type)))(
    "may be of type %s, with nothing else said",
    (type) => {
      expect(accept(`[backends.a]\ntype = "${type}"`).backends).toEqual([
        {
          name: "a",
          type,
          url: undefined,
          apiKey: undefined,
          concurrency: undefined,
          timeouts: { connect: undefined, firstByte: undefined, idle: undefined },
          headers: {},
          apiVersion: undefined,
          contextWindow: undefined,
          thinkTags: undefined,
          models: [],
          tls: { ca: undefined, pinSha256: [] },
        },
      ]);
    },
  );

  test.each([
    ["http://127.0.0.1:8080", "http://127.0.0.1:8080"],
    ["http://127.0.0.1:8080/", "http://127.0.0.1:8080"],
    ["http://127.0.0.1:8080/v1", "http://127.0.0.1:8080"],
    ["http://127.0.0.1:8080/v1/", "http://127.0.0.1:8080"],
    ["http://127.0.0.1:8080//v1//", "http://127.0.0.1:8080"],
    ["https://openrouter.ai/api/v1", "https://openrouter.ai/api"],
    ["https://openrouter.ai/api", "https://openrouter.ai/api"],
    ["https://a.example/openai/v1/", "https://a.example/openai"],
    ["HTTPS://A.Example:443/v1", "https://a.example"],
    ["http://a/v1/v1", "http://a/v1"],
    ["http://a/xv1", "http://a/xv1"],
    ["http://[::1]:8080/v1", "http://[::1]:8080"],
  ])("at %s is at %s", (written, meant) => {
    expect(backend(`url = "${written}"`)?.url).toBe(meant);
  });

  test("has its durations in milliseconds, 0 for no limit", () => {
    expect(backend('timeouts = { connect = "3s", first_byte = "10m", idle = "0s" }')?.timeouts).toEqual({
      connect: 3000,
      firstByte: 600_000,
      idle: 0,
    });
  });

  test("keeps its place in the file, also when its name is a number", () => {
    const toml = ["gpu", "10", "9", "a.b"].map((name) => `[backends."${name}"]\ntype = "echo"\n`).join("");
    expect(accept(toml).backends.map(({ name }) => name)).toEqual(["gpu", "10", "9", "a.b"]);
    const inline = 'backends = { z = { type = "echo" }, 1 = { type = "echo" } }';
    expect(accept(inline).backends.map(({ name }) => name)).toEqual(["z", "1"]);
  });

  test("has its certificate's path made absolute, and its pins without their prefix", () => {
    const pin = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    const toml = `[backends.a]\ntype = "openai"\ntls = { ca = "certs/ca.pem", pin_sha256 = ["sha256//${pin}"] }`;
    const files = { "certs/ca.pem": "# mine\n-----BEGIN CERTIFICATE-----\n" };
    expect(accept(toml, { files }).backends[0]?.tls).toEqual({ ca: "DIR/certs/ca.pem", pinSha256: [pin] });
  });
});

test("a backend of the file may say how its models are to be asked", () => {
  expect(backend('api_version = "2024-10-21"\ncontext_window = 16384\nthink_tags = false')).toMatchObject({
    apiVersion: "2024-10-21",
    contextWindow: 16_384,
    thinkTags: false,
  });
});

test("what is kept for clients of /v1/responses has its time in milliseconds and its size in bytes", () => {
  expect(accept('[responses]\nstore = false\nttl = "2h"\nsize_max = "2 MiB"').responses).toEqual({
    store: false,
    ttl: 7_200_000,
    sizeMax: 2 * 2 ** 20,
  });
});

describe("the directory of what must outlive the process", () => {
  const stateDir = (env: Record<string, string>, toml = "") => accept(toml, { env }).stateDir;

  test("is the one the file names, below the file where it is relative", () => {
    const env = { STATE_DIRECTORY: "/var/lib/fairlead" };
    expect(stateDir(env, 'state_dir = "state"')).toBe("DIR/state");
    expect(stateDir(env, 'state_dir = "/srv/state"')).toBe("/srv/state");
  });

  test("is systemd's, the first of several", () => {
    expect(stateDir({ STATE_DIRECTORY: "/var/lib/a:/var/lib/b", HOME: "DIR/home" })).toBe("/var/lib/a");
  });

  test("is the user's own: under $XDG_STATE_HOME, or in the usual place", () => {
    expect(stateDir({ HOME: "DIR/home", XDG_STATE_HOME: "/data" })).toBe("/data/fairlead");
    expect(stateDir({ HOME: "DIR/home" })).toBe("DIR/home/.local/state/fairlead");
  });

  test("is nowhere on a machine that has no place for it", () => {
    expect(stateDir({})).toBeUndefined();
    expect(stateDir({ XDG_STATE_HOME: "relative" })).toBeUndefined();
  });
});

describe("an alias of the file", () => {
  test("has targets in order, defaults as they are, and perhaps a context length", () => {
    const toml = `
[models."my fast/one"]
targets = ["gpu/org/a b", "plain"]
defaults = { temperature = 0.2, stop = ["x"], chat_template_kwargs = { enable_thinking = false } }
context_window = 32768`;
    expect(accept(toml).models).toEqual([
      {
        name: "my fast/one",
        targets: ["gpu/org/a b", "plain"],
        defaults: { temperature: 0.2, stop: ["x"], chat_template_kwargs: { enable_thinking: false } },
        contextWindow: 32_768,
      },
    ]);
  });

  test("may name a backend that is not configured: discovery may find it", () => {
    const toml =
      '[backends.gpu]\ntype = "echo"\n[models.a]\ntargets = ["ollama/x", "meta-llama/y", "elsewhere/z"]';
    expect(warnings(toml)).toEqual([]);
  });

  test("draws a warning where a backend's name is a slip away", () => {
    const toml =
      'default_model = "guu/y"\n[backends.gpu]\ntype = "echo"\n[models.a]\ntargets = ["gpu/x", "gup/x"]';
    expect(warnings(toml).map(({ line, path, message, hint }) => [line, path, message, hint])).toEqual([
      [1, "default_model", 'no backend is called "guu"', 'did you mean "gpu"?'],
      [5, "models.a.targets[1]", 'no backend is called "gup"', 'did you mean "gpu"?'],
    ]);
  });
});

describe("the default model", () => {
  const alias = '[models.fast]\ntargets = ["x"]';

  test("may be an alias, a qualified name, or any model's id", () => {
    for (const name of ["fast", "gpu/x", "qwen3-8b"]) {
      expect(accept(`default_model = "${name}"\n${alias}`).defaultModel).toBe(name);
      expect(warnings(`default_model = "${name}"\n${alias}`)).toEqual([]);
    }
  });

  test("draws a warning where an alias is a slip away", () => {
    expect(warnings(`default_model = "fats"\n${alias}`)).toMatchObject([
      { line: 1, path: "default_model", hint: 'did you mean "fast"?' },
    ]);
  });

  test('may be called "default" only when there is such an alias', () => {
    expect(accept('default_model = "default"\n[models.default]\ntargets = ["x"]').defaultModel).toBe(
      "default",
    );
  });
});

test("hosts and origins come in the form in which they are compared", () => {
  const { server } = accept(`[server]
host = "[::1]"
allowed_hosts = ["Models.Home.Arpa.", "10.0.0.1", "[fe80::1]"]
cors_origins = ["*", "https://a.example", "http://localhost:3000", "tauri://localhost"]
body_max = 2048
heartbeat = "0s"`);
  expect(server).toEqual({
    host: "::1",
    port: 7171,
    apiKeys: [],
    allowedHosts: ["models.home.arpa", "10.0.0.1", "fe80::1"],
    corsOrigins: ["*", "https://a.example", "http://localhost:3000", "tauri://localhost"],
    bodyMax: 2048,
    strict: false,
    drain: 30_000,
    heartbeat: 0,
  });
});
