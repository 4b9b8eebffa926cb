import { describe, expect, test } from "bun:test";
import type { JsonRecord } from "../../src/core/json.ts";
import { readStream, type Response as Body } from "../api/responses-spoken.ts";
import { place } from "../store/shelf.ts";
import { chatChunks, chatCompletion, errorObject, payloads, type Said } from "../upstream/answers.ts";
import { cutAfter } from "../upstream/faults.ts";
import { inTurn, type Script, startUpstream } from "../upstream/scripted.ts";
import { sseFrame } from "../upstream/wire.ts";
import { backendAt, type Parts, type Running, startServer } from "./running.ts";

const PATH = "/v1/responses";
const KEPT: Parts = { responses: { store: true } };

/** A chat engine that says this, as a stream or whole, as it is asked. */
const chats =
  (said: Said): Script =>
  (request, wire) =>
    (request.json() as JsonRecord).stream === true
      ? wire.sse(payloads(chatChunks({ usage: { prompt: 3, completion: 2 }, ...said })))
      : wire.json(200, chatCompletion(said));

interface Scene extends AsyncDisposable {
  server: Running;
  /** The bodies that the backend got. */
  asked(): JsonRecord[];
  paths(): string[];
}

/** A server in front of one scripted backend. */
async function scene(
  script: Script,
  { type = "vllm", ...parts }: Parts & { type?: string } = {},
): Promise<Scene> {
  const upstream = await startUpstream(script);
  const server = await startServer({ ...parts, backends: [backendAt(upstream, { type })] });
  return {
    server,
    asked: () => upstream.requests.map((request) => request.json() as JsonRecord),
    paths: () => upstream.requests.map(({ path }) => path),
    async [Symbol.asyncDispose]() {
      await server.stop();
      await upstream.stop();
    },
  };
}

async function ask(server: Running, fields: JsonRecord, headers: Record<string, string> = {}) {
  const answer = await server.post(PATH, { model: "m", input: "hi", ...fields }, headers);
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Body };
}

const errorIn = ({ body }: { body: JsonRecord }) => body.error as JsonRecord;

