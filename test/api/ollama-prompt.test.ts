import { describe, expect, test } from "bun:test";
import type { JsonRecord } from "../../src/core/json.ts";
import { asked, notesOf, promptOf } from "./ollama-scene.ts";

const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const WAV = Buffer.from("RIFF\0\0\0\0WAVEfmt ").toString("base64");
const user = { role: "user", content: "hi" };
const said = (text: string) => [{ type: "text", text }];
const itemsOf = (...messages: JsonRecord[]) => promptOf({ messages }).items;
const called = (name: string, more: object = {}) => ({ function: { name, arguments: {} }, ...more });
const INVALID = (param: string) => expect.objectContaining({ code: "invalid_request", detail: { param } });

describe("a request", () => {
  test("is read just far enough to route it", () => {
    expect(asked({ model: "a:latest", messages: [user] })).toMatchObject({
      id: "req-1",
      operation: "chat",
      dialect: "ollama",
      answerDialect: "ollama",
      model: "a:latest",
      stream: true,
    });
    expect(asked({ name: "old", prompt: "a" }, "generate")).toMatchObject({
      model: "old",
      operation: "chat",
    });
    expect(asked({})).toMatchObject({ model: "" });
  });

  test.each([
    [undefined, true],
    [null, true],
    [true, true],
    [false, false],
  ])("with stream %p is a stream: %p", (stream, wanted) => {
    expect(asked({ stream }).stream).toBe(wanted);
  });

  test.each([
    [{ raw: true }, "completions"],
    [{ suffix: "}" }, "completions"],
    [{ raw: false, suffix: "" }, "chat"],
    [{ suffix: null }, "chat"],
  ])("to generate with %p is of %s", (body, operation) => {
    expect(asked({ prompt: "a", ...body }, "generate")).toMatchObject({ operation });
  });

  test.each<[string, object, string]>([
    ["messages that are no list", { messages: "hi" }, "messages"],
    ["a message without a role", { messages: [{ content: "hi" }] }, "messages[0].role"],
    ["a stream that is a word", { stream: "yes" }, "stream"],
    ["options that are a list", { options: [] }, "options"],
    ["tools that are an object", { tools: {} }, "tools"],
  ])("with %s is refused", (_, body, param) => {
    expect(() => asked(body)).toThrow(INVALID(param));
  });

  test("with anything nobody knows is not", () => {
    expect(asked({ model: "m", messages: [user], shiny: [1], format: null, think: null }).model).toBe("m");
  });
});

