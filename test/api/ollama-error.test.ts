import { describe, expect, test } from "bun:test";
import { errorAnswer } from "../../src/api/errors.ts";
import { Failure, type FailureCode } from "../../src/core/failure.ts";
import { parsed } from "./answers.ts";

const asker = { id: "1", dialect: "ollama" as const };
const told = (...parts: ConstructorParameters<typeof Failure>) => errorAnswer(new Failure(...parts), asker);

describe("a failure is a text, with a status that Ollama's clients know", () => {
  test.each<[FailureCode, number]>([
    ["invalid_request", 400],
    ["context_length_exceeded", 400],
    ["unauthorized", 401],
    ["not_found", 404],
    ["model_not_found", 404],
    ["rate_limited", 429],
    ["internal_error", 500],
    ["upstream_unreachable", 502],
    ["model_loading", 503],
    ["overloaded", 503],
  ])("%s: %d", (code, status) => {
    const answer = told(code, "What happened.");
    expect([answer.status, parsed(answer.body)]).toEqual([status, { error: "What happened." }]);
    expect(answer.headers["content-type"]).toBe("application/json");
  });

  test("that will pass says when", () => {
    expect(told("rate_limited", "Slow.", { retryAfter: "7" }).headers["retry-after"]).toBe("7");
    expect(told("model_loading", "Loading.").headers["retry-after"]).toMatch(/^\d+$/);
  });

  test("of a prompt that is too long has both numbers, once", () => {
    const detail = { promptTokens: 900, contextTokens: 512 };
    const said = (message: string, numbers = detail as object) =>
      parsed(told("context_length_exceeded", message, numbers).body).error;
    expect(said("Too long.")).toBe("Too long. (900 tokens, and there is room for 512)");
    expect(said("900 are more than 512.")).toBe("900 are more than 512.");
    expect(said("Too long.", {})).toBe("Too long.");
  });
});