describe("a chat engine behind /v1/responses", () => {
  test("answers whole", async () => {
    await using at = await scene(chats({ reasoning: ["hm"], text: ["Hel", "lo"] }));
    const { status, body } = await ask(at.server, { instructions: "Be brief.", max_output_tokens: 5 });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      object: "response",
      status: "completed",
      model: "m",
      output: [
        { type: "reasoning", summary: [{ text: "hm" }] },
        { type: "message", content: [{ type: "output_text", text: "Hello" }] },
      ],
    });
    expect(at.paths()).toEqual(["/v1/chat/completions"]);
    expect(at.asked()[0]).toMatchObject({
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "hi" },
      ],
    });
  });

  test("answers as a stream, in the order that every helper understands, with usage", async () => {
    await using at = await scene(chats({ reasoning: ["hm"], text: ["Hel", "lo"] }));
    const answer = await at.server.post(PATH, { model: "m", input: "hi", stream: true });
    expect(answer.headers.get("content-type")).toStartWith("text/event-stream");
    const { response } = readStream(await answer.text());
    expect(response).toMatchObject({
      status: "completed",
      output: [{ type: "reasoning" }, { type: "message" }],
      usage: { input_tokens: 3, output_tokens: 2, total_tokens: 5 },
    });
    expect(await at.server.nextLine()).toMatchObject({ outcome: "ok", input_tokens: 3, output_tokens: 2 });
  });

  test("never hears of what Codex sends beside functions; its calls come back as Codex knows them", async () => {
    const tools = [
      { id: "c1", name: "multi_agent_v1__close_agent", args: ['{"id"', ":1}"] },
      { id: "c2", name: "apply_patch", args: ['{"input":"*** Begin"}'] },
    ];
    await using at = await scene(chats({ tools }));
    const answer = await at.server.post(PATH, {
      model: "m",
      input: [
        { type: "message", role: "developer", content: [{ type: "input_text", text: "You code." }] },
        { type: "message", role: "user", content: [{ type: "input_text", text: "hi" }] },
        { type: "ghost_snapshot", ghost_commit: {} },
      ],
      tools: [
        { type: "function", name: "shell", parameters: { type: "object", properties: {} }, strict: false },
        {
          type: "namespace",
          name: "multi_agent_v1",
          description: "Agents.",
          tools: [{ type: "function", name: "close_agent", parameters: { type: "object", properties: {} } }],
        },
        { type: "custom", name: "apply_patch", format: { type: "grammar", syntax: "lark", definition: "x" } },
        { type: "web_search", external_web_access: true },
      ],
      tool_choice: "auto",
      parallel_tool_calls: true,
      reasoning: { summary: "auto" },
      store: false,
      stream: true,
      include: ["reasoning.encrypted_content"],
      prompt_cache_key: "k",
      client_metadata: { a: "b" },
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("x-fairlead-notes")).toContain("dropped:input[2]");
    expect(answer.headers.get("x-fairlead-notes")).toContain("dropped:tools[3]");
    const { response } = readStream(await answer.text());
    expect(response.output).toMatchObject([
      { type: "function_call", namespace: "multi_agent_v1", name: "close_agent", arguments: '{"id":1}' },
      { type: "custom_tool_call", name: "apply_patch", input: "*** Begin" },
    ]);
    const sent = at.asked()[0]?.tools as { type: string; function: JsonRecord }[];
    expect(sent.map(({ type, function: { name } }) => [type, name])).toEqual([
      ["function", "shell"],
      ["function", "multi_agent_v1__close_agent"],
      ["function", "apply_patch"],
    ]);
    expect(at.asked()[0]?.messages).toMatchObject([{ role: "system" }, { role: "user" }]);
  });
});

describe("what goes wrong", () => {
  test("before the answer is an HTTP error: a context that is full, in whatever words the engine says it", async () => {
    const full: Script = (_, wire) =>
      wire.json(400, errorObject("This model's maximum context length is 10 tokens, you asked for 20."));
    await using at = await scene(full);
    for (const stream of [false, true]) {
      const answer = await ask(at.server, { stream });
      expect([answer.status, errorIn(answer).code]).toEqual([400, "context_length_exceeded"]);
    }
  });

  test("in the middle of it is an error, and then a response that failed; it is not kept", async () => {
    const frames = payloads(chatChunks({ text: ["Hel", "lo"] }))
      .slice(0, 2)
      .map(sseFrame)
      .join("");
    await using at = await scene(cutAfter(frames, "fin"), KEPT);
    const answer = await at.server.post(PATH, { model: "m", input: "hi", stream: true });
    const { types, response } = readStream(await answer.text());
    expect(types.slice(-2)).toEqual(["error", "failed"]);
    expect(response).toMatchObject({ status: "failed", error: { code: "server_error" } });
    expect((await at.server.get(`${PATH}/${response.id}`)).status).toBe(404);
    expect(await at.server.nextLine()).toMatchObject({ outcome: "truncated" });
  });

  test("a WebSocket is refused in words, so that clients take the plain way", async () => {
    await using at = await scene(chats({}));
    const caller = await at.server.caller();
    const answer = await caller.ask(PATH, {
      headers: {
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      },
    });
    expect(answer.status).toBe(405);
    expect(JSON.parse(answer.text)).toMatchObject({ error: { code: "method_not_supported" } });
  });
});

