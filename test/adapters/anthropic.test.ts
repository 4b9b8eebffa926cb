import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { anthropic } from "../../src/adapters/anthropic.ts";
import { PLAIN_PROFILE } from "../../src/adapters/profile.ts";
import type { StreamEvent } from "../../src/core/event.ts";
import type { FailureCode } from "../../src/core/failure.ts";
import type { JsonRecord } from "../../src/core/json.ts";
import { DIALECTS } from "./dialects.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const NO_HEADERS = new Map<string, string>();

/** What a stream of these events says, normalised. */
const heard = DIALECTS.anthropic.replay.frames;
const document = (value: unknown) => DIALECTS.anthropic.replay.document([encode(JSON.stringify(value))]);

const START = { type: "message_start", message: { id: "msg_1", model: "claude", content: [], usage: {} } };
const STOP = { type: "message_stop" };
const finish = (reason: string | null) => ({ type: "message_delta", delta: { stop_reason: reason } });
const begin = (index: number, block: JsonRecord) => ({
  type: "content_block_start",
  index,
  content_block: block,
});
const delta = (index: number, more: JsonRecord) => ({ type: "content_block_delta", index, delta: more });
const failureOf = (said: StreamEvent[]) => {
  const last = said.at(-1);
  return last?.type === "error" ? last.failure : undefined;
};
const only = (said: StreamEvent[], ...types: StreamEvent["type"][]) =>
  said.filter(({ type }) => types.includes(type));

test("a block that nobody here knows is held whole, but not without end", async () => {
  const piece = delta(0, { type: "novel_delta", text: "x".repeat(512 * 1024) });
  const block = begin(0, { type: "novel", text: "" });
  const novel = await heard(
    START,
    block,
    piece,
    { type: "content_block_stop", index: 0 },
    finish("end_turn"),
    STOP,
  );
  expect(only(novel, "foreign")).toHaveLength(1);
  const endless = await heard(START, block, ...Array<JsonRecord>(33).fill(piece));
  expect(failureOf(endless)?.code).toBe("upstream_bad_frame");
});

