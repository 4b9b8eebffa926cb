import { createOpenAI } from "@ai-sdk/openai";
import { generateText, isStepCount, jsonSchema, Output, streamText, tool } from "ai";
import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import OpenAI from "openai";
import { zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";
import { describeWithEngine } from "../engine/llama-server.ts";
import { type RunningBinary, scratchFolder, startBinary } from "./binary.ts";
import { chunksOf, clientOf, type Fleet, MODEL, startFleet, START_MS, thrownBy } from "./fleet.ts";

/** The AI SDK as an application makes it: its default mode is Responses, with everything stored. */
const aiOf = (server: RunningBinary, sent: string[] = []) =>
  createOpenAI({
    baseURL: `${server.url}/v1`,
    apiKey: "none",
    fetch: Object.assign(
      (url: string | URL | Request, init?: RequestInit) => {
        sent.push(String(init?.body));
        return fetch(url, init);
      },
      { preconnect: fetch.preconnect },
    ),
  });

const CITY = { type: "object", properties: { city: { type: "string" } }, required: ["city"] } as const;

describe("clients of Responses and the compiled binary alone", () => {
  let server: RunningBinary;
  let client: OpenAI;
  beforeAll(async () => {
    server = await startBinary();
    client = clientOf(server);
  }, START_MS);
  afterAll(async () => void (await server.stop()));

  const ask = { model: "echo", input: "The sea is wide" };
  const weather: OpenAI.Responses.FunctionTool = {
    type: "function",
    name: "weather",
    parameters: { ...CITY },
    strict: false,
  };

  test("responses.create answers, and streams word by word", async () => {
    const response = await client.responses.create(ask);
    expect(response).toMatchObject({
      object: "response",
      status: "completed",
      output_text: "The sea is wide",
    });
    const events = await chunksOf(client.responses.create({ ...ask, stream: true }));
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, at) => at));
    const words = events.flatMap((event) =>
      event.type === "response.output_text.delta" ? [event.delta] : [],
    );
    expect([words.length, words.join("")]).toEqual([4, "The sea is wide"]);
  });

  test("responses.stream puts a text and a call together, and says each event", async () => {
    const helper = client.responses.stream({ ...ask, tools: [weather], tool_choice: "required" });
    const said: string[] = [];
    helper.on("response.function_call_arguments.delta", ({ delta }) => said.push(delta));
    const { output, status } = await helper.finalResponse();
    const [call] = output;
    if (call?.type !== "function_call") throw new Error("there is no call");
    expect([status, call.name, JSON.parse(call.arguments)]).toEqual([
      "completed",
      "weather",
      { city: expect.any(String) },
    ]);
    expect(said.join("")).toBe(call.arguments);
    expect((await client.responses.stream(ask).finalResponse()).output_text).toBe("The sea is wide");
  });

  test("responses.parse gets an instance of its schema", async () => {
    const shape = z.object({ name: z.string(), tags: z.array(z.enum(["a"])) });
    const { output_parsed } = await client.responses.parse({
      ...ask,
      text: { format: zodTextFormat(shape, "thing") },
    });
    expect(shape.safeParse(output_parsed).success).toBe(true);
  });

  test("a conversation goes on, and what was kept is got, listed, replayed and deleted", async () => {
    const first = await client.responses.create(ask);
    const second = await client.responses.create({
      ...ask,
      input: "and deep",
      previous_response_id: first.id,
    });
    expect(second).toMatchObject({ previous_response_id: first.id, output_text: "and deep" });
    expect(second.usage?.input_tokens).toBeGreaterThan(first.usage?.input_tokens ?? Infinity);
    expect((await client.responses.retrieve(second.id)).output).toEqual(second.output);
    const items = await Array.fromAsync(client.responses.inputItems.list(second.id, { limit: 1 }));
    expect(items).toMatchObject([
      { type: "message", role: "user", content: [{ type: "input_text", text: "and deep" }] },
    ]);
    const replay = await chunksOf(client.responses.retrieve(second.id, { stream: true }));
    expect(replay.at(-1)).toMatchObject({ type: "response.completed", response: { id: second.id } });
    await client.responses.delete(second.id);
    expect(await thrownBy(client.responses.retrieve(second.id))).toBeInstanceOf(OpenAI.NotFoundError);
    expect(
      await thrownBy(client.responses.create({ ...ask, previous_response_id: second.id })),
    ).toMatchObject({
      status: 400,
      code: "previous_response_not_found",
      param: "previous_response_id",
    });
    expect(await thrownBy(client.responses.cancel(first.id))).toBeInstanceOf(OpenAI.BadRequestError);
    expect((await client.responses.inputTokens.count(ask)).input_tokens).toBeGreaterThan(0);
  });

  test("what was kept outlives the process that kept it, even if that is killed at once", async () => {
    const cwd = scratchFolder();
    try {
      await using first = await startBinary({ cwd });
      const { id, output } = await clientOf(first).responses.create(ask);
      first.signal("SIGKILL");
      await first.exited;
      await using second = await startBinary({ cwd });
      expect((await clientOf(second).responses.retrieve(id)).output).toEqual(output);
    } finally {
      rmSync(cwd, { recursive: true, force: true });
    }
  });

  test("the AI SDK's default mode writes, streams, calls tools over several steps, and makes objects", async () => {
    const model = aiOf(server)("echo");
    const { text, usage } = await generateText({ model, prompt: "The sea is wide" });
    expect([text, usage.totalTokens]).toEqual(["The sea is wide", 8]);
    const stream = streamText({ model, prompt: "The sea is wide" });
    expect((await Array.fromAsync(stream.textStream)).join("")).toBe("The sea is wide");
    expect(await stream.finishReason).toBe("stop");
    const { output } = await generateText({
      model,
      prompt: "a thing",
      output: Output.object({ schema: z.object({ name: z.string() }) }),
    });
    expect(output).toEqual({ name: expect.any(String) });
  });

  test("the AI SDK runs a tool and goes on with what it answered", async () => {
    const cities: string[] = [];
    const { steps, text } = await generateText({
      model: aiOf(server)("echo"),
      prompt: "weather",
      tools: {
        weather: tool({
          inputSchema: jsonSchema<{ city: string }>({ ...CITY, required: ["city"] }),
          execute: ({ city }) => {
            cities.push(city);
            return "sunny";
          },
        }),
      },
      stopWhen: isStepCount(2),
      prepareStep: ({ stepNumber }) => ({ toolChoice: stepNumber === 0 ? "required" : "auto" }),
    });
    expect([steps.length, cities.length, text]).toEqual([2, 1, "weather"]);
  });

  test("the AI SDK refers to what was kept instead of sending it again, and that is found", async () => {
    const sent: string[] = [];
    const model = aiOf(server, sent)("echo");
    const first = await generateText({ model, prompt: "a" });
    const messages = [
      { role: "user" as const, content: "a" },
      ...first.response.messages,
      { role: "user" as const, content: "b" },
    ];
    const second = await generateText({ model, messages });
    expect(sent[1]).toContain('"type":"item_reference"');
    expect([second.text, second.usage.inputTokens]).toEqual(["b", 3]);
    expect(second.response.headers).not.toHaveProperty("x-fairlead-notes");
    expect(server.log().filter(({ level }) => level === "warn" || level === "error")).toEqual([]);
  });
});