describe("a conversation goes on from a response", () => {
  test("at a backend that knows nothing of it", async () => {
    const scripts = inTurn(
      chats({ text: ["one"] }),
      chats({ tools: [{ id: "c1", name: "f", args: ["{}"] }] }),
      chats({ text: ["three"] }),
    );
    await using at = await scene(scripts, KEPT);
    const first = await ask(at.server, { instructions: "Not inherited.", input: "a" });
    const second = await at.server.post(PATH, {
      model: "m",
      input: "b",
      previous_response_id: first.body.id,
      stream: true,
    });
    const { id } = readStream(await second.text()).response;
    const output = { type: "function_call_output", call_id: "c1", output: "ok" };
    const third = await ask(at.server, { input: [output], previous_response_id: id });
    expect(third.body).toMatchObject({
      previous_response_id: id,
      output: [{ content: [{ text: "three" }] }],
    });
    expect(at.asked()[2]?.messages).toMatchObject([
      { role: "user", content: "a" },
      { role: "assistant", content: "one" },
      { role: "user", content: "b" },
      { role: "assistant", tool_calls: [{ id: "c1", function: { name: "f" } }] },
      { role: "tool", tool_call_id: "c1", content: "ok" },
    ]);
  });

  test("at a backend of the same dialect, which gets all of it and keeps nothing itself", async () => {
    const message = {
      id: "msg_up",
      type: "message",
      role: "assistant",
      status: "completed",
      content: [{ type: "output_text", text: "one", annotations: [], logprobs: [] }],
    };
    const responds: Script = (_, wire) =>
      wire.json(200, {
        id: "resp_up",
        object: "response",
        created_at: 1,
        status: "completed",
        model: "m",
        output: [message],
        usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
      });
    await using at = await scene(responds, { ...KEPT, type: "openai" });
    const first = await ask(at.server, { input: "a" });
    expect(first.body.output).toMatchObject([{ id: "msg_up" }]);
    expect(first.body.id).not.toBe("resp_up");
    const input = [{ type: "item_reference", id: "msg_up" }];
    await ask(at.server, { input, previous_response_id: first.body.id });
    expect(at.paths()).toEqual([PATH, PATH]);
    expect(at.asked()[1]).toMatchObject({
      input: [{ role: "user", content: [{ type: "input_text", text: "a" }] }, message, message],
      store: false,
    });
    expect(at.asked()[1]).not.toHaveProperty("previous_response_id");
  });

  test("with the seal of the vendor that made it, for that vendor alone", async () => {
    const signed: Script = (_, wire) =>
      wire.json(200, {
        id: "msg_1",
        type: "message",
        role: "assistant",
        model: "m",
        content: [
          { type: "thinking", thinking: "hm", signature: "c2lnbmVk+/==" },
          { type: "text", text: "one" },
        ],
        stop_reason: "end_turn",
        usage: { input_tokens: 1, output_tokens: 1 },
      });
    await using vendor = await startUpstream(signed);
    await using engine = await startUpstream(chats({ text: ["two"] }));
    const backends = [
      backendAt(vendor, { name: "vendor", type: "anthropic" }),
      backendAt(engine, { name: "engine", type: "vllm" }),
    ];
    await using server = await startServer({ ...KEPT, backends });
    const { body } = await ask(server, { model: "vendor/m", input: "a" });
    expect(body.output[0]).not.toHaveProperty("encrypted_content");
    for (const model of ["vendor/m", "engine/m"])
      expect(await ask(server, { model, input: "b", previous_response_id: body.id })).toMatchObject({
        status: 200,
      });
    const seal = '"signature":"c2lnbmVk+/=="';
    expect(vendor.requests[1]?.text()).toContain(seal);
    expect(engine.requests[0]?.text()).not.toContain("c2lnbmVk");
  });

  test("that nobody knows is refused", async () => {
    await using at = await scene(chats({}), KEPT);
    const answer = await ask(at.server, { previous_response_id: "resp_0" });
    expect(answer.status).toBe(400);
    expect(errorIn(answer)).toMatchObject({
      code: "previous_response_not_found",
      param: "previous_response_id",
    });
    expect(at.asked()).toEqual([]);
  });

  test("after a restart; and where nothing new is kept, what was kept is still there", async () => {
    using folder = place();
    const stateDir = folder.path;
    let id = "";
    {
      await using at = await scene(chats({ text: ["one"] }), { ...KEPT, stateDir });
      id = (await ask(at.server, { input: "a" })).body.id;
    }
    await using at = await scene(chats({ text: ["two"] }), { responses: { store: false }, stateDir });
    const { status, body } = await ask(at.server, { input: "b", previous_response_id: id });
    expect([status, body.store]).toEqual([200, false]);
    expect(at.asked()[0]?.messages).toHaveLength(3);
    expect((await at.server.get(`${PATH}/${body.id}`)).status).toBe(404);
  });
});

