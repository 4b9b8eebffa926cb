import { describe, expect, test } from "bun:test";
import { Failure } from "../../src/core/failure.ts";
import { begin, ending, over, part, start, words } from "./responses-events.ts";
import { memory, streamed } from "./responses-spoken.ts";

const TEXT = [start, ...part(0, "text", "Hel", "lo"), ...ending()];

describe("an answer that was cut", () => {
  test.each([
    ["length", "max_output_tokens"],
    ["context", "max_output_tokens"],
    ["content_filter", "content_filter"],
    ["refusal", "content_filter"],
  ] as const)("%s is incomplete: %s, and so is its last item", (reason, why) => {
    const { types, response } = streamed([
      [start, ...part(0, "text", "a")],
      [begin(1, "text"), words("text", "b")],
      [over(1), ...ending(reason)],
    ]);
    expect(types.at(-1)).toBe("incomplete");
    expect(response).toMatchObject({ status: "incomplete", incomplete_details: { reason: why } });
    expect(response.output.map(({ status }) => status)).toEqual(["completed", "incomplete"]);
  });

  test("without a word has no output", () => {
    expect(streamed([[start, ...ending("length")]]).response).toMatchObject({
      status: "incomplete",
      output: [],
    });
  });
});

describe("an answer that failed", () => {
  const truncated = new Failure("upstream_truncated", "It was cut.");
  const said = [start, ...part(0, "text", "a"), begin(1, "text"), words("text", "b")];

  test("says so twice: to those who read `error`, and to those who read `response.failed`", () => {
    const keeping = memory();
    const { events, types, response } = streamed([said], { failure: truncated, keeping });
    expect(types.slice(-2)).toEqual(["error", "failed"]);
    expect(events.at(-2)).toMatchObject({ code: "upstream_truncated", message: "It was cut.", param: null });
    expect(response).toMatchObject({
      status: "failed",
      error: { code: "server_error", message: "It was cut." },
    });
    expect(keeping.kept).toEqual([]);
  });

  test("does the same as an event among others", () => {
    expect(streamed([[...said, { type: "error", failure: truncated }]]).types.slice(-2)).toEqual([
      "error",
      "failed",
    ]);
  });

  test("before its first word still begins", () => {
    expect(streamed([], { failure: truncated }).types).toEqual(["created", "in_progress", "error", "failed"]);
  });

  test.each([
    ["rate_limited", "rate_limit_exceeded"],
    ["context_length_exceeded", "context_length_exceeded"],
    ["invalid_request", "invalid_prompt"],
    ["upstream_rejected", "invalid_prompt"],
    ["overloaded", "server_error"],
    ["internal_error", "server_error"],
  ] as const)("%s is %s to clients that know a list of codes", (code, known) => {
    const { response } = streamed([said], { failure: new Failure(code, "no") });
    expect(response.error).toEqual({ code: known, message: "no" });
  });
});

test("an answer without an end is an error before it fills the memory", () => {
  const endless = [start, begin(0, "text"), words("text", "x".repeat(64 * 1024 * 1024 + 1))];
  expect(() => streamed([endless])).toThrow(expect.objectContaining({ code: "upstream_bad_response" }));
});

describe("what is kept", () => {
  test("is there before the last event is handed out, with the request's own input", () => {
    const keeping = memory();
    const { response } = streamed([TEXT], { keeping });
    const [kept] = keeping.kept;
    expect(JSON.parse(kept?.response ?? "")).toEqual(response);
    expect(kept).toMatchObject({
      id: response.id,
      previous: undefined,
      input: [{ role: "user", content: [{ type: "input_text", text: "hi" }] }],
      output: response.output,
    });
    expect(response.store).toBe(true);
  });

  test("is nothing for store: false, and where nothing is kept at all; the response says so", () => {
    const keeping = memory();
    expect(streamed([TEXT], { keeping, body: { store: false } }).response.store).toBe(false);
    expect(streamed([TEXT], { keeping: memory(false) }).response.store).toBe(false);
    expect(keeping.kept).toEqual([]);
  });

  test("that could not be kept is not claimed to be", () => {
    expect(streamed([TEXT], { keeping: memory(true, false) }).response.store).toBe(false);
  });
});
