import { describe, expect, test } from "bun:test";
import type { Hints } from "../../src/adapters/adapter.ts";
import { ollama } from "../../src/adapters/ollama.ts";
import { PROFILES } from "../../src/backends/profiles.ts";
import type { StreamEvent } from "../../src/core/event.ts";
import { DIALECTS } from "./dialects.ts";
import { replayOf } from "./replay.ts";

const { stream, document } = DIALECTS.ollama.replay;

/** Lines of a stream, and what they say. */
const saidIn = (lines: readonly unknown[], hints?: Hints) =>
  replayOf(ollama, { profile: PROFILES.own, hints }).frames(...lines);

const line = (content: string, more: object = {}) => ({
  model: "m",
  created_at: "2026-01-02T03:04:05Z",
  message: { role: "assistant", content },
  done: false,
  ...more,
});
const END = { done: true, done_reason: "stop", prompt_eval_count: 3, eval_count: 2 };

/** The text of an answer, and its calls as `name(arguments)`. */
function outline(events: StreamEvent[]): string[] {
  return events.flatMap((event) => {
    if (event.type === "text") return [event.text];
    if (event.type === "tool-start") return [`${event.name}:`];
    if (event.type === "tool-args") return [event.json];
    if (event.type === "finish") return [event.raw ?? event.reason];
    return event.type === "error" ? [event.failure.code] : [];
  });
}

async function failureOf(lines: readonly unknown[], hints?: Hints) {
  const last = (await saidIn(lines, hints)).at(-1);
  if (last?.type !== "error") throw new Error(`ended in ${last?.type}`);
  return last.failure;
}

describe("an error in an answer", () => {
  test("that began is told in its own words, after what came before", async () => {
    const events = await saidIn([line("a"), { error: "model runner has unexpectedly stopped" }, line("b")]);
    expect(outline(events)).toEqual(["a", "upstream_error"]);
    expect(events.at(-1)).toMatchObject({ failure: { message: "model runner has unexpectedly stopped" } });
  });

  test("is told from a prompt that is too long", async () => {
    const error = "the input length exceeds the context length";
    expect(await failureOf([{ error }])).toMatchObject({ code: "context_length_exceeded", message: error });
  });

  test("is taken out of the document that newer releases wrap it in", async () => {
    const error = JSON.stringify({ error: { code: 500, message: "decode failed", type: "server_error" } });
    const failure = await failureOf([line("a"), { error }]);
    expect(failure).toMatchObject({ code: "upstream_error", message: "decode failed" });
  });

  test("that came as a whole document is one too", async () => {
    const bytes = new TextEncoder().encode('{"error":"boom"}');
    const [event] = (await document([bytes])).slice(-1);
    expect(event).toMatchObject({ type: "error", failure: { code: "upstream_error", message: "boom" } });
  });
});

describe("an error answer", () => {
  const failure = (status: number, error: unknown) =>
    ollama.failure(status, JSON.stringify({ error }), new Map());
  const wrapped = (inner: object) => JSON.stringify({ error: inner });

  test.each([
    [404, "model 'qwen9' not found", "model_not_found"],
    [400, "prompt too long; exceeded max context length by 34 tokens", "context_length_exceeded"],
    [500, "the input length exceeds the context length", "context_length_exceeded"],
    [400, '"llama3.2" does not support thinking', "upstream_rejected"],
    [503, "server busy, please try again.  maximum pending requests exceeded", "overloaded"],
    [500, "unable to load model", "upstream_error"],
  ] as const)("%d %s", (status, error, code) => {
    expect(failure(status, error)).toMatchObject({ code, message: error.replace(/\s+/g, " ") });
  });

  test("of newer releases holds another document, which says the numbers", () => {
    const inner = {
      code: 400,
      message: "request (2622 tokens) exceeds the available context size (512 tokens), try increasing it",
      type: "exceed_context_size_error",
      n_prompt_tokens: 2622,
      n_ctx: 512,
    };
    expect(failure(400, wrapped(inner))).toMatchObject({
      code: "context_length_exceeded",
      message: inner.message,
      detail: { status: 400 },
    });
  });

  test("with a text that only looks like a document is told as it is", () => {
    expect(failure(400, "{not json")).toMatchObject({ message: "{not json" });
    expect(ollama.failure(502, "<h1>Bad gateway</h1>", new Map()).message).toBe("Bad gateway");
  });
});

describe("why an answer ended", () => {
  test.each([
    [{ done_reason: "stop" }, "stop"],
    [{ done_reason: "length" }, "length"],
    [{ done_reason: "load" }, "stop"],
    [{ done_reason: "unload" }, "stop"],
    [{ done_reason: "tired" }, "tired"],
    [{}, "stop"],
  ])("%j", async (reason, told) => {
    expect(outline(await saidIn([line("", { done: true, ...reason })]))).toEqual([told]);
  });

  test("nothing after the last line counts", async () => {
    expect(outline(await saidIn([line("a", END), line("b"), { error: "late" }]))).toEqual(["a", "stop"]);
  });
});

test("lines that are no objects, or no JSON, are errors", async () => {
  expect((await failureOf([[1]])).code).toBe("upstream_bad_frame");
  const [event] = (await stream([new TextEncoder().encode("<html>\n")])).slice(-1);
  expect(event).toMatchObject({ failure: { code: "upstream_bad_frame" } });
});

test("two calls without an id are two calls, whatever their index", async () => {
  const call = { function: { index: 0, name: "f", arguments: {} } };
  const message = { role: "assistant", content: "", tool_calls: [call, call] };
  const events = await saidIn([line("", { message }), line("", { message }), line("", END)]);
  expect(outline(events)).toEqual([...Array.from({ length: 4 }, () => ["f:", "{}"]).flat(), "tool_calls"]);
});