describeWithEngine("clients of Responses, the compiled binary and llama-server", () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet(["tool", "think"]);
  }, START_MS);
  afterAll(() => fleet.stop());

  const ask = { input: "Hello", temperature: 0 };

  test("the openai SDK's helper reads a stream that llama-server's own would make it throw at", async () => {
    const { client } = fleet;
    const whole = await client.responses.create({ ...ask, model: MODEL.tool });
    expect(whole.output_text).toMatch(/^[A-Z].*\.$/);
    const read = await client.responses.stream({ ...ask, model: MODEL.tool }).finalResponse();
    expect(read.output_text).toBe(whole.output_text);
    expect(read.usage?.total_tokens).toBe((read.usage?.input_tokens ?? 0) + (read.usage?.output_tokens ?? 0));
  });

  test("reasoning is an item with a summary before the text, for both SDKs", async () => {
    const read = await fleet.client.responses.stream({ ...ask, model: MODEL.think }).finalResponse();
    expect(read.output.map(({ type }) => type)).toEqual(["reasoning", "message"]);
    const { reasoningText, text } = await generateText({
      model: aiOf(fleet.server)(MODEL.think),
      prompt: "Hello",
      temperature: 0,
    });
    expect([reasoningText, text]).toEqual([expect.stringMatching(/./), expect.stringMatching(/./)]);
  });

  test("calls stream, and their results go back", async () => {
    const { client } = fleet;
    const clock: OpenAI.Responses.FunctionTool = {
      type: "function",
      name: "clock",
      parameters: { type: "object", properties: {} },
      strict: false,
    };
    const tools = { model: MODEL.tool, tools: [clock] };
    const first = await client.responses
      .stream({ ...tools, input: "What time is it?", tool_choice: "required" })
      .finalResponse();
    const call = first.output.find((item) => item.type === "function_call");
    if (call?.type !== "function_call") throw new Error("there is no call");
    const output = { type: "function_call_output", call_id: call.call_id, output: "noon" } as const;
    const second = await client.responses.create({
      ...tools,
      input: [output],
      previous_response_id: first.id,
    });
    expect(second.status).toBeOneOf(["completed", "incomplete"]);
  });

  test("a cut answer is incomplete, and says why", async () => {
    const { status, incomplete_details } = await fleet.client.responses.create({
      ...ask,
      model: MODEL.tool,
      max_output_tokens: 1,
    });
    expect([status, incomplete_details]).toEqual(["incomplete", { reason: "max_output_tokens" }]);
    const stream = streamText({ model: aiOf(fleet.server)(MODEL.tool), prompt: "Hello", maxOutputTokens: 1 });
    await stream.consumeStream();
    expect(await stream.finishReason).toBe("length");
  });
});
