import { describe, expect, test } from "bun:test";
import { Failure } from "../../src/core/failure.ts";
import type { FinishReason, StreamEvent, ToolKind } from "../../src/core/event.ts";
import { api, asked, type Route, written } from "./ollama-scene.ts";
import { args, call, end, finish, logprobs, start, text, usage } from "./spoken.ts";

const reasoning = (words: string): StreamEvent => ({ type: "reasoning", choice: 0, text: words });
const partEnd = (part: number): StreamEvent => ({ type: "part-end", choice: 0, part });
const extra = (level: "chunk" | "delta", fields: object, dialect: "ollama" | "openai" = "ollama") =>
  ({ type: "extra", choice: 0, extra: { dialect, [level]: fields } }) as StreamEvent;
const ending = [finish(), usage(), end];

const messages = (reads: readonly StreamEvent[][]) => written(reads).lines.map(({ message }) => message);
const callsOf = (json: string, kind: ToolKind = "function") =>
  messages([[start, call(0, "now", kind), args(0, json, kind), partEnd(0), ...ending]])[0];

describe("a stream", () => {
  test("is one line for each piece, then one that says that the answer is whole", () => {
    const { sent, lines } = written([[start, text("Hel")], [text("lo")], ending]);
    expect(lines).toEqual([
      {
        model: "asked",
        created_at: "2026-11-20T00:00:00.002000000Z",
        message: { role: "assistant", content: "Hel" },
        done: false,
      },
      {
        model: "asked",
        created_at: "2026-11-20T00:00:00.003000000Z",
        message: { role: "assistant", content: "lo" },
        done: false,
      },
      {
        model: "asked",
        created_at: "2026-11-20T00:00:00.005000000Z",
        message: { role: "assistant", content: "" },
        done: true,
        done_reason: "stop",
        total_duration: 4_000_000,
        load_duration: 0,
        prompt_eval_count: 1,
        prompt_eval_duration: 1_000_000,
        eval_count: 2,
        eval_duration: 3_000_000,
      },
    ]);
    expect(sent.match(/\n/g)).toHaveLength(3);
  });

  test("of /api/generate has its words beside, not in a message", () => {
    const { lines } = written([[start, reasoning("Hm"), text("Hi"), ...ending]], "generate");
    expect(lines).toMatchObject([
      { response: "", thinking: "Hm", done: false },
      { response: "Hi", done: false },
      { response: "", done: true, done_reason: "stop", eval_count: 2 },
    ]);
    expect(lines.some((line) => "message" in line)).toBeFalse();
  });

  test("has thoughts apart from words, and a refusal as words", () => {
    const refusal: StreamEvent = { type: "refusal", choice: 0, text: "No." };
    expect(messages([[start, reasoning("Hm"), text("Hi"), refusal, ...ending]])).toEqual([
      { role: "assistant", content: "", thinking: "Hm" },
      { role: "assistant", content: "Hi" },
      { role: "assistant", content: "No." },
      { role: "assistant", content: "" },
    ]);
  });

  test("has no line for what only other dialects can say, nor for a second choice", () => {
    const mute: StreamEvent[] = [
      { type: "part-start", choice: 0, part: 0, kind: "text" },
      { type: "opaque", choice: 0, opaque: { issuer: "gemini", kind: "thought", data: "x" } },
      { type: "annotation", choice: 0, annotation: { native: { dialect: "openai", value: {} } } },
      { type: "foreign", choice: 0, dialect: "anthropic", value: { type: "x" } },
      text("other", 1),
      finish("length", 1),
    ];
    expect(written([[start, ...mute, ...ending]]).lines).toMatchObject([{ done: true, done_reason: "stop" }]);
  });

  test("that fails ends with its error, and never looks whole", () => {
    const failure = new Failure("upstream_truncated", "It broke.");
    const { sent, lines } = written([[start, text("Hel"), { type: "error", failure }]]);
    expect(lines[1]).toEqual({ error: "It broke." });
    expect(sent).not.toContain('"done":true');
    const writer = api().stream({ model: "m", request: asked({ model: "m" }) });
    expect(writer.error(failure)).toBe('{"error":"It broke."}\n');
  });

  test("is kept alive by what any reader of JSON skips, between two lines and not as one", () => {
    const { comment } = api().stream({ model: "m", request: asked({ model: "m" }) });
    expect(comment).not.toContain("\n");
    expect(JSON.parse(`${comment}{"done":false}`)).toEqual({ done: false });
  });

  test("keeps its lines apart whatever the words and the names are", () => {
    const odd = 'a\nb\r\u2028"\\é😀';
    const { lines } = written(
      [[start, text(odd), call(0, odd), args(0, "{}"), partEnd(0), ...ending]],
      "chat",
      {
        model: odd,
      },
    );
    expect(lines).toHaveLength(3);
    expect(lines).toMatchObject([
      { model: odd, message: { content: odd } },
      { message: { tool_calls: [{ function: { name: odd } }] } },
      { done: true },
    ]);
  });
});

