import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import Anthropic from "@anthropic-ai/sdk";
import { describeWithEngine } from "../engine/llama-server.ts";
import { type RunningBinary, startBinary } from "./binary.ts";
import { type Fleet, MODEL, START_MS, startFleet, thrownBy } from "./fleet.ts";

/** The SDK as an application makes it, but without second tries: they would hide a failure. */
function clientOf({ url }: RunningBinary, apiKey = "none"): Anthropic {
  return new Anthropic({ baseURL: url, apiKey, maxRetries: 0 });
}

const user = (content: Anthropic.MessageParam["content"]): Anthropic.MessageParam => ({
  role: "user",
  content,
});

const WEATHER: Anthropic.Tool = {
  name: "weather",
  description: "The weather of a city",
  input_schema: {
    type: "object",
    properties: { city: { type: "string" }, days: { type: "integer" } },
    required: ["city", "days"],
  },
};
const INPUT = { city: expect.any(String), days: expect.any(Number) };

const textOf = ({ content }: Pick<Anthropic.Message, "content">) =>
  content.map((block) => (block.type === "text" ? block.text : "")).join("");
const callsOf = ({ content }: Pick<Anthropic.Message, "content">) =>
  content.filter((block) => block.type === "tool_use");

describe("the Anthropic SDK and the compiled binary alone: no engine, no key, no config", () => {
  let server: RunningBinary | undefined;
  let client: Anthropic;
  beforeAll(async () => {
    server = await startBinary();
    client = clientOf(server);
  }, START_MS);
  afterAll(async () => void (await server?.stop()));

  const ask = { model: "echo", max_tokens: 64, messages: [user("The sea is wide")] };

  test("gets a message, and the id of its request", async () => {
    const { data, request_id: id } = await client.messages.create(ask).withResponse();
    expect(data).toMatchObject({
      type: "message",
      role: "assistant",
      model: "echo",
      content: [{ type: "text", text: "The sea is wide" }],
      stop_reason: "end_turn",
      stop_sequence: null,
      usage: { input_tokens: expect.any(Number), output_tokens: expect.any(Number) },
    });
    expect(id).toMatch(/^[\w-]{36}$/);
  });

  test("streams it word by word, raw and with the helper", async () => {
    const events = await Array.fromAsync(await client.messages.create({ ...ask, stream: true }));
    expect(events.map(({ type }) => type)).toEqual([
      "message_start",
      "content_block_start",
      ...Array.from({ length: 4 }, () => "content_block_delta" as const),
      "content_block_stop",
      "message_delta",
      "message_stop",
    ]);
    const words: string[] = [];
    const stream = client.messages.stream(ask).on("text", (word) => words.push(word));
    expect(await stream.finalText()).toBe("The sea is wide");
    expect(words).toHaveLength(4);
    expect(await stream.finalMessage()).toMatchObject({ stop_reason: "end_turn" });
  });

  test("calls the tool it must, streamed and not, and answers with its result", async () => {
    const forced = { ...ask, tools: [WEATHER], tool_choice: { type: "any" as const } };
    const whole = await client.messages.create(forced);
    const streamed = await client.messages.stream(forced).finalMessage();
    for (const message of [whole, streamed]) {
      expect(message.stop_reason).toBe("tool_use");
      expect(callsOf(message)).toMatchObject([{ name: "weather", input: INPUT }]);
    }
    const results = callsOf(whole).map(({ id }) => ({
      type: "tool_result" as const,
      tool_use_id: id,
      content: [{ type: "text" as const, text: "18 degrees" }],
    }));
    const messages = [
      ...ask.messages,
      { role: "assistant" as const, content: whole.content },
      user([...results, { type: "text", text: "So?" }]),
    ];
    const last = await client.messages.create({ ...ask, tools: [WEATHER], messages });
    expect(last).toMatchObject({ stop_reason: "end_turn", content: [{ type: "text" }] });
  });

  test("lists and describes the models", async () => {
    const models = await Array.fromAsync(client.models.list());
    expect(models).toMatchObject([{ type: "model", id: "echo", display_name: "echo" }]);
    expect(await client.models.retrieve("echo")).toMatchObject({ type: "model", id: "echo" });
    expect(await thrownBy(client.models.retrieve("ecko"))).toBeInstanceOf(Anthropic.NotFoundError);
  });

  test("is told how many tokens a message has", async () => {
    const { input_tokens: few } = await client.messages.countTokens({
      model: "echo",
      messages: ask.messages,
    });
    const { input_tokens: more } = await client.messages.countTokens({
      model: "echo",
      system: "Be kind. ".repeat(100),
      messages: ask.messages,
    });
    expect(few).toBeGreaterThan(0);
    expect(more).toBeGreaterThan(few + 100);
  });

  test("may leave a stream in the middle, which is no failure", async () => {
    const long = { max_tokens: 30_000, messages: [user("boat ".repeat(20_000))] };
    const endless = { ...ask, ...long, stream: true as const };
    const { data, response } = await client.messages.create(endless).withResponse();
    for await (const event of data) if (event.type === "content_block_delta") break;
    const id = response.headers.get("request-id");
    expect(await server?.logged({ id })).toMatchObject({ outcome: "cancelled", level: "info" });
  });

  test("is told of a wrong model and a wrong body as the SDK's own errors", async () => {
    const wrong = await thrownBy(client.messages.create({ ...ask, model: "ecko" }));
    expect(wrong).toBeInstanceOf(Anthropic.NotFoundError);
    expect(wrong).toMatchObject({
      type: "not_found_error",
      errorCode: "model_not_found",
      apiMessage: expect.stringContaining('Did you mean "echo"?'),
      requestID: expect.stringMatching(/^[\w-]{36}$/),
    });
    const bad = await thrownBy(client.messages.create({ ...ask, messages: [] }));
    expect(bad).toBeInstanceOf(Anthropic.BadRequestError);
    expect(String(bad)).toContain("'messages'");
  });
});