describe("a kept response", () => {
  test("is got, listed, replayed and deleted", async () => {
    await using at = await scene(chats({ text: ["one"] }), KEPT);
    const { body } = await ask(at.server, { input: "a" });
    const path = `${PATH}/${body.id}`;
    const get = async (more = "") => (await at.server.get(path + more)).json();
    expect(await get()).toEqual(body);
    expect(await get("/input_items?limit=1")).toMatchObject({ object: "list", data: [{ role: "user" }] });
    const replay = await at.server.get(`${path}?stream=true`);
    expect(replay.headers.get("content-type")).toStartWith("text/event-stream");
    expect(readStream(await replay.text()).response).toEqual(body);
    expect(await get("?stream=true&starting_after=3")).toMatchObject({ error: { param: "starting_after" } });
    const cancelled = await at.server.post(`${path}/cancel`, {});
    expect([cancelled.status, await cancelled.json()]).toMatchObject([
      400,
      { error: { message: "Cannot cancel a synchronous response." } },
    ]);
    const remove = () => fetch(at.server.url + path, { method: "DELETE" });
    expect(await (await remove()).json()).toEqual({ id: body.id, object: "response", deleted: true });
    expect((await remove()).status).toBe(404);
    expect(await get()).toMatchObject({ error: { type: "invalid_request_error", code: null } });
    expect(await get("/input_items")).toMatchObject({ error: { code: null } });
  });

  test("is its own client's alone", async () => {
    await using at = await scene(chats({ text: ["one"] }), {
      ...KEPT,
      server: { apiKeys: ["sk-a", "sk-b"] },
    });
    const [a, b] = [{ authorization: "Bearer sk-a" }, { authorization: "Bearer sk-b" }];
    const { body } = await ask(at.server, {}, a);
    const path = `${PATH}/${body.id}`;
    for (const more of ["", "/input_items", "?stream=true"])
      expect((await at.server.get(path + more, b)).status).toBe(404);
    expect((await fetch(at.server.url + path, { method: "DELETE", headers: b })).status).toBe(404);
    expect((await at.server.post(`${path}/cancel`, {}, b)).status).toBe(404);
    const stolen = await ask(at.server, { previous_response_id: body.id }, b);
    expect([stolen.status, errorIn(stolen).code]).toEqual([400, "previous_response_not_found"]);
    expect((await ask(at.server, { previous_response_id: body.id }, { "x-api-key": "sk-a" })).status).toBe(
      200,
    );
  });

  test("is not kept for store: false", async () => {
    await using at = await scene(chats({ text: ["one"] }), KEPT);
    const { body } = await ask(at.server, { store: false });
    expect(body.store).toBe(false);
    expect((await at.server.get(`${PATH}/${body.id}`)).status).toBe(404);
  });
});

test("the tokens of a request are estimated, and nobody is asked for that", async () => {
  await using at = await scene(chats({}));
  const answer = await at.server.post(`${PATH}/input_tokens`, {
    model: "m",
    input: "How many tokens may this be?",
  });
  expect(await answer.json()).toEqual({
    object: "response.input_tokens",
    input_tokens: expect.any(Number),
    x_fairlead: { usage: "estimated" },
  });
  expect(at.asked()).toEqual([]);
});
