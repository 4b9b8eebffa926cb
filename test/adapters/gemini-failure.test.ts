import { describe, expect, test } from "bun:test";
import { gemini } from "../../src/adapters/gemini.ts";

const NO_HEADERS = new Map<string, string>();
const failure = (status: number, error: object, headers = NO_HEADERS) =>
  gemini.failure(status, JSON.stringify({ error: { code: status, ...error } }), headers);

describe("an error of Gemini's", () => {
  test.each<[number, object, string]>([
    [400, { status: "INVALID_ARGUMENT", message: 'Unknown name "x".' }, "upstream_rejected"],
    [403, { status: "PERMISSION_DENIED", message: "No." }, "upstream_auth"],
    [
      404,
      { status: "NOT_FOUND", message: "models/gone is not found for API version v1beta." },
      "model_not_found",
    ],
    [429, { status: "RESOURCE_EXHAUSTED", message: "You exceeded your current quota." }, "rate_limited"],
    [500, { status: "INTERNAL", message: "An internal error has occurred." }, "upstream_error"],
    [503, { status: "UNAVAILABLE", message: "The model is overloaded." }, "overloaded"],
    [504, { status: "DEADLINE_EXCEEDED", message: "Too slow." }, "upstream_error"],
  ])("of status %d is read: %j is %s", (status, error, code) => {
    expect(failure(status, error)).toMatchObject({ code, detail: { status } });
  });

  test("keeps its words, and its own code for what the caller did wrong", () => {
    expect(
      failure(400, { status: "FAILED_PRECONDITION", message: "User location is not supported." }),
    ).toMatchObject({
      message: "User location is not supported.",
      detail: { status: 400, upstreamCode: "FAILED_PRECONDITION" },
    });
  });

  test("of a prompt that is too long names both numbers", () => {
    const message = "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).";
    expect(failure(400, { status: "INVALID_ARGUMENT", message })).toMatchObject({
      code: "context_length_exceeded",
      detail: { promptTokens: 1_200_000, contextTokens: 1_048_576 },
    });
  });

  test.each([
    { message: "API key not valid. Please pass a valid API key.", details: [{ reason: "API_KEY_INVALID" }] },
    { message: "API key expired. Please renew the API key." },
    { message: "Something new about AIzaNoRealKey", details: [{ reason: "API_KEY_INVALID" }] },
  ])("of a wrong key is none of the caller's, and does not repeat it: %j", (error) => {
    const read = failure(400, { status: "INVALID_ARGUMENT", ...error });
    expect(read).toMatchObject({
      code: "upstream_auth",
      message: "The backend did not accept the key that is configured for it (status 400).",
      detail: { status: 400 },
    });
    expect(read.detail).toEqual({ status: 400 });
  });
});

describe("how long to wait", () => {
  const details = (retryDelay: unknown) => [
    { "@type": "type.googleapis.com/google.rpc.QuotaFailure", violations: [] },
    { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay },
  ];

  test.each([
    ["7s", "7"],
    ["34.4s", "35"],
    ["soon", undefined],
    [7, undefined],
    ["-1s", undefined],
  ])("%p is %p seconds", (delay, retryAfter) => {
    const read = failure(429, { status: "RESOURCE_EXHAUSTED", message: "Wait.", details: details(delay) });
    expect([read.code, read.detail.retryAfter]).toEqual(["rate_limited", retryAfter]);
  });

  test("is as the header says, where there is one", () => {
    const headers = new Map([["retry-after", "3"]]);
    expect(failure(429, { message: "Wait.", details: details("7s") }, headers).detail.retryAfter).toBe("3");
  });
});

describe("an error in any other dress", () => {
  test("is read: in a list, as a page, as nothing", () => {
    const listed = JSON.stringify([{ error: { code: 429, message: "Wait.", status: "RESOURCE_EXHAUSTED" } }]);
    expect(gemini.failure(429, listed, NO_HEADERS)).toMatchObject({ code: "rate_limited", message: "Wait." });
    expect(gemini.failure(502, "<html><body>Bad gateway</body></html>", NO_HEADERS)).toMatchObject({
      code: "upstream_error",
      message: "Bad gateway",
    });
    expect(gemini.failure(500, "", NO_HEADERS).message).toBe("The backend answered with status 500.");
    expect(gemini.failure(400, '{"error":"plain"}', NO_HEADERS).message).toBe("plain");
  });
});