describe("a stream", () => {
  test.each([
    ["overloaded_error", "overloaded"],
    ["rate_limit_error", "rate_limited"],
    ["invalid_request_error", "upstream_rejected"],
    ["api_error", "upstream_error"],
  ])("with an event %s fails with %s", async (type, code) => {
    const error = { type: "error", error: { type, message: "Something went wrong" }, request_id: "req_1" };
    const said = await heard(START, begin(0, { type: "text", text: "Hel" }), error);
    expect(failureOf(said)).toMatchObject({ code, message: "Something went wrong" });
    expect(only(said, "text", "finish")).toEqual([{ type: "text", choice: 0, text: "Hel" }]);
  });

  test("that stops without a reason, as gateways do after a fault, is no whole answer", async () => {
    const text = begin(0, { type: "text", text: "Hel" });
    expect(failureOf(await heard(START, text, STOP))?.code).toBe("upstream_truncated");
    expect(failureOf(await heard(START, text, finish(null), STOP))?.code).toBe("upstream_truncated");
    expect(failureOf(await heard(START, text, finish("end_turn"), STOP))).toBeUndefined();
  });

  test.each(["null", "7", "{", "[]"])("with the frame %s fails", async (frame) => {
    expect(failureOf(await heard(START, frame))?.code).toBe("upstream_bad_frame");
  });

  test("with an error in another form fails with that error", async () => {
    const said = await heard(START, { error: { message: "too many", code: 429 } });
    expect(failureOf(said)?.code).toBe("rate_limited");
  });

  test("with events and deltas that nobody knows is read without them", async () => {
    const said = await heard(
      START,
      { type: "novelty", index: 0 },
      begin(0, { type: "text", text: "a" }),
      delta(0, { type: "novelty_delta", text: "x" }),
      { type: "content_block_delta", index: 0 },
      finish("end_turn"),
      "[DONE]",
      STOP,
    );
    expect(only(said, "text", "finish", "error")).toEqual([
      { type: "text", choice: 0, text: "a" },
      { type: "finish", choice: 0, reason: "stop" },
    ]);
  });

  test("may bring the arguments of a call with its beginning, but not twice", async () => {
    const use = (id: string, input: unknown) => ({ type: "tool_use", id, name: "f", input });
    const said = await heard(
      START,
      begin(0, use("a", { x: 1 })),
      { type: "content_block_stop", index: 0 },
      begin(1, use("b", { y: 1 })),
      delta(1, { type: "input_json_delta", partial_json: '{"y":2}' }),
      // Nobody says that this one is over.
      begin(2, use("c", { z: 1 })),
      finish("tool_use"),
      STOP,
    );
    const args = only(said, "tool-args").map((event) => (event.type === "tool-args" ? event.json : ""));
    expect(args).toEqual(['{"x":1}', '{"y":2}', '{"z":1}']);
    expect(only(said, "part-end")).toHaveLength(3);
  });

  test("may bring blocks that nobody knows, which are put together whatever their deltas are", async () => {
    const said = await heard(
      START,
      begin(0, { type: "compaction", content: "" }),
      delta(0, { type: "compaction_delta", content: "So " }),
      delta(0, { type: "compaction_delta", content: "far." }),
      { type: "content_block_stop", index: 0 },
      begin(1, { type: "novelty", citations: [1] }),
      delta(1, { type: "citations_delta", citation: 2 }),
      delta(1, { type: "novelty_delta", level: 3 }),
      finish("end_turn"),
      STOP,
    );
    expect(only(said, "foreign")).toMatchObject([
      { dialect: "anthropic", value: { type: "compaction", content: "So far." } },
      { dialect: "anthropic", value: { type: "novelty", citations: [1, 2], level: 3 } },
    ]);
  });

  test("keeps unknown fields of a block for clients of the same dialect", async () => {
    const extra = { dialect: "anthropic", fields: { novelty: 1 } };
    const text = begin(0, { type: "text", text: "a", novelty: 1 });
    const thinking = begin(1, { type: "thinking", thinking: "b", signature: "", novelty: 1 });
    const said = await heard(START, text, thinking, finish("end_turn"), STOP);
    expect(only(said, "part-start")).toMatchObject([
      { kind: "text", extra },
      { kind: "reasoning", extra },
    ]);
  });

  test.each([
    ["end_turn", "stop"],
    ["stop_sequence", "stop"],
    ["max_tokens", "length"],
    ["model_context_window_exceeded", "context"],
    ["tool_use", "tool_calls"],
    ["refusal", "refusal"],
    ["pause_turn", "pause"],
  ] as const)("that ends for %s has finished for %s", async (raw, reason) => {
    expect(only(await heard(START, finish(raw), STOP), "finish")).toEqual([
      { type: "finish", choice: 0, reason },
    ]);
  });

  test("that counts no tokens leaves counting to us", async () => {
    const said = await heard(START, begin(0, { type: "text", text: "abc" }), finish("end_turn"), STOP);
    expect(only(said, "usage")).toEqual([{ type: "usage", usage: { input: 1, output: 3, estimated: true } }]);
  });
});

describe("a document", () => {
  test("without content makes no sense, and an error is one", async () => {
    expect(failureOf(await document({ type: "message" }))?.code).toBe("upstream_bad_response");
    expect(failureOf(await document([]))?.code).toBe("upstream_bad_response");
    const error = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };
    expect(failureOf(await document(error))?.code).toBe("overloaded");
  });

  test("without a reason has ended all the same", async () => {
    const said = await document({ content: [{ type: "text", text: "a" }], stop_reason: null });
    expect(only(said, "finish", "end")).toEqual([
      { type: "finish", choice: 0, reason: "stop" },
      { type: "end" },
    ]);
  });
});

