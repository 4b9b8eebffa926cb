import { afterAll, beforeAll, expect, test } from "bun:test";
import type OpenAI from "openai";
import type { RunnableToolFunctionWithParse } from "openai/lib/RunnableFunction";
import { describeWithEngine } from "../engine/llama-server.ts";
import { type Fleet, MODEL, chunksOf, said, startFleet, START_MS } from "./fleet.ts";

const PARAMETERS = {
  type: "object" as const,
  properties: { city: { type: "string" as const }, days: { type: "integer" as const } },
  required: ["city", "days"],
};
const WEATHER: OpenAI.ChatCompletionTool = {
  type: "function",
  function: {
    name: "weather",
    description: "The weather of a city",
    parameters: PARAMETERS,
  },
};
const CLOCK: OpenAI.ChatCompletionTool = {
  type: "function",
  function: {
    name: "clock",
    parameters: { type: "object", properties: { zone: { type: "string" } }, required: ["zone"] },
  },
};
const ARGUMENTS: Readonly<Record<string, object>> = {
  weather: { city: expect.any(String), days: expect.any(Number) },
  clock: { zone: expect.any(String) },
};

type Message = OpenAI.ChatCompletionMessage;

/** The calls of a message as names, after every one of them has been found to fit its schema. */
function checkedCalls(message: Pick<Message, "tool_calls"> | undefined): string[] {
  return (message?.tool_calls ?? []).map((call) => {
    if (call.type !== "function") throw new Error(`a call of type ${call.type}`);
    expect(call.id).not.toBe("");
    expect(JSON.parse(call.function.arguments)).toEqual(ARGUMENTS[call.function.name]);
    return call.function.name;
  });
}

describeWithEngine("tools, through the openai SDK and the compiled binary", () => {
  let fleet: Fleet | undefined;
  let client: OpenAI;
  beforeAll(async () => {
    fleet = await startFleet(["tool"]);
    client = fleet.client;
  }, START_MS);
  afterAll(() => fleet?.stop());

  const ask = { model: MODEL.tool, messages: said("Hello"), tools: [WEATHER, CLOCK], seed: 1 };
  const create = (more: Partial<OpenAI.ChatCompletionCreateParamsNonStreaming> = {}) =>
    client.chat.completions.create({ ...ask, ...more });
  /** The seed with which the model calls several tools at once. */
  let manifold = 0;

  test.each(["auto", "required"] as const)(
    "tool_choice %s: calls that fit their schema",
    async (tool_choice) => {
      for (let seed = 0; seed < 4; seed++) {
        const [choice] = (await create({ seed, tool_choice })).choices;
        expect(choice).toMatchObject({ finish_reason: "tool_calls", message: { content: null } });
        const names = checkedCalls(choice?.message);
        expect(names.length).toBeGreaterThan(0);
        if (names.length > 1) manifold = seed;
      }
    },
  );

  test.each(["clock", "weather"])("tool_choice by name: %s is called and nothing else", async (name) => {
    const tool_choice = { type: "function" as const, function: { name } };
    for (let seed = 0; seed < 3; seed++) {
      const { data, response } = await client.chat.completions
        .create({ ...ask, seed, tool_choice })
        .withResponse();
      expect(new Set(checkedCalls(data.choices[0]?.message))).toEqual(new Set([name]));
      expect(response.headers.get("x-fairlead-notes")).toBe("emulated:tool_choice");
    }
  });

  test("tool_choice none: an answer in words, without the marks of a call", async () => {
    for (let seed = 0; seed < 3; seed++) {
      const [choice] = (await create({ seed, tool_choice: "none" })).choices;
      expect(choice).toMatchObject({ finish_reason: "stop" });
      expect(choice?.message.tool_calls).toBeUndefined();
      expect(choice?.message.content).toMatch(/^[A-Z][^<>{}]*\.$/);
    }
  });

  test("several calls at once keep their order, ids and arguments, streamed and not", async () => {
    const whole = (await create({ seed: manifold })).choices[0]?.message;
    expect(checkedCalls(whole).length).toBeGreaterThan(1);
    const ids = whole?.tool_calls?.map(({ id }) => id) ?? [];
    expect(new Set(ids).size).toBe(ids.length);

    const helper = client.chat.completions.stream({ ...ask, seed: manifold });
    const done: string[] = [];
    helper.on("tool_calls.function.arguments.done", (call) => {
      expect(JSON.parse(call.arguments)).toEqual(ARGUMENTS[call.name] ?? {});
      done.push(call.name);
    });
    const streamed = await helper.finalMessage();
    expect(checkedCalls(streamed).length).toBeGreaterThan(1);
    expect(done).toEqual(checkedCalls(streamed));
    expect([streamed.content, whole?.content]).toEqual([null, null]);
  });

  test("a streamed call says its id, type and name once and first, then its arguments in pieces", async () => {
    const chunks = await chunksOf(client.chat.completions.create({ ...ask, seed: manifold, stream: true }));
    const deltas = chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? []);
    const indices = [...new Set(deltas.map(({ index }) => index))];
    expect(indices).toEqual(indices.map((_, i) => i));
    for (const index of indices) {
      const [first, ...others] = deltas.filter((delta) => delta.index === index);
      expect(first).toMatchObject({ type: "function", id: expect.any(String) });
      expect(others.filter(({ id, type, function: fn }) => id ?? type ?? fn?.name)).toEqual([]);
      const args = [first, ...others].map((delta) => delta?.function?.arguments ?? "").join("");
      expect(JSON.parse(args)).toEqual(ARGUMENTS[first?.function?.name ?? ""] ?? {});
    }
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("tool_calls");
  });

  test("a tool's result comes back to the model, which then answers in words", async () => {
    const called = (await create({ seed: manifold })).choices[0]?.message;
    if (!called) throw new Error("no answer");
    const results = (called.tool_calls ?? []).map(({ id }) => ({
      role: "tool" as const,
      tool_call_id: id,
      content: "18 degrees",
    }));
    const [choice] = (await create({ messages: [...ask.messages, called, ...results] })).choices;
    expect(choice).toMatchObject({ finish_reason: "stop" });
    expect(choice?.message.content).toMatch(/^[A-Z].*\.$/);
  });

  test("the SDK's own agent loop runs to its end", async () => {
    const asked: object[] = [];
    const weather: RunnableToolFunctionWithParse<object> = {
      type: "function",
      function: {
        name: "weather",
        description: "The weather of a city",
        parameters: PARAMETERS,
        parse: (input) => JSON.parse(input),
        function: (input) => {
          asked.push(input);
          return "18 degrees";
        },
      },
    };
    const runner = client.chat.completions.runTools({ ...ask, stream: true, tools: [weather] });
    expect(await runner.finalContent()).toMatch(/^[A-Z].*\.$/);
    expect(asked.length).toBeGreaterThan(0);
    for (const input of asked) expect(input).toEqual(ARGUMENTS.weather ?? {});
  });
});
