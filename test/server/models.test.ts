import { describe, expect, test } from "bun:test";
import type { JsonRecord } from "../../src/core/json.ts";
import { errorObject } from "../upstream/answers.ts";
import { refusedUrl } from "../upstream/nowhere.ts";
import { startUpstream } from "../upstream/scripted.ts";
import { CHAT, lists, question } from "./questions.ts";
import { backendAt, type Running, startServer } from "./running.ts";
import { errorOf } from "./said.ts";

async function list(server: Running): Promise<JsonRecord[]> {
  const answer = await server.get("/v1/models");
  expect(answer.headers.get("content-type")).toBe("application/json");
  const body = (await answer.json()) as { object: string; data: JsonRecord[] };
  expect(body.object).toBe("list");
  return body.data;
}

async function ids(server: Running): Promise<unknown[]> {
  return (await list(server)).map(({ id }) => id);
}

async function backends(server: Running): Promise<JsonRecord[]> {
  return ((await (await server.get("/v1/backends")).json()) as { data: JsonRecord[] }).data;
}

describe("the list of models", () => {
  test("tells of each what OpenAI tells, and its context length under every name that clients read", async () => {
    const qwen = { id: "qwen3-8b", owned_by: "qwen", created: 1_700_000_000, max_model_len: 32_768 };
    await using upstream = await startUpstream(lists([qwen, "plain"]));
    await using server = await startServer({ backends: [backendAt(upstream, { models: [] })], look: true });
    const [model, plain] = await list(server);
    expect(model).toMatchObject({
      id: "qwen3-8b",
      object: "model",
      created: 1_700_000_000,
      owned_by: "qwen",
      backend: "up",
      context_length: 32_768,
      max_model_len: 32_768,
      context_window: 32_768,
      max_context_length: 32_768,
      top_provider: { context_length: 32_768 },
    });
    expect(plain).not.toHaveProperty("context_length");
  });

  test("holds aliases first, and what two backends have once plain and once qualified", async () => {
    await using one = await startUpstream(lists(["a", "b"]));
    await using two = await startUpstream(lists(["b", "c"]));
    const named = { name: "fast", targets: ["two/c"], defaults: {}, contextWindow: 8_192 };
    await using server = await startServer({
      backends: [backendAt(one, { name: "one", models: [] }), backendAt(two, { name: "two", models: [] })],
      models: [named],
      look: true,
    });
    expect(await ids(server)).toEqual(["fast", "a", "b", "two/b", "c"]);
    const card = (await (await server.get("/v1/models/fast")).json()) as JsonRecord;
    expect(card).toMatchObject({ id: "fast", owned_by: "fairlead", backend: "two", context_length: 8_192 });
  });

  test("does without a backend that is down, broken or empty", async () => {
    await using up = await startUpstream(lists(["a"]));
    await using broken = await startUpstream((_, wire) => wire.json(500, errorObject("no")));
    await using empty = await startUpstream((_, wire) => wire.json(200, { object: "list", data: null }));
    const none = { models: [] };
    await using server = await startServer({
      backends: [
        backendAt({ url: refusedUrl() }, { name: "down", ...none }),
        backendAt(broken, { name: "broken", ...none }),
        backendAt(empty, { name: "empty", ...none }),
        backendAt(up, none),
      ],
      look: true,
    });
    expect(await ids(server)).toEqual(["a"]);
    expect((await backends(server)).map(({ name, state }) => [name, state])).toEqual([
      ["down", "disconnected"],
      ["broken", "disconnected"],
      ["empty", "connected"],
      ["up", "connected"],
    ]);
  });

  test("is an empty list, never null, when there are no models", async () => {
    await using empty = await startUpstream(lists([]));
    await using server = await startServer({ backends: [backendAt(empty, { models: [] })], look: true });
    expect(await list(server)).toEqual([]);
  });

  test("holds the built-in model when there is nothing else, and that one answers", async () => {
    await using server = await startServer({ look: true });
    expect(await ids(server)).toEqual(["echo"]);
    const answer = await server.post(CHAT, question({ model: "echo" }));
    expect(await answer.json()).toMatchObject({ choices: [{ message: { content: "hi" } }] });
  });
});

describe("a model's card", () => {
  const odd = ["org/name:tag", "a b", "50%", "é/ü", "plain"];

  test.each(odd)("is found by its id, plain or encoded: %s", async (id) => {
    await using upstream = await startUpstream(lists(odd));
    await using server = await startServer({ backends: [backendAt(upstream, { models: [] })], look: true });
    const plain = encodeURI(id);
    const encoded = encodeURIComponent(id);
    for (const path of [plain, encoded, `${encoded}?x=1`, `up/${plain}`, `up%2F${encoded}`]) {
      const answer = await server.get(`/v1/models/${path}`);
      expect([path, answer.status]).toEqual([path, 200]);
      const wanted = path.startsWith("up") ? `up/${id}` : id;
      expect(await answer.json()).toMatchObject({ id: wanted, object: "model" });
    }
  });

  test("that nobody has is a 404", async () => {
    await using upstream = await startUpstream(lists(["llama-3"]));
    await using server = await startServer({ backends: [backendAt(upstream, { models: [] })], look: true });
    const answer = await server.get("/v1/models/nope%2Fnope");
    expect(answer.status).toBe(404);
    expect(errorOf({ text: await answer.text() })).toMatchObject({ code: "model_not_found", param: "model" });
  });
});

test("a wrong model is a 404 that names the nearest ones", async () => {
  await using upstream = await startUpstream(lists(["llama-3", "llama-2", "qwen3-8b-q4"]));
  await using server = await startServer({ backends: [backendAt(upstream, { models: [] })], look: true });
  const said = async (model: string) => {
    const answer = await server.post(CHAT, question({ model }));
    expect(answer.status).toBe(404);
    return errorOf({ text: await answer.text() }).message;
  };
  expect(await said("lama-3")).toEndWith('Did you mean "llama-3" or "llama-2"?');
  expect(await said("qwen3")).toEndWith('Did you mean "qwen3-8b-q4"?');
  expect(await said("gpt-9000-ultra")).toEndWith("does not exist.");
});

describe("the list of backends", () => {
  test("tells what each is, how it is and what was wrong, and keeps its secrets", async () => {
    const key = "sk-canary-0123456789";
    await using upstream = await startUpstream((_, wire) =>
      wire.json(401, errorObject(`Incorrect API key provided: ${key}`)),
    );
    const backend = backendAt(upstream, { apiKey: key, headers: { "x-extra": "canary-header-value" } });
    await using server = await startServer({ backends: [backend], look: true });
    const text = await (await server.get("/v1/backends")).text();
    expect(text).not.toContain("canary");
    expect(JSON.parse(text)).toMatchObject({
      object: "list",
      data: [
        {
          name: "up",
          type: "openai",
          url: upstream.url,
          origin: "config",
          state: "disconnected",
          last_error: { code: "upstream_auth", message: expect.stringContaining("key") },
          model_count: 1,
          concurrency: 256,
        },
      ],
    });
  });

  test("follows what requests meet", async () => {
    await using upstream = await startUpstream(lists(["m"]));
    const server = await startServer({ backends: [backendAt(upstream)], look: true });
    await using _ = server;
    expect(await backends(server)).toMatchObject([{ state: "connected", last_error: null }]);
    await upstream.stop();
    expect((await server.post(CHAT, question())).status).toBe(502);
    expect(await backends(server)).toMatchObject([
      { state: "disconnected", last_error: { code: "upstream_unreachable" } },
    ]);
    expect(await ids(server)).toEqual([]);
  });
});
