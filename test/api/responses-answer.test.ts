import { describe, expect, test } from "bun:test";
import type { Answer, AnswerPart } from "../../src/core/answer.ts";
import type { FinishReason } from "../../src/core/event.ts";
import type { JsonRecord } from "../../src/core/json.ts";
import { replayResponse } from "../../src/api/responses/replay.ts";
import { responsesApi } from "../../src/api/responses.ts";
import { expectSchema } from "./oracle.ts";
import { bodyOf, memory, readStream, type Response } from "./responses-spoken.ts";

const text = (words: string, more: object = {}): AnswerPart => ({
  kind: "text",
  text: words,
  annotations: [],
  opaque: [],
  ...more,
});
const tool = (name: string, more: object = {}): AnswerPart => ({
  kind: "tool",
  tool: "function",
  id: `call_${name}`,
  name,
  args: "{}",
  opaque: [],
  ...more,
});

function answered(
  parts: AnswerPart[],
  { body = {}, finish = "stop", keeping = memory(), logprobs, extra = {} }: Options = {},
): Response {
  const api = responsesApi(keeping);
  const request = api.read(bodyOf({ model: "asked", input: "hi", ...body }), "req-1", new Headers());
  const choice = { index: 0, parts, logprobs, finish, extra: {}, messageExtra: {} };
  const usage = { input: 3, output: 2 };
  const answer: Answer = { id: "up-1", created: 1_700_000_000, choices: [choice], usage, extra };
  const response = JSON.parse(api.answer(answer, { model: "asked", request })) as Response;
  expectSchema("Response", response);
  return response;
}

interface Options {
  body?: JsonRecord;
  finish?: FinishReason;
  keeping?: ReturnType<typeof memory>;
  logprobs?: unknown;
  extra?: JsonRecord;
}

describe("a whole response", () => {
  test("has the parts of the answer as its output, in order", () => {
    const { output } = answered([
      { kind: "reasoning", text: "hm", annotations: [], opaque: [] },
      text("so"),
      { kind: "refusal", text: "no", annotations: [], opaque: [] },
      tool("f", { namespace: "n" }),
      tool("g", { tool: "custom", args: "x" }),
    ]);
    expect(output).toMatchObject([
      { type: "reasoning", summary: [{ type: "summary_text", text: "hm" }] },
      { type: "message", content: [{ type: "output_text", text: "so" }] },
      { type: "message", content: [{ type: "refusal", refusal: "no" }] },
      { type: "function_call", call_id: "call_f", name: "f", namespace: "n", arguments: "{}" },
      { type: "custom_tool_call", name: "g", input: "x" },
    ]);
    expect(new Set(output.map(({ id }) => id)).size).toBe(5);
  });

  test("that was cut is incomplete, and its last item with it", () => {
    const response = answered([text("a"), text("b")], { finish: "length" });
    expect(response).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
      output: [{ status: "completed" }, { status: "incomplete" }],
    });
    expect(response).not.toHaveProperty("completed_at");
  });

  test("has the log-probabilities with its text", () => {
    const token = {
      token: "a",
      logprob: -1,
      bytes: null,
      top_logprobs: [{ token: "b", logprob: -2, bytes: null }],
    };
    const { output } = answered([text("a")], { logprobs: { content: [token] } });
    expect(output).toMatchObject([
      { content: [{ logprobs: [{ token: "a", bytes: [], top_logprobs: [{ token: "b", bytes: [] }] }] }] },
    ]);
  });

  test("tells every parameter of its request, and what OpenAI says for those that were not sent", () => {
    const body = {
      instructions: "Be brief.",
      tools: [{ type: "function", name: "f", parameters: {}, strict: true }],
      tool_choice: "required",
      temperature: 0.5,
      max_output_tokens: 50,
      metadata: { a: "b" },
      user: "u",
      reasoning: { effort: "low" },
      text: { verbosity: "low" },
      parallel_tool_calls: false,
      truncation: "auto",
    };
    expect(answered([text("a")], { body })).toMatchObject({
      ...body,
      text: { format: { type: "text" }, verbosity: "low" },
    });
    expect(answered([text("a")])).toMatchObject({
      instructions: null,
      tools: [],
      tool_choice: "auto",
      metadata: {},
      parallel_tool_calls: true,
      text: { format: { type: "text" } },
      truncation: "disabled",
      error: null,
      incomplete_details: null,
    });
  });

  test("has what a backend of the same dialect said beside it", () => {
    expect(answered([text("a")], { extra: { service_tier: "flex" } }).service_tier).toBe("flex");
  });

  test("is kept when it is handed out", () => {
    const keeping = memory();
    const response = answered([text("a")], { keeping });
    expect(keeping.kept.map(({ response: kept }) => JSON.parse(kept))).toEqual([response]);
    expect(keeping.item(response.output[0]?.id ?? "")).toEqual(response.output[0]);
  });
});

test("a kept response is replayed as a stream whose end is the response itself", () => {
  const reasoning: AnswerPart = { kind: "reasoning", text: "hm", annotations: [], opaque: [] };
  const annotation = { url: "https://a.example", native: { dialect: "openai", value: {} } };
  const whole = answered([
    reasoning,
    text("so", { annotations: [annotation] }),
    tool("f"),
    tool("g", { tool: "custom" }),
  ]);
  const { response, types } = readStream(replayResponse(JSON.stringify(whole)));
  expect(response).toEqual(whole);
  expect(types).toContain("output_text.annotation.added");
  expect(types.filter((type) => type.endsWith("delta"))).toEqual([
    "reasoning_summary_text.delta",
    "output_text.delta",
    "function_call_arguments.delta",
    "custom_tool_call_input.delta",
  ]);
});
