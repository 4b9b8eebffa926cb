import { describe, expect, test } from "bun:test";
import type { JsonRecord } from "../../src/core/json.ts";
import { readMessage } from "../api/anthropic-reader.ts";
import { chatChunks, chatCompletion, errorObject, payloads, type Said } from "../upstream/answers.ts";
import { cutAfter } from "../upstream/faults.ts";
import { type Script, startUpstream } from "../upstream/scripted.ts";
import { sseFrame } from "../upstream/wire.ts";
import type { Answer } from "./caller.ts";
import { lists } from "./questions.ts";
import { backendAt, startServer } from "./running.ts";

const PATH = "/v1/messages";
const VERSION = { "anthropic-version": "2023-06-01" };

const question = (more: JsonRecord = {}): JsonRecord => ({
  model: "m",
  max_tokens: 64,
  messages: [{ role: "user", content: "hi" }],
  ...more,
});

/** What a chat backend says: thoughts, words and two calls, with the reason that engines give. */
const SAID: Said = {
  reasoning: ["h", "m"],
  text: ["Hel", "lo"],
  tools: [
    { id: "c1", name: "a", args: ['{"x"', ":1}"] },
    { id: "c2", name: "b", args: ["{}"] },
  ],
  finish: "stop",
  usage: { prompt: 9, completion: 5, cached: 4 },
};
const CONTENT = [
  { type: "thinking", thinking: "hm", signature: "" },
  { type: "text", text: "Hello" },
  { type: "tool_use", id: "c1", name: "a", input: { x: 1 } },
  { type: "tool_use", id: "c2", name: "b", input: {} },
];
const streams: Script = (_, wire) => wire.sse(payloads(chatChunks(SAID)));
const whole: Script = (_, wire) => wire.json(200, chatCompletion(SAID));

async function ask(script: Script, more: JsonRecord = {}, path = PATH) {
  await using upstream = await startUpstream(script);
  await using server = await startServer({ backends: [backendAt(upstream)] });
  const answer = await (await server.caller()).ask(path, { headers: VERSION, body: question(more) });
  return { answer, received: upstream.requests[0], line: await server.nextLine() };
}

/** The error of an answer that is nothing else; throws when it is not exactly Anthropic's object. */
function errorOf({ text, headers }: Pick<Answer, "text" | "headers">): JsonRecord {
  const { type, error, request_id: id, ...rest } = JSON.parse(text) as JsonRecord & { error: JsonRecord };
  if (type !== "error" || id !== headers.get("request-id") || Object.keys(rest).length > 0)
    throw new Error(`no error of Anthropic's: ${text}`);
  return error;
}

