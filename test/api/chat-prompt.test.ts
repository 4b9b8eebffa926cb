import { describe, expect, test } from "bun:test";
import type { JsonRecord } from "../../src/core/json.ts";
import type { Prompt } from "../../src/core/prompt.ts";
import { asked, question } from "./asked.ts";

const read = (more: JsonRecord): Prompt => question(more).prompt();
const codes = ({ notes }: Prompt) => notes.map(({ kind, field }) => `${kind}:${field}`);

describe("a question with nothing but words", () => {
  test("is one item, and claims nothing that nobody said", () => {
    expect(read({})).toEqual({
      items: [{ type: "message", role: "user", parts: [{ type: "text", text: "hi" }], at: "messages[0]" }],
      tools: [],
      sampling: {},
      format: { type: "text" },
      reasoning: {},
      notes: [],
    });
  });

  test("null is as good as nothing in every field", () => {
    const names = [
      "tools tool_choice functions function_call parallel_tool_calls max_tokens max_completion_tokens stop",
      "temperature top_p n seed logprobs logit_bias response_format reasoning_effort reasoning thinking metadata",
      "user verbosity service_tier keep_alive stream_options prediction web_search_options modalities odd",
    ];
    const nulls = Object.fromEntries(names.flatMap((line) => line.split(" ")).map((name) => [name, null]));
    expect(read(nulls)).toEqual(read({}));
  });
});

describe("tools", () => {
  const parameters = { type: "object" };
  const tool = { type: "function", name: "now", parameters, at: "tools[0]" };

  test.each<[string, object]>([
    ["as OpenAI has them", { type: "function", function: { name: "now", parameters } }],
    ["flat, as Cursor sends them", { type: "function", name: "now", parameters }],
    ["without a type", { name: "now", parameters }],
    ["as Anthropic has them", { name: "now", input_schema: parameters }],
  ])("%s", (_, sent) => {
    const [read1] = read({ tools: [sent] }).tools;
    expect(read1).toMatchObject({ ...tool, at: expect.stringMatching(/^tools\[0\]/) });
  });

  test("custom ones have the flat form of their grammar", () => {
    const grammar = { syntax: "regex", definition: "a+" };
    const custom = { name: "sh", description: "d", format: { type: "grammar", grammar } };
    expect(read({ tools: [{ type: "custom", custom }] }).tools).toEqual([
      {
        type: "custom",
        name: "sh",
        description: "d",
        format: { type: "grammar", ...grammar },
        at: "tools[0]",
      },
    ]);
  });

  test("of a type that nobody knows are their vendor's", () => {
    const value = { type: "web_search", deep: true };
    expect(read({ tools: [value] }).tools).toEqual([
      { type: "hosted", name: "web_search", dialect: "openai", value, at: "tools[0]" },
    ]);
  });

  test("a mark for the cache stays, within the function or beside it", () => {
    const cache_control = { type: "ephemeral", ttl: "1h" };
    const tools = [
      { type: "function", function: { name: "a" }, cache_control },
      { type: "function", function: { name: "b", cache_control } },
    ];
    expect(read({ tools }).tools).toMatchObject([{ cache: { ttl: "1h" } }, { cache: { ttl: "1h" } }]);
  });

  test("OpenAI's deprecated functions are tools, one call at a time", () => {
    const prompt = read({ functions: [{ name: "now", parameters }], function_call: { name: "now" } });
    expect(prompt).toMatchObject({
      tools: [{ type: "function", name: "now", parameters, at: "functions[0]" }],
      toolChoice: { mode: "named", name: "now" },
      parallelTools: false,
    });
  });

  test.each<[unknown, Prompt["toolChoice"]]>([
    ["none", { mode: "none" }],
    ["auto", { mode: "auto" }],
    ["required", { mode: "required" }],
    ["any", { mode: "required" }],
    [{ type: "any" }, { mode: "required" }],
    [
      { type: "function", function: { name: "now" } },
      { mode: "named", name: "now" },
    ],
    [
      { type: "function", name: "now" },
      { mode: "named", name: "now" },
    ],
    [
      { type: "custom", custom: { name: "sh" } },
      { mode: "named", name: "sh" },
    ],
    [
      {
        type: "allowed_tools",
        allowed_tools: { mode: "required", tools: [{ type: "function", function: { name: "now" } }] },
      },
      { mode: "allowed", names: ["now"], required: true },
    ],
    [
      { type: "allowed_tools", mode: "auto", tools: [{ type: "function", name: "now" }] },
      { mode: "allowed", names: ["now"], required: false },
    ],
  ])("the choice %j", (tool_choice, expected) => {
    expect(read({ tools: [{ name: "now" }], tool_choice }).toolChoice).toEqual(expected as never);
  });

  test("a choice of what only a vendor runs is dropped, with a note", () => {
    const prompt = read({ tool_choice: { type: "web_search" } });
    expect([prompt.toolChoice, codes(prompt)]).toEqual([undefined, ["dropped:tool_choice"]]);
  });
});

