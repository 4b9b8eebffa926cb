import { describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { version } from "../../package.json";
import { refusedUrl } from "../upstream/nowhere.ts";
import { binaryPath, runBinary, scratchFolder, startBinary } from "./binary.ts";

describe("the compiled binary", () => {
  test("says its version on one line, and as JSON for programs", async () => {
    const plain = await runBinary(["version"]);
    expect(plain).toMatchObject({ exitCode: 0, stderr: "" });
    expect(plain.stdout).toMatch(/^fairlead \S+ \(commit \S+, bun \S+, \S+\)\n$/);
    expect(plain.stdout).toContain(` ${version} `);
    const json = await runBinary(["version", "--json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({ version, bun: Bun.version, arch: process.arch });
    expect(await runBinary(["--version"])).toEqual(plain);
  });

  test("explains itself on standard output", async () => {
    const { exitCode, stdout, stderr } = await runBinary(["help"]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    for (const command of ["serve", "check", "models", "version", "help"])
      expect(stdout).toContain(`\n  ${command}`);
    expect((await runBinary(["check", "--help"])).stdout).toContain("--online");
  });

  test("refuses a typing mistake with exit code 2 and what was meant, and starts nothing", async () => {
    const { exitCode, stdout, stderr } = await runBinary(["--prot", "8000"]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toContain("did you mean --port?");
    expect(stderr).toContain("usage: fairlead");
  });
});

describe("fairlead check", () => {
  test("says that a config is fine", async () => {
    const config = '[backends.near]\ntype = "llamacpp"\n\n[models.fast]\ntargets = ["near/x"]\n';
    const { exitCode, stdout, stderr } = await runBinary(["check"], { config });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toContain("fairlead.toml: ok (1 backend, 1 model alias, 0 endpoints)");
  });

  test("tells every problem at once, each with file, line and hint, with exit code 2", async () => {
    const config = '[server]\nprot = 1\n\n[backends.a]\ntype = "llamacp"\nurl = "ftp://x"\n';
    const cwd = scratchFolder(config);
    const { exitCode, stdout, stderr } = await runBinary(["check"], { cwd });
    rmSync(cwd, { recursive: true });
    const file = join(cwd, "fairlead.toml");
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr.split("\n")).toEqual([
      `${file}:2: server.prot: unknown key`,
      '  hint: did you mean "port"?',
      `${file}:5: backends.a.type: unknown backend type "llamacp"`,
      '  hint: did you mean "llamacpp"?',
      `${file}:6: backends.a.url: expected an http:// or https:// URL`,
      "fairlead: the configuration has 3 problems",
      "",
    ]);
  });

  test("with --online asks every backend: exit code 1 when a named one does not answer", async () => {
    const well = await runBinary(["check", "--online"], { config: '[backends.inside]\ntype = "echo"\n' });
    expect(well).toMatchObject({ exitCode: 0, stderr: "" });
    expect(well.stdout).toMatch(/\ninside +echo +built in +connected +1 model\n$/);
    const config = `[backends.gone]\ntype = "llamacpp"\nurl = "${refusedUrl()}"\n`;
    const ill = await runBinary(["check", "--online"], { config });
    expect(ill).toMatchObject({ exitCode: 1, stderr: "" });
    expect(ill.stdout).toMatch(/\ngone .* disconnected .* refused the connection/);
  });
});

describe("fairlead models", () => {
  const config = '[backends.inside]\ntype = "echo"\n\n[models.fast]\ntargets = ["inside/echo"]\n';

  test("lists every name that a client may ask for", async () => {
    const { exitCode, stdout, stderr } = await runBinary(["models"], { config });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    const rows = stdout.split("\n").map((line) => line.split(/ {2,}/).slice(0, 2));
    expect(rows).toEqual([["MODEL", "BACKEND"], ["fast", "inside"], ["echo", "inside"], [""]]);
  });

  test("says whose models it cannot list, and fails when that leaves none", async () => {
    const gone = `[backends.gone]\ntype = "llamacpp"\nurl = "${refusedUrl()}"\n`;
    const some = await runBinary(["models"], { config: gone + config });
    const warning = "warning: the models of gone are not listed: The backend refused the connection.\n";
    expect(some).toMatchObject({ exitCode: 0, stderr: warning });
    const none = await runBinary(["models", "--json"], { config: gone });
    expect(none).toMatchObject({ exitCode: 1, stderr: warning, stdout: '{"object":"list","data":[]}\n' });
  });

  test("with --json prints what GET /v1/models answers", async () => {
    const { stdout } = await runBinary(["models", "--json"], { config });
    await using server = await startBinary({ config });
    expect(JSON.parse(stdout)).toEqual(await (await fetch(`${server.url}/v1/models`)).json());
  });

  test.skipIf(process.platform === "win32")("loses nothing on its way through a pipe", async () => {
    const names = Array.from({ length: 4000 }, (_, i) => `model-${i}`);
    const cwd = scratchFolder(`[backends.inside]\ntype = "echo"\nmodels = ${JSON.stringify(names)}\n`);
    // A pipe holds 64 KiB: an exit that does not wait for its reader loses the rest.
    const shell = ["sh", "-c", '"$0" models --json | cat', binaryPath()];
    const { stdout } = Bun.spawnSync(shell, {
      cwd,
      env: { FAIRLEAD_DISCOVERY: "off", PATH: "/usr/bin:/bin" },
    });
    rmSync(cwd, { recursive: true });
    expect(stdout.length).toBeGreaterThan(200_000);
    expect(JSON.parse(stdout.toString()).data).toHaveLength(names.length + 1);
  });
});

describe("fairlead serve", () => {
  test("refuses to be reached from other machines without a client key, and says what to do", async () => {
    const { exitCode, stdout, stderr } = await runBinary(["serve", "--host", "0.0.0.0", "--port", "0"]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toContain('"0.0.0.0" can be reached from other machines, but no client key is asked for');
    expect(stderr).toContain("FAIRLEAD_API_KEY");
  });

  test("says who is in the way when its port is taken, with exit code 1", async () => {
    await using first = await startBinary();
    const { port } = new URL(first.url);
    const { exitCode, stdout, stderr } = await runBinary(["serve", "--port", port]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toBe(
      `fairlead: 127.0.0.1:${port} is in use: stop what listens there, or choose another port with --port\n`,
    );
  });

  test("tells where it is and how to use it, and keeps standard output free", async () => {
    const server = await startBinary();
    expect(await (await fetch(`${server.url}/health`)).json()).toEqual({ status: "ok" });
    expect(await server.stop()).toBe(0);
    expect(server.stdout()).toBe("");
    expect(server.stderr()).toContain(`curl ${server.url}/v1/chat/completions`);
  });

  test("lists the built-in model among the backends where the config names it", async () => {
    await using named = await startBinary({ config: '[backends.inside]\ntype = "echo"\n' });
    expect(named.stderr()).toMatch(/\nBackends\n {2}\+ {2}inside {2}echo {2}built in {2}1 model\n/);
    await using unnamed = await startBinary();
    expect(unnamed.stderr()).toContain("none found, so the built-in model `echo` answers");
  });
});