describe("a message", () => {
  test.each([
    ["whole", whole],
    ["streamed", streams],
  ])("is one document, also where the backend's own answer is %s", async (_, script) => {
    const { answer, line } = await ask(script);
    expect(JSON.parse(answer.text)).toEqual({
      id: expect.stringMatching(/^msg_/),
      type: "message",
      role: "assistant",
      model: "m",
      content: CONTENT,
      stop_reason: "tool_use",
      stop_sequence: null,
      usage: {
        input_tokens: 5,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 4,
        output_tokens: 5,
      },
    });
    expect(answer.headers.get("request-id")).toBe(answer.headers.get("x-request-id"));
    expect(line).toMatchObject({ path: PATH, outcome: "ok", stream: false, input_tokens: 9 });
  });

  test.each([
    ["whole", whole],
    ["streamed", streams],
  ])("is a stream of whole blocks, also where the backend's own answer is %s", async (_, script) => {
    const { answer, line } = await ask(script, { stream: true }, `${PATH}?beta=true`);
    expect(answer.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(answer.headers.get("request-id")).toBe(answer.headers.get("x-request-id"));
    const said = readMessage(answer.text);
    expect(said.content).toEqual(CONTENT);
    expect(said.stopped).toBe(true);
    expect(said.message).toMatchObject({
      model: "m",
      stop_reason: "tool_use",
      usage: { input_tokens: 5, cache_read_input_tokens: 4, output_tokens: 5 },
    });
    expect(line).toMatchObject({ stream: true, outcome: "ok", ttft_ms: expect.any(Number) });
  });

  test("that is cut ends in an error event, with all that came before it and no end", async () => {
    const frames = payloads(chatChunks({ text: ["Hel", "lo"] })).slice(0, 2);
    const { answer, line } = await ask(cutAfter(frames.map(sseFrame).join(""), "fin"), { stream: true });
    const said = readMessage(answer.text);
    expect(said.content).toEqual([{ type: "text", text: "Hel" }]);
    expect([said.stopped, said.types.at(-1)]).toEqual([false, "error"]);
    expect(said.error).toMatchObject({
      error: { type: "api_error", details: { error_code: "upstream_truncated" } },
      request_id: answer.headers.get("request-id"),
    });
    expect(line).toMatchObject({ outcome: "truncated" });
  });
});

describe("a chat backend is asked in its own words", () => {
  const asked = async (more: JsonRecord) => {
    const { received, answer } = await ask(streams, more);
    return { body: JSON.parse(received?.text() ?? "") as JsonRecord, received, answer };
  };
  const BILLING = { type: "text", text: "x-anthropic-billing-header: cc_version=2.1; cch=0f1e2;" };

  test("with its instructions first, each call's result right behind it, and what the user said after that", async () => {
    const messages = [
      { role: "user", content: "Weather?" },
      {
        role: "assistant",
        content: [
          { type: "tool_use", id: "t1", name: "a", input: { x: 1 } },
          { type: "tool_use", id: "t2", name: "a", input: {} },
        ],
      },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content: "18" }] },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "t2", content: [{ type: "text", text: "19" }] },
          { type: "text", text: "So?" },
        ],
      },
    ];
    const tools = [{ name: "a", description: "A.", input_schema: { type: "object" } }];
    const { body } = await asked({ system: [BILLING, { type: "text", text: "Be kind." }], messages, tools });
    const calls = ["t1", "t2"].map((id) => ({ id, type: "function", function: { name: "a" } }));
    expect(body.messages).toMatchObject([
      { role: "system", content: "Be kind." },
      { role: "user", content: "Weather?" },
      { role: "assistant", tool_calls: calls },
      { role: "tool", tool_call_id: "t1", content: "18" },
      { role: "tool", tool_call_id: "t2", content: "19" },
      { role: "user", content: "So?" },
    ]);
    expect(body.messages).toHaveLength(6);
    expect(body.tools).toMatchObject([{ type: "function", function: { name: "a", description: "A." } }]);
  });

  test("byte for byte the same whatever the block says that changes with every request", async () => {
    const rest = { type: "text", text: "Be kind." };
    const sent = async (cch: string) => {
      const text = BILLING.text.replace("0f1e2", cch);
      return (await asked({ system: [{ type: "text", text }, rest] })).received?.text();
    };
    const first = await sent("aaaaa");
    expect(await sent("bbbbb")).toBe(first);
    expect(first).not.toContain("billing");
  });

  test("without the headers and fields that only Anthropic knows, which is said", async () => {
    const { received, answer } = await asked({ context_management: { edits: [] } });
    expect(received?.header("anthropic-version")).toBeUndefined();
    expect(received?.text()).not.toContain("context_management");
    expect(answer.headers.get("x-fairlead-notes")).toContain("dropped:context_management");
  });

  test("without a signature that another vendor issued, though with the thought", async () => {
    const thinking = { type: "thinking", thinking: "hm", signature: "EqQBsignature" };
    const messages = [
      { role: "user", content: "hi" },
      { role: "assistant", content: [thinking, { type: "text", text: "Hello" }] },
      { role: "user", content: "again" },
    ];
    const { received, answer } = await asked({ messages });
    expect(answer.status).toBe(200);
    expect(received?.text()).not.toContain("EqQBsignature");
  });
});

