import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildLine } from "../../scripts/build.ts";
import { cleanEnvironment } from "../../src/cli/exec-once.ts";

const CLEAN = { BUN_CONFIG_MAX_HTTP_REQUESTS: "16384", DO_NOT_TRACK: "1", NODE_ENV: "production" };

describe("the environment that Fairlead runs in", () => {
  test("an empty environment gets the raised limit, production mode and no tracking", () => {
    expect(cleanEnvironment({})).toEqual({
      env: CLEAN,
      changed: ["BUN_CONFIG_MAX_HTTP_REQUESTS", "DO_NOT_TRACK", "NODE_ENV"],
    });
  });

  test("a clean environment stays as it is, so that the program is not started again for ever", () => {
    const env = { ...CLEAN, PATH: "/usr/bin", OPENAI_API_KEY: "k" };
    expect(cleanEnvironment(env)).toEqual({ env, changed: [] });
  });

  test.each([
    "BUN_OPTIONS",
    "BUN_BE_BUN",
    "BUN_INSPECT",
    "BUN_INSPECT_CONNECT_TO",
    "BUN_INSPECT_PRELOAD",
    "BUN_CONFIG_VERBOSE_FETCH",
    "NODE_OPTIONS",
    "NODE_DEBUG",
    "NODE_TLS_REJECT_UNAUTHORIZED",
  ])("%s is dropped", (name) => {
    expect(cleanEnvironment({ ...CLEAN, [name]: "0" })).toEqual({ env: CLEAN, changed: [name] });
  });

  test.each(["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "HTTPS_PROXY", "BUN_INSTALL"])(
    "%s is the owner's",
    (name) => {
      expect(cleanEnvironment({ ...CLEAN, [name]: "x" }).changed).toEqual([]);
    },
  );

  test.each([
    ["", "16384"],
    ["256", "16384"],
    ["many", "16384"],
    ["60000", "60000"],
  ])("a limit of %j becomes %s: an owner may ask for more, never for less", (asked, given) => {
    const { env } = cleanEnvironment({ BUN_CONFIG_MAX_HTTP_REQUESTS: asked });
    expect(env["BUN_CONFIG_MAX_HTTP_REQUESTS"]).toBe(given);
  });
});

describe.skipIf(process.platform === "win32")("a binary built as ours is", () => {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-exec-"));
  const binary = join(folder, "probe");
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  beforeAll(() => {
    // The first import is the one under test; the second runs in the second life only, and counts the lives.
    const first = join(import.meta.dir, "../../src/cli/exec-once.ts");
    write("second.ts", `process.stderr.write("life\\n");\nexport {};\n`);
    write("main.ts", `import ${JSON.stringify(first)};\nimport "./second.ts";\n${REPORT}\n`);
    const line = [process.execPath, ...buildLine(join(folder, "main.ts"), binary)];
    expect(Bun.spawnSync(line, { stdio: ["ignore", "ignore", "inherit"] }).exitCode).toBe(0);
    // What a stranger's folder may hold. Bun itself would obey both.
    write("evil.ts", `process.stderr.write("evil\\n");`);
    write("bunfig.toml", `preload = ["./evil.ts"]`);
    write(".env", "FROM_DOT_ENV=1");
  }, 20_000);

  const REPORT = `process.stdout.write(JSON.stringify({ pid: process.pid, args: process.argv.slice(2), env: process.env }));`;
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);

  const run = async (env: Record<string, string>) => {
    const probe = Bun.spawn([binary, "serve", "--port", "0"], {
      cwd: folder,
      env,
      stdout: "pipe",
      stderr: "pipe",
    });
    const [out, err] = await Promise.all([probe.stdout.text(), probe.stderr.text()]);
    return { pid: probe.pid, out: JSON.parse(out), err };
  };

  test("starts itself again, once, as the same process with the same arguments", async () => {
    const { pid, out, err } = await run({
      PATH: "/usr/bin",
      BUN_OPTIONS: "--smol",
      NODE_ENV: "development",
      // The marker of another process must not be taken for our own.
      FAIRLEAD_EXEC_ONCE: "1",
    });
    expect(out).toEqual({ pid, args: ["serve", "--port", "0"], env: { PATH: "/usr/bin", ...CLEAN } });
    expect(err).toBe("life\n");
  });

  test("does not start itself again in a clean environment", async () => {
    const { out, err } = await run(CLEAN);
    expect(out.env).toEqual(CLEAN);
    expect(err).toBe("life\n");
  });

  test("obeys no bunfig.toml and no .env of the folder it is started in", async () => {
    const { out, err } = await run({});
    expect(out.env).toEqual(CLEAN);
    expect(err).not.toContain("evil");
  });
});
