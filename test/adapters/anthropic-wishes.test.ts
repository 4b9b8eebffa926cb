import { describe, expect, test } from "bun:test";
import { PLAIN_PROFILE } from "../../src/adapters/profile.ts";
import type { JsonRecord } from "../../src/core/json.ts";
import type { ModelInfo } from "../../src/core/model.ts";
import type { Prompt, ReasoningWish, Sampling } from "../../src/core/prompt.ts";
import {
  ALWAYS_THINKING,
  asked,
  assistant,
  BETWEEN,
  call,
  EARLIER,
  NEWEST,
  prompt,
  result,
  send,
  thought,
  tool,
  user,
} from "./anthropic-asked.ts";

const summarized = { type: "adaptive", display: "summarized" };

describe("how long an answer may be", () => {
  const limit = (maxOutput: number | undefined, model?: string) =>
    asked(maxOutput === undefined ? {} : { maxOutput }, model);

  test("is what the client says, but no more than the model writes", () => {
    expect(limit(77).json.max_tokens).toBe(77);
    expect(limit(77).notes).toEqual([]);
    expect(limit(1_000_000).json.max_tokens).toBe(64_000);
    expect(limit(1_000_000).notes).toEqual(["emulated:max_tokens"]);
    expect(limit(1_000_000, "some-copy").json.max_tokens).toBe(1_000_000);
  });

  test("is ample where nobody says it, and 4096 for a model that nobody knows", () => {
    expect(limit(undefined).json.max_tokens).toBe(32_000);
    expect(limit(-1).json.max_tokens).toBe(32_000);
    expect(limit(undefined, "claude-3-haiku-20240307").json.max_tokens).toBe(4096);
    expect(limit(undefined, "some-copy").json.max_tokens).toBe(4096);
  });

  test("is what the model list says rather than what the name lets suppose", () => {
    const info: ModelInfo = { id: EARLIER, created: 0, ownedBy: "", maxOutputTokens: 10_000 };
    expect(send({ prompt: () => prompt({ maxOutput: 20_000 }) }, { info }).json.max_tokens).toBe(10_000);
  });
});