describe("a failure is told in Anthropic's words", () => {
  test.each([true, false])("when the prompt is too long (stream: %p)", async (stream) => {
    const message = "This model's maximum context length is 4096 tokens.";
    const refuses: Script = (_, wire) =>
      wire.json(400, errorObject(message, { code: "context_length_exceeded" }));
    const { answer } = await ask(refuses, { stream });
    expect(answer.status).toBe(400);
    expect(errorOf(answer)).toMatchObject({
      type: "invalid_request_error",
      message: expect.stringMatching(/^prompt is too long: /),
      details: { error_code: "context_length_exceeded" },
    });
  });

  test.each<[string, number, string]>([
    ["500", 500, "api_error"],
    ["429", 429, "rate_limit_error"],
    ["503", 503, "overloaded_error"],
  ])("when the backend says %s", async (_, status, type) => {
    const { answer } = await ask((_request, wire) => wire.json(status, errorObject("no")), { stream: true });
    expect([answer.status, errorOf(answer).type]).toEqual([status, type]);
  });

  test("when there is no such model, address or method, when the body is wrong or the key missing", async () => {
    await using upstream = await startUpstream(streams);
    const server = await startServer({
      backends: [backendAt(upstream, { models: ["llama-3"] })],
      server: { apiKeys: ["sk-of-the-test"] },
    });
    await using _ = server;
    const key = { "x-api-key": "sk-of-the-test" };
    const said = async (path: string, body: unknown, headers: Record<string, string> = key) => {
      const answer = await (await server.caller()).ask(path, { headers, ...(body ? { body } : {}) });
      return [answer.status, errorOf(answer)] as const;
    };
    expect(await said(PATH, question({ model: "lama-3" }))).toMatchObject([
      404,
      { type: "not_found_error", message: 'The model "lama-3" does not exist.' },
    ]);
    expect(await said(`${PATH}/batches`, question())).toMatchObject([404, { type: "not_found_error" }]);
    expect(await said(PATH, undefined)).toMatchObject([405, { type: "invalid_request_error" }]);
    expect(await said(PATH, question({ messages: [] }))).toMatchObject([
      400,
      { message: expect.stringContaining("'messages'") },
    ]);
    expect(await said(PATH, "{")).toMatchObject([400, { details: { error_code: "invalid_json" } }]);
    expect(await said(PATH, question(), {})).toMatchObject([401, { type: "authentication_error" }]);
    expect(await said(PATH, question(), { ...key, "content-type": "text/plain" })).toMatchObject([
      415,
      { type: "invalid_request_error" },
    ]);
    const bearer = { authorization: "Bearer sk-of-the-test" };
    const { status } = await (
      await server.caller()
    ).ask(PATH, {
      headers: bearer,
      body: question({ model: "llama-3" }),
    });
    expect(status).toBe(200);
  });
});

describe("the models, for a client of Anthropic's", () => {
  test("are in its own form, and in OpenAI's for any other", async () => {
    await using upstream = await startUpstream(lists(["a", "org/b:c"]));
    await using server = await startServer({ backends: [backendAt(upstream, { models: [] })], look: true });
    const json = async (path: string, headers = {}) =>
      (await (await server.get(path, headers)).json()) as JsonRecord;
    expect(await json("/v1/models?limit=1000", VERSION)).toMatchObject({
      data: [
        { type: "model", id: "a", display_name: "a", created_at: expect.stringMatching(/Z$/) },
        { type: "model", id: "org/b:c" },
      ],
      has_more: false,
      first_id: "a",
      last_id: "org/b:c",
    });
    expect(await json("/v1/models/org%2Fb:c", VERSION)).toMatchObject({ type: "model", id: "org/b:c" });
    expect(await json("/v1/models")).not.toHaveProperty("has_more");
    expect(await json("/v1/models/a")).not.toHaveProperty("display_name");
  });

  test("that nobody has are a 404 in its own form", async () => {
    await using server = await startServer();
    const answer = await (await server.caller()).ask("/v1/models/nope", { headers: VERSION });
    expect([answer.status, errorOf(answer).type]).toEqual([404, "not_found_error"]);
    const other = await (await server.caller()).ask("/v1/models/nope");
    expect(JSON.parse(other.text)).toMatchObject({ error: { code: "model_not_found" } });
    expect(other.headers.has("request-id")).toBe(false);
  });
});
