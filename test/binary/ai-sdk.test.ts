import { APICallError, embed, embedMany, generateText, isStepCount, Output, streamText, tool } from "ai";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { z } from "zod";
import { describeWithEngine } from "../engine/llama-server.ts";
import { AI_PROVIDERS, FIRM, readStream } from "./ai-models.ts";
import { type RunningBinary, startBinary } from "./binary.ts";
import { type Fleet, MODEL, START_MS, startFleet, thrownBy } from "./fleet.ts";

const PROVIDERS = AI_PROVIDERS.map((provider) => [provider.name, provider] as const);
const EMBEDDERS = AI_PROVIDERS.flatMap(({ name, embedder }) => (embedder ? [[name, embedder] as const] : []));

const weather = () => {
  const asked: object[] = [];
  const inputSchema = z.object({ city: z.string(), days: z.number().int() });
  const execute = (input: z.infer<typeof inputSchema>) => {
    asked.push(input);
    return "18 degrees";
  };
  return { asked, tools: { weather: tool({ description: "The weather", inputSchema, execute }) } };
};
const WEATHER = { city: expect.any(String), days: expect.any(Number) };

describe("the AI SDK and the compiled binary alone: no engine, no key, no config", () => {
  let server: RunningBinary;
  beforeAll(async () => {
    server = await startBinary();
  }, START_MS);
  afterAll(async () => void (await server.stop()));

  describe.each(PROVIDERS)("%s", (_, provider) => {
    const ask = () => ({ ...FIRM, model: provider.model(server, "echo"), prompt: "The sea is wide" });

    test("gets a text, and streams it word by word", async () => {
      const { text, finishReason, usage } = await generateText(ask());
      expect([text, finishReason, usage.totalTokens]).toEqual(["The sea is wide", "stop", 8]);
      const words = await Array.fromAsync(streamText(ask()).textStream);
      expect([words.length, words.join("")]).toEqual([4, "The sea is wide"]);
    });

    test("runs the tool that it requires, and goes on with the result, whole and streamed", async () => {
      for (const stream of [false, true]) {
        const { asked, tools } = weather();
        const question = {
          ...ask(),
          tools,
          stopWhen: isStepCount(3),
          prepareStep: ({ stepNumber }: { stepNumber: number }) => ({
            toolChoice: stepNumber === 0 ? ("required" as const) : ("auto" as const),
          }),
        };
        const result = stream ? streamText(question) : await generateText(question);
        expect((await result.steps).map(({ finishReason }) => finishReason)).toEqual(["tool-calls", "stop"]);
        expect(asked).toEqual([WEATHER]);
        expect(await result.text).toBe("The sea is wide");
      }
    });

    test("gets an instance of a schema, whole and streamed", async () => {
      const schema = z.object({ name: z.string().min(2), tags: z.array(z.enum(["a", "b"])) });
      const question = { ...ask(), output: Output.object({ schema }) };
      const whole = await generateText(question);
      expect(schema.safeParse(whole.output).success).toBe(true);
      expect(schema.safeParse(await streamText(question).output).success).toBe(true);
    });

    test("may leave a stream in the middle, which is no failure", async () => {
      const leaving = new AbortController();
      const id = crypto.randomUUID();
      const { ends, aborted, errors } = await readStream({
        ...ask(),
        maxOutputTokens: 30_000,
        prompt: "boat ".repeat(20_000),
        headers: { "x-request-id": id },
        abortSignal: leaving.signal,
        onChunk: ({ chunk }) => {
          if (chunk.type === "text-delta") leaving.abort();
        },
      });
      expect([aborted, ends, errors]).toEqual([true, undefined, []]);
      expect(await server.logged({ id })).toMatchObject({ outcome: "cancelled", level: "info" });
    });

    test("is told of a wrong model as the SDK's own error", async () => {
      const question = { ...ask(), model: provider.model(server, "ecko") };
      const thrown = await thrownBy(generateText(question));
      expect(thrown).toBeInstanceOf(APICallError);
      expect(thrown).toMatchObject({
        statusCode: 404,
        isRetryable: false,
        message: expect.stringContaining('Did you mean "echo"?'),
      });
      const { errors, text } = await readStream(question);
      expect([errors, text]).toEqual([[expect.any(APICallError)], ""]);
    });
  });

  test.each(EMBEDDERS)("%s turns texts into unit vectors", async (_, embedder) => {
    const model = embedder(server, "echo");
    const { embedding } = await embed({ model, value: "boat" });
    const { embeddings, usage } = await embedMany({ model, values: ["boat", "moon"] });
    expect(embeddings[0]).toEqual(embedding);
    expect(Math.hypot(...embedding)).toBeCloseTo(1, 4);
    expect(usage.tokens).toBe(2);
  });
});