describe("a tool call", () => {
  test("is said whole when it is complete, several at once in the order of their ends", () => {
    const { lines } = written([
      [start, call(0, "tide"), call(1, "wind"), args(0, '{"por')],
      [args(1, '{"a":1}'), partEnd(1), args(0, 't":"Kiel"}'), partEnd(0)],
      ending,
    ]);
    expect(lines.map(({ message }) => message)).toEqual([
      {
        role: "assistant",
        content: "",
        tool_calls: [{ id: "id-wind", function: { index: 0, name: "wind", arguments: { a: 1 } } }],
      },
      {
        role: "assistant",
        content: "",
        tool_calls: [{ id: "id-tide", function: { index: 1, name: "tide", arguments: { port: "Kiel" } } }],
      },
      { role: "assistant", content: "" },
    ]);
    expect(lines[2]).toMatchObject({ done_reason: "stop" });
  });

  test.each<[string, string, ToolKind, object]>([
    ["nothing", "", "function", {}],
    ["an object over several lines", '{\n "a":\r\n [1,\n"x\\ny"]}', "function", { a: [1, "x\ny"] }],
    ["what is cut", '{"a":', "function", { _raw: '{"a":' }],
    ["a list", "[1]", "function", { _raw: "[1]" }],
    ["the free text of a custom tool", "ls\n-l", "custom", { input: "ls\n-l" }],
  ])("whose arguments are %s has an object all the same", (_, json, kind, object) => {
    expect(callsOf(json, kind)).toMatchObject({ tool_calls: [{ function: { arguments: object } }] });
  });

  test("of endless arguments is broken off, not held for ever", () => {
    const piece = args(0, "x".repeat(1024 * 1024));
    expect(() => written([[start, call(0, "f"), ...Array<StreamEvent>(17).fill(piece)]])).toThrow(
      expect.objectContaining({ code: "upstream_bad_response" }),
    );
  });

  test("keeps all digits of its numbers", () => {
    const { sent } = written([
      [start, call(0, "f"), args(0, '{"id":12345678901234567890}'), partEnd(0), ...ending],
    ]);
    expect(sent).toContain('"arguments":{"id":12345678901234567890}');
  });
});

describe("the end", () => {
  const done = (event: StreamEvent, route: Route = "chat") =>
    written([[start, text("Hi"), event, usage(), end]], route).lines[1]?.done_reason;

  test.each<[FinishReason, string]>([
    ["stop", "stop"],
    ["tool_calls", "stop"],
    ["pause", "stop"],
    ["length", "length"],
    ["context", "length"],
    ["content_filter", "content_filter"],
    ["refusal", "content_filter"],
    ["other", "stop"],
  ])("by %s is %s", (reason, word) => {
    expect(done({ type: "finish", choice: 0, reason })).toBe(word);
    expect(done({ type: "finish", choice: 0, reason }, "generate")).toBe(word);
  });

  test("has a word of the backend's that nobody knows", () => {
    expect(done({ type: "finish", choice: 0, reason: "other", raw: "odd" })).toBe("odd");
  });

  test("has the times of a backend that is an Ollama, and says when the counts are ours", () => {
    const native = {
      dialect: "ollama" as const,
      value: { total_duration: 9, load_duration: 5, eval_count: 7 },
    };
    const last = (counts: object) => written([[start, text("Hi"), finish(), usage(counts), end]]).lines[1];
    expect(last({ output: 7, native })).toMatchObject({
      total_duration: 9,
      load_duration: 5,
      prompt_eval_count: 1,
      eval_count: 7,
    });
    expect(last({ native: { dialect: "openai", value: { total_duration: 1 } } })).toMatchObject({
      total_duration: 3_000_000,
    });
    expect(last({ estimated: true })).toMatchObject({ x_fairlead: { usage: "estimated" } });
  });
});

describe("what came beside the words", () => {
  test("goes out at the level it came in, from an Ollama alone", () => {
    const { lines } = written([
      [start, extra("chunk", { remote_model: "r" }), extra("delta", { images: ["a"] }), text("Hi")],
      [extra("chunk", { id: "x" }, "openai"), text("!")],
      [extra("chunk", { done_reason: "load", context: [1] }), ...ending],
    ]);
    expect(lines[0]).toMatchObject({
      remote_model: "r",
      message: { content: "Hi", images: ["a"] },
      done: false,
    });
    expect(lines[1]).toEqual({
      model: "asked",
      created_at: expect.any(String),
      message: { role: "assistant", content: "!" },
      done: false,
    });
    expect(lines[2]).toMatchObject({ done: true, done_reason: "load", context: [1] });
    expect(lines).toHaveLength(3);
  });

  test("does not wait for words it does not belong to, and is never two of a name", () => {
    const { lines } = written([[start, extra("chunk", { p: 1 }), extra("chunk", { p: 2 })], ending]);
    expect(lines).toMatchObject([{ p: 1, done: false }, { p: 2, done: false }, { done: true }]);
  });

  test("are log-probabilities with their tokens", () => {
    const { lines } = written([[start, logprobs("Hi"), text("Hi")], [logprobs("!")], ending]);
    expect(lines).toMatchObject([
      { message: { content: "Hi" }, logprobs: [{ token: "Hi", logprob: -1, top_logprobs: [] }] },
      { message: { content: "" }, logprobs: [{ token: "!" }] },
      { done: true },
    ]);
    expect(lines[2]).not.toHaveProperty("logprobs");
  });

  test("are log-probabilities of a completion in the same form", () => {
    const said = { tokens: ["Hi"], token_logprobs: [-1], top_logprobs: [{ Ho: -2 }], text_offset: [0] };
    const { lines } = written(
      [[start, { type: "logprobs", choice: 0, logprobs: said }, text("Hi"), ...ending]],
      "generate",
    );
    expect(lines[0]).toMatchObject({
      logprobs: [{ token: "Hi", logprob: -1, top_logprobs: [{ token: "Ho", logprob: -2 }] }],
    });
  });
});

test.each(["tool-delta", "boundary"] as const)(
  "a %s that left the normaliser is a mistake of ours",
  (type) => {
    expect(() => written([[start, { type, choice: 0 }]])).toThrow("left the normaliser");
  },
);
