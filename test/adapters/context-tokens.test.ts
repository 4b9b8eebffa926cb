import { describe, expect, test } from "bun:test";
import { openai } from "../../src/adapters/openai.ts";
import { errorBody } from "../../src/api/openai/error.ts";
import type { Failure } from "../../src/core/failure.ts";

const failure = (body: object | string): Failure =>
  openai.failure(400, typeof body === "string" ? body : JSON.stringify(body), new Map());

/** How a host says it, how long the prompt was (with the room for its answer), and how long it may be. */
const WORDINGS: [string, string | object, number | undefined, number | undefined][] = [
  [
    "OpenAI",
    "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
    9000,
    8192,
  ],
  [
    "OpenAI, vLLM",
    "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4000 in the messages, 1000 in the completion).",
    5000,
    4096,
  ],
  ["vLLM", "The decoder prompt (length 9000) is longer than the maximum model length of 4096.", 9000, 4096],
  [
    "vLLM",
    "'max_tokens' or 'max_completion_tokens' is too large: 2000. This model's maximum context length is 4096 tokens and your request has 3000 input tokens.",
    5000,
    4096,
  ],
  [
    "vLLM",
    "You passed 4097 input tokens and requested 100 output tokens. However, the model's maximum context length is only 4096 tokens.",
    4197,
    4096,
  ],
  [
    "llama.cpp",
    {
      error: {
        code: 400,
        message: "the request exceeds the available context size, try increasing it",
        type: "exceed_context_size_error",
        n_prompt_tokens: 900,
        n_ctx: 512,
      },
    },
    900,
    512,
  ],
  [
    "llama.cpp",
    "request (900 tokens) exceeds the available context size (512 tokens), try increasing it",
    900,
    512,
  ],
  [
    "llama.cpp embeddings",
    "input (600 tokens) is too large to process. increase the physical batch size (current batch size: 512)",
    600,
    512,
  ],
  [
    "LM Studio",
    {
      error:
        "Trying to keep the first 9000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens, which is not enough.",
    },
    9000,
    4096,
  ],
  ["LM Studio", { error: "Cannot truncate prompt with n_keep (15028) >= n_ctx (7424)" }, 15028, 7424],
  ["Anthropic", "prompt is too long: 210000 tokens > 200000 maximum", 210000, 200000],
  [
    "Anthropic",
    "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length",
    210000,
    200000,
  ],
  [
    "Gemini",
    "The input token count (1,200,000) exceeds the maximum number of tokens allowed (1048576).",
    1200000,
    1048576,
  ],
  [
    "xAI",
    "This model's maximum prompt length is 131072 but the request contains 140000 tokens.",
    140000,
    131072,
  ],
  [
    "Mistral",
    "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
    40000,
    32768,
  ],
  ["Moonshot", "Invalid request: Your request exceeded model token limit: 8192", undefined, 8192],
  ["Ollama", { error: "the input length exceeds the context length" }, undefined, undefined],
];

describe("the two numbers of a prompt that is too long", () => {
  test.each(WORDINGS)("%s: %j", (_, body, promptTokens, contextTokens) => {
    const { code, detail } = failure(body);
    expect([code, detail.promptTokens, detail.contextTokens]).toEqual([
      "context_length_exceeded",
      promptTokens,
      contextTokens,
    ]);
  });

  test.each(WORDINGS)("%s: OpenAI's clients read them in OpenAI's words", (_, body, asked, limit) => {
    const said = failure(body);
    const { error } = JSON.parse(errorBody(said)) as { error: { message: string; code: string } };
    expect(error.code).toBe("context_length_exceeded");
    if (asked === undefined || limit === undefined) {
      expect(error.message).toMatch(/maximum context length/);
      expect(error.message).toEndWith(said.message);
      return;
    }
    expect(error.message).toBe(
      `This model's maximum context length is ${limit} tokens. However, your messages resulted in ${asked} tokens. Please reduce the length of the messages.`,
    );
  });

  test("are looked for in no other error", () => {
    const { detail } = failure("n must be 1: you requested 5000 tokens");
    expect(detail).toEqual({ status: 400 });
  });

  test("do not keep us busy, whatever the words are", () => {
    const began = performance.now();
    expect(failure(`prompt is too long: ${"9".repeat(1900)} tokens > 9`).detail).toEqual({ status: 400 });
    failure(`prompt is too long ${"is too large: 1.".repeat(120)}`);
    expect(performance.now() - began).toBeLessThan(50);
  });
});