describe("thinking", () => {
  const thinks = (reasoning: ReasoningWish, model: string, more: Partial<Prompt> = {}) => {
    const { json, notes } = asked({ reasoning, ...more }, model);
    const { thinking, output_config: config, max_tokens: most } = json;
    return { thinking, config, most, notes };
  };

  test("is not mentioned where the client does not", () => {
    expect(thinks({}, EARLIER)).toEqual({ thinking: undefined, config: undefined, most: 32_000, notes: [] });
  });

  test.each([
    ["minimal", 1024],
    ["low", 2048],
    ["medium", 8192],
    ["high", 24_576],
    ["very hard", 8192],
  ])("effort %s is a budget of %d tokens for an earlier model", (effort, budget) => {
    expect(thinks({ effort }, EARLIER)).toEqual({
      thinking: { type: "enabled", budget_tokens: budget },
      config: undefined,
      most: 32_000,
      notes: ["emulated:reasoning_effort"],
    });
  });

  test("has a budget that fits into the answer, and the answer into the model", () => {
    const budget = { type: "enabled", budget_tokens: 8192 };
    expect(thinks({ effort: "medium" }, EARLIER, { maxOutput: 500 })).toMatchObject({
      thinking: { ...budget, budget_tokens: 1024 },
      most: 2048,
      notes: ["emulated:reasoning_effort", "emulated:max_tokens"],
    });
    expect(thinks({ budget: 100_000 }, EARLIER)).toMatchObject({
      thinking: { ...budget, budget_tokens: 32_000 },
      most: 64_000,
    });
    expect(thinks({ budget: 10 }, EARLIER)).toMatchObject({
      thinking: { ...budget, budget_tokens: 1024 },
      notes: ["emulated:reasoning_effort"],
    });
    expect(thinks({ enabled: true }, EARLIER)).toMatchObject({ thinking: budget, notes: [] });
  });

  test.each([
    [{ enabled: true }, NEWEST, undefined, []],
    [{ effort: "xhigh" }, NEWEST, "xhigh", []],
    [{ effort: "xhigh" }, BETWEEN, "high", ["emulated:reasoning_effort"]],
    [{ effort: "minimal" }, NEWEST, "low", ["emulated:reasoning_effort"]],
    [{ effort: "odd" }, NEWEST, undefined, ["dropped:reasoning_effort"]],
    [{ budget: 10_000 }, NEWEST, "medium", ["emulated:reasoning_effort"]],
    [{ effort: "low", budget: 10_000 }, BETWEEN, "low", []],
  ] satisfies [ReasoningWish, string, string | undefined, string[]][])(
    "%j of %s is adaptive, with effort %p",
    (wish, model, effort, notes) => {
      const config = effort === undefined ? undefined : { effort };
      expect(thinks(wish, model)).toMatchObject({ thinking: summarized, config, notes });
    },
  );

  test("by a budget is what it says of a model that knows both kinds", () => {
    expect(thinks({ budget: 5000 }, BETWEEN).thinking).toEqual({ type: "enabled", budget_tokens: 5000 });
  });

  test("is not shown to a client that does not want to see it", () => {
    expect(thinks({ effort: "low", summary: "omitted" }, NEWEST).thinking).toEqual({
      type: "adaptive",
      display: "omitted",
    });
  });

  test.each([
    [EARLIER, { type: "disabled" }, undefined, []],
    [NEWEST, { type: "disabled" }, undefined, []],
    [ALWAYS_THINKING, { type: "between_tools" }, undefined, ["emulated:reasoning_effort"]],
    ["claude-fable-5", undefined, { effort: "low" }, ["emulated:reasoning_effort"]],
    ["claude-3-haiku-20240307", undefined, undefined, []],
  ])("is switched off as far as %s can", (model, thinking, config, notes) => {
    for (const wish of [{ enabled: false }, { effort: "none" }])
      expect(thinks(wish, model)).toMatchObject({ thinking, config, notes });
  });

  test("of a model that does not think is dropped, under the client's own name for it", () => {
    const wish = { reasoning: { effort: "low" } };
    expect(asked(wish, "claude-3-5-haiku-20241022").notes).toEqual(["dropped:reasoning_effort"]);
    expect(asked(wish, "claude-3-5-haiku-20241022", "openai-responses").notes).toEqual(["dropped:reasoning"]);
    expect(asked(wish, "claude-3-5-haiku-20241022", "ollama").notes).toEqual(["dropped:think"]);
  });

  test("is what the model list says that the model takes", () => {
    const info: ModelInfo = { id: "m", created: 0, ownedBy: "", thinking: ["adaptive"], efforts: ["low"] };
    const { json } = send(
      { prompt: () => prompt({ reasoning: { effort: "low" } }) },
      { model: "nobody-knows", info },
    );
    expect([json.thinking, json.output_config]).toEqual([summarized, { effort: "low" }]);
  });

  const turn = [user("hi"), call("c", "f", "{}"), result("c", "1")];

  test("is left off where the turn's earlier thoughts are not there, if the model demands them", () => {
    const dropped = { thinking: undefined, notes: ["dropped:reasoning_effort"] };
    expect(thinks({ effort: "low" }, EARLIER, { items: turn })).toMatchObject(dropped);
    expect(thinks({ effort: "low" }, NEWEST, { items: turn }).thinking).toEqual(summarized);
    expect(thinks({ budget: 5000 }, BETWEEN, { items: turn }).thinking).toEqual(summarized);
    const [question, ...rest] = turn;
    const signed = [question ?? user("hi"), thought("hm", "c2ln"), ...rest];
    const enabled = { type: "enabled", budget_tokens: 2048 };
    expect(thinks({ effort: "low" }, EARLIER, { items: signed }).thinking).toEqual(enabled);
    const later = [...signed, call("d", "f", "{}"), result("d", "2")];
    expect(thinks({ effort: "low" }, EARLIER, { items: later }).thinking).toEqual(enabled);
    const over = [...turn, assistant("done"), user("thanks")];
    expect(thinks({ effort: "low" }, EARLIER, { items: over }).thinking).toEqual(enabled);
  });

  test("is left off where the model must call a tool, or go on with given words", () => {
    const forced: Partial<Prompt> = { tools: [tool("f")], toolChoice: { mode: "required" } };
    const off = { thinking: { type: "disabled" }, notes: ["dropped:reasoning_effort"] };
    expect(thinks({ effort: "low" }, NEWEST, forced)).toMatchObject(off);
    const given = { items: [user("hi"), assistant("I")] };
    expect(thinks({ effort: "low" }, EARLIER, given)).toMatchObject({ ...off, thinking: undefined });
  });
});

