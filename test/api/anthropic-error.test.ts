import { describe, expect, test } from "bun:test";
import { errorAnswer } from "../../src/api/errors.ts";
import { Failure, type FailureCode, type FailureDetail } from "../../src/core/failure.ts";
import type { JsonRecord } from "../../src/core/json.ts";

const INVALID = "invalid_request_error";
const API = "api_error";
const TIMEOUT = "timeout_error";

/** Every failure there is: the compiler misses one that is not here. */
const TABLE: Record<FailureCode, [status: number, type: string]> = {
  invalid_request: [400, INVALID],
  invalid_json: [400, INVALID],
  unsupported: [400, INVALID],
  unsupported_media_type: [415, INVALID],
  request_too_large: [413, "request_too_large"],
  unauthorized: [401, "authentication_error"],
  forbidden_origin: [403, "permission_error"],
  misdirected_host: [421, INVALID],
  not_found: [404, "not_found_error"],
  method_not_allowed: [405, INVALID],
  model_not_found: [404, "not_found_error"],
  context_length_exceeded: [400, INVALID],
  upstream_rejected: [400, INVALID],
  upstream_auth: [502, API],
  rate_limited: [429, "rate_limit_error"],
  insufficient_quota: [402, "billing_error"],
  model_loading: [503, "overloaded_error"],
  overloaded: [503, "overloaded_error"],
  upstream_error: [502, API],
  upstream_unreachable: [502, API],
  upstream_dns: [502, API],
  upstream_tls: [502, API],
  upstream_connect_timeout: [504, TIMEOUT],
  upstream_first_byte_timeout: [504, TIMEOUT],
  upstream_idle_timeout: [504, TIMEOUT],
  upstream_closed: [502, API],
  upstream_protocol: [502, API],
  upstream_redirect: [502, API],
  upstream_bad_response: [502, API],
  upstream_bad_frame: [502, API],
  upstream_frame_too_large: [502, API],
  upstream_truncated: [502, API],
  cancelled: [499, API],
  shutting_down: [503, "overloaded_error"],
  internal_error: [500, API],
};
const CODES = Object.keys(TABLE) as FailureCode[];

function answer(code: FailureCode, detail?: FailureDetail, message = "What happened.") {
  const { status, body, headers } = errorAnswer(new Failure(code, message, detail), {
    id: "req-1",
    dialect: "anthropic",
  });
  const { error, ...rest } = JSON.parse(body) as { error: JsonRecord };
  return { status, error, rest, headers, body };
}

describe("every failure is Anthropic's error object", () => {
  test.each(CODES)("%s", (code) => {
    const { status, error, rest, headers } = answer(code);
    expect([status, error.type]).toEqual(TABLE[code]);
    expect(error.message).toContain("What happened.");
    expect(error.details).toEqual({ error_code: code });
    expect(rest as JsonRecord).toEqual({ type: "error", request_id: "req-1" });
    expect(headers).toMatchObject({ "content-type": "application/json", "request-id": "req-1" });
  });

  test.each(CODES)("%s tells nothing of its cause", (code) => {
    const { body, headers } = answer(code, { cause: new Error("secret"), retryAfter: "7", status: 418 });
    expect(body).not.toContain("secret");
    expect(headers["retry-after"]).toBe("7");
  });
});

test("a prompt that is too long says so in the words that Claude Code reads, with both numbers where they are known", () => {
  const message = (detail: FailureDetail, text?: string) =>
    answer("context_length_exceeded", detail, text).error.message;
  expect(message({ promptTokens: 9000, contextTokens: 4096 })).toBe(
    "prompt is too long: 9000 tokens > 4096 maximum",
  );
  expect(message({ promptTokens: 9000 })).toBe("prompt is too long: What happened.");
  expect(message({}, "Prompt is too long: 5 > 4")).toBe("Prompt is too long: 5 > 4");
});

test("what the backend rejected keeps its status, with the type that Anthropic gives it", () => {
  const rejected = (status: number) => {
    const { status: answered, error } = answer("upstream_rejected", { status });
    return [answered, error.type];
  };
  expect(rejected(404)).toEqual([404, "not_found_error"]);
  expect(rejected(413)).toEqual([413, "request_too_large"]);
  expect(rejected(422)).toEqual([422, INVALID]);
});

test("a backend's own 5xx is kept, and Anthropic's status for too much work too", () => {
  expect(answer("upstream_error", { status: 500 }).status).toBe(500);
  expect(answer("upstream_error", { status: 404 }).status).toBe(502);
  expect(answer("overloaded", { status: 529 }).status).toBe(529);
  expect(answer("overloaded", { status: 498 }).status).toBe(503);
});

test("a client may ask again soon for a model that is loading, and only a missing key is challenged", () => {
  expect(answer("model_loading").headers["retry-after"]).toBe("2");
  const challenged = CODES.filter((code) => answer(code).headers["www-authenticate"] !== undefined);
  expect(challenged).toEqual(["unauthorized"]);
});
