import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import OpenAI from "openai";
import { makeParseableResponseFormat } from "openai/lib/parser";
import { type RunningBinary, startBinary } from "./binary.ts";
import { chunksOf, clientOf, said, thrownBy, START_MS } from "./fleet.ts";

describe("the openai SDK and the compiled binary alone: no engine, no key, no config", () => {
  let server: RunningBinary | undefined;
  let client: OpenAI;
  beforeAll(async () => {
    server = await startBinary();
    client = clientOf(server);
  }, START_MS);
  afterAll(async () => void (await server?.stop()));

  const ask = { model: "echo", messages: said("The sea is wide") };
  const tool = (name: string): OpenAI.ChatCompletionTool => ({
    type: "function",
    function: {
      name,
      parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
    },
  });

  test("lists and describes the built-in model", async () => {
    expect((await client.models.list()).data.map(({ id }) => id)).toEqual(["echo"]);
    expect(await client.models.retrieve("echo")).toMatchObject({ id: "echo", object: "model" });
  });

  test("answers a chat, and streams it word by word", async () => {
    const { choices } = await client.chat.completions.create(ask);
    expect(choices[0]).toMatchObject({ finish_reason: "stop", message: { content: "The sea is wide" } });
    const chunks = await chunksOf(client.chat.completions.create({ ...ask, stream: true }));
    const words = chunks.map((chunk) => chunk.choices[0]?.delta.content).filter((word) => word);
    expect(words.join("")).toBe("The sea is wide");
    expect(words).toHaveLength(4);
    expect(await client.chat.completions.stream(ask).finalContent()).toBe("The sea is wide");
  });

  test("calls a tool when one is required, and the one that is named", async () => {
    const tools = [tool("weather"), tool("clock")];
    const choices = ["required", { type: "function", function: { name: "clock" } }] as const;
    for (const [i, tool_choice] of choices.entries()) {
      const message = await client.chat.completions.stream({ ...ask, tools, tool_choice }).finalMessage();
      const [call] = message.tool_calls ?? [];
      expect(call).toMatchObject({ type: "function", function: { name: i === 0 ? "weather" : "clock" } });
      const args = call?.type === "function" ? call.function.arguments : "";
      expect(JSON.parse(args)).toEqual({ city: expect.any(String) });
    }
  });

  test("gives an instance of a json_schema", async () => {
    const schema = {
      type: "object",
      properties: { name: { type: "string", minLength: 2 }, tags: { type: "array", items: { enum: ["a"] } } },
      required: ["name", "tags"],
      additionalProperties: false,
    };
    const response_format = makeParseableResponseFormat(
      { type: "json_schema", json_schema: { name: "thing", strict: true, schema } },
      (content): unknown => JSON.parse(content),
    );
    const { choices } = await client.chat.completions.parse({ ...ask, response_format });
    expect(choices[0]?.message.parsed).toEqual({ name: expect.any(String), tags: expect.any(Array) });
  });

  test("turns texts into unit vectors, the same in both encodings", async () => {
    const input = ["boat", "moon"];
    const byDefault = await client.embeddings.create({ model: "echo", input });
    const floats = await client.embeddings.create({ model: "echo", input, encoding_format: "float" });
    const rounded = (numbers: number[] = []) => [...new Float32Array(numbers)];
    expect(byDefault.data.map(({ embedding }) => embedding)).toEqual(
      floats.data.map(({ embedding }) => rounded(embedding)),
    );
    const length = byDefault.data[0]?.embedding.reduce((sum, value) => sum + value * value, 0);
    expect(length).toBeCloseTo(1, 4);
  });

  test("completes a prompt", async () => {
    const { choices } = await client.completions.create({ model: "echo", prompt: "The sea" });
    expect(choices[0]).toMatchObject({ text: "The sea", finish_reason: "stop" });
  });

  test("tells a wrong model and a wrong body as the SDK's own errors", async () => {
    const wrong = await thrownBy(client.chat.completions.create({ ...ask, model: "ecko" }));
    expect(wrong).toBeInstanceOf(OpenAI.NotFoundError);
    expect(String(wrong)).toContain('Did you mean "echo"?');
    const bad = await thrownBy(client.chat.completions.create({ ...ask, messages: [] }));
    expect(bad).toBeInstanceOf(OpenAI.BadRequestError);
    expect(bad).toMatchObject({ param: "messages" });
  });
});
