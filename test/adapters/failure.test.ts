import { describe, expect, test } from "bun:test";
import { openai } from "../../src/adapters/openai.ts";
import { openaiError } from "../../src/api/openai/error.ts";
import type { Failure, FailureCode } from "../../src/core/failure.ts";
import { ERROR_BODIES, type ErrorShape } from "../upstream/answers.ts";

function failure(status: number, body: string | object, headers: Record<string, string> = {}): Failure {
  return openai.failure(
    status,
    typeof body === "string" ? body : JSON.stringify(body),
    new Map(Object.entries(headers)),
  );
}

/** What the client reads. */
function told(of: Failure): { status: number; message: string } {
  const { status, body } = openaiError(of);
  const { error } = JSON.parse(body) as { error: { message: string } };
  return { status, message: error.message };
}

const SHAPES = (Object.keys(ERROR_BODIES) as ErrorShape[]).filter((shape) => shape !== "empty");

describe("a body of any shape gives its message", () => {
  test.each(SHAPES)("%s", (shape) => {
    const message = "n must be at least 1, my friend";
    const said = failure(422, ERROR_BODIES[shape](message).body);
    expect(said.code).toBe("upstream_rejected");
    expect(told(said)).toEqual({ status: 422, message: expect.stringContaining(message) });
    // A page says its title and its heading.
    if (shape !== "html") expect(said.message).toBe(message);
  });

  test.each<[string, string | object, string]>([
    ["a JSON string", '"boom"', "boom"],
    ["an object for a message (Mistral)", { message: { detail: [{ msg: "boom" }] } }, "boom"],
    ["several complaints", { detail: [{ msg: "a" }, "b", { loc: 1 }] }, "a; b; loc: 1"],
    ["an error that is false", { error: false, message: "boom" }, "boom"],
    [
      "what the provider behind OpenRouter said",
      { error: { message: "Provider returned error", code: 400, metadata: { raw: "boom" } } },
      "Provider returned error: boom",
    ],
    ["words over several lines", "  boom \n\n  bang\t", "boom bang"],
    [
      "a page with a script",
      "<!doctype html><style>b{}</style><h1>boom</h1><script>if (a < b) x()</script><p>bang",
      "boom bang",
    ],
  ])("%s", (_, body, message) => {
    expect(failure(400, body).message).toBe(message);
  });

  test.each(["", " ", "null", "{}", "[]", '{"error":null}', '{"error":{}}', "<html></html>", "17"])(
    "%j: the status at least",
    (body) => {
      expect(failure(500, body)).toMatchObject({
        code: "upstream_error",
        message: "The backend answered with status 500.",
      });
    },
  );
});

describe("a body of any size or depth", () => {
  test.each<[string, string]>([
    ["words", "x".repeat(250_000)],
    [
      "JSON",
      JSON.stringify({
        error: { message: "x".repeat(250_000), code: "c".repeat(9000), type: "t".repeat(9000) },
      }),
    ],
    ["a page", `<html>${"<p>x</p>".repeat(30_000)}`],
  ])("%s: 2000 characters are enough", (_, body) => {
    const { message, detail } = failure(400, body);
    expect(message.length).toBeLessThanOrEqual(2000);
    expect((detail.upstreamCode ?? "").length + (detail.upstreamType ?? "").length).toBeLessThanOrEqual(4000);
  });

  test.each<[string, string]>([
    ["a page of brackets", "<".repeat(250_000)],
    ["a page of scripts without an end", "<script".repeat(36_000)],
    ["blanks", `<${" ".repeat(250_000)}`],
    ["nested lists", `{"detail":${"[".repeat(120_000)}${"]".repeat(120_000)}}`],
  ])("%s does not keep us busy", (_, body) => {
    const began = performance.now();
    expect(failure(502, body).code).toBe("upstream_error");
    expect(performance.now() - began).toBeLessThan(50);
  });
});

describe("the status class", () => {
  test.each<[number, object, FailureCode, number]>([
    [400, { error: { message: "bad", code: "invalid_value", param: "n" } }, "upstream_rejected", 400],
    [404, { error: { message: "no such model", code: 404 } }, "upstream_rejected", 404],
    [404, { detail: "Not Found" }, "upstream_rejected", 404],
    [
      404,
      { object: "error", message: "The model `m` does not exist.", type: "NotFoundError", code: 404 },
      "model_not_found",
      404,
    ],
    [404, { error: "model 'qwen2.5:7b' not found, try pulling it first" }, "model_not_found", 404],
    [404, { error: { message: "gone", code: "model_not_found" } }, "model_not_found", 404],
    [409, {}, "upstream_rejected", 409],
    [422, { detail: [] }, "upstream_rejected", 422],
    [402, { error: { message: "Insufficient credits" } }, "insufficient_quota", 429],
    [429, { error: { message: "slow down" } }, "rate_limited", 429],
    [
      429,
      { error: { message: "pay", type: "insufficient_quota", code: "insufficient_quota" } },
      "insufficient_quota",
      429,
    ],
    [413, { error: { message: "tokens per minute", code: "rate_limit_exceeded" } }, "rate_limited", 429],
    [498, {}, "overloaded", 503],
    [500, {}, "upstream_error", 500],
    [501, { error: { message: "not built with embeddings" } }, "upstream_error", 501],
    [502, {}, "upstream_error", 502],
    [503, { error: { message: "busy" } }, "overloaded", 503],
    [
      503,
      { error: { code: 503, message: "Loading model", type: "unavailable_error" } },
      "model_loading",
      503,
    ],
    [529, { error: { type: "overloaded_error" } }, "overloaded", 503],
    [500, { error: { message: "The server is overloaded" } }, "overloaded", 503],
    [400, { error: { message: "an overloaded method" } }, "upstream_rejected", 400],
  ])("%d %j is %s", (status, body, code, answered) => {
    const said = failure(status, body);
    expect([said.code, told(said).status]).toEqual([code, answered]);
  });

  test("what the backend says of the caller's request is handed on: message, type, code and field", () => {
    const error = {
      message: "n is too small",
      type: "invalid_request_error",
      code: "integer_below_min_value",
      param: "n",
    };
    expect(JSON.parse(openaiError(failure(400, { error })).body)).toEqual({ error });
  });

  test("a redirect is not followed, nor told where it went", () => {
    const said = failure(307, '<a href="https://other/?key=k">moved</a>', {
      location: "https://other/?key=k",
    });
    expect(said.code).toBe("upstream_redirect");
    expect(told(said)).toEqual({
      status: 502,
      message: "The backend sent a redirect (status 307), which is not followed.",
    });
  });
});

