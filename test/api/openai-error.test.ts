import { describe, expect, test } from "bun:test";
import { errorBody, openaiError } from "../../src/api/openai/error.ts";
import { Failure, type FailureCode, type FailureDetail } from "../../src/core/failure.ts";
import { parsed } from "./answers.ts";
import { expectSchema } from "./oracle.ts";

const INVALID = "invalid_request_error";
const UPSTREAM = "upstream_error";

/** Every failure there is: the compiler misses one that is not here. */
const TABLE: Record<FailureCode, [status: number, type: string, code: string | null]> = {
  invalid_request: [400, INVALID, null],
  invalid_json: [400, INVALID, "invalid_json"],
  unsupported: [400, INVALID, "unsupported_parameter"],
  unsupported_media_type: [415, INVALID, "unsupported_media_type"],
  request_too_large: [413, INVALID, "request_too_large"],
  unauthorized: [401, INVALID, "invalid_api_key"],
  forbidden_origin: [403, "permission_error", "forbidden_origin"],
  misdirected_host: [421, INVALID, "misdirected_host"],
  not_found: [404, INVALID, "unknown_url"],
  method_not_allowed: [405, INVALID, "method_not_supported"],
  model_not_found: [404, INVALID, "model_not_found"],
  context_length_exceeded: [400, INVALID, "context_length_exceeded"],
  upstream_rejected: [400, INVALID, null],
  upstream_auth: [502, UPSTREAM, "upstream_auth_error"],
  rate_limited: [429, "rate_limit_error", "rate_limit_exceeded"],
  insufficient_quota: [429, "insufficient_quota", "insufficient_quota"],
  model_loading: [503, "server_error", "model_loading"],
  overloaded: [503, "server_error", "overloaded"],
  upstream_error: [502, UPSTREAM, "upstream_error"],
  upstream_unreachable: [502, UPSTREAM, "upstream_unreachable"],
  upstream_dns: [502, UPSTREAM, "upstream_dns"],
  upstream_tls: [502, UPSTREAM, "upstream_tls"],
  upstream_connect_timeout: [504, UPSTREAM, "upstream_connect_timeout"],
  upstream_first_byte_timeout: [504, UPSTREAM, "upstream_first_byte_timeout"],
  upstream_idle_timeout: [504, UPSTREAM, "upstream_idle_timeout"],
  upstream_closed: [502, UPSTREAM, "upstream_closed"],
  upstream_protocol: [502, UPSTREAM, "upstream_protocol"],
  upstream_redirect: [502, UPSTREAM, "upstream_redirect"],
  upstream_bad_response: [502, UPSTREAM, "upstream_bad_response"],
  upstream_bad_frame: [502, UPSTREAM, "upstream_bad_frame"],
  upstream_frame_too_large: [502, UPSTREAM, "upstream_frame_too_large"],
  upstream_truncated: [502, UPSTREAM, "upstream_truncated"],
  cancelled: [499, "server_error", "cancelled"],
  shutting_down: [503, "server_error", "shutting_down"],
  internal_error: [500, "server_error", "internal_error"],
};
const CODES = Object.keys(TABLE) as FailureCode[];

/** Of a prompt that is too long, clients look for OpenAI's own words. */
function wordsFor(code: FailureCode): string {
  if (code !== "context_length_exceeded") return "What happened.";
  return "The model's maximum context length is exceeded: What happened.";
}

describe("every failure is OpenAI's error object", () => {
  test.each(CODES)("%s", (code) => {
    const [status, type, word] = TABLE[code];
    const answer = openaiError(new Failure(code, "What happened."));
    expect([answer.status, parsed(answer.body)]).toEqual([
      status,
      { error: { message: wordsFor(code), type, param: null, code: word } },
    ]);
    expect(answer.headers["content-type"]).toBe("application/json");
    expectSchema("ErrorResponse", parsed(answer.body));
  });

  test.each(CODES)("%s, also with all that it may carry, tells nothing of its cause", (code) => {
    const detail: FailureDetail = {
      param: "n",
      status: 418,
      upstreamType: "t",
      upstreamCode: "c",
      retryAfter: "7",
      cause: new Error("secret"),
    };
    const answer = openaiError(new Failure(code, "What happened.", detail));
    expect(JSON.stringify(answer)).not.toContain("secret");
    expect(parsed(answer.body)).toMatchObject({ error: { message: wordsFor(code), param: "n" } });
    expect(answer.headers["retry-after"]).toBe("7");
    expectSchema("ErrorResponse", parsed(answer.body));
  });
});

test("a client may ask again soon for a model that is loading, and in its own time for the rest", () => {
  expect(openaiError(new Failure("model_loading", "Wait.")).headers["retry-after"]).toBe("2");
  expect(openaiError(new Failure("upstream_error", "No.")).headers).not.toHaveProperty("retry-after");
});

test("what the backend rejected keeps its status, type and code", () => {
  const failure = new Failure("upstream_rejected", "No.", {
    status: 422,
    upstreamType: "BadRequestError",
    upstreamCode: "17",
  });
  expect(openaiError(failure).status).toBe(422);
  expect(parsed(errorBody(failure))).toMatchObject({ error: { type: "BadRequestError", code: "17" } });
});

test.each([
  [500, 500],
  [501, 501],
  [504, 504],
  [404, 502],
  [undefined, 502],
])("a backend's error %p is answered with %d", (status, answered) => {
  expect(
    openaiError(new Failure("upstream_error", "No.", status === undefined ? {} : { status })).status,
  ).toBe(answered);
});

test("only a missing key is answered with a challenge", () => {
  const challenged = CODES.filter(
    (code) => openaiError(new Failure(code, "No.")).headers["www-authenticate"] !== undefined,
  );
  expect(challenged).toEqual(["unauthorized"]);
});
