import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chatChunks, errorObject, models, payloads } from "../upstream/answers.ts";
import { refusedUrl } from "../upstream/nowhere.ts";
import { startUpstream, type Upstream } from "../upstream/scripted.ts";
import { type RunningBinary, scratchFolder, startBinary } from "./binary.ts";

const WINDOWS = process.platform === "win32";
const LINUX = process.platform === "linux";

describe("a stranger's folder", () => {
  const folder = scratchFolder();
  const trace = join(folder, "evil-was-here");
  afterAll(() => rmSync(folder, { recursive: true }));

  beforeAll(() => {
    const evil = `require("node:fs").writeFileSync(${JSON.stringify(trace)}, "");`;
    const files = {
      "evil.ts": evil,
      "bunfig.toml": 'preload = ["./evil.ts"]\n',
      ".env": "FAIRLEAD_API_KEY=theirs\nFAIRLEAD_LOG_LEVEL=nonsense\nFAIRLEAD_PORT=1\n",
      "package.json": '{ "name": "x", "main": "./evil.ts", "type": "commonjs" }',
      "tsconfig.json": '{ "compilerOptions": { "paths": { "*": ["./evil.ts"] } } }',
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  });

  test("neither runs code in the binary nor changes its settings", async () => {
    await using server = await startBinary({ cwd: folder });
    expect((await fetch(`${server.url}/v1/models`)).status).toBe(200);
    expect(existsSync(trace)).toBe(false);
  });
});

describe.skipIf(WINDOWS)("a hostile environment", () => {
  // The runtime reads BUN_OPTIONS before any code of ours: what it loads runs once, and never beside the server.
  test("is gone before the server starts", async () => {
    const folder = scratchFolder();
    const trace = join(folder, "trace");
    const evil = `require("node:fs").appendFileSync(${JSON.stringify(trace)}, "life ");`;
    writeFileSync(join(folder, "evil.ts"), evil);
    const env = { BUN_OPTIONS: `--preload=${join(folder, "evil.ts")}` };
    const server = await startBinary({ cwd: folder, env });
    await server.stop();
    const lives = readFileSync(trace, "utf8");
    rmSync(folder, { recursive: true });
    expect(lives).toBe("life ");
  });

  test("is left behind: same process, no debugger, nothing of it in sight", async () => {
    const inspector = new URL(refusedUrl());
    const hostile = {
      BUN_INSPECT: `ws://${inspector.host}/x`,
      BUN_OPTIONS: "--smol",
      BUN_CONFIG_VERBOSE_FETCH: "curl",
      NODE_OPTIONS: "--no-warnings",
      NODE_TLS_REJECT_UNAUTHORIZED: "0",
    };
    await using server = await startBinary({ env: hostile });
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
    await expect(fetch(inspector)).rejects.toThrow();
    if (!LINUX) return;
    const environment = readFileSync(`/proc/${server.pid}/environ`, "utf8").split("\0");
    const names = environment.map((entry) => entry.split("=", 1)[0] ?? "");
    expect(names.filter((name) => name in hostile)).toEqual([]);
    expect(environment).toContain("BUN_CONFIG_MAX_HTTP_REQUESTS=16384");
  });
});

describe("the log", () => {
  const KEYS = { ours: "client-secret-1", theirs: "backend-secret-2", wrong: "wrong-secret-3" };
  const PROMPT = "a word for nobody else";
  let upstream: Upstream;
  let server: RunningBinary;

  beforeAll(async () => {
    // Hosts quote the key they were given, and what they did not understand.
    const refusal = errorObject(`Key ${KEYS.theirs} may not say: ${PROMPT}`);
    const [first = "", second = ""] = payloads(chatChunks({ text: ["one"] }));
    upstream = await startUpstream((request, wire) => {
      if (request.path === "/v1/models") return wire.json(200, models(["m"]));
      if (!request.text().includes('"stream":true')) return wire.json(400, refusal);
      return wire.sse([first, second, JSON.stringify(refusal)]);
    });
    const config = [
      '[server]\napi_keys = [{ env = "OUR_KEY" }]',
      `[backends.far]\ntype = "openai-compatible"\nurl = "${upstream.url}"\napi_key = { env = "THEIR_KEY" }`,
      '[backends.inside]\ntype = "echo"',
    ].join("\n");
    const env = { OUR_KEY: KEYS.ours, THEIR_KEY: KEYS.theirs, FAIRLEAD_LOG_LEVEL: "debug" };
    server = await startBinary({ config, env });
  });

  afterAll(async () => {
    await server.stop();
    await upstream.stop();
  });

  const ask = (model: string, key: string, id: string, stream = false) =>
    fetch(`${server.url}/v1/chat/completions?key=${key}`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "x-request-id": id },
      body: JSON.stringify({ model, messages: [{ role: "user", content: PROMPT }], stream }),
    });

  test("is one JSON line per request on standard error", async () => {
    const answer = await ask("inside/echo", KEYS.ours, "one");
    expect(answer.status).toBe(200);
    expect(await server.logged({ id: "one" })).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      level: "info",
      message: "request",
      id: "one",
      method: "POST",
      path: "/v1/chat/completions",
      model: "inside/echo",
      backend: "inside",
      stream: false,
      status: 200,
      outcome: "ok",
      duration_ms: expect.any(Number),
      input_tokens: expect.any(Number),
      output_tokens: expect.any(Number),
    });
    expect(server.log().filter((line) => line["id"] === "one")).toHaveLength(1);
    expect(server.stdout()).toBe("");
  });

  test("never holds a key, ours or a backend's, right or wrong, nor a word of a prompt", async () => {
    const refused = await ask("far/m", KEYS.ours, "refused-there");
    expect(refused.status).toBe(400);
    expect(await refused.text()).toContain(`Key *** may not say: ${PROMPT}`);
    const broken = await ask("far/m", KEYS.ours, "broken-off", true);
    expect(await broken.text()).toContain(`Key *** may not say: ${PROMPT}`);
    expect((await ask("far/m", KEYS.wrong, "refused-here")).status).toBe(401);
    expect(await server.logged({ id: "refused-there" })).toMatchObject({ failure: "upstream_rejected" });
    expect(await server.logged({ id: "broken-off" })).toMatchObject({ failure: "upstream_error" });
    expect(await server.logged({ id: "refused-here" })).toMatchObject({ failure: "unauthorized" });
    const seen = [server.stderr(), server.stdout()];
    if (LINUX) seen.push(readFileSync(`/proc/${server.pid}/cmdline`, "utf8"));
    for (const secret of [...Object.values(KEYS), PROMPT]) {
      for (const text of seen) expect(text).not.toContain(secret);
    }
  });

  test("is silent about what the level hides, but not about the address", async () => {
    const quiet = await startBinary({ args: ["--log-level", "silent"] });
    await fetch(`${quiet.url}/v1/models`);
    await quiet.stop();
    expect(quiet.log()).toEqual([]);
  });
});

