import { type AIMessageChunk, HumanMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { z } from "zod";
import { describeWithEngine } from "../engine/llama-server.ts";
import { type RunningBinary, startBinary } from "./binary.ts";
import { type Fleet, MODEL, START_MS, startFleet, thrownBy } from "./fleet.ts";
import { type Harbour, HOST_NAMES, modelOf, startHarbour } from "./scripted-hosts.ts";
import { CALLS, CALM, LOOK, looked, QUESTION, WAVE, waveOf } from "./sea-talk.ts";

/** Both of the ways in which its ChatOpenAI asks. */
const APIS = [
  ["Chat Completions", false],
  ["Responses", true],
] as const;

interface Asking {
  model: string;
  useResponsesApi: boolean;
}

/** Without second tries, which would hide a failure. */
const chatOf = ({ url }: RunningBinary, asking: Asking) =>
  new ChatOpenAI({ ...asking, apiKey: "none", maxRetries: 0, configuration: { baseURL: `${url}/v1` } });
const vectorsOf = ({ url }: RunningBinary, model: string) =>
  new OpenAIEmbeddings({ model, apiKey: "none", maxRetries: 0, configuration: { baseURL: `${url}/v1` } });

/** All pieces of a stream put together. */
async function whole(stream: Promise<AsyncIterable<AIMessageChunk>>): Promise<AIMessageChunk> {
  let sum: AIMessageChunk | undefined;
  for await (const piece of await stream) sum = sum?.concat(piece) ?? piece;
  if (!sum) throw new Error("an empty stream");
  return sum;
}

const schema = z.object({ port: z.string() });
const tide = tool(() => "2 m", {
  name: "tide",
  description: "The tide",
  schema,
});
const wind = tool(() => "force 4", {
  name: "wind",
  description: "The wind",
  schema,
});

/** Asks with both tools, runs what is called and asks again: the calls, and the last words. */
async function consult(chat: ChatOpenAI, question: string, streamed: boolean) {
  const helped = chat.bindTools([tide, wind]);
  const user = new HumanMessage(question);
  const first = streamed ? await whole(helped.stream([user])) : await helped.invoke([user]);
  const calls = first.tool_calls ?? [];
  const run = (call: (typeof calls)[number]) =>
    (call.name === "tide" ? tide : wind).invoke({ ...call, type: "tool_call" });
  const last = await helped.invoke([user, first, ...(await Promise.all(calls.map(run)))]);
  return { calls: calls.map(({ name, args }) => ({ name, args })), text: last.text };
}

describe("LangChain and the compiled binary alone: no engine, no key, no config", () => {
  let server: RunningBinary;
  beforeAll(async () => {
    server = await startBinary();
  }, START_MS);
  afterAll(async () => void (await server.stop()));

  describe.each(APIS)("asking in %s", (_, useResponsesApi) => {
    const chat = () => chatOf(server, { model: "echo", useResponsesApi });

    test("gets a text, and streams it word by word", async () => {
      const said = await chat().invoke("The sea is wide");
      expect(said.text).toBe("The sea is wide");
      expect(said.usage_metadata).toMatchObject({ input_tokens: 4, output_tokens: 4, total_tokens: 8 });
      const pieces = await Array.fromAsync(await chat().stream("The sea is wide"));
      const words = pieces.map((piece) => piece.text).filter(Boolean);
      expect([words.length, words.join("")]).toEqual([4, "The sea is wide"]);
    });

    test("gets an instance of a schema by each of its methods", async () => {
      const shape = z.object({ name: z.string(), tags: z.array(z.enum(["a"])) });
      for (const method of ["jsonSchema", "functionCalling"] as const) {
        const structured = chat().withStructuredOutput(shape, { name: "thing", method });
        expect(shape.safeParse(await structured.invoke("a thing")).success).toBe(true);
      }
    });

    test("is told of a wrong model", async () => {
      const thrown = await thrownBy(chatOf(server, { model: "ecko", useResponsesApi }).invoke("Ahoy"));
      expect(thrown).toMatchObject({ status: 404, code: "model_not_found" });
      expect(String(thrown)).toContain('Did you mean "echo"?');
    });
  });

  test("turns texts into unit vectors", async () => {
    const [boat, moon] = await vectorsOf(server, "echo").embedDocuments(["boat", "moon"]);
    expect(Math.hypot(...(boat ?? []))).toBeCloseTo(1, 4);
    expect(await vectorsOf(server, "echo").embedQuery("moon")).toEqual(moon ?? []);
  });
});

describe("LangChain, the compiled binary and scripted hosts", () => {
  let harbour: Harbour;
  beforeAll(async () => {
    harbour = await startHarbour();
  }, START_MS);
  afterAll(() => harbour[Symbol.asyncDispose]());

  const PAIRS = APIS.flatMap(([api, useResponsesApi]) =>
    HOST_NAMES.map((host) => [api, host, useResponsesApi] as const),
  );
  describe.each(PAIRS)("asking a host of another dialect: %s to %s", (_, host, useResponsesApi) => {
    const chat = () => chatOf(harbour.server, { model: modelOf(host), useResponsesApi });

    test("gets a text and its usage, whole and streamed", async () => {
      harbour.script(host, CALM, CALM);
      for (const said of [await chat().invoke("Ahoy"), await whole(chat().stream("Ahoy"))]) {
        expect(said.text).toBe("Calm sea.");
        expect(said.usage_metadata).toMatchObject({ input_tokens: 40, output_tokens: 9, total_tokens: 49 });
      }
      expect(harbour.asked(host).map(({ stream }) => stream)).toEqual([false, true]);
    });

    test("binds two tools, both of which are called at once and answered", async () => {
      for (const streamed of [false, true]) {
        harbour.script(host, LOOK, CALM);
        expect(await consult(chat(), QUESTION, streamed)).toEqual({
          calls: CALLS.map(({ name, args }) => ({ name, args })),
          text: "Calm sea.",
        });
        expect(harbour.asked(host)[1]?.lines).toEqual(looked(host, useResponsesApi && host === "ollama"));
      }
    });

    test("gets an object of a schema by each of its methods", async () => {
      harbour.script(host, waveOf, waveOf);
      for (const method of ["jsonSchema", "functionCalling"] as const) {
        const shape = z.object({ wave: z.number(), colour: z.string() });
        const structured = chat().withStructuredOutput(shape, { name: "wave", method });
        expect(await structured.invoke("Ahoy")).toEqual(WAVE);
      }
      harbour.asked(host);
    });

    test("throws at a fault in the stream, after what came before it", async () => {
      for (const fault of ["error", "cut"] as const) {
        harbour.script(host, { ...CALM, fault });
        let text = "";
        const reading = (async () => {
          for await (const piece of await chat().stream("Ahoy")) text += piece.text;
        })();
        const thrown = await thrownBy(reading);
        expect(String(thrown)).toContain(fault === "error" ? "The engine broke." : "ended before");
        expect(text).toBe("Calm sea.");
      }
    });

    test("throws at a refusal what it throws at OpenAI's", async () => {
      harbour.script(host, { refuses: "limit" }, { refuses: "context" });
      const busy = await thrownBy(chat().invoke("Ahoy"));
      expect(busy).toMatchObject({ status: host === "ollama" ? 503 : 429 });
      const tooLong = await thrownBy(chat().invoke("Ahoy"));
      expect(tooLong).toMatchObject({ name: "ContextOverflowError" });
    });
  });
});

describeWithEngine("LangChain, the compiled binary and llama-server", () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet(["tool", "embed"]);
  }, START_MS);
  afterAll(() => fleet.stop());

  describe.each(APIS)("asking in %s", (_, useResponsesApi) => {
    const chat = () => chatOf(fleet.server, { model: MODEL.tool, useResponsesApi });

    test("gets a text, whole and streamed", async () => {
      for (const said of [await chat().invoke("Hello"), await whole(chat().stream("Hello"))]) {
        expect(said.text).toMatch(/^[A-Z].*\.$/);
        expect(said.usage_metadata).toMatchObject({ output_tokens: expect.any(Number) });
      }
    });

    test("runs tools and goes on with their results, whole and streamed", async () => {
      for (const streamed of [false, true]) {
        const { calls, text } = await consult(chat(), "Hello", streamed);
        expect(calls.length).toBeGreaterThan(0);
        for (const { args } of calls) expect(args).toEqual({ port: expect.any(String) });
        expect(text).toMatch(/^[A-Z].*\.$/);
      }
    });

    test("gets an object of a schema, though the model knows of none", async () => {
      const shape = z.object({ name: z.string().max(40), age: z.number().int().min(0).max(200) });
      const structured = chat().withStructuredOutput(shape, { name: "person", method: "jsonSchema" });
      expect(shape.safeParse(await structured.invoke("Hello")).success).toBe(true);
    });
  });

  test("gets the engine's vectors, in order", async () => {
    const vectors = vectorsOf(fleet.server, MODEL.embed);
    const [, boat] = await vectors.embedDocuments(["moon", "boat"]);
    const alone = await vectors.embedQuery("boat");
    expect(alone).toHaveLength(64);
    boat?.forEach((value, i) => expect(value).toBeCloseTo(alone[i] ?? NaN, 4));
  });
});
