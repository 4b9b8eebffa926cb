import { describe, expect, test } from "bun:test";
import { messages, readCount, writeCount } from "../../src/api/messages.ts";
import { readObject } from "../../src/api/body.ts";
import type { Answer, AnswerChoice, AnswerPart, AnswerToolCall, WordsPart } from "../../src/core/answer.ts";
import type { StreamEvent } from "../../src/core/event.ts";
import type { JsonRecord } from "../../src/core/json.ts";
import { fold } from "../../src/pipeline/fold.ts";
import { asked, END, finish, opaque, part, said, START, tool, usage } from "./said-parts.ts";

const words = (kind: WordsPart["kind"], text: string, more: Partial<WordsPart> = {}): WordsPart => ({
  kind,
  text,
  annotations: [],
  opaque: [],
  ...more,
});
const calling = (args: string, more: Partial<AnswerToolCall> = {}): AnswerToolCall => ({
  kind: "tool",
  tool: "function",
  id: "t1",
  name: "a",
  args,
  opaque: [],
  ...more,
});

function written(parts: AnswerPart[], choice: Partial<AnswerChoice> = {}, more: Partial<Answer> = {}) {
  const answer: Answer = {
    id: "x-1",
    created: 3,
    choices: [
      { index: 0, parts, logprobs: undefined, finish: "stop", extra: {}, messageExtra: {}, ...choice },
    ],
    usage: { input: 10, output: 4 },
    extra: {},
    ...more,
  };
  return JSON.parse(messages.answer(answer, { model: "asked", request: asked() })) as JsonRecord;
}

describe("a whole message", () => {
  test("has everything that Anthropic's has", () => {
    expect(written([words("text", "Hello")])).toEqual({
      id: "msg_x-1",
      type: "message",
      role: "assistant",
      model: "asked",
      content: [{ type: "text", text: "Hello" }],
      stop_reason: "end_turn",
      stop_sequence: null,
      usage: {
        input_tokens: 10,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        output_tokens: 4,
      },
    });
  });

  test("is what a stream of the same answer adds up to", async () => {
    const events: StreamEvent[] = [
      ...part(0, "reasoning", "h", "m").toSpliced(
        3,
        0,
        opaque({ issuer: "gemini", kind: "thought", data: "t" }),
      ),
      ...part(1, "text", "So ", "it is."),
      ...tool(2, 0, "a", '{"x":', "1}"),
      ...part(3, "refusal", "No."),
      finish("tool_calls"),
      usage({ cachedInput: 3, reasoning: 1 }),
    ];
    const stream = said(...events);
    const whole = await fold(
      (async function* () {
        yield [START, ...events, END];
      })(),
      "anthropic",
    );
    const answer = JSON.parse(messages.answer(whole, { model: "asked", request: asked() })) as JsonRecord;
    expect(answer).toEqual({ ...stream.message, content: stream.content });
    expect(stream.content.map(({ type }) => type)).toEqual(["thinking", "text", "tool_use", "text"]);
  });

  test("with nothing said has no content, and empty words are none", () => {
    expect(written([]).content).toEqual([]);
    expect(written([words("text", ""), words("reasoning", "")])).toMatchObject({
      content: [],
      stop_reason: "end_turn",
    });
    expect(written([], {}, { choices: [] })).toMatchObject({ content: [], stop_reason: "end_turn" });
  });

  test("keeps the order in which things were said", () => {
    const { content } = written([
      words("text", "a"),
      words("reasoning", "b"),
      calling("{}"),
      words("text", "c"),
    ]);
    expect((content as JsonRecord[]).map(({ type }) => type)).toEqual([
      "text",
      "thinking",
      "tool_use",
      "text",
    ]);
  });

  test("has thinking with its signature, or with an empty one", () => {
    const signed = { opaque: [{ issuer: "anthropic", kind: "signature", data: "s" } as const] };
    expect(written([words("reasoning", "hm", signed), words("reasoning", "ah")]).content).toEqual([
      { type: "thinking", thinking: "hm", signature: "s" },
      { type: "thinking", thinking: "ah", signature: "" },
    ]);
    const redacted = { opaque: [{ issuer: "anthropic", kind: "redacted", data: "r" } as const] };
    expect(written([words("reasoning", "", redacted)]).content).toEqual([
      { type: "redacted_thinking", data: "r" },
    ]);
  });

  test("has the arguments of a call as an object, and where they are none their text beside it", () => {
    const call = (input: object) => ({ type: "tool_use", id: "t1", name: "a", input });
    expect(written([calling('{"x":1}')]).content).toEqual([call({ x: 1 })]);
    expect(written([calling("")]).content).toEqual([call({})]);
    expect(written([calling('{"x":')]).content).toEqual([{ type: "text", text: '{"x":' }, call({})]);
    expect(written([calling("[1]")]).content).toEqual([{ type: "text", text: "[1]" }, call({})]);
    expect(written([calling("free\ntext", { tool: "custom" })]).content).toEqual([
      call({ input: "free\ntext" }),
    ]);
  });

  test("has sources, blocks and fields of Anthropic's own as they came", () => {
    const source = { type: "char_location", cited_text: "c" };
    const native = { dialect: "anthropic" as const, value: source };
    const search = { type: "server_tool_use", id: "s", name: "web_search", input: {} };
    const message = written(
      [
        { kind: "foreign", dialect: "anthropic", value: search },
        { kind: "foreign", dialect: "gemini", value: {} },
        words("text", "a", { annotations: [{ native }] }),
        calling("{}", { extra: { dialect: "anthropic", fields: { caller: { type: "direct" } } } }),
      ],
      { messageExtra: { stop_details: null } },
      { extra: { container: { id: "c" }, id: "never" } },
    );
    expect(message).toMatchObject({
      id: "msg_x-1",
      container: { id: "c" },
      stop_details: null,
      content: [
        search,
        { type: "text", text: "a", citations: [source] },
        { type: "tool_use", caller: { type: "direct" } },
      ],
    });
  });

  test("says why it ended, and whose count its tokens are", () => {
    expect(written([], { finish: "stop", stopSequence: "#" })).toMatchObject({
      stop_reason: "stop_sequence",
      stop_sequence: "#",
    });
    expect(written([words("refusal", "No.")]).stop_reason).toBe("refusal");
    expect(written([], { finish: "length" }).stop_reason).toBe("max_tokens");
    expect(written([], {}, { usage: { input: 1, output: 1, estimated: true } }).x_fairlead).toEqual({
      usage: "estimated",
    });
  });

  test("of several choices is the first", () => {
    const choice = (index: number, text: string): AnswerChoice => ({
      index,
      parts: [words("text", text)],
      logprobs: undefined,
      finish: "stop",
      extra: {},
      messageExtra: {},
    });
    expect(written([], {}, { choices: [choice(0, "a"), choice(1, "b")] }).content).toEqual([
      { type: "text", text: "a" },
    ]);
  });
});