describeWithEngine("the AI SDK, the compiled binary and llama-server", () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet(["tool", "think", "embed"]);
  }, START_MS);
  afterAll(() => fleet.stop());

  describe.each(PROVIDERS)("%s", (_, provider) => {
    const ask = (id = MODEL.tool) => ({ ...FIRM, model: provider.model(fleet.server, id), prompt: "Hello" });

    test("gets a text, whole and streamed, with the engine's own count", async () => {
      const whole = await generateText(ask());
      expect(whole.text).toMatch(/^[A-Z].*\.$/);
      expect(whole.usage.outputTokens).toBeGreaterThan(1);
      const { text, errors, ends } = await readStream(ask());
      expect(text).toMatch(/^[A-Z].*\.$/);
      expect([errors, ends]).toEqual([[], "stop"]);
    });

    test("is told that an answer was cut short", async () => {
      const { finishReason, usage } = await generateText({ ...ask(), maxOutputTokens: 2 });
      expect([finishReason, usage.outputTokens]).toEqual(["length", 2]);
    });

    test("runs tools and goes on with their results", async () => {
      const { asked, tools } = weather();
      const result = streamText({ ...ask(), tools, stopWhen: isStepCount(3) });
      expect(await result.text).toMatch(/^[A-Z].*\.$/);
      expect((await result.steps).length).toBe(2);
      expect(asked.length).toBeGreaterThan(0);
      for (const input of asked) expect(input).toEqual(WEATHER);
    });

    // Told to call one tool at a time, llama-server still calls two now and then.
    test("gets an object of a schema, though the model knows of none", async () => {
      const schema = z.object({ name: z.string().max(40), age: z.number().int().min(0).max(200) });
      const question = { ...ask(), output: Output.object({ schema }) };
      expect(schema.safeParse((await generateText(question)).output).success).toBe(true);
      expect(schema.safeParse(await streamText(question).output).success).toBe(true);
    });

    test("gets thoughts apart from the text", async () => {
      const { text, thought, errors } = await readStream(ask(MODEL.think));
      expect(text).toMatch(/^[^<>]*\.$/);
      if (provider.thoughtful) expect(thought).toMatch(/\w/);
      expect(errors).toEqual([]);
    });

    test("is told that a prompt is too long before anything of an answer", async () => {
      const { text, errors } = await readStream({ ...ask(), prompt: "boat ".repeat(40_000) });
      expect(text).toBe("");
      expect(errors).toMatchObject([{ statusCode: 400, isRetryable: false }]);
      expect(String(errors[0])).toMatch(/\d{4,} tokens/);
    });
  });

  test.each(EMBEDDERS)("%s gets the engine's vectors, in order", async (_, embedder) => {
    const model = embedder(fleet.server, MODEL.embed);
    const { embedding } = await embed({ model, value: "boat" });
    const { embeddings } = await embedMany({ model, values: ["moon", "boat"] });
    expect(embeddings.map(({ length }) => length)).toEqual([64, 64]);
    embeddings[1]?.forEach((value, i) => expect(value).toBeCloseTo(embedding[i] ?? NaN, 4));
  });
});
