import { describe, expect, test } from "bun:test";
import type { ProfileName } from "../../src/backends/profiles.ts";
import type { FunctionTool, Item, Prompt, Sampling } from "../../src/core/prompt.ts";
import { prompted, type To } from "./written.ts";

const items: Item[] = [
  { type: "message", role: "user", parts: [{ type: "text", text: "hi" }], at: "messages[0]" },
];
const messages = [{ role: "user", content: "hi" }];
const tool: FunctionTool = { type: "function", name: "now", at: "tools[0]" };

function sent(prompt: Partial<Prompt>, to: To = {}) {
  const { json, notes } = prompted({ items, ...prompt }, to);
  const { model: _model, messages: _messages, ...rest } = json;
  return { rest, notes };
}

describe("tools", () => {
  test("are functions, and one without arguments takes an object without fields", () => {
    expect(sent({ tools: [tool], toolChoice: { mode: "auto" }, parallelTools: false })).toEqual({
      rest: {
        tools: [
          { type: "function", function: { name: "now", parameters: { type: "object", properties: {} } } },
        ],
        tool_choice: "auto",
        parallel_tool_calls: false,
      },
      notes: [],
    });
  });

  test("go through the same quirks as a chat client's own", () => {
    const named: Partial<Prompt> = {
      tools: [tool, { ...tool, name: "then" }],
      toolChoice: { mode: "named", name: "then" },
    };
    expect(sent(named).rest.tool_choice).toEqual({ type: "function", function: { name: "then" } });
    expect(sent(named, { profile: "llamacpp" }).rest).toMatchObject({
      tools: [{ function: { name: "then" } }],
      tool_choice: "required",
      parallel_tool_calls: true,
      stream: true,
    });
    expect(
      sent({ ...named, toolChoice: { mode: "required" } }, { profile: "mistral" }).rest.tool_choice,
    ).toBe("any");
    expect(() => sent(named, { profile: "zai" })).toThrow(expect.objectContaining({ code: "unsupported" }));
  });

  test("that are allowed are all that is shown where there is no other way to say it", () => {
    const allowed: Prompt["toolChoice"] = { mode: "allowed", names: ["now"], required: true };
    const prompt: Partial<Prompt> = { tools: [tool, { ...tool, name: "then" }], toolChoice: allowed };
    expect(sent(prompt, { profile: "vllm" }).rest).toMatchObject({ tools: [{}], tool_choice: "required" });
    expect(sent(prompt).rest.tool_choice).toEqual({
      type: "allowed_tools",
      allowed_tools: { mode: "required", tools: [{ type: "function", function: { name: "now" } }] },
    });
  });

  test("of OpenAI's free-text form are nested as chat has them", () => {
    const format = { type: "grammar", syntax: "lark", definition: "start: /a/" };
    expect(sent({ tools: [{ type: "custom", name: "sh", format, at: "tools[0]" }] }).rest.tools).toEqual([
      {
        type: "custom",
        custom: {
          name: "sh",
          format: { type: "grammar", grammar: { syntax: "lark", definition: "start: /a/" } },
        },
      },
    ]);
  });

  test("that another vendor runs are dropped, with a note", () => {
    const search = {
      type: "hosted",
      name: "web_search",
      dialect: "anthropic",
      value: {},
      at: "tools[0]",
    } as const;
    expect(sent({ tools: [search] })).toEqual({
      rest: {},
      notes: ["tools[0] was dropped: this backend knows no such tool"],
    });
  });
});

test.each<[ProfileName, string]>([
  ["openai", "max_completion_tokens"],
  ["llamacpp", "max_tokens"],
  ["vllm", "max_tokens"],
  ["mistral", "max_tokens"],
  ["openrouter", "max_tokens"],
])("the limit of tokens is what %s calls %s", (profile, name) => {
  expect(sent({ maxOutput: 5 }, { profile }).rest[name]).toBe(5);
});

