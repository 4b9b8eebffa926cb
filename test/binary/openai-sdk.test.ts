import { afterAll, beforeAll, expect, test } from "bun:test";
import OpenAI from "openai";
import { makeParseableResponseFormat } from "openai/lib/parser";
import { describeWithEngine } from "../engine/llama-server.ts";
import { PICTURE } from "../engine/vision-projector.ts";
import { type Fleet, MODEL, chunksOf, said, startFleet, thrownBy, START_MS } from "./fleet.ts";

describeWithEngine("the openai SDK, the compiled binary and llama-server", () => {
  let fleet: Fleet | undefined;
  let client: OpenAI;
  beforeAll(async () => {
    fleet = await startFleet(["tool", "think", "embed", "eyes"]);
    client = fleet.client;
  }, START_MS);
  afterAll(() => fleet?.stop());

  // Always the likeliest word, so that two answers can be compared.
  const ask = { model: MODEL.tool, messages: said("Hello"), temperature: 0 };
  const create = (more: Partial<OpenAI.ChatCompletionCreateParamsNonStreaming> = {}) =>
    client.chat.completions.create({ ...ask, ...more });
  const stream = (more: Partial<OpenAI.ChatCompletionCreateParamsStreaming> = {}) =>
    chunksOf(client.chat.completions.create({ ...ask, ...more, stream: true }));
  const textOf = (chunks: OpenAI.ChatCompletionChunk[], choice = 0) =>
    chunks
      .flatMap((chunk) => chunk.choices.filter(({ index }) => index === choice))
      .map(({ delta }) => delta.content ?? "")
      .join("");

  test("the banner tells what was found and a line to try it with", () => {
    const banner = fleet?.server.stderr() ?? "";
    for (const name of Object.keys(MODEL))
      expect(banner).toMatch(new RegExp(`\\+ +${name} +llamacpp +http://127\\.0\\.0\\.1:\\d+ +1 model\n`));
    expect(banner).toContain(`"model":"${MODEL.tool}"`);
  });

  test("models.list names every engine's model, with what clients read", async () => {
    const { data } = await client.models.list();
    expect(data.map((model) => model.id)).toEqual(Object.values(MODEL));
    expect(data[0]).toMatchObject({ object: "model", owned_by: "llamacpp", context_length: 32768 });
    expect(data[3]).toMatchObject({ architecture: { input_modalities: ["text", "image"] } });
  });

  test("models.retrieve finds an id with a slash and a colon, plain and qualified", async () => {
    const model = await client.models.retrieve(MODEL.tool);
    expect(model).toMatchObject({ id: MODEL.tool, object: "model", context_length: 32768 });
    expect((await client.models.retrieve(`tool/${MODEL.tool}`)).id).toBe(`tool/${MODEL.tool}`);
    expect(await thrownBy(client.models.retrieve("org/none"))).toBeInstanceOf(OpenAI.NotFoundError);
  });

  test("a chat is answered, with the engine's own token counts and the way it took", async () => {
    const { data, response } = await client.chat.completions.create(ask).withResponse();
    const [choice] = data.choices;
    expect(choice).toMatchObject({ index: 0, finish_reason: "stop", message: { role: "assistant" } });
    expect(choice?.message.content).toMatch(/^[A-Z].*\.$/);
    expect(data).toMatchObject({ object: "chat.completion", model: MODEL.tool });
    const { prompt_tokens = 0, completion_tokens = 0, total_tokens } = data.usage ?? {};
    expect(prompt_tokens).toBeGreaterThan(5);
    expect(total_tokens).toBe(prompt_tokens + completion_tokens);
    expect(response.headers.get("x-fairlead-backend")).toBe("tool");
    expect(response.headers.get("x-fairlead-notes")).toBeNull();
    expect(response.headers.get("x-request-id")).not.toBeNull();
  });

  test("a stream says the same, word by word, and its usage at the end when asked", async () => {
    const whole = (await create()).choices[0]?.message.content ?? "";
    const chunks = await stream({ stream_options: { include_usage: true } });
    expect(textOf(chunks)).toBe(whole);
    expect(chunks.length).toBeGreaterThan(whole.split(" ").length);
    expect(chunks[0]?.choices[0]?.delta).toMatchObject({ role: "assistant" });
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe("stop");
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: expect.any(Number) } });
    const ids = new Set(chunks.map(({ id, created, model }) => `${id} ${created} ${model}`));
    expect(ids.size).toBe(1);
    expect((await stream()).filter((chunk) => chunk.usage)).toEqual([]);
  });

  test("the stream helper puts the message together", async () => {
    const helper = client.chat.completions.stream(ask);
    const { role, content } = await helper.finalMessage();
    expect({ role, content }).toEqual({
      role: "assistant",
      content: (await create()).choices[0]?.message.content ?? "",
    });
  });

  test("a json_schema gets valid JSON, parsed by the SDK", async () => {
    const schema = {
      type: "object",
      properties: { name: { type: "string" }, age: { type: "integer" } },
      required: ["name", "age"],
      additionalProperties: false,
    };
    const format = makeParseableResponseFormat(
      { type: "json_schema", json_schema: { name: "person", strict: true, schema } },
      (content): unknown => JSON.parse(content),
    );
    const { choices } = await client.chat.completions.parse({ ...ask, response_format: format });
    const wanted = { name: expect.any(String), age: expect.any(Number) };
    expect(choices[0]?.message.parsed).toEqual(wanted);
    const chunks = await stream({ response_format: format });
    expect(JSON.parse(textOf(chunks))).toEqual(wanted);
  });

  test("json_object gets an object", async () => {
    const { choices } = await create({ response_format: { type: "json_object" }, max_tokens: 300 });
    expect(JSON.parse(choices[0]?.message.content ?? "")).toBeObject();
  });

  test("a picture as a data URL is seen, and named as impossible where there are no eyes", async () => {
    const text = { type: "text" as const, text: "What is this?" };
    const picture = { type: "image_url" as const, image_url: { url: PICTURE } };
    const show = (model: string, content: OpenAI.ChatCompletionContentPart[]) =>
      create({ model, messages: [{ role: "user", content }] });
    const [blind, seeing] = [await show(MODEL.eyes, [text]), await show(MODEL.eyes, [text, picture])];
    expect(seeing.choices[0]?.message.content).toMatch(/^[A-Z].*\.$/);
    expect(seeing.usage?.prompt_tokens).toBeGreaterThan((blind.usage?.prompt_tokens ?? 0) + 8);
    const refused = await thrownBy(show(MODEL.tool, [text, picture]));
    expect(refused).toBeInstanceOf(OpenAI.BadRequestError);
    expect(String(refused)).toContain("image input is not supported");
  });

  test("log-probabilities stand beside their tokens, streamed and not", async () => {
    const wanted = { logprobs: true, top_logprobs: 2, max_tokens: 3 };
    const [choice] = (await create(wanted)).choices;
    const tokens = choice?.logprobs?.content ?? [];
    expect(tokens.map(({ token }) => token).join("")).toBe(choice?.message.content ?? "");
    for (const { top_logprobs, logprob } of tokens) {
      expect(top_logprobs).toHaveLength(2);
      expect(logprob).toBeLessThanOrEqual(0);
    }
    const spoken = (await stream(wanted))
      .flatMap((chunk) => chunk.choices)
      .filter(({ delta }) => delta.content);
    expect(spoken).toHaveLength(3);
    for (const { delta, logprobs } of spoken)
      expect(logprobs?.content?.map(({ token }) => token).join("")).toBe(delta.content ?? "");
  });

  test("n=2 gives two answers, streamed and not", async () => {
    const { choices } = await create({ n: 2, temperature: 1 });
    expect(choices.map(({ index, finish_reason }) => [index, finish_reason])).toEqual([
      [0, "stop"],
      [1, "stop"],
    ]);
    for (const { message } of choices) expect(message.content).toMatch(/^[A-Z].*\.$/);
    const chunks = await stream({ n: 2, temperature: 1 });
    for (const choice of [0, 1]) expect(textOf(chunks, choice)).toMatch(/^[A-Z].*\.$/);
  });

  test("stop ends the answer before the word, max_tokens and max_completion_tokens at the number", async () => {
    const whole = (await create()).choices[0]?.message.content ?? "";
    const stopped = await create({ stop: [" "] });
    expect(stopped.choices[0]).toMatchObject({ finish_reason: "stop" });
    expect(stopped.choices[0]?.message.content).toBe(whole.split(" ", 1)[0] ?? "");
    for (const limit of ["max_tokens", "max_completion_tokens"] as const) {
      const cut = await create({ [limit]: 2 });
      expect(cut).toMatchObject({
        choices: [{ finish_reason: "length" }],
        usage: { completion_tokens: 2 },
      });
    }
  });

  test("a seed says the same again, another seed something else", async () => {
    const spoken: unknown[] = [];
    for (const seed of [1, 2, 3, 4, 1])
      spoken.push((await create({ seed, temperature: 1 })).choices[0]?.message.content);
    expect(spoken[4]).toBe(spoken[0]);
    expect(new Set(spoken).size).toBeGreaterThan(2);
  });

  test("reasoning comes apart from the answer, streamed and not", async () => {
    const [choice] = (await create({ model: MODEL.think })).choices;
    expect(choice?.message).toMatchObject({ reasoning_content: expect.stringMatching(/\w+ \w+/) });
    expect(choice?.message.content).toMatch(/^[A-Z][^<>]*\.$/);
    const deltas = (await stream({ model: MODEL.think })).flatMap((chunk) => chunk.choices);
    const thought = deltas.map(({ delta }) => ("reasoning_content" in delta ? delta.reasoning_content : ""));
    expect(choice?.message).toHaveProperty("reasoning_content", thought.join(""));
  });

  test("the role developer means system to a template that does not know it", async () => {
    const rule = "Speak of the sea";
    const asked = (role: "developer" | "system") =>
      create({ messages: [{ role, content: rule }, ...ask.messages] });
    const [developer, system] = [await asked("developer"), await asked("system")];
    expect(developer.choices).toEqual(system.choices);
    expect(developer.usage?.prompt_tokens).toBe(system.usage?.prompt_tokens ?? 0);
  });
});