test("arguments that are missing are none, and such as came as a text are kept", async () => {
  const calls = [{ function: { name: "f" } }, { function: { name: "g", arguments: '{"a":1}' } }];
  const message = { role: "assistant", content: "", tool_calls: calls };
  expect(outline(await saidIn([line("", { ...END, message })]))).toEqual([
    "f:",
    "{}",
    "g:",
    '{"a":1}',
    "tool_calls",
  ]);
});

test("unknown fields are kept for Ollama's own clients, constant ones once", async () => {
  const message = { role: "assistant", content: "a", mood: "fine", images: null };
  const call = { function: { name: "f", arguments: {} }, colour: "red" };
  const events = await saidIn([
    line("", { message, remote: "x" }),
    line("", { remote: "x", message: { tool_calls: [call] } }),
    line("", { ...END, remote: "y" }),
  ]);
  const extras = events.flatMap((event) => (event.type === "extra" ? [event.extra] : []));
  expect(extras).toEqual([
    { dialect: "ollama", chunk: { remote: "x" } },
    { dialect: "ollama", delta: { mood: "fine" } },
    { dialect: "ollama", chunk: { remote: "y" } },
  ]);
  expect(events.find((event) => event.type === "tool-start")).toMatchObject({
    extra: { dialect: "ollama", fields: { colour: "red" } },
  });
});

describe("the count of an answer", () => {
  const usage = async (last: object, hints?: Hints) =>
    (await saidIn([line("", { done: true, ...last })], hints)).find((event) => event.type === "usage");

  test("is Ollama's own", async () => {
    expect(await usage({ prompt_eval_count: 3, eval_count: 2, eval_duration: 7 })).toEqual({
      type: "usage",
      usage: {
        input: 3,
        output: 2,
        native: { dialect: "ollama", value: { prompt_eval_count: 3, eval_count: 2, eval_duration: 7 } },
      },
    });
  });

  test("has our own guess for a prompt that was cached, and says so", async () => {
    const hints = { context: { tokens: 40, room: undefined } };
    expect(await usage({ eval_count: 2 }, hints)).toMatchObject({
      usage: { input: 40, output: 2, estimated: true },
    });
  });

  test("where there is none is a guess", async () => {
    expect(await usage({})).toMatchObject({ usage: { estimated: true } });
  });
});

describe("a prompt that filled its context to the token was cut by a release that cannot refuse", () => {
  const hints = { context: { tokens: 9000, room: 512 } };

  test("and its answer is an error", async () => {
    const failure = await failureOf([line("nonsense"), line("", { ...END, prompt_eval_count: 512 })], hints);
    expect(failure).toMatchObject({ code: "context_length_exceeded", detail: { contextTokens: 512 } });
  });

  test.each([511, 513])(
    "but not one of %d tokens, which fits or went where num_ctx is not read",
    async (count) => {
      const events = await saidIn([line("a", { ...END, prompt_eval_count: count })], hints);
      expect(outline(events)).toEqual(["a", "stop"]);
    },
  );
});

describe("a call that a schema asked for as text", () => {
  const hints = { callAsText: true };
  const spoken = async (pieces: string[], end: object = END) =>
    outline(await saidIn([...pieces.map((piece) => line(piece)), line("", end)], hints));

  test("is a call", async () => {
    const pieces = ['{"name":', '"f", "argu', 'ments": {"a": [1]}}\n'];
    expect(await spoken(pieces)).toEqual(["f:", '{"a":[1]}', "tool_calls"]);
  });

  test.each([
    ['{"answer": 4}'],
    ['{"name":"f"}'],
    ['{"name":"f","arguments":"x"}'],
    ['{"name":"f","arguments":{},"more":1}'],
    ["[]"],
    ["I will not."],
  ])("is text where it is %s", async (text) => {
    expect(await spoken([text.slice(0, 3), text.slice(3)])).toEqual([text, "stop"]);
  });

  test("and broken off stays what it is", async () => {
    const end = { ...END, done_reason: "length" };
    expect(await spoken(['{"name":"f","argum'], end)).toEqual(['{"name":"f","argum', "length"]);
  });

  test("is not held for ever", async () => {
    const long = "x".repeat(1024 * 600);
    expect(await spoken([long, long, "y"])).toEqual([long + long, "y", "stop"]);
  });

  test("comes after the thoughts, which are not held", async () => {
    const thought = line("", { message: { role: "assistant", content: "", thinking: "hm" } });
    const events = await saidIn([thought, line('{"name":"f","arguments":{}}'), line("", END)], hints);
    expect(events.filter(({ type }) => type === "reasoning" || type === "tool-start")).toMatchObject([
      { type: "reasoning", text: "hm" },
      { type: "tool-start", name: "f" },
    ]);
  });
});

test("log-probabilities of a completion are in that api's own shape", async () => {
  const logprobs = [{ token: "ab", logprob: -1, top_logprobs: [{ token: "ab", logprob: -1 }] }];
  const lines = ["ab", "ab"].map((response) => ({ model: "m", response, logprobs, done: false }));
  const events = await saidIn([...lines, { model: "m", response: "", ...END }], { completion: true });
  expect(events.flatMap((event) => (event.type === "logprobs" ? [event.logprobs] : []))).toEqual(
    [0, 2].map((offset) => ({
      tokens: ["ab"],
      token_logprobs: [-1],
      top_logprobs: [{ ab: -1 }],
      text_offset: [offset],
    })),
  );
});
