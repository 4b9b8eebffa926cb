import { describe, expect, test } from "bun:test";
import { openaiResponses } from "../../src/adapters/openai-responses.ts";
import { PLAIN_PROFILE } from "../../src/adapters/profile.ts";
import type { StreamEvent } from "../../src/core/event.ts";
import { Failure } from "../../src/core/failure.ts";

function said(...frames: object[]): StreamEvent[] {
  const state = openaiResponses.begin(PLAIN_PROFILE);
  const out: StreamEvent[] = [];
  for (const frame of frames) openaiResponses.step(state, JSON.stringify(frame), out);
  return out;
}

function failureOf(read: () => unknown): Failure {
  try {
    read();
  } catch (thrown) {
    return Failure.from(thrown);
  }
  throw new Error("nothing was thrown");
}

const created = { type: "response.created", response: { id: "resp_1", model: "m", created_at: 5 } };

describe("a response that fails", () => {
  test("after its first event is the failure that the host names", () => {
    const error = { code: "rate_limit_exceeded", message: "Slow down." };
    const failure = failureOf(() =>
      said(created, { type: "response.failed", response: { status: "failed", error } }),
    );
    expect([failure.code, failure.message]).toEqual(["rate_limited", "Slow down."]);
  });

  test.each([
    ["flat", { type: "error", code: "context_length_exceeded", message: "Too long.", param: null }],
    ["in an object", { type: "error", error: { code: "context_length_exceeded", message: "Too long." } }],
  ])("with an error event, %s, is that error", (_, event) => {
    expect(failureOf(() => said(created, event)).code).toBe("context_length_exceeded");
  });

  test("without a word is a failure all the same", () => {
    const event = { type: "response.failed", response: { status: "failed", error: null } };
    expect(failureOf(() => said(created, event)).code).toBe("upstream_error");
  });
});

test("a stream is whole only once the response is over", () => {
  const state = openaiResponses.begin(PLAIN_PROFILE);
  const step = (frame: object) => openaiResponses.step(state, JSON.stringify(frame), []);
  step(created);
  step({ type: "response.output_item.done", output_index: 0, item: { type: "message", content: [] } });
  expect(openaiResponses.done(state)).toBe(false);
  step({ type: "response.completed", response: { status: "completed", output: [] } });
  expect(openaiResponses.done(state)).toBe(true);
});

test("a response that is still under way, sent as a document, is a cut answer", () => {
  const state = openaiResponses.begin(PLAIN_PROFILE);
  const document = JSON.stringify({ id: "resp_1", status: "queued", output: [] });
  expect(failureOf(() => openaiResponses.whole(state, document, [])).code).toBe("upstream_truncated");
});

test("events and items of kinds that nobody knows break nothing", () => {
  const item = { id: "x_1", type: "dream", text: "?" };
  const events = said(
    created,
    { type: "response.dream.started", output_index: 0 },
    { type: "response.output_item.done", output_index: 0, item },
  );
  expect(events.at(-1)).toEqual({ type: "foreign", choice: 0, dialect: "openai-responses", value: item });
});
