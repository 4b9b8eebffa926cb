import { describe, expect, test } from "bun:test";
import type { JsonRecord } from "../../src/core/json.ts";
import { errorObject } from "../upstream/answers.ts";
import { type Script, startUpstream } from "../upstream/scripted.ts";
import { backendAt, startServer } from "./running.ts";

const PATH = "/v1/messages/count_tokens";
const BODY = { model: "m", system: "Be kind.", messages: [{ role: "user", content: "hi" }] };

async function count(type: string, script: Script, more: JsonRecord = {}) {
  await using upstream = await startUpstream(script);
  await using server = await startServer({ backends: [backendAt(upstream, { type, apiKey: "sk-up" })] });
  const headers = { "anthropic-version": "2026-10-21", "anthropic-beta": "b-1" };
  const answer = await (await server.caller()).ask(PATH, { headers, body: { ...BODY, ...more } });
  return {
    status: answer.status,
    body: JSON.parse(answer.text) as JsonRecord,
    answer,
    received: upstream.requests,
  };
}

const ESTIMATED = { input_tokens: expect.any(Number), x_fairlead: { usage: "estimated" } };

describe("tokens are counted", () => {
  test("by llama-server itself, of just the body that the client sent", async () => {
    const { body, received, answer } = await count(
      "llamacpp",
      (_, wire) => wire.json(200, { input_tokens: 21 }),
      { unknown: 1, model: "up/m" },
    );
    expect(body).toEqual({ input_tokens: 21 });
    expect(received.map(({ path }) => path)).toEqual([PATH]);
    expect(JSON.parse(received[0]?.text() ?? "")).toEqual({ ...BODY, unknown: 1 });
    expect(answer.headers.get("x-fairlead-backend")).toBe("up");
  });

  test("by vLLM, of the chat that it would get", async () => {
    const { body, received } = await count("vllm", (_, wire) =>
      wire.json(200, { count: 17, max_model_len: 4096, tokens: [1, 2] }),
    );
    expect(body).toEqual({ input_tokens: 17 });
    expect(received.map(({ path }) => path)).toEqual(["/tokenize"]);
    const asked = JSON.parse(received[0]?.text() ?? "") as JsonRecord;
    expect(asked).toMatchObject({ model: "m", add_generation_prompt: true });
    expect(asked).not.toHaveProperty("max_tokens");
    expect(asked).not.toHaveProperty("stream");
  });

  test("by Anthropic, with the headers that change what is meant", async () => {
    const { body, received } = await count("anthropic", (_, wire) => wire.json(200, { input_tokens: 9 }));
    expect(body).toEqual({ input_tokens: 9 });
    expect(received[0]?.path).toBe(PATH);
    expect(received[0]?.text()).toBe(JSON.stringify(BODY));
    expect(received[0]?.header("anthropic-beta")).toBe("b-1");
    expect(received[0]?.header("anthropic-version")).toBe("2026-10-21");
  });

  test("by Anthropic as they would be sent: without a signature that is not its own", async () => {
    const thought = (signature: string) => ({ type: "thinking", thinking: "hm", signature });
    const content = [thought("fl1.gemini.thought.Zm9v"), thought(""), { type: "text", text: "Hello" }];
    const messages = [...BODY.messages, { role: "assistant", content }, { role: "user", content: "So?" }];
    const { received } = await count("anthropic", (_, wire) => wire.json(200, { input_tokens: 9 }), {
      messages,
    });
    expect(received[0]?.text()).not.toContain("thinking");
    expect(received[0]?.text()).not.toContain("max_tokens");
    expect(received[0]?.text()).toContain("Hello");
  });

  test("by Anthropic or not at all: what it refuses is refused", async () => {
    const refuses: Script = (_, wire) =>
      wire.json(400, { type: "error", error: { type: "invalid_request_error", message: "too odd" } });
    const { status, body } = await count("anthropic", refuses);
    expect([status, body]).toMatchObject([
      400,
      { type: "error", error: { type: "invalid_request_error", message: "too odd" } },
    ]);
  });
});

describe("tokens are guessed, and that is said", () => {
  test.each<[string, Script]>([
    ["has no such route", (_, wire) => wire.json(404, errorObject("no"))],
    ["answers with something else", (_, wire) => wire.json(200, { tokens: "many" })],
    ["answers with no JSON", (_, wire) => wire.json(200, "<html>")],
    ["hangs up", (_, wire) => wire.fin()],
  ])("where an engine %s", async (_, script) => {
    for (const type of ["llamacpp", "vllm"]) expect((await count(type, script)).body).toEqual(ESTIMATED);
  });

  test("where nobody counts, without asking", async () => {
    const { body, received } = await count("openai", (_, wire) => wire.json(200, {}));
    expect(body).toEqual(ESTIMATED);
    expect(received).toEqual([]);
  });

  test("higher for more", async () => {
    const never: Script = (_, wire) => wire.json(200, {});
    const tokens = async (more: JsonRecord) => Number((await count("openai", never, more)).body.input_tokens);
    const plain = await tokens({});
    const tool = { name: "a", description: "d".repeat(350), input_schema: { type: "object" } };
    expect(await tokens({ system: "x".repeat(3500) })).toBeGreaterThan(plain + 990);
    expect(await tokens({ tools: [tool] })).toBeGreaterThan(plain + 100);
    const picture = {
      type: "image",
      source: { type: "base64", media_type: "image/png", data: "A".repeat(4000) },
    };
    const seen = await tokens({ messages: [{ role: "user", content: [picture] }] });
    expect(seen).toBeGreaterThan(1000);
    expect(seen).toBeLessThan(2500);
  });
});

test("a request that makes no sense is refused wherever it would have been counted", async () => {
  const wrong = { messages: [{ role: "robot", content: "hi" }] };
  for (const type of ["llamacpp", "vllm", "openai"]) {
    const { status, body, received } = await count(type, (_, wire) => wire.json(200, {}), wrong);
    expect([status, body]).toMatchObject([400, { error: { type: "invalid_request_error" } }]);
    expect(received).toEqual([]);
  }
});