describe("the form of the answer", () => {
  const schema = { type: "object", properties: {} };
  test.each<[string, object, Prompt["format"]]>([
    ["text", { type: "text" }, { type: "text" }],
    ["any object", { type: "json_object" }, { type: "json" }],
    [
      "OpenAI's",
      { type: "json_schema", json_schema: { name: "x", strict: true, schema } },
      { type: "json", schema, name: "x", strict: true },
    ],
    ["llama.cpp's first", { type: "json_object", schema }, { type: "json", schema }],
    ["llama.cpp's second", { type: "json_schema", schema }, { type: "json", schema }],
    ["that of Responses", { type: "json_schema", name: "x", schema }, { type: "json", schema, name: "x" }],
  ])("%s", (_, response_format, expected) => {
    expect(read({ response_format }).format).toEqual(expected);
  });

  test("vLLM's guided output", () => {
    expect(read({ guided_json: schema }).format).toEqual({ type: "json", schema });
    expect(read({ structured_outputs: { json: schema } }).format).toEqual({ type: "json", schema });
  });

  test("a grammar is dropped, with a note", () => {
    const prompt = read({ grammar: "root ::= a", response_format: { type: "grammar" } });
    expect(codes(prompt)).toEqual(["dropped:grammar", "dropped:response_format"]);
  });
});

test.each<[JsonRecord, Prompt["reasoning"]]>([
  [{ reasoning_effort: "high" }, { effort: "high" }],
  [{ reasoning_effort: "none" }, { effort: "none", enabled: false }],
  [{ reasoning: { effort: "low", exclude: true } }, { effort: "low", summary: "omitted" }],
  [{ reasoning: { max_tokens: 9, enabled: true } }, { budget: 9, enabled: true }],
  [{ thinking: { type: "enabled", budget_tokens: 9 } }, { enabled: true, budget: 9 }],
  [{ thinking: { type: "disabled" } }, { enabled: false }],
  [{ enable_thinking: false }, { enabled: false }],
  [{ chat_template_kwargs: { enable_thinking: true } }, { enabled: true }],
  [{ think: "high" }, { effort: "high" }],
  [{ include_reasoning: false }, { summary: "omitted" }],
])("how much to think: %j", (body, expected) => {
  const prompt = read(body);
  expect([prompt.reasoning, prompt.notes, prompt.carried]).toEqual([expected, [], undefined]);
});

describe("sampling", () => {
  test("has OpenAI's fields and those that engines added", () => {
    const body = {
      temperature: 0.5,
      top_p: 0.9,
      top_k: 3,
      min_p: 0.1,
      seed: 7,
      stop: "x",
      frequency_penalty: 1,
      presence_penalty: 2,
      repetition_penalty: 1.1,
      n: 2,
      logprobs: true,
      top_logprobs: 3,
      logit_bias: { "5": 1 },
    };
    expect(read(body).sampling).toEqual({
      temperature: 0.5,
      topP: 0.9,
      topK: 3,
      minP: 0.1,
      seed: 7,
      stop: ["x"],
      frequencyPenalty: 1,
      presencePenalty: 2,
      repeatPenalty: 1.1,
      n: 2,
      logprobs: true,
      topLogprobs: 3,
      logitBias: { "5": 1 },
    });
    expect(read({ repeat_penalty: 1.2, stop: ["a", "b"] }).sampling).toEqual({
      repeatPenalty: 1.2,
      stop: ["a", "b"],
    });
  });

  test.each<[JsonRecord, number | undefined]>([
    [{ max_tokens: 5 }, 5],
    [{ max_tokens: 5, max_completion_tokens: 9 }, 9],
    [{ max_tokens: -1 }, undefined],
    [{ max_completion_tokens: null, max_tokens: 3 }, 3],
  ])("the limit of %j is %p", (body, expected) => {
    expect(read(body).maxOutput).toBe(expected as number);
  });
});

test("who asks, and how it is to be served", () => {
  expect(
    read({
      user: "ann",
      metadata: { a: "b" },
      service_tier: "flex",
      verbosity: "low",
      keep_alive: "5m",
      parallel_tool_calls: true,
    }),
  ).toMatchObject({
    user: "ann",
    metadata: { a: "b" },
    serviceTier: "flex",
    verbosity: "low",
    keepAlive: "5m",
    parallelTools: true,
  });
  expect(read({ safety_identifier: "s" }).user).toBe("s");
});

describe("fields that a prompt has no word for", () => {
  test("are carried as they came", () => {
    expect(read({ odd: [1], provider: { order: ["a"] } }).carried).toEqual({
      dialect: "openai",
      fields: { odd: [1], provider: { order: ["a"] } },
    });
  });

  test.each<JsonRecord>([
    { prediction: { type: "content", content: "a" } },
    { web_search_options: {} },
    { modalities: ["text", "audio"] },
    { store: true },
    { moderation: { model: "m" } },
    { chat_template_kwargs: { enable_thinking: true, lang: "de" } },
  ])("are named where only some host keeps them: %j", (body) => {
    expect(codes(read(body))).toEqual([`dropped:${Object.keys(body)[0]}`]);
  });

  test("say nothing where they ask for nothing", () => {
    expect(read({ modalities: ["text"], store: false }).notes).toEqual([]);
  });
});

test("a body of any size is read", () => {
  const content = "x".repeat(200_000);
  expect(asked({ messages: [{ role: "user", content }] }).prompt().items).toMatchObject([
    { parts: [{ text: content }] },
  ]);
});
