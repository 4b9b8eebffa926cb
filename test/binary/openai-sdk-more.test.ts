import { afterAll, beforeAll, expect, test } from "bun:test";
import OpenAI from "openai";
import { describeWithEngine } from "../engine/llama-server.ts";
import { type Fleet, MODEL, chunksOf, said, startFleet, thrownBy, START_MS } from "./fleet.ts";

describeWithEngine("embeddings, completions, leaving and failing, through the openai SDK", () => {
  let fleet: Fleet | undefined;
  let client: OpenAI;
  beforeAll(async () => {
    fleet = await startFleet(["tool", "embed"]);
    client = fleet.client;
  }, START_MS);
  afterAll(() => fleet?.stop());

  const ask = { model: MODEL.tool, messages: said("Hello"), seed: 1 };
  const embed = (input: OpenAI.EmbeddingCreateParams["input"], encoding_format?: "float" | "base64") =>
    client.embeddings.create({ model: MODEL.embed, input, ...(encoding_format && { encoding_format }) });

  test("embeddings are the same numbers as floats and as the base64 that the SDK asks for by itself", async () => {
    const [byDefault, floats] = [await embed("the red boat"), await embed("the red boat", "float")];
    expect(byDefault.data[0]?.embedding).toHaveLength(64);
    expect(byDefault.data).toEqual(floats.data);
    expect(byDefault.usage.prompt_tokens).toBeGreaterThan(1);
  });

  test("a list of inputs keeps its order; token arrays are inputs too", async () => {
    const [boat, moon] = [await embed("boat"), await embed("moon")];
    const both = await embed(["boat", "moon"]);
    expect(both.data.map(({ index }) => index)).toEqual([0, 1]);
    const near = (a: OpenAI.Embedding | undefined, b: OpenAI.Embedding | undefined) =>
      a?.embedding.reduce((sum, value, i) => sum + value * (b?.embedding[i] ?? 0), 0);
    expect(near(both.data[0], boat.data[0])).toBeCloseTo(1, 3);
    expect(near(both.data[1], moon.data[0])).toBeCloseTo(1, 3);
    expect((await embed([1, 2, 3])).data).toHaveLength(1);
    expect((await embed([[1, 2, 3], [4]])).data).toHaveLength(2);
  });

  test("a model that has no embeddings, and one that has no words, is a bad request, not a broken server", async () => {
    const calls = [
      client.embeddings.create({ model: MODEL.tool, input: "x" }),
      client.chat.completions.create({ ...ask, model: MODEL.embed }),
    ];
    for (const call of calls) expect(await thrownBy(call)).toBeInstanceOf(OpenAI.BadRequestError);
  });

  test("completions: plain, streamed, and a list of prompts either way", async () => {
    const once = { model: MODEL.tool, prompt: "Once", max_tokens: 4, seed: 1, temperature: 0 };
    const plain = await client.completions.create(once);
    expect(plain).toMatchObject({ object: "text_completion", usage: { prompt_tokens: expect.any(Number) } });
    const textOf = (chunks: OpenAI.Completion[], index: number) =>
      chunks.flatMap(({ choices }) => choices.find((choice) => choice.index === index)?.text ?? "").join("");
    const streamed = await chunksOf(client.completions.create({ ...once, stream: true }));
    expect(textOf(streamed, 0)).toBe(plain.choices[0]?.text ?? "");
    expect(plain.choices[0]?.text).not.toBe("");
    expect(streamed.at(-1)?.choices[0]?.finish_reason).toBe(plain.choices[0]?.finish_reason ?? "length");

    const many = { ...once, prompt: ["Once", "Twice"] };
    const whole = await client.completions.create(many);
    expect(whole.choices.map(({ index }) => index)).toEqual([0, 1]);
    const chunks = await chunksOf(client.completions.create({ ...many, stream: true }));
    expect([textOf(chunks, 0), textOf(chunks, 1)]).toEqual(whole.choices.map(({ text }) => text));
  });

  /** Seconds of work for the engine, which goes on in vain if nobody tells it that the client has left. */
  const LONG = { ...ask, max_tokens: 30_000, ...{ ignore_eos: true } };

  /**
   * Resolves when the engine has written this line once more than before. Its log is read, and it is not asked: every
   * question it answers puts off its next look at who has left (b11669).
   */
  async function writes(line: string, before: number): Promise<void> {
    for (const end = performance.now() + 4000; performance.now() < end; await Bun.sleep(20))
      if ((await written(line)) > before) return;
    throw new Error(`the engine never wrote "${line}"`);
  }

  async function written(line: string): Promise<number> {
    const log = await fleet?.engines.get("tool")?.log();
    return (log?.split(line).length ?? 1) - 1;
  }

  test("an aborted stream frees the engine, and is no failure", async () => {
    const { data, response } = await client.chat.completions.create({ ...LONG, stream: true }).withResponse();
    const before = await written("cancel task");
    for await (const _ of data) break; // leaving the loop aborts the request
    await writes("cancel task", before);
    const id = response.headers.get("x-request-id");
    expect(await fleet?.server.logged({ id })).toMatchObject({ outcome: "cancelled", level: "info" });
  });

  test("an aborted request that streams nothing frees the engine too, at its next look", async () => {
    const [started, cancelled] = [await written("processing task"), await written("cancel task")];
    const control = new AbortController();
    const thrown = thrownBy(client.chat.completions.create(LONG, { signal: control.signal }));
    await writes("processing task", started);
    control.abort();
    expect(await thrown).toBeInstanceOf(OpenAI.APIUserAbortError);
    await writes("cancel task", cancelled);
  });

  test("twenty at once are all answered in full, five times as many as the engine takes at a time", async () => {
    const whole = async (seed: number) => {
      const { choices } = await client.chat.completions.create({ ...ask, seed });
      return `${choices[0]?.finish_reason}: ${choices[0]?.message.content}`;
    };
    const streamed = async (seed: number) => {
      const chunks = await chunksOf(client.chat.completions.create({ ...ask, seed, stream: true }));
      const [choices, last] = [chunks.flatMap((chunk) => chunk.choices), chunks.at(-1)?.choices[0]];
      return `${last?.finish_reason}: ${choices.map(({ delta }) => delta.content ?? "").join("")}`;
    };
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, seed) => (seed % 2 === 0 ? whole(seed) : streamed(seed))),
    );
    for (const answer of answers) expect(answer).toMatch(/^stop: [A-Z].*\.$/);
  });

  test("streams one straight after the other never meet the connection that the engine has just given up", async () => {
    for (let i = 0; i < 40; i++) {
      const chunks = await chunksOf(client.chat.completions.create({ ...ask, max_tokens: 2, stream: true }));
      expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("length");
    }
  });

  test("an unknown model is a NotFoundError that names the one that was meant", async () => {
    const thrown = await thrownBy(client.chat.completions.create({ ...ask, model: "org/tiny:tol" }));
    expect(thrown).toBeInstanceOf(OpenAI.NotFoundError);
    expect(thrown).toMatchObject({ code: "model_not_found", param: "model" });
    expect(String(thrown)).toContain(`Did you mean "${MODEL.tool}"?`);
  });

  test.each([false, true])(
    "a prompt longer than the context is context_length_exceeded (stream: %p)",
    async (stream) => {
      const messages = said("boat ".repeat(40_000));
      const thrown = await thrownBy(client.chat.completions.create({ ...ask, messages, stream }));
      expect(thrown).toBeInstanceOf(OpenAI.BadRequestError);
      expect(thrown).toMatchObject({ code: "context_length_exceeded", type: "invalid_request_error" });
    },
  );
});
