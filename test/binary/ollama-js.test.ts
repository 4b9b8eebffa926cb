import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type ChatResponse, type Message, Ollama, type Tool } from "ollama";
import { describeWithEngine } from "../engine/llama-server.ts";
import { PICTURE } from "../engine/vision-projector.ts";
import { type RunningBinary, startBinary } from "./binary.ts";
import { type Fleet, MODEL, START_MS, startFleet, thrownBy } from "./fleet.ts";

const clientOf = ({ url: host }: RunningBinary) => new Ollama({ host });
const user = (content: string): Message => ({ role: "user", content });
const textOf = (pieces: readonly ChatResponse[]) => pieces.map(({ message }) => message.content).join("");
const callsOf = (pieces: readonly ChatResponse[]) =>
  pieces.flatMap(({ message }) => message.tool_calls ?? []);

describe("ollama-js and the compiled binary alone: no engine, no key, no config", () => {
  let server: RunningBinary | undefined;
  let client: Ollama;
  beforeAll(async () => {
    server = await startBinary();
    client = clientOf(server);
  }, START_MS);
  afterAll(async () => void (await server?.stop()));

  const ask = { model: "echo", messages: [user("The sea is wide")] };

  test("finds the built-in model, and what it can do", async () => {
    const [listed] = (await client.list()).models;
    expect(listed).toMatchObject({
      name: "echo",
      model: "echo",
      details: { families: [expect.any(String)] },
    });
    expect((await client.ps()).models).toMatchObject([{ name: "echo" }]);
    const shown = await client.show({ model: "echo:latest" });
    expect(shown.capabilities).toEqual(["completion", "tools", "embedding"]);
    expect(shown.model_info).toMatchObject({ "fairlead.context_length": 32768 });
    expect((await client.version()).version).toMatch(/^0\.\d+\.\d+$/);
  });

  test("chats, whole and word by word", async () => {
    const whole = await client.chat({ ...ask, model: "echo:latest" });
    expect(whole).toMatchObject({
      model: "echo:latest",
      message: { role: "assistant", content: "The sea is wide" },
      done: true,
      done_reason: "stop",
      eval_count: 4,
    });
    const pieces = await Array.fromAsync(await client.chat({ ...ask, stream: true }));
    expect(textOf(pieces)).toBe("The sea is wide");
    expect(pieces).toHaveLength(5);
    expect(pieces.map(({ done }) => done)).toEqual([false, false, false, false, true]);
    const { total_duration: total = 0, eval_duration: spent = 0 } = pieces.at(-1) ?? {};
    expect(spent).toBeGreaterThan(0);
    expect(total).toBeGreaterThanOrEqual(spent);
    expect(pieces.every(({ created_at: at }) => !Number.isNaN(new Date(at).getTime()))).toBeTrue();
  });

  test("generates, within its limit", async () => {
    const generated = await client.generate({
      model: "echo",
      prompt: "The sea is wide",
      options: { num_predict: 2 },
    });
    expect(generated).toMatchObject({ response: "The sea", done_reason: "length" });
    const pieces = await Array.fromAsync(
      await client.generate({ model: "echo", prompt: "The sea", stream: true }),
    );
    expect(pieces.map(({ response }) => response).join("")).toBe("The sea");
  });

  test("gets an object of its schema", async () => {
    const format = { type: "object", properties: { name: { type: "string" } }, required: ["name"] };
    const { message } = await client.chat({ ...ask, format });
    expect(JSON.parse(message.content)).toEqual({ name: expect.any(String) });
  });

  test("embeds, by the newer route and the older one", async () => {
    const { embeddings } = await client.embed({ model: "echo", input: ["boat", "moon"] });
    expect(embeddings.map((vector) => vector.length)).toEqual([64, 64]);
    const { embedding } = await client.embeddings({ model: "echo", prompt: "boat" });
    expect(embedding).toEqual(embeddings[0] ?? []);
  });

  test("may ask for a model to be loaded, and let go", async () => {
    expect(await client.generate({ model: "echo", prompt: "" })).toMatchObject({ done_reason: "load" });
    expect(await client.chat({ model: "echo", messages: [], keep_alive: 0 })).toMatchObject({
      done_reason: "unload",
    });
    const pieces = await Array.fromAsync(await client.chat({ model: "echo", messages: [], stream: true }));
    expect(pieces).toMatchObject([{ done: true, done_reason: "load" }]);
  });

  test("throws the texts of errors, with their statuses", async () => {
    expect(await thrownBy(client.chat({ ...ask, model: "ecko" }))).toMatchObject({
      status_code: 404,
      message: expect.stringMatching(/^model 'ecko' not found: .*Did you mean "echo"\?$/),
    });
    expect(
      await thrownBy(client.chat({ ...ask, messages: [{ role: "narrator", content: "" }] })),
    ).toMatchObject({
      status_code: 400,
      message: expect.stringContaining("messages[0].role"),
    });
    expect(await thrownBy(client.pull({ model: "llama" }))).toMatchObject({
      status_code: 404,
      message: expect.stringContaining("managed by their backends"),
    });
  });

  test("leaves in the middle of a stream, and nothing of it goes on", async () => {
    const stream = await client.chat({ ...ask, messages: [user("word ".repeat(4000))], stream: true });
    let seen = 0;
    const reading = async () => {
      for await (const _ of stream) if (++seen === 3) client.abort();
    };
    expect(await thrownBy(reading())).toMatchObject({ name: "AbortError" });
    expect((await client.chat(ask)).message.content).toBe("The sea is wide");
  });
});