describe("sampling", () => {
  const sampled = (sampling: Sampling, model = EARLIER, reasoning: ReasoningWish = {}): JsonRecord => {
    const { json, notes } = asked({ sampling, reasoning }, model);
    const { temperature, top_p, top_k, stop_sequences } = json;
    return { ...drop({ temperature, top_p, top_k, stop_sequences }), notes };
  };
  const drop = (fields: object): JsonRecord =>
    Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

  test("goes no higher than 1", () => {
    expect(sampled({ temperature: 1.7 })).toEqual({ temperature: 1, notes: ["emulated:temperature"] });
    expect(sampled({ temperature: 0 })).toEqual({ temperature: 0, notes: [] });
  });

  test("is by temperature or top_p, not both, where the model takes one", () => {
    const both = { temperature: 0.3, topP: 0.9, topK: 5 };
    expect(sampled(both)).toEqual({ temperature: 0.3, top_k: 5, notes: ["dropped:top_p"] });
    expect(sampled(both, "some-copy")).toEqual({ temperature: 0.3, top_p: 0.9, top_k: 5, notes: [] });
    expect(sampled({ temperature: 0.3, topP: 1 })).toEqual({ temperature: 0.3, notes: [] });
    expect(sampled({ temperature: 1, topP: 0.9 })).toEqual({ top_p: 0.9, notes: [] });
  });

  test("is left out while the model thinks, and of models that take none", () => {
    const all = { temperature: 0.3, topP: 0.9, topK: 5 };
    const notes = ["dropped:temperature", "dropped:top_p", "dropped:top_k"];
    expect(sampled(all, EARLIER, { budget: 2000 })).toEqual({ notes });
    expect(sampled({ topP: 0.96 }, EARLIER, { budget: 2000 })).toEqual({ top_p: 0.96, notes: [] });
    expect(sampled(all, NEWEST)).toEqual({ notes });
    expect(sampled({ temperature: 1, topP: 1 }, NEWEST)).toEqual({ notes: [] });
    const profile = { ...PLAIN_PROFILE, apiVersion: "2026-10-21" };
    expect(send({ prompt: () => prompt({ sampling: all }) }, { profile }).notes).toEqual(notes);
  });

  test("stops at words, not at white space", () => {
    expect(sampled({ stop: ["\n\n", "END"] })).toEqual({ stop_sequences: ["END"], notes: ["dropped:stop"] });
    expect(sampled({ stop: ["\n"] })).toEqual({ notes: ["dropped:stop"] });
  });

  test("by what Anthropic does not know is named as dropped, if it asks for anything", () => {
    const idle: Sampling = { n: 1, logprobs: false, frequencyPenalty: 0, presencePenalty: 0, logitBias: {} };
    expect(sampled({ ...idle, repeatPenalty: 1, minP: 0 }).notes).toEqual([]);
    const busy: Sampling = { n: 2, seed: 0, logprobs: true, frequencyPenalty: 1, presencePenalty: 1 };
    expect(sampled({ ...busy, repeatPenalty: 1.1, minP: 0.1, logitBias: { "1": 2 } }).notes).toEqual([
      "dropped:n",
      "dropped:seed",
      "dropped:logprobs",
      "dropped:frequency_penalty",
      "dropped:presence_penalty",
      "dropped:repeat_penalty",
      "dropped:min_p",
      "dropped:logit_bias",
    ]);
    expect(asked({ sampling: { seed: 1, repeatPenalty: 2 } }, EARLIER, "ollama").notes).toEqual([
      "dropped:options.seed",
      "dropped:options.repeat_penalty",
    ]);
  });
});

describe("what is said about a request", () => {
  test("is sent where Anthropic has a word for it", () => {
    const { json, notes } = asked({ user: "u-1", serviceTier: "default", verbosity: "medium" });
    expect([json.metadata, json.service_tier, notes]).toEqual([{ user_id: "u-1" }, "standard_only", []]);
  });

  test("is dropped where it has none", () => {
    const more: Partial<Prompt> = {
      user: "u".repeat(257),
      serviceTier: "flex",
      verbosity: "low",
      metadata: { a: "b" },
    };
    const { json, notes } = asked(more);
    expect([json.metadata, json.service_tier]).toEqual([undefined, undefined]);
    expect(notes).toEqual(["dropped:user", "dropped:service_tier", "dropped:metadata", "dropped:verbosity"]);
  });

  test("and the name of a participant, which it has none for", () => {
    const named = { type: "message", role: "user", parts: [], name: "Ada", at: "messages[0]" } as const;
    expect(asked({ items: [{ ...named, parts: [{ type: "text", text: "hi" }] }] }).notes).toEqual([
      "dropped:messages[0].name",
    ]);
  });
});
