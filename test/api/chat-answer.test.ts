import { describe, expect, test } from "bun:test";
import { chat } from "../../src/api/chat.ts";
import type { Answer } from "../../src/core/answer.ts";
import type { JsonRecord } from "../../src/core/json.ts";
import { answer, choiceOf, parsed, type Said } from "./answers.ts";
import { question } from "./asked.ts";
import { expectSchema } from "./oracle.ts";

const OPTIONS = { model: "asked", request: question() };

function written(of: Answer): JsonRecord {
  const said = parsed(chat.answer(of, OPTIONS));
  expectSchema("CreateChatCompletionResponse", said);
  return said;
}

const message = (parts: Said) => (written(answer(parts)).choices as { message: JsonRecord }[])[0]?.message;

test("a whole answer has every field that OpenAI's has, also the empty ones", () => {
  expect(written(answer({ text: "hi" }))).toEqual({
    id: "x-1",
    object: "chat.completion",
    created: 3,
    model: "asked",
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: "hi", refusal: null },
        logprobs: null,
        finish_reason: "stop",
      },
    ],
    usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
  });
});

describe("a message", () => {
  const call = { id: "a", name: "now", tool: "function", args: '{"a":' } as const;

  test("without a text is an empty text, unless it says something else", () => {
    expect(message({})?.content).toBe("");
    expect(message({ calls: [call] })?.content).toBeNull();
    expect(message({ refusal: "no" })).toEqual({ role: "assistant", content: null, refusal: "no" });
    expect(
      message({ messageExtra: { function_call: { name: "now", arguments: "{}" } } })?.content,
    ).toBeNull();
  });

  test("has its reasoning under the name that most clients read", () => {
    expect(message({ text: "a", reasoning: "hm" })?.reasoning_content).toBe("hm");
    expect(message({ text: "a" })).not.toHaveProperty("reasoning_content");
  });

  test("has its calls, arguments as the model wrote them", () => {
    const extra = { dialect: "openai", fields: { signature: "s" } } as const;
    const custom = { id: "b", name: "shell", tool: "custom", args: "ls", extra } as const;
    expect(message({ text: "a", calls: [call, custom], finish: "tool_calls" })).toMatchObject({
      content: "a",
      tool_calls: [
        { id: "a", type: "function", function: { name: "now", arguments: '{"a":' } },
        { id: "b", type: "custom", custom: { name: "shell", input: "ls" }, signature: "s" },
      ],
    });
    expect(message({ text: "a" })).not.toHaveProperty("tool_calls");
  });
});

test("choices, log-probabilities and reasons stand where OpenAI has them", () => {
  const logprobs = { content: [{ token: "a", logprob: -1, bytes: null, top_logprobs: [] }], refusal: null };
  const choices = [choiceOf({ text: "a", logprobs }), choiceOf({ index: 1, text: "b", finish: "length" })];
  expect(written(answer({}, { choices })).choices).toMatchObject([
    { index: 0, logprobs, finish_reason: "stop" },
    { index: 1, logprobs: null, finish_reason: "length" },
  ]);
});

test("a reason that OpenAI does not know is kept in the backend's own word", () => {
  const said = parsed(chat.answer(answer({ finish: "other", raw: "full_moon" }), OPTIONS));
  expect(said.choices).toMatchObject([{ finish_reason: "full_moon" }]);
});

test("unknown fields stand at their level, once, and cannot take the place of what the answer is", () => {
  const said = written(
    answer(
      { text: "a", extra: { stop_reason: 7 }, messageExtra: { annotations: [] } },
      { extra: { timings: { n: 1 } } },
    ),
  );
  expect(said).toMatchObject({
    timings: { n: 1 },
    choices: [{ stop_reason: 7, message: { annotations: [] } }],
  });
  expect(JSON.stringify(said).match(/timings|stop_reason|annotations/g)).toHaveLength(3);
});

describe("usage", () => {
  test("is the backend's own object where it spoke OpenAI's dialect", () => {
    const value = { prompt_tokens: 5, completion_tokens: 6, total_tokens: 11, cost: 0.1 };
    expect(
      written(answer({}, { usage: { input: 5, output: 6, native: { dialect: "openai", value } } })).usage,
    ).toEqual(value);
  });

  test("has the total that a backend left out", () => {
    const native = { dialect: "openai", value: { prompt_tokens: 5, completion_tokens: 6 } } as const;
    expect(written(answer({}, { usage: { input: 5, output: 6, native } })).usage).toMatchObject({
      total_tokens: 11,
    });
  });

  test("names what was cached and what was thought", () => {
    expect(
      written(answer({}, { usage: { input: 5, output: 6, cachedInput: 3, reasoning: 4 } })).usage,
    ).toMatchObject({
      prompt_tokens_details: { cached_tokens: 3 },
      completion_tokens_details: { reasoning_tokens: 4 },
    });
  });

  test("that is estimated says so", () => {
    expect(written(answer({}, { usage: { input: 1, output: 2, estimated: true } })).x_fairlead).toEqual({
      usage: "estimated",
    });
    expect(written(answer())).not.toHaveProperty("x_fairlead");
  });
});