describe("messages", () => {
  test("are a conversation, in their order", () => {
    expect(
      itemsOf(
        { role: "system", content: "Be brief." },
        { role: "User", content: "hi" },
        { role: "assistant", content: "ho", thinking: "Hm" },
        { role: "developer", content: "Now." },
      ),
    ).toEqual([
      { type: "message", role: "system", parts: said("Be brief."), at: "messages[0]" },
      { type: "message", role: "user", parts: said("hi"), at: "messages[1]" },
      { type: "reasoning", text: "Hm", opaque: [], at: "messages[2]" },
      { type: "message", role: "assistant", parts: said("ho"), at: "messages[2]" },
      { type: "message", role: "system", parts: said("Now."), at: "messages[3]" },
    ] as never);
  });

  test("have pictures before their words, of the type that their bytes tell", () => {
    const images = [PNG, WAV, "AAAA", `data:image/gif;base64,${PNG}`, "https://pictures.example/a"];
    const [message] = itemsOf({ role: "user", content: "What?", images });
    expect(message).toMatchObject({
      parts: [
        { type: "image", source: { base64: PNG }, mime: "image/png" },
        { type: "audio", source: { base64: WAV }, mime: "audio/wav" },
        { type: "image", source: { base64: "AAAA" }, mime: "" },
        { type: "image", source: { base64: PNG }, mime: "image/png" },
        { type: "image", source: { url: "https://pictures.example/a" } },
        { type: "text", text: "What?" },
      ],
    });
  });

  test("of the model that only call have no words", () => {
    const calls = [
      called("now"),
      called("tide", { id: "t1", function: { name: "tide", arguments: { a: 1 } } }),
    ];
    expect(itemsOf(user, { role: "assistant", content: "", tool_calls: calls }).slice(1)).toMatchObject([
      { type: "call", id: "call_0", name: "now", args: "{}", at: "messages[1].tool_calls[0]" },
      { type: "call", id: "t1", name: "tide", args: '{"a":1}', at: "messages[1].tool_calls[1]" },
    ]);
  });

  test("whose calls have no ids get the same ones in every request of the conversation", () => {
    const turn = { role: "assistant", tool_calls: [called("now"), called("now")] };
    const ids = (...messages: JsonRecord[]) =>
      itemsOf(...messages).flatMap((item) => ("id" in item ? item.id : []));
    expect(ids(user, turn)).toEqual(["call_0", "call_1"]);
    expect(ids(user, turn, { role: "tool", content: "1" }, { role: "tool", content: "2" }, turn)).toEqual([
      ...["call_0", "call_1"],
      ...["call_0", "call_1"],
      ...["call_2", "call_3"],
    ]);
  });

  test.each<[string, JsonRecord[], string[]]>([
    ["their ids", [{ tool_call_id: "b" }, { tool_call_id: "a" }], ["b", "a"]],
    ["their names", [{ tool_name: "tide" }, { tool_name: "now" }], ["b", "a"]],
    ["their older names", [{ name: "tide" }, { name: "now" }], ["b", "a"]],
    ["their order", [{}, {}], ["a", "b"]],
    ["their names where the ids are strange", [{ tool_call_id: "x", tool_name: "tide" }, {}], ["b", "a"]],
    ["nothing at all", [{ tool_call_id: "x" }, { tool_name: "other" }], ["x", "call_2"]],
  ])("of tools belong to their calls by %s", (_, results, ids) => {
    const turn = { role: "assistant", tool_calls: [called("now", { id: "a" }), called("tide", { id: "b" })] };
    const items = itemsOf(
      user,
      turn,
      ...results.map((result) => ({ role: "tool", content: "1", ...result })),
    );
    expect(items.slice(3)).toMatchObject(
      ids.map((id) => ({ type: "result", id, parts: said("1"), isError: false, kind: "function" })),
    );
  });

  test.each<[string, JsonRecord, string]>([
    ["a role that nobody has", { role: "narrator" }, "messages[0].role"],
    ["a number for its words", { role: "user", content: 5 }, "messages[0].content"],
    ["a picture that is a number", { role: "user", images: [PNG, 5] }, "messages[0].images[1]"],
    ["pictures that are no list", { role: "user", images: PNG }, "messages[0].images"],
    ["a call of nothing", { role: "assistant", tool_calls: [{}] }, "messages[0].tool_calls[0].function.name"],
  ])("with %s are refused with their place", (_, message, param) => {
    expect(() => itemsOf(message)).toThrow(INVALID(param));
  });
});

describe("a question to generate", () => {
  test("is a conversation of one turn", () => {
    expect(promptOf({ prompt: "hi", system: "Be brief.", images: [PNG] }, "generate")).toMatchObject({
      items: [
        { role: "system", parts: said("Be brief."), at: "system" },
        { role: "user", parts: [{ type: "image" }, ...said("hi")], at: "prompt" },
      ],
      tools: [],
      notes: [],
    });
  });

  test("that is raw, or has a suffix, is a text to go on with", () => {
    const raw = promptOf({ prompt: "a", raw: true }, "generate");
    expect(raw).toMatchObject({ completion: true, items: [{ role: "user", parts: said("a") }] });
    const gap = promptOf({ prompt: "a", suffix: "c", system: "Be brief." }, "generate");
    expect(gap).toMatchObject({ completion: true, suffix: "c" });
    expect(gap.items).toHaveLength(1);
    expect(notesOf(gap)).toEqual(["dropped:system"]);
  });

  test("says what only Ollama can do with it", () => {
    const prompt = promptOf({ prompt: "a", context: [1, 2], template: "{{ .Prompt }}" }, "generate");
    expect(notesOf(prompt)).toEqual(["dropped:context", "dropped:template"]);
    expect(notesOf(promptOf({ prompt: "a", context: [], template: "" }, "generate"))).toEqual([]);
  });
});