describe("an error status", () => {
  const failed = (status: number, type: string, message: string) =>
    anthropic.failure(
      status,
      JSON.stringify({ type: "error", error: { type, message }, request_id: "req_1" }),
      NO_HEADERS,
    );

  test.each([
    [400, "invalid_request_error", "max_tokens: Field required", "upstream_rejected"],
    [400, "invalid_request_error", "Your credit balance is too low to access the API", "insufficient_quota"],
    [401, "authentication_error", "invalid x-api-key", "upstream_auth"],
    [402, "billing_error", "Pay first", "insufficient_quota"],
    [404, "not_found_error", "model: claude-opus-9", "model_not_found"],
    [404, "not_found_error", "Not found", "upstream_rejected"],
    [413, "request_too_large", "Too large", "upstream_rejected"],
    [429, "rate_limit_error", "Slow down", "rate_limited"],
    [500, "api_error", "Internal server error", "upstream_error"],
    [529, "overloaded_error", "Overloaded", "overloaded"],
  ] satisfies [number, string, string, FailureCode][])("%d %s: %s is %s", (status, type, message, code) => {
    expect(failed(status, type, message).code).toBe(code);
  });

  test("of a prompt that is too long tells both numbers", () => {
    const message = "prompt is too long: 201234 tokens > 200000 maximum";
    expect(failed(400, "invalid_request_error", message)).toMatchObject({
      code: "context_length_exceeded",
      detail: { promptTokens: 201_234, contextTokens: 200_000, upstreamType: "invalid_request_error" },
    });
  });
});

describe("the backend", () => {
  test("is asked with its key, and with a version whether there is a key or not", () => {
    expect(anthropic.auth("k", PLAIN_PROFILE)).toEqual({ "x-api-key": "k" });
    expect(anthropic.headers(PLAIN_PROFILE)).toEqual({ "anthropic-version": "2023-06-01" });
    const later = { ...PLAIN_PROFILE, apiVersion: "2026-10-21" };
    expect(anthropic.headers(later)).toEqual({ "anthropic-version": "2026-10-21" });
  });

  test("lists its models with what they can do", () => {
    const path = join(import.meta.dir, "../fixtures/anthropic/anthropic.models.json");
    expect(anthropic.models(JSON.parse(readFileSync(path, "utf8")))).toEqual([
      {
        id: "claude-opus-4-8",
        created: 1_772_323_200,
        ownedBy: "anthropic",
        contextLength: 1_000_000,
        maxOutputTokens: 128_000,
        capabilities: { vision: true, json_schema: true, reasoning: true },
        thinking: ["adaptive", "disabled"],
        efforts: ["low", "medium", "high"],
      },
      {
        id: "claude-haiku-4-5",
        created: 0,
        ownedBy: "anthropic",
        contextLength: 200_000,
        maxOutputTokens: 64_000,
        capabilities: {},
        efforts: [],
      },
      { id: "claude-3-haiku-20240307", created: 1_709_769_600, ownedBy: "anthropic" },
    ]);
    for (const odd of [null, [], {}, { data: {} }]) expect(anthropic.models(odd)).toEqual([]);
  });

  test("has no embeddings", () => {
    const body = {
      bytes: encode("{}"),
      has: () => false,
      kind: () => undefined,
      names: () => [],
      value: () => undefined,
    };
    const to = {
      model: "m",
      profile: PLAIN_PROFILE,
      defaults: {},
      info: undefined,
      contextWindow: undefined,
    };
    const request = {
      id: "1",
      operation: "embeddings",
      dialect: "openai",
      answerDialect: "openai",
      model: "m",
      stream: false,
      body: { ...body, edit: () => [] },
      inputs: () => ({ inputs: [] }),
    } as const;
    expect(() => anthropic.write(request, to, [])).toThrow("no embeddings");
    expect(() => anthropic.embeddings("{}")).toThrow("no embeddings");
  });
});