describe("sampling", () => {
  const all: Sampling = {
    temperature: 0.5,
    topP: 0.9,
    topK: 3,
    minP: 0.1,
    repeatPenalty: 1.1,
    seed: 1,
    stop: ["x"],
  };
  const common = { temperature: 0.5, top_p: 0.9, seed: 1, stop: ["x"] };

  test.each<[ProfileName, object]>([
    ["llamacpp", { ...common, top_k: 3, min_p: 0.1, repeat_penalty: 1.1 }],
    ["vllm", { ...common, top_k: 3, min_p: 0.1, repetition_penalty: 1.1 }],
  ])("of an engine is all that %s takes", (profile, expected) => {
    const { rest, notes } = sent({ sampling: all }, { profile });
    expect(rest).toMatchObject(expected);
    expect(notes).toEqual([]);
  });

  test("of an engine is not what OpenAI takes", () => {
    const { rest, notes } = sent({ sampling: all });
    expect(rest).toEqual(common);
    expect(notes.map((note) => note.split(" ")[0])).toEqual(["top_k", "min_p", "repeat_penalty"]);
  });

  test("is dropped for a model that reasons, unless it says what is true anyway", () => {
    const { rest, notes } = sent(
      { sampling: { temperature: 0.2, topP: 1, seed: 1 } },
      { model: "gpt-5-mini" },
    );
    expect(rest).toEqual({ seed: 1 });
    expect(notes).toEqual(["temperature was dropped: models that reason refuse it here"]);
  });

  test("stops at four sequences where OpenAI does", () => {
    const stop = ["a", "b", "c", "d", "e"];
    expect(sent({ sampling: { stop } })).toEqual({
      rest: { stop: stop.slice(0, 4) },
      notes: ["stop_sequences was dropped: this backend takes 4 of them"],
    });
    expect(sent({ sampling: { stop } }, { profile: "vllm" }).rest.stop).toEqual(stop);
  });
});

describe("how much to think", () => {
  const reasoner = { model: "gpt-5" };
  test.each<[string, To, Prompt["reasoning"], object]>([
    ["an effort is OpenAI's own word", reasoner, { effort: "high" }, { reasoning_effort: "high" }],
    ["a budget is the effort nearest to it", reasoner, { budget: 10_000 }, { reasoning_effort: "medium" }],
    ["as it thinks fit is what it does anyway", reasoner, { enabled: true }, {}],
    ["not at all is little", reasoner, { enabled: false }, { reasoning_effort: "low" }],
    [
      "engines have a switch in their templates",
      { profile: "vllm" },
      { enabled: true, effort: "max" },
      { chat_template_kwargs: { enable_thinking: true }, reasoning_effort: "high" },
    ],
    [
      "and off is off",
      { profile: "vllm" },
      { enabled: false },
      { chat_template_kwargs: { enable_thinking: false } },
    ],
    [
      "OpenRouter takes budgets",
      { profile: "openrouter" },
      { enabled: true, budget: 2000 },
      { reasoning: { max_tokens: 2000 } },
    ],
    [
      "DeepSeek has a switch",
      { profile: "deepseek" },
      { enabled: false },
      { thinking: { type: "disabled" } },
    ],
    [
      "Qwen has another, and a budget",
      { profile: "dashscope" },
      { enabled: true, budget: 99 },
      { enable_thinking: true, thinking_budget: 99 },
    ],
    ["nobody asked", { profile: "vllm" }, {}, {}],
  ])("%s", (_, to, reasoning, expected) => {
    const { rest } = sent({ reasoning }, to);
    const { stream: _stream, stream_options: _options, ...fields } = rest;
    expect(fields).toEqual({ ...expected });
  });

  test("is not said to a model that does not think, which would answer with an error", () => {
    expect(sent({ reasoning: { effort: "high" } }, { model: "gpt-4o" })).toEqual({
      rest: {},
      notes: ["thinking was dropped: this model is not known to reason"],
    });
    expect(sent({ reasoning: { enabled: false } }, { model: "gpt-4o" })).toEqual({ rest: {}, notes: [] });
  });

  test("counts what the host says of its model more than the model's name", () => {
    const info = (reasoning: boolean) => ({ id: "x", created: 0, ownedBy: "", capabilities: { reasoning } });
    const effort = (model: string, known: boolean) =>
      sent({ reasoning: { effort: "low" } }, { model, info: info(known) }).rest.reasoning_effort;
    expect([effort("gpt-5", false), effort("mine", true)]).toEqual([undefined, "low"]);
  });
});