describe("what is wished for", () => {
  test("is read from the options", () => {
    const options = {
      ...{ temperature: 0.5, top_p: 0.9, top_k: 40, min_p: 0.1, seed: 7, stop: ["a", "b"] },
      ...{ frequency_penalty: 1, presence_penalty: 2, repeat_penalty: 1.1, num_predict: 32 },
      ...{ num_gpu: 1, num_thread: 2, use_mmap: true, mirostat: 0, typical_p: 1 },
    };
    const prompt = promptOf({ messages: [user], options, keep_alive: "5m", logprobs: true, top_logprobs: 3 });
    expect(prompt).toMatchObject({
      sampling: {
        ...{ temperature: 0.5, topP: 0.9, topK: 40, minP: 0.1, seed: 7, stop: ["a", "b"] },
        ...{ frequencyPenalty: 1, presencePenalty: 2, repeatPenalty: 1.1, logprobs: true, topLogprobs: 3 },
      },
      maxOutput: 32,
      keepAlive: "5m",
      notes: [],
    });
  });

  test("and cannot be had elsewhere is told, not kept silent", () => {
    const options = { num_ctx: 8192, typical_p: 0.9, mirostat: 2, shiny: 1, num_keep: null };
    const prompt = promptOf({ messages: [user], options, truncate: true });
    expect(notesOf(prompt)).toEqual([
      "emulated:options.num_ctx",
      "dropped:options.typical_p",
      "dropped:options.mirostat",
      "dropped:options.shiny",
    ]);
    expect(prompt.carried).toBeUndefined();
    expect(promptOf({ messages: [user], tool_choice: "none", x: null }).carried).toEqual({
      dialect: "ollama",
      fields: { tool_choice: "none" },
    });
  });

  test.each([
    [-1, undefined],
    [-2, undefined],
    [0, undefined],
    [1, 1],
    ["9", undefined],
  ])("num_predict %p is a limit of %p", (num_predict, limit) => {
    expect(promptOf({ messages: [user], options: { num_predict } }).maxOutput).toBe(limit);
  });

  test.each<[unknown, object]>([
    ["json", { type: "json" }],
    [{ type: "object" }, { type: "json", schema: { type: "object" } }],
    ["", { type: "text" }],
    [null, { type: "text" }],
    [undefined, { type: "text" }],
  ])("format %p is %p", (format, wanted) => {
    expect(promptOf({ messages: [user], format }).format).toEqual(wanted as never);
  });

  test.each<[unknown, object]>([
    [true, { enabled: true }],
    [false, { enabled: false }],
    ["high", { enabled: true, effort: "high" }],
    [null, {}],
    [undefined, {}],
  ])("think %p is %p", (think, wanted) => {
    expect(promptOf({ messages: [user], think }).reasoning).toEqual(wanted);
  });

  test("are tools in the form that OpenAI gave them", () => {
    const parameters = { type: "object", properties: {} };
    const tools = [
      { type: "function", function: { name: "now", description: "The time.", parameters } },
      { function: { name: "bare" } },
    ];
    expect(promptOf({ messages: [user], tools }).tools).toMatchObject([
      { type: "function", name: "now", description: "The time.", parameters },
      { type: "function", name: "bare" },
    ]);
    expect(() => promptOf({ messages: [user], tools: [{ type: "function", function: {} }] })).toThrow(
      INVALID("tools[0].function.name"),
    );
  });
});