describe("a key that is refused", () => {
  const QUOTED = "sk-pr**********abcd";

  test.each([401, 403])(
    "status %d: not the caller's own, and not a word of what the backend says about it",
    (status) => {
      for (const shape of SHAPES) {
        const said = failure(status, ERROR_BODIES[shape](`Incorrect API key provided: ${QUOTED}.`).body);
        const answer = openaiError(said);
        expect(said.code).toBe("upstream_auth");
        expect(answer.status).toBe(502);
        expect(answer.body).not.toContain("abcd");
        expect(answer.body).not.toContain("Incorrect");
        expect(JSON.stringify(said.detail)).toBe(`{"status":${status}}`);
        expect(answer.body).toContain(String(status));
      }
    },
  );

  test("also where it sounds like something else", () => {
    const said = failure(401, {
      error: { message: `prompt is too long for ${QUOTED}`, code: "context_length_exceeded" },
    });
    expect([said.code, openaiError(said).body.includes(QUOTED)]).toEqual(["upstream_auth", false]);
  });
});

describe("a context that is too long is 400 context_length_exceeded, in whatever words", () => {
  test.each<[string, number, string | object]>([
    [
      "OpenAI",
      400,
      {
        error: {
          message: "Too long.",
          type: "invalid_request_error",
          param: "messages",
          code: "context_length_exceeded",
        },
      },
    ],
    [
      "OpenAI",
      400,
      "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
    ],
    [
      "OpenAI",
      400,
      "Your input exceeds the context window of this model. Please adjust your input and try again.",
    ],
    ["Groq", 413, "Please reduce the length of the messages or completion."],
    [
      "llama.cpp",
      400,
      {
        error: {
          code: 400,
          message: "the request exceeds the available context size, try increasing it",
          type: "exceed_context_size_error",
          n_prompt_tokens: 9,
          n_ctx: 8,
        },
      },
    ],
    [
      "llama.cpp embeddings",
      500,
      "input (600 tokens) is too large to process. increase the physical batch size (current batch size: 512)",
    ],
    ["vLLM", 400, "The decoder prompt (length 9000) is longer than the maximum model length of 4096."],
    [
      "LM Studio",
      400,
      {
        error:
          "Trying to keep the first 9000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens, which is not enough.",
      },
    ],
    ["LM Studio", 400, { error: "Cannot truncate prompt with n_keep (15028) >= n_ctx (7424)" }],
    [
      "LM Studio",
      400,
      { error: "The number of tokens to keep from the initial prompt is greater than the context length." },
    ],
    ["LM Studio", 400, { error: "Context size has been exceeded." }],
    ["Ollama", 400, { error: "the input length exceeds the context length" }],
    ["Ollama", 400, { error: "prompt too long; exceeded max context length by 3 tokens" }],
    ["Anthropic", 400, "prompt is too long: 210000 tokens > 200000 maximum"],
    ["Anthropic", 400, "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000"],
    ["Bedrock", 400, "Input is too long for requested model."],
    [
      "Gemini",
      400,
      [
        {
          error: {
            code: 400,
            message: "The input token count (9) exceeds the maximum number of tokens allowed (8).",
            status: "INVALID_ARGUMENT",
          },
        },
      ],
    ],
    ["xAI", 400, "This model's maximum prompt length is 131072 but the request contains 140000 tokens."],
    ["Moonshot", 400, "Invalid request: Your request exceeded model token limit: 8192"],
    [
      "OpenRouter",
      400,
      {
        error: {
          message: "Provider returned error",
          code: 400,
          metadata: { raw: '{"message":"prompt is too long: 9 > 8"}' },
        },
      },
    ],
  ])("%s: %d %j", (_, status, body) => {
    const said = failure(status, body);
    expect([said.code, told(said).status]).toEqual(["context_length_exceeded", 400]);
    expect(said.message.length).toBeGreaterThan(5);
  });
});

describe("retry-after", () => {
  test.each(["7", "0.5", "Wed, 21 Oct 2026 07:28:00 GMT"])("%s is handed on", (value) => {
    const said = failure(429, {}, { "retry-after": value });
    expect(openaiError(said).headers["retry-after"]).toBe(value);
  });

  test.each(["", "x".repeat(65), "a\r\nset-cookie: b", "7;<script>"])("%j is not", (value) => {
    expect(openaiError(failure(503, {}, { "retry-after": value })).headers["retry-after"]).toBeUndefined();
  });
});
