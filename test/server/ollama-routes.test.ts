import { describe, expect, test } from "bun:test";
import type { EndpointConfig } from "../../src/config/config.ts";
import { BUILT_IN_ROUTES } from "../../src/core/built-in-routes.ts";
import type { JsonRecord } from "../../src/core/json.ts";
import { chatCompletion } from "../upstream/answers.ts";
import { refusedUrl } from "../upstream/nowhere.ts";
import { type Script, startUpstream } from "../upstream/scripted.ts";
import { lists } from "./questions.ts";
import { backendAt, type Parts, type Running, startServer } from "./running.ts";

const answersHi: Script = (_, wire) => wire.json(200, chatCompletion({ text: ["Hi"] }));

async function read(server: Running, path: string): Promise<JsonRecord> {
  const answer = await server.get(path);
  expect(answer.headers.get("content-type")).toBe("application/json");
  return (await answer.json()) as JsonRecord;
}

async function names(server: Running, path: string): Promise<unknown[]> {
  return ((await read(server, path)).models as JsonRecord[]).map(({ name }) => name);
}

async function chat(server: Running, model: string, more: JsonRecord = {}): Promise<JsonRecord> {
  const messages = [{ role: "user", content: "hi" }];
  const answer = await server.post("/api/chat", { model, messages, stream: false, ...more });
  return (await answer.json()) as JsonRecord;
}

/** A server in front of one backend that lists these models. */
async function withModels(
  ids: Parameters<typeof lists>[0],
  use: (server: Running) => Promise<void>,
  parts: Parts = {},
) {
  await using upstream = await startUpstream(lists(ids, answersHi));
  const backends = [backendAt(upstream, { models: [] })];
  await using server = await startServer({ backends, look: true, ...parts });
  await use(server);
}