test("the form of the answer is OpenAI's", () => {
  const schema = { type: "object" };
  expect(sent({ format: { type: "json" } }).rest).toEqual({ response_format: { type: "json_object" } });
  expect(sent({ format: { type: "json", schema, strict: true } }).rest).toEqual({
    response_format: { type: "json_schema", json_schema: { name: "answer", strict: true, schema } },
  });
  expect(sent({ format: { type: "json" } }, { profile: "lmstudio" }).rest).toMatchObject({
    response_format: { type: "json_schema" },
  });
});

test("a user's name that is longer than OpenAI takes is another as good", () => {
  const user = (name: string) => sent({ user: name }).rest.user;
  expect(user("ann")).toBe("ann");
  expect(user("x".repeat(65))).toMatch(/^[0-9a-f]{64}$/);
  expect(user("x".repeat(65))).not.toBe(user("y".repeat(65)));
});

test("what only OpenAI has is sent to OpenAI alone", () => {
  const carried = { dialect: "openai-responses", fields: { prompt_cache_key: "k" } } as const;
  const prompt = { verbosity: "low", serviceTier: "priority", carried } as const;
  expect(sent(prompt)).toEqual({
    rest: { verbosity: "low", service_tier: "priority", prompt_cache_key: "k" },
    notes: [],
  });
  const { rest, notes } = sent(prompt, { profile: "vllm" });
  expect(rest).toEqual({});
  expect(notes.map((note) => note.split(" ")[0])).toEqual(["verbosity", "service_tier"]);
});

test("a field of an alias' defaults is one of this dialect", () => {
  const carried = { dialect: "openai", fields: { mirostat: 1 } } as const;
  expect(sent({ carried })).toEqual({ rest: { mirostat: 1 }, notes: [] });
});

test("a field that nobody here knows is named", () => {
  const carried = { dialect: "ollama", fields: { mirostat: 1 } } as const;
  expect(sent({ carried }).notes).toEqual(["mirostat was dropped: chat has no such field"]);
});

test("a text to be continued is a completion", () => {
  const { path, json } = prompted(
    { items, completion: true, suffix: "}", maxOutput: 9, sampling: { logprobs: true, topLogprobs: 2 } },
    { profile: "generic", stream: true },
  );
  expect([path, json]).toEqual([
    "/v1/completions",
    {
      model: "theirs",
      prompt: "hi",
      suffix: "}",
      max_tokens: 9,
      logprobs: 2,
      stream: true,
      stream_options: { include_usage: true },
    },
  ]);
});

test("a text to be continued keeps to a limit where its client named none, and is told what follows only by whom it can", () => {
  const { json, notes } = prompted({ items, completion: true, suffix: "}" }, { profile: "llamacpp" });
  expect(json).toMatchObject({ max_tokens: 1024 });
  expect(json).not.toHaveProperty("suffix");
  expect(notes.map((note) => note.split(" ")[0])).toEqual(["max_tokens", "suffix"]);
});

test("an alias' defaults are in the prompt, but for those that it has no word for", () => {
  const defaults = { temperature: 0.1, reasoning_effort: "high", mirostat: 2 };
  expect(prompted({ items }, { profile: "llamacpp", defaults }).json).toEqual({
    model: "theirs",
    messages,
    mirostat: 2,
    stream: true,
    stream_options: { include_usage: true },
  });
});