const WEATHER: Tool = {
  type: "function",
  function: {
    name: "weather",
    description: "The weather of a city",
    parameters: {
      type: "object",
      properties: { city: { type: "string" }, days: { type: "integer" } },
      required: ["city", "days"],
    },
  },
};
const ARGUMENTS = { city: expect.any(String), days: expect.any(Number) };

describeWithEngine("ollama-js, the compiled binary and llama-server", () => {
  let fleet: Fleet | undefined;
  let client: Ollama;
  beforeAll(async () => {
    fleet = await startFleet(["tool", "think", "embed", "eyes"]);
    client = clientOf(fleet.server);
  }, START_MS);
  afterAll(() => fleet?.stop());

  // Always the likeliest word, so that two answers can be compared.
  const ask = { model: MODEL.tool, messages: [user("Hello")], options: { temperature: 0 } };

  test("finds every engine's model, and what each can do", async () => {
    const { models } = await client.list();
    expect(models.map(({ name }) => name)).toEqual(Object.values(MODEL));
    const abilities = async (model: string) => (await client.show({ model })).capabilities;
    expect(await abilities(MODEL.tool)).toContain("tools");
    expect(await abilities(MODEL.eyes)).toContain("vision");
    expect(await abilities(MODEL.embed)).toEqual(["embedding"]);
    expect((await client.show({ model: MODEL.tool })).model_info).toMatchObject({
      "fairlead.context_length": 32768,
    });
  });

  test("chats, whole and streamed alike", async () => {
    const whole = await client.chat(ask);
    expect(whole.message.content).toMatch(/^[A-Z].*\.$/);
    expect(whole).toMatchObject({ model: MODEL.tool, done_reason: "stop" });
    expect(whole.prompt_eval_count).toBeGreaterThan(5);
    const pieces = await Array.fromAsync(await client.chat({ ...ask, stream: true }));
    expect(textOf(pieces)).toBe(whole.message.content);
    expect(pieces.at(-1)).toMatchObject({ done: true, eval_count: whole.eval_count });
  });

  test("calls tools, and answers in words when it has their results", async () => {
    const asking = { ...ask, tools: [WEATHER], options: { seed: 1 } };
    const { message } = await client.chat(asking);
    const calls = message.tool_calls ?? [];
    expect(calls.length).toBeGreaterThan(0);
    for (const call of calls) expect(call.function).toMatchObject({ name: "weather", arguments: ARGUMENTS });
    const streamed = callsOf(await Array.fromAsync(await client.chat({ ...asking, stream: true })));
    for (const call of streamed)
      expect(call.function).toMatchObject({ name: "weather", arguments: ARGUMENTS });
    expect(streamed.length).toBeGreaterThan(0);
    // As clients of the first hour do it: without ids.
    const given = calls.map(({ function: { name, arguments: args } }) => ({
      function: { name, arguments: args },
    }));
    const results = calls.map(() => ({ role: "tool", content: "18 degrees", tool_name: "weather" }));
    const messages = [...ask.messages, { ...message, tool_calls: given }, ...results];
    expect((await client.chat({ ...asking, messages })).message.content).toMatch(/^[A-Z].*\.$/);
  });

  test("sees thoughts apart from words, whole and streamed", async () => {
    const asking = { ...ask, model: MODEL.think, think: true };
    const { message } = await client.chat(asking);
    expect(message.thinking).toMatch(/\w/);
    expect(message.content).toMatch(/\w/);
    expect(message.content).not.toContain("think>");
    const pieces = await Array.fromAsync(await client.chat({ ...asking, stream: true }));
    expect(pieces.map((piece) => piece.message.thinking ?? "").join("")).toBe(message.thinking ?? "");
    expect(textOf(pieces)).toBe(message.content);
  });

  test("shows a picture, and is told where there are no eyes", async () => {
    const images = [PICTURE.slice(PICTURE.indexOf(",") + 1)];
    const show = (model: string) =>
      client.chat({ ...ask, model, messages: [{ ...user("What is this?"), images }] });
    expect((await show(MODEL.eyes)).message.content).toMatch(/^[A-Z].*\.$/);
    expect(await thrownBy(show(MODEL.tool))).toMatchObject({
      status_code: 400,
      message: expect.stringContaining("image input is not supported"),
    });
  });

  test("generates from a question, and goes on with a raw text", async () => {
    const { options, model } = ask;
    const asked = await client.generate({ model, prompt: "Hello", options });
    expect(asked.response).toBe((await client.chat(ask)).message.content);
    const raw = await client.generate({
      model,
      prompt: "The",
      raw: true,
      options: { ...options, num_predict: 3 },
    });
    expect(raw).toMatchObject({
      response: expect.stringMatching(/\w/),
      done_reason: "length",
      eval_count: 3,
    });
  });

  test("gets an object of its schema", async () => {
    const format = { type: "object", properties: { age: { type: "integer" } }, required: ["age"] };
    const { message } = await client.chat({ ...ask, format });
    expect(JSON.parse(message.content)).toEqual({ age: expect.any(Number) });
  });

  test("embeds, and is told where that cannot be", async () => {
    const { embeddings, prompt_eval_count: read } = await client.embed({
      model: MODEL.embed,
      input: ["boat", "moon"],
    });
    expect(embeddings).toHaveLength(2);
    expect(embeddings[0]?.length).toBeGreaterThan(1);
    expect(read).toBeGreaterThan(0);
    expect(await thrownBy(client.embed({ model: MODEL.tool, input: "boat" }))).toMatchObject({
      status_code: 400,
    });
  });

  test("leaves a long answer, and the engine is free again", async () => {
    const options = { num_predict: 20_000, seed: 1 };
    const stream = await client.generate({
      model: MODEL.tool,
      prompt: "Hello",
      raw: true,
      options,
      stream: true,
    });
    const reading = async () => {
      for await (const _ of stream) client.abort();
    };
    expect(await thrownBy(reading())).toMatchObject({ name: "AbortError" });
    await fleet?.server.logged({ path: "/api/generate", outcome: "cancelled" });
    expect((await client.chat(ask)).done).toBeTrue();
  });
});