describe("a client of Ollama's finds out", () => {
  test("that somebody is there", async () => {
    await using server = await startServer();
    const answer = await server.get("/");
    expect([answer.status, await answer.text()]).toEqual([200, "Ollama is running"]);
    const head = await fetch(`${server.url}/`, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    expect((await read(server, "/api/version")).version).toMatch(/^0\.\d+\.\d+$/);
  });

  test("which models there are, aliases too, under the names of /v1/models", async () => {
    const fast = { name: "fast", targets: ["up/a"], defaults: {}, contextWindow: 8192 };
    await withModels(
      ["a", "b:7b"],
      async (server) => {
        expect(await names(server, "/api/tags")).toEqual(["fast", "a", "b:7b"]);
        expect(await names(server, "/api/ps")).toEqual(["fast", "a", "b:7b"]);
        const shown = await server.post("/api/show", { name: "fast" });
        expect(await shown.json()).toMatchObject({ model_info: { "fairlead.context_length": 8192 } });
      },
      { models: [fast] },
    );
  });

  test("what a model can do, by any of its names", async () => {
    await withModels([{ id: "a", max_model_len: 4096 }], async (server) => {
      for (const model of ["a", "a:latest", "up/a", "up/a:latest"]) {
        const answer = await server.post("/api/show", { model });
        expect([model, answer.status]).toEqual([model, 200]);
        expect(await answer.json()).toMatchObject({
          capabilities: expect.arrayContaining(["completion"]),
          model_info: { "fairlead.context_length": 4096 },
        });
      }
    });
  });

  test("that no model runs at a backend that is gone", async () => {
    const gone = backendAt({ url: await refusedUrl() });
    const fast = { name: "fast", targets: ["up/m"], defaults: {}, contextWindow: undefined };
    await using server = await startServer({ backends: [gone], models: [fast], look: true });
    expect(await names(server, "/api/ps")).toEqual([]);
  });

  test.each(["/api/show", "/api/chat", "/api/embed"])("at %s that there is no such model", async (path) => {
    await withModels(["llama"], async (server) => {
      const body = { model: "lama", messages: [{ role: "user", content: "hi" }], input: "hi" };
      const answer = await server.post(path, body);
      expect([answer.status, await answer.json()]).toEqual([
        404,
        { error: expect.stringMatching(/^model 'lama' not found: .*Did you mean "llama"\?$/) },
      ]);
    });
  });

  test.each(
    BUILT_IN_ROUTES.filter(({ path }) => /pull|push|create|copy|delete|blobs/.test(path)).map((route) => [
      route.method,
      route.path.replace(":digest", "sha256:0"),
    ]),
  )("with %s %s that models are managed elsewhere", async (method, path) => {
    await using server = await startServer();
    const answer = await fetch(server.url + path, { method, body: '{"model":"m"}' });
    expect([answer.status, await answer.json()]).toEqual([
      404,
      { error: expect.stringContaining("managed by their backends") },
    ]);
  });

  test("that an address, or a method, is wrong, in Ollama's words", async () => {
    await using server = await startServer();
    const unknown = await server.get("/api/nothing");
    expect([unknown.status, await unknown.json()]).toEqual([
      404,
      { error: expect.stringContaining("/api/nothing") },
    ]);
    const wrong = await server.get("/api/chat");
    expect([wrong.status, await wrong.json()]).toEqual([
      405,
      { error: expect.stringContaining("POST, not GET") },
    ]);
  });

  test("that it needs a key, and gets in with one", async () => {
    await using server = await startServer({ server: { apiKeys: ["the-right-key"] } });
    const answer = await server.get("/api/tags");
    expect([answer.status, await answer.json()]).toEqual([
      401,
      { error: expect.stringContaining("needs a key") },
    ]);
    expect((await server.get("/api/tags", { authorization: "Bearer the-right-key" })).status).toBe(200);
  });
});

describe("a name with :latest and one without are the same model", () => {
  test.each([
    ["a", "a"],
    ["a:latest", "a"],
    ["b", "b:latest"],
    ["b:latest", "b:latest"],
    ["up/a:latest", "a"],
    ["up/b", "b:latest"],
    ["up/unlisted", "unlisted"],
  ])("%s reaches %s, and is what the answer says", async (asked, reached) => {
    await using upstream = await startUpstream(lists(["a", "b:latest"], answersHi));
    await using server = await startServer({ backends: [backendAt(upstream, { models: [] })], look: true });
    expect(await chat(server, asked)).toMatchObject({ model: asked, message: { content: "Hi" } });
    expect(upstream.requests.at(-1)?.json()).toMatchObject({ model: reached });
  });

  test("unless both are there", async () => {
    await withModels(["a", "a:latest"], async (server) => {
      for (const model of ["a", "a:latest"]) {
        await chat(server, model);
        expect(await server.nextLine().then(({ model: asked }) => asked)).toBe(model);
      }
    });
  });

  test("also in the first moments, when nobody has been looked at", async () => {
    await using upstream = await startUpstream(lists(["a"], answersHi));
    const round = Promise.withResolvers<void>();
    const waited = Promise.withResolvers<void>();
    const firstRound = Object.assign(Promise.resolve(), {
      then: (...next: Parameters<Promise<void>["then"]>) => {
        waited.resolve();
        return round.promise.then(...next);
      },
    });
    const backends = [backendAt(upstream, { models: [] })];
    await using server = await startServer({ backends, firstRound });
    const answer = chat(server, "a:latest");
    await waited.promise;
    const [backend] = server.registry.backends();
    backend?.found({ state: "connected", models: [{ id: "a", created: 0, ownedBy: "" }] }, 0);
    round.resolve();
    expect(await answer).toMatchObject({ model: "a:latest", message: { content: "Hi" } });
  });
});

describe("an endpoint of the user's own", () => {
  const version: EndpointConfig = {
    method: "GET",
    path: "/api/version",
    status: 200,
    headers: {},
    contentType: "application/json",
    body: '{"version":"1.0"}',
    description: undefined,
  };

  test("answers instead of the route of Ollama's that has its address, and of no other", async () => {
    await using server = await startServer({ endpoints: [version, { ...version, path: "/", body: "{}" }] });
    expect(await read(server, "/api/version")).toEqual({ version: "1.0" });
    expect(await read(server, "/")).toEqual({});
    expect(await read(server, "/api/tags")).toHaveProperty("models");
  });

  test("answers instead of every route of Ollama's that its parameter fits", async () => {
    await using server = await startServer({ endpoints: [{ ...version, path: "/api/:what" }] });
    expect(await read(server, "/api/tags")).toEqual({ version: "1.0" });
    expect(await read(server, "/api/else")).toEqual({ version: "1.0" });
    expect((await server.post("/api/chat", { model: "n", messages: [] })).status).toBe(404);
  });

  test("of another method stands beside it", async () => {
    await using server = await startServer({ endpoints: [{ ...version, method: "POST" }] });
    expect((await read(server, "/api/version")).version).not.toBe("1.0");
    expect(await (await server.post("/api/version", {})).json()).toEqual({ version: "1.0" });
  });
});

describe("what curl sends with -d, and calls a form", () => {
  const FORM = { "content-type": "application/x-www-form-urlencoded" };
  const body = JSON.stringify({ model: "a", messages: [], stream: false });

  test("is read as the JSON that it is", async () => {
    await withModels(["a"], async (server) => {
      const answer = await server.post("/api/chat", body, FORM);
      expect([answer.status, await answer.json()]).toMatchObject([200, { done_reason: "load" }]);
    });
  });

  test.each([
    ["/api/chat", { "sec-fetch-site": "cross-site" }],
    ["/api/chat", { "sec-fetch-site": "none" }],
    ["/v1/chat/completions", {}],
  ])("is refused where a browser may have sent it, and where nobody needs it: %s %j", async (path, more) => {
    await withModels(["a"], async (server) => {
      const caller = await server.caller();
      expect((await caller.ask(path, { body, headers: { ...FORM, ...more } })).status).toBe(415);
      const foreign = { ...FORM, origin: "https://evil.example" };
      expect((await caller.ask(path, { body, headers: foreign })).status).toBe(403);
      const own = { ...FORM, origin: server.url, host: server.url.slice("http://".length) };
      expect((await caller.ask(path, { body, headers: own })).status).toBe(415);
    });
  });
});