describe("the Anthropic SDK and a server with keys", () => {
  test("is let in with the key alone, and told in its own words when it has another", async () => {
    await using server = await startBinary({ config: '[server]\napi_keys = ["sk-of-the-test"]\n' });
    const { data } = await clientOf(server, "sk-of-the-test").models.list();
    expect(data).toMatchObject([{ id: "echo" }]);
    const thrown = await thrownBy(clientOf(server, "sk-of-somebody").models.list());
    expect(thrown).toBeInstanceOf(Anthropic.AuthenticationError);
    expect(thrown).toMatchObject({ type: "authentication_error" });
  });
});

describeWithEngine("the Anthropic SDK, the compiled binary and llama-server", () => {
  let fleet: Fleet | undefined;
  let client: Anthropic;
  beforeAll(async () => {
    fleet = await startFleet(["tool", "think"]);
    client = clientOf(fleet.server);
  }, START_MS);
  afterAll(() => fleet?.stop());

  const ask = { model: MODEL.tool, max_tokens: 200, messages: [user("Hello")] };

  test("a message in words, streamed and not, with the engine's own count", async () => {
    const whole = await client.messages.create({ ...ask, system: "Be brief." });
    const streamed = await client.messages.stream({ ...ask, system: "Be brief." }).finalMessage();
    for (const message of [whole, streamed]) {
      expect(message.stop_reason).toBe("end_turn");
      expect(textOf(message)).toMatch(/^[A-Z].*\.$/);
      expect(message.usage.output_tokens).toBeGreaterThan(1);
      const { input_tokens: fresh, cache_read_input_tokens: cached } = message.usage;
      const counted = await client.messages.countTokens({
        model: MODEL.tool,
        system: "Be brief.",
        messages: ask.messages,
      });
      expect(fresh + (cached ?? 0)).toBe(counted.input_tokens);
      expect(counted).not.toHaveProperty("x_fairlead");
    }
  });

  test("an answer that is cut short says so", async () => {
    expect(await client.messages.create({ ...ask, max_tokens: 2 })).toMatchObject({
      stop_reason: "max_tokens",
      usage: { output_tokens: 2 },
    });
  });

  test("tools are called as their schema says, and answered with their results", async () => {
    const stream = client.messages.stream({ ...ask, tools: [WEATHER] });
    const called = await stream.finalMessage();
    expect(called.stop_reason).toBe("tool_use");
    expect(callsOf(called).length).toBeGreaterThan(0);
    for (const call of callsOf(called)) expect(call).toMatchObject({ name: "weather", input: INPUT });
    const results = callsOf(called).map(({ id }) => ({
      type: "tool_result" as const,
      tool_use_id: id,
      content: "18 degrees",
    }));
    const messages = [
      ...ask.messages,
      { role: "assistant" as const, content: called.content },
      user(results),
    ];
    const last = await client.messages.create({ ...ask, tools: [WEATHER], messages });
    expect(last.stop_reason).toBe("end_turn");
    expect(textOf(last)).toMatch(/^[A-Z].*\.$/);
  });

  test("thinking is a block before the words, and may come back with the next turn", async () => {
    const thoughtful = { ...ask, model: MODEL.think };
    const whole = await client.messages.create(thoughtful);
    const stream = client.messages.stream(thoughtful);
    const thoughts: string[] = [];
    stream.on("thinking", (thought) => thoughts.push(thought));
    const streamed = await stream.finalMessage();
    expect(thoughts.join("")).not.toBe("");
    for (const { content } of [whole, streamed]) {
      expect(content.map(({ type }) => type)).toEqual(["thinking", "text"]);
      expect(content[0]).toMatchObject({ thinking: expect.stringMatching(/\w/), signature: "" });
    }
    const messages = [
      ...ask.messages,
      { role: "assistant" as const, content: whole.content },
      user("And then?"),
    ];
    const next = await client.messages.create({ ...thoughtful, messages });
    expect(textOf(next)).toMatch(/\w/);
  });

  test.each([false, true])(
    "a prompt that is too long is told with both numbers (stream: %p)",
    async (stream) => {
      const messages = [user("boat ".repeat(40_000))];
      const thrown = await thrownBy(client.messages.create({ ...ask, messages, stream }));
      expect(thrown).toBeInstanceOf(Anthropic.BadRequestError);
      expect(thrown).toMatchObject({
        type: "invalid_request_error",
        errorCode: "context_length_exceeded",
        apiMessage: expect.stringMatching(/^prompt is too long: \d+ tokens > \d+ maximum$/),
      });
    },
  );
});
