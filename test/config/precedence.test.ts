import { describe, expect, test } from "bun:test";
import { accept, load, problem, problems, warnings } from "./scratch.ts";

const open = { FAIRLEAD_API_KEY: "client-key" };

test("with no file, no environment and no flags the defaults hold", () => {
  expect(load(undefined)).toEqual({
    config: {
      defaultModel: undefined,
      stateDir: undefined,
      server: {
        host: "127.0.0.1",
        port: 7171,
        apiKeys: [],
        corsOrigins: [],
        allowedHosts: [],
        bodyMax: 64 * 2 ** 20,
        strict: false,
        drain: 30_000,
        heartbeat: 10_000,
      },
      responses: { store: true, ttl: 7 * 24 * 3_600_000, sizeMax: 256 * 2 ** 20 },
      discovery: { enabled: true },
      logLevel: "info",
      backends: [],
      models: [],
      endpoints: [],
    },
    file: undefined,
    warnings: [],
  });
});

describe("the file is the first of", () => {
  const names = (level: string) => `log_level = "${level}"`;
  const files = {
    "given.toml": names("silent"),
    "named.toml": names("error"),
    "fairlead.toml": names("warn"),
    "xdg/fairlead/fairlead.toml": names("debug"),
    "home/.config/fairlead/fairlead.toml": names("debug"),
    "etc/fairlead/fairlead.toml": names("error"),
  };
  const env = { FAIRLEAD_CONFIG: "named.toml", XDG_CONFIG_HOME: "DIR/xdg", HOME: "DIR/home" };
  const found = (missing: string[], around: object) => {
    const left = Object.fromEntries(Object.entries(files).filter(([name]) => !missing.includes(name)));
    const loaded = load(undefined, { files: left, ...around });
    return "file" in loaded ? loaded.file : undefined;
  };

  test("the one that --config names", () => {
    expect(found([], { configPath: "given.toml", env })).toBe("DIR/given.toml");
  });
  test("the one that $FAIRLEAD_CONFIG names", () => {
    expect(found([], { env })).toBe("DIR/named.toml");
  });
  test("fairlead.toml in the current directory", () => {
    expect(found([], { env: { ...env, FAIRLEAD_CONFIG: "" } })).toBe("DIR/fairlead.toml");
  });
  test("the user's, under $XDG_CONFIG_HOME", () => {
    expect(found(["fairlead.toml"], { env: { ...env, FAIRLEAD_CONFIG: "" } })).toBe(
      "DIR/xdg/fairlead/fairlead.toml",
    );
  });
  test.each(["", "relative"])("the user's, under ~/.config, when $XDG_CONFIG_HOME is %p", (xdg) => {
    expect(found(["fairlead.toml"], { env: { HOME: "DIR/home", XDG_CONFIG_HOME: xdg } })).toBe(
      "DIR/home/.config/fairlead/fairlead.toml",
    );
  });
  test("the machine's", () => {
    expect(found(["fairlead.toml"], {})).toBe("DIR/etc/fairlead/fairlead.toml");
  });
});

describe("a file that was asked for by name", () => {
  test("must be there", () => {
    expect(problem("", { configPath: "other.toml" })).toEqual({
      file: "DIR/other.toml",
      line: undefined,
      path: "",
      message: "there is no such file",
      hint: "--config names it",
    });
    expect(problem("", { env: { FAIRLEAD_CONFIG: "DIR/other.toml" } }).hint).toBe(
      "$FAIRLEAD_CONFIG names it",
    );
    expect(problem("", { endpointsPath: "other.toml" }).hint).toBe("--endpoints names it");
  });

  test("must be a file, UTF-8 and of sensible length", () => {
    const around = (content: string | Uint8Array) => ({ files: { "x.toml": content }, configPath: "x.toml" });
    expect(problem("", { configPath: "." }).message).toBe("this is a directory, not a file");
    expect(problem("", around(new Uint8Array([0x61, 0xff]))).message).toBe("this file is not UTF-8 text");
    expect(problem("", around(`# ${"x".repeat(2 ** 20)}`)).message).toBe("this file is longer than 1024 KiB");
  });
});

describe("the command line wins over the environment, the environment over the file, the file over the defaults", () => {
  const toml = 'log_level = "error"\n[server]\nhost = "::1"\nport = 1\n[discovery]\nenabled = false';
  const env = {
    FAIRLEAD_HOST: "127.0.0.2",
    FAIRLEAD_PORT: "2",
    FAIRLEAD_LOG_LEVEL: "debug",
    FAIRLEAD_DISCOVERY: "on",
  };
  const flags = { host: "localhost", port: 3, logLevel: "silent" };
  const outcome = (around: object) => {
    const { server, logLevel, discovery } = accept(toml, around);
    return [server.host, server.port, logLevel, discovery.enabled];
  };

  test("file over defaults", () => expect(outcome({})).toEqual(["::1", 1, "error", false]));
  test("environment over file", () => expect(outcome({ env })).toEqual(["127.0.0.2", 2, "debug", true]));
  test("flags over environment", () =>
    expect(outcome({ env, flags })).toEqual(["localhost", 3, "silent", true]));
  test("one by one", () => {
    expect(outcome({ env: { FAIRLEAD_PORT: "2" }, flags: { logLevel: "warn" } })).toEqual([
      "::1",
      2,
      "warn",
      false,
    ]);
  });
  test("an empty variable says nothing", () => {
    expect(outcome({ env: { FAIRLEAD_HOST: "", FAIRLEAD_PORT: "", FAIRLEAD_DISCOVERY: "" } })).toEqual([
      "::1",
      1,
      "error",
      false,
    ]);
  });
  test.each(["off", "OFF", "false", "no", "0"])("FAIRLEAD_DISCOVERY=%s switches probing off", (word) => {
    expect(accept("", { env: { FAIRLEAD_DISCOVERY: word } }).discovery.enabled).toBe(false);
  });
});