describe("a request", () => {
  test("needs a model's name as little as it needs a length, and takes every field it does not know", () => {
    const request = asked({ stream: true, unknown: { a: 1 }, max_tokens: undefined });
    expect(request).toMatchObject({
      operation: "chat",
      dialect: "anthropic",
      answerDialect: "anthropic",
      model: "asked",
      stream: true,
    });
    expect(asked({ model: null, stream: null })).toMatchObject({ model: "", stream: false });
  });

  test("keeps the headers that change its meaning, for a backend of Anthropic's", () => {
    const headers = {
      "anthropic-beta": "a-1,b-2",
      "anthropic-version": "2026-10-21",
      "x-api-key": "no",
      "x-app": "cli",
    };
    expect(asked({}, headers).headers).toEqual({
      "anthropic-version": "2026-10-21",
      "anthropic-beta": "a-1,b-2",
    });
  });

  test.each<[JsonRecord, string]>([
    [{ messages: [] }, "messages"],
    [{ messages: "hi" }, "messages"],
    [{ messages: [{ role: "user" }] }, "messages[0].content"],
    [{ max_tokens: "9" }, "max_tokens"],
    [{ system: 1 }, "system"],
  ])("%j is refused for %s", (body, param) => {
    expect(() => asked(body)).toThrow(
      expect.objectContaining({ code: "invalid_request", detail: { param } }),
    );
  });

  test("to count tokens may leave out everything but its messages, and is answered with a number", () => {
    const body = new TextEncoder().encode('{"messages":[{"role":"user","content":"Hi"}],"max_tokens":"odd"}');
    expect(readCount(readObject(body), "r", new Headers())).toMatchObject({ stream: false, model: "" });
    expect(writeCount({ tokens: 5, estimated: false })).toBe('{"input_tokens":5}');
    expect(JSON.parse(writeCount({ tokens: 5, estimated: true }))).toMatchObject({
      input_tokens: 5,
      x_fairlead: { usage: "estimated" },
    });
  });
});