describe.skipIf(WINDOWS)("SIGTERM", () => {
  const TEXT = ["one ", "two ", "three"];

  /** A server in front of a model that says one word and then waits for us. */
  async function withHeldStream() {
    const gate = Promise.withResolvers<void>();
    const [first = "", second = "", ...others] = payloads(chatChunks({ text: TEXT }));
    const upstream = await startUpstream(async (request, wire) => {
      if (request.path === "/v1/models") return wire.json(200, models(["m"]));
      await wire.sseHead();
      for (const payload of [first, second]) await wire.chunk(`data: ${payload}\n\n`);
      await gate.promise;
      for (const payload of others) await wire.chunk(`data: ${payload}\n\n`);
      return wire.lastChunk();
    });
    const server = await startBinary({
      config: `[backends.b]\ntype = "openai-compatible"\nurl = "${upstream.url}"\n`,
    });
    const body = JSON.stringify({ model: "m", messages: [{ role: "user", content: "?" }], stream: true });
    const answer = await fetch(`${server.url}/v1/chat/completions`, { method: "POST", body });
    const reader = answer.body?.getReader();
    if (!reader) throw new Error("no stream came");
    const start = new TextDecoder().decode((await reader.read()).value);
    const rest = async () => {
      let text = start;
      for (let read = await reader.read(); !read.done; read = await reader.read())
        text += new TextDecoder().decode(read.value);
      return text;
    };
    return { gate, upstream, server, rest };
  }

  test("ends the server with 0 after the running stream is told to its end, and takes no new request", async () => {
    const { gate, upstream, server, rest } = await withHeldStream();
    server.signal("SIGTERM");
    expect(await server.logged({ message: "stopping" })).toMatchObject({ signal: "SIGTERM", count: 1 });
    await expect(fetch(`${server.url}/health`)).rejects.toThrow();
    gate.resolve();
    const told = await rest();
    for (const word of TEXT) expect(told).toContain(JSON.stringify(word));
    expect(told).toEndWith("data: [DONE]\n\n");
    expect(await server.exited).toBe(0);
    await upstream.stop();
  });

  test("a second time ends it at once, and the client is told why its answer was cut", async () => {
    const { upstream, server, rest } = await withHeldStream();
    server.signal("SIGTERM");
    await server.logged({ message: "stopping" });
    // The very same moment would count as the same signal, delivered twice.
    const again = setInterval(() => server.signal("SIGTERM"), 20);
    expect(await server.exited).toBe(0);
    clearInterval(again);
    const told = await rest();
    expect(told).toContain('"code":"shutting_down"');
    expect(told).not.toContain("[DONE]");
    await upstream.stop();
  });

  test("and SIGINT alike end an idle server with 0", async () => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      const server = await startBinary();
      server.signal(signal);
      expect(await server.exited).toBe(0);
    }
  });
});