test("flags and environment are checked as strictly as the file, and all together with it", () => {
  const found = problems("[server]\nport = -1", {
    env: {
      FAIRLEAD_PORT: "80x",
      FAIRLEAD_LOG_LEVEL: "wran",
      FAIRLEAD_DISCOVERY: "maybe",
      FAIRLEAD_API_KEY: "a b",
    },
    flags: { host: "http://x", port: "99999", logLevel: "" },
  });
  expect(found.map(({ file, path, hint }) => [file, path, hint])).toEqual([
    ["command line", "--host", 'write "127.0.0.1"'],
    ["command line", "--port", undefined],
    ["command line", "--log-level", "one of: debug, info, warn, error, silent"],
    ["environment", "FAIRLEAD_PORT", undefined],
    ["environment", "FAIRLEAD_LOG_LEVEL", 'did you mean "warn"?'],
    ["environment", "FAIRLEAD_DISCOVERY", undefined],
    ["environment", "FAIRLEAD_API_KEY", undefined],
    ["DIR/fairlead.toml", "server.port", undefined],
  ]);
});

describe("a client key in the environment", () => {
  test("counts when the file names none", () => {
    expect(accept("", { env: open }).server.apiKeys).toEqual(["client-key"]);
    expect(accept("[server]\napi_keys = []", { env: open }).server.apiKeys).toEqual(["client-key"]);
  });

  test("is not used, and said not to be, when the file names others", () => {
    const toml = '[server]\napi_keys = ["other"]';
    expect(accept(toml, { env: open }).server.apiKeys).toEqual(["other"]);
    expect(warnings(toml, { env: open }).map((each) => each.path)).toEqual(["FAIRLEAD_API_KEY"]);
  });

  test("may be named by the file, which then says nothing else", () => {
    const toml = '[server]\napi_keys = [{ env = "FAIRLEAD_API_KEY" }]';
    expect(load(toml, { env: open })).toMatchObject({
      config: { server: { apiKeys: ["client-key"] } },
      warnings: [],
    });
  });
});

describe("a server that other machines can reach needs a client key", () => {
  const hint =
    'set the environment variable FAIRLEAD_API_KEY or [server] api_keys, or listen on "127.0.0.1" only';

  test.each(["0.0.0.0", "::", "[::]", "192.168.1.5", "fe80::1", "::ffff:127.0.0.1", "example.org", "127.1"])(
    "%s without a key is refused, with what to do",
    (host) => {
      const found = problem(`[server]\nhost = "${host}"`);
      expect([found.line, found.path, found.hint]).toEqual([2, "server.host", hint]);
      expect(found.message).toEndWith("can be reached from other machines, but no client key is asked for");
    },
  );

  test.each([
    "127.0.0.1",
    "127.9.9.9",
    "::1",
    "[::1]",
    "0:0:0:0:0:0:0:1",
    "localhost",
    "LOCALHOST",
    "localhost.",
  ])("%s cannot be reached, and needs none", (host) => {
    accept(`[server]\nhost = "${host}"`);
  });

  test("a key from the file or from the environment will do", () => {
    expect(accept('[server]\nhost = "0.0.0.0"\napi_keys = ["k"]').server.host).toBe("0.0.0.0");
    expect(accept('[server]\nhost = "0.0.0.0"', { env: open }).server.host).toBe("0.0.0.0");
  });

  test("the problem stands where the host does", () => {
    expect(problem("", { flags: { host: "0.0.0.0" } })).toMatchObject({
      file: "command line",
      path: "--host",
      hint,
    });
    expect(problem("", { env: { FAIRLEAD_HOST: "::" } })).toMatchObject({
      file: "environment",
      path: "FAIRLEAD_HOST",
      hint,
    });
    expect(problem(undefined, { flags: { host: "0.0.0.0" } }).path).toBe("--host");
  });

  test("a key that could not be read is not also reported as missing", () => {
    expect(problem('[server]\nhost = "0.0.0.0"\napi_keys = [{ env = "NO" }]').path).toBe(
      "server.api_keys[0].env",
    );
    expect(problem("[server\nport = 1", { flags: { host: "0.0.0.0" } }).path).toBe("");
  });
});
