import { describe, expect, test } from "bun:test";
import { ask, at, choice, chunks, list, said } from "./echo-ask.ts";

const CHAT = "/v1/chat/completions";
const HELLO = { messages: [{ role: "user", content: "hello" }] };

/** The one choice of a whole answer. */
async function whole(body: object): Promise<{ message: unknown; finish: unknown }> {
  const { json } = await ask(CHAT, { ...HELLO, ...body });
  return { message: at(json, "choices", 0, "message"), finish: at(json, "choices", 0, "finish_reason") };
}

async function refused(body: object): Promise<unknown> {
  const { status, json } = await ask(CHAT, { ...HELLO, ...body });
  return [status, at(json, "error", "param")];
}

describe("tools", () => {
  const weather = {
    type: "function",
    function: {
      name: "weather",
      parameters: {
        type: "object",
        properties: {
          days: { type: "integer", minimum: 1 },
          place: { type: "string" },
          unit: { enum: ["c", "f"] },
        },
        required: ["place", "days"],
      },
    },
  };
  const clock = { type: "function", function: { name: "clock" } };
  const note = { type: "custom", custom: { name: "note" } };
  const search = { type: "web_search" };
  const named = (name: string) => ({ type: "function", function: { name } });
  const allowed = (mode: string, ...names: string[]) => ({
    type: "allowed_tools",
    allowed_tools: { mode, tools: names.map(named) },
  });

  test.each([
    ["auto", "auto"],
    ["none", "none"],
    ["not given", null],
    ["auto among allowed tools", allowed("auto", "clock")],
  ])("echo talks where it may choose: %s", async (_, tool_choice) => {
    const answer = await whole({ tools: [search, weather], tool_choice });
    expect(answer).toMatchObject({ message: { content: "hello" }, finish: "stop" });
  });

  test.each([
    ["required, so the first", "required", "weather", { days: 1, place: "" }],
    ["by name", named("clock"), "clock", {}],
    ["by name, flat", { type: "function", name: "clock" }, "clock", {}],
    ["the first of the allowed", allowed("required", "clock", "weather"), "clock", {}],
    [
      "the first of the allowed, flat",
      { ...allowed("required", "clock").allowed_tools, type: "allowed_tools" },
      "clock",
      {},
    ],
  ])("a demanded call is made, with the smallest arguments: %s", async (_, tool_choice, name, args) => {
    expect(await whole({ tools: [search, weather, clock], tool_choice })).toEqual({
      message: {
        role: "assistant",
        content: null,
        refusal: null,
        tool_calls: [
          {
            id: expect.stringMatching(/^call_[0-9a-f]{24}$/),
            type: "function",
            function: { name, arguments: JSON.stringify(args) },
          },
        ],
      },
      finish: "tool_calls",
    });
  });

  test("a streamed call says id, type and name first, then its arguments in pieces", async () => {
    const stream = await chunks(CHAT, { ...HELLO, n: 2, tools: [weather], tool_choice: "required" });
    const calls = (index: number) =>
      choice(stream, index).flatMap((entry) => list(at(entry, "delta", "tool_calls")));
    const [head, ...rest] = calls(1);
    expect(head).toEqual({
      index: 0,
      id: expect.stringMatching(/^call_/),
      type: "function",
      function: { name: "weather", arguments: "" },
    });
    expect(rest.length).toBeGreaterThan(2);
    expect(rest.map((call) => at(call, "function", "arguments")).join("")).toBe('{"days":1,"place":""}');
    expect(at(choice(stream, 1).at(-1), "finish_reason")).toBe("tool_calls");
    expect(at(calls(0)[0], "id")).not.toBe(at(head, "id"));
  });

  test("a custom tool is called with the user's text", async () => {
    const body = { tools: [note], tool_choice: { type: "custom", custom: { name: "note" } } };
    const call = { type: "custom", custom: { name: "note", input: "hello" } };
    expect(await whole(body)).toMatchObject({ message: { tool_calls: [call] }, finish: "tool_calls" });
    const stream = await chunks(CHAT, { ...HELLO, ...body });
    const calls = choice(stream).flatMap((entry) => list(at(entry, "delta", "tool_calls")));
    expect(calls.map((part) => at(part, "custom", "input")).join("")).toBe("hello");
  });

  test("a demanded call is made after a tool's result too, and is cut at the token limit", async () => {
    const messages = [...HELLO.messages, { role: "tool", tool_call_id: "1", content: "sunny" }];
    const body = { tools: [weather], tool_choice: "required" };
    expect((await whole({ messages, ...body })).finish).toBe("tool_calls");
    expect((await whole({ ...body, max_tokens: 1 })).finish).toBe("length");
  });

  test.each([
    ["none to call", { tool_choice: "required", tools: [] }],
    ["none that can be called", { tool_choice: "required", tools: [search] }],
    ["not the named one", { tool_choice: named("x"), tools: [clock] }],
    ["not the allowed ones", { tool_choice: allowed("required", "x"), tools: [clock] }],
    ["no such word", { tool_choice: "maybe", tools: [clock] }],
  ])("a choice that cannot be made is refused: %s", async (_, body) => {
    expect(await refused(body)).toEqual([400, "tool_choice"]);
  });
});

describe("response_format", () => {
  const schema = {
    type: "object",
    properties: {
      name: { type: "string", minLength: 1 },
      age: { type: "integer" },
      nick: { type: "string" },
    },
    required: ["name", "age"],
  };
  const json_schema = { name: "person", schema };

  test.each([
    ["a schema", { type: "json_schema", json_schema }, '{"name":"a","age":0}'],
    ["llama.cpp's form of it", { type: "json_schema", schema }, '{"name":"a","age":0}'],
    ["llama.cpp's other form of it", { type: "json_object", schema }, '{"name":"a","age":0}'],
    ["a name without a schema", { type: "json_schema", json_schema: { name: "x" } }, "{}"],
    ["any JSON", { type: "json_object" }, "{}"],
    ["text", { type: "text" }, "hello"],
  ])("%s is answered with the smallest that fits", async (_, response_format, content) => {
    expect(await whole({ response_format })).toMatchObject({ message: { content }, finish: "stop" });
    expect(said(await chunks(CHAT, { ...HELLO, response_format }))).toBe(content);
  });

  test("JSON comes in more than one piece, and is cut at the token limit", async () => {
    const response_format = { type: "json_schema", json_schema };
    expect((await chunks(CHAT, { ...HELLO, response_format })).length).toBeGreaterThan(5);
    expect((await whole({ response_format, max_tokens: 2 })).finish).toBe("length");
  });

  test("a message that is a JSON object is its own answer in JSON mode", async () => {
    const content = ' { "a": [1, 2] }\n';
    const body = { messages: [{ role: "user", content }], response_format: { type: "json_object" } };
    expect((await whole(body)).message).toMatchObject({ content });
  });

  test.each([
    ["an unknown format", { type: "xml" }, "response_format.type"],
    ["a schema that is missing", { type: "json_schema" }, "response_format.json_schema"],
    ["no object", "json", "response_format"],
  ])("%s is refused", async (_, response_format, param) => {
    expect(await refused({ response_format })).toEqual([400, param]);
  });

  test("a schema too large to read is refused", async () => {
    const huge = { enum: Array.from({ length: 40_000 }, (_, i) => `value ${i}`) };
    expect(await refused({ response_format: { type: "json_schema", schema: huge } })).toEqual([400, null]);
  });
});
