import { describe, expect, test } from "bun:test";
import type { TextApi } from "../../src/api/api.ts";
import { messages } from "../../src/api/messages.ts";
import { ollamaChat } from "../../src/api/ollama.ts";
import { responsesApi } from "../../src/api/responses.ts";
import type { FinishReason, StreamEvent } from "../../src/core/event.ts";
import { codeOf, dropped, type Note } from "../../src/core/note.ts";
import { AnswerCheck } from "../../src/pipeline/answer-check.ts";
import { type Expected, expectedOf } from "../../src/pipeline/expected.ts";
import { readObject } from "../../src/wire/json.ts";
import { question } from "../api/asked.ts";

const SCHEMA = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
const FORMAT: Expected = { format: { field: "response_format", schema: SCHEMA } };
const CALL: Expected = { call: { field: "tool_choice", names: undefined } };

const said = (words: string, choice = 0): StreamEvent[] =>
  [...words].map((text) => ({ type: "text", choice, text }));
const called = (name: string): StreamEvent[] => [
  { type: "tool-start", choice: 0, part: 1, call: 0, id: "c", name, kind: "function" },
  { type: "part-end", choice: 0, part: 1 },
];
const ended = (reason: FinishReason = "stop", choices = 1): StreamEvent[] => [
  { type: "part-end", choice: 0, part: 0 },
  ...Array.from({ length: choices }, (_, choice) => ({ type: "finish", choice, reason }) as const),
  { type: "usage", usage: { input: 1, output: 1 } },
  { type: "end" },
];

interface How {
  end?: StreamEvent[];
  strict?: boolean;
  notes?: Note[];
}

/** What a client gets of an answer, one batch per event but for the end, and what is noted. */
function checked(expected: Expected, events: StreamEvent[], how: How = {}) {
  const { end = ended(), strict = false, notes = [] } = how;
  const check = new AnswerCheck(expected, { strict, notes });
  const out = [...events.map((event) => [event]), end].flatMap((batch) => check.pass(batch));
  return { out, notes: notes.map(codeOf) };
}

describe("an answer in the form that was asked for", () => {
  test("passes as it is, and nothing is noted", () => {
    for (const strict of [true, false]) {
      const { out, notes } = checked(FORMAT, said('{"n":1}'), { strict });
      expect(out).toEqual([...said('{"n":1}'), ...ended()]);
      expect(notes).toEqual([]);
    }
  });

  test.each<[FinishReason, string]>([
    ["length", '{"n":'],
    ["context", '{"n":'],
    ["content_filter", "No."],
    ["refusal", "No."],
    ["other", "No."],
  ])("is not looked for after %s", (reason, words) => {
    expect(checked(FORMAT, said(words), { end: ended(reason), strict: true }).out.at(-1)).toEqual({
      type: "end",
    });
  });

  test("is not looked for in a call", () => {
    expect(checked(FORMAT, called("now"), { end: ended("tool_calls") }).notes).toEqual([]);
    expect(checked(FORMAT, called("now")).notes).toEqual([]);
  });

  test("is looked for in every choice, and told once", () => {
    const good = said('{"n":1}');
    const two = ended("stop", 2);
    expect(checked(FORMAT, [...good, ...said("No.", 1)], { end: two }).notes).toEqual([
      "dropped:response_format",
    ]);
    expect(checked(FORMAT, [...said("No."), ...said("No.", 1)], { end: two }).notes).toHaveLength(1);
    expect(checked(FORMAT, [...good, ...said('{"n":2}', 1)], { end: two }).notes).toEqual([]);
  });
});

describe("an answer that is not what was asked for", () => {
  const CASES: [string, Expected, StreamEvent[], FinishReason, string][] = [
    ["no JSON", FORMAT, said("Sure!"), "stop", "response_format"],
    ["JSON of another schema", FORMAT, said('{"n":"1"}'), "stop", "response_format"],
    [
      "no JSON at all, of no schema",
      { format: { field: "format", schema: undefined } },
      said("x"),
      "stop",
      "format",
    ],
    ["no call", CALL, said("Hello"), "stop", "tool_choice"],
    [
      "a call of another tool",
      { call: { field: "tool_choice", names: ["then"] } },
      called("now"),
      "tool_calls",
      "tool_choice",
    ],
    ["fewer choices", { choices: { field: "n", count: 2 } }, said("Hello"), "stop", "n"],
  ];

  test.each(CASES)("passes with a note: %s", (_, expected, events, reason, field) => {
    const { out, notes } = checked(expected, events, { end: ended(reason) });
    expect(out).toEqual([...events, ...ended(reason)]);
    expect(notes).toEqual([`dropped:${field}`]);
  });

  test.each(CASES)(
    "is an error to a strict server, in place of its end: %s",
    (_, expected, events, reason, field) => {
      const { out, notes } = checked(expected, events, { end: ended(reason), strict: true });
      expect(out.slice(0, -1)).toEqual([...events, { type: "part-end", choice: 0, part: 0 }]);
      expect(out.at(-1)).toMatchObject({
        type: "error",
        failure: { code: "upstream_bad_response", detail: { param: field } },
      });
      expect(notes).toEqual([]);
    },
  );

  test("is noted once, also where the request had to do without it from the beginning", () => {
    const notes = [dropped("tool_choice", ": this backend ignores it")];
    expect(checked(CALL, said("Hello"), { notes }).notes).toEqual(["dropped:tool_choice"]);
  });

  test("says why", () => {
    const notes: Note[] = [];
    checked(FORMAT, said('{"n":"1"}'), { notes });
    expect(notes[0]?.message).toMatch(
      /^response_format was dropped: the answer does not follow it, at #\/n: /,
    );
  });
});

test("an answer that was cut is an error already", () => {
  const notes: Note[] = [];
  const check = new AnswerCheck(FORMAT, { strict: false, notes });
  const cut = said("Sure!");
  expect(check.pass(cut)).toBe(cut);
  expect(notes).toEqual([]);
});

describe("what a chat expects", () => {
  const tools = [{ type: "function", function: { name: "now" } }];
  const named = { type: "function", function: { name: "now" } };
  const json_schema = { name: "x", schema: SCHEMA };
  const allowed = { type: "allowed_tools", allowed_tools: { mode: "required", tools: [named] } };

  test.each<[object, Expected]>([
    [{ response_format: { type: "json_schema", json_schema } }, FORMAT],
    [
      { response_format: { type: "json_object" } },
      { format: { field: "response_format", schema: undefined } },
    ],
    [{ tools, tool_choice: "required" }, CALL],
    [{ tools, tool_choice: named }, { call: { field: "tool_choice", names: ["now"] } }],
    [{ tools, tool_choice: allowed }, { call: { field: "tool_choice", names: ["now"] } }],
    [{ n: 3 }, { choices: { field: "n", count: 3 } }],
  ])("is read from its body, whoever answers: %j", (more, expected) => {
    expect(expectedOf(question(more), "openai")).toEqual(expected);
    expect(expectedOf(question(more), "anthropic")).toEqual(expected);
  });

  test.each<[object]>([
    [{}],
    [{ response_format: { type: "text" }, tools, tool_choice: "auto", n: 1 }],
    [{ response_format: null, tool_choice: null, n: null }],
    [{ tools, tool_choice: "none" }],
    [{ tool_choice: "required" }],
  ])("is nothing in most requests: %j", (more) => {
    expect(expectedOf(question(more), "openai")).toBeUndefined();
  });

  test("is found without reading the conversation, where the backend gets it unread", () => {
    const unread = { ...question({ n: 2 }), prompt: () => expect.unreachable() };
    expect(expectedOf(unread, "openai")).toEqual({ choices: { field: "n", count: 2 } });
    const plain = { ...question(), prompt: () => expect.unreachable() };
    expect(expectedOf(plain, "gemini")).toBeUndefined();
  });
});

describe("what the other dialects expect", () => {
  const read = (api: TextApi, body: object) =>
    expectedOf(api.read(readObject(Buffer.from(JSON.stringify(body))), "1", new Headers()), "openai");
  const noMemory = { enabled: false, history: () => undefined, item: () => undefined, keep: () => false };
  const said = [{ role: "user", content: "hi" }];

  test("Messages", () => {
    const body = { model: "m", max_tokens: 9, messages: said };
    const tools = [{ name: "now", input_schema: { type: "object" } }];
    expect(read(messages, { ...body, tools, tool_choice: { type: "auto" } })).toBeUndefined();
    expect(read(messages, { ...body, tools, tool_choice: { type: "any" } })).toEqual(CALL);
    expect(read(messages, { ...body, tools, tool_choice: { type: "tool", name: "now" } })).toEqual({
      call: { field: "tool_choice", names: ["now"] },
    });
    const output_config = { format: { type: "json_schema", schema: SCHEMA } };
    expect(read(messages, { ...body, output_config })).toEqual({
      format: { field: "output_config.format", schema: SCHEMA },
    });
    expect(read(messages, { ...body, output_config: { effort: "low" } })).toBeUndefined();
  });

  test("Responses", () => {
    const api = responsesApi(noMemory);
    const body = { model: "m", input: "hi" };
    const tools = [{ type: "function", name: "now", parameters: { type: "object" } }];
    expect(read(api, { ...body, tools, tool_choice: "auto", text: { verbosity: "low" } })).toBeUndefined();
    expect(read(api, { ...body, text: { format: { type: "text" } } })).toBeUndefined();
    expect(read(api, { ...body, tools, tool_choice: { type: "function", name: "now" } })).toEqual({
      call: { field: "tool_choice", names: ["now"] },
    });
    expect(
      read(api, { ...body, text: { format: { type: "json_schema", name: "x", schema: SCHEMA } } }),
    ).toEqual({ format: { field: "text.format", schema: SCHEMA } });
  });

  test("Ollama's chat", () => {
    const body = { model: "m", messages: said };
    expect(read(ollamaChat(), body)).toBeUndefined();
    expect(read(ollamaChat(), { ...body, format: "" })).toBeUndefined();
    expect(read(ollamaChat(), { ...body, format: "json" })).toEqual({
      format: { field: "format", schema: undefined },
    });
    expect(read(ollamaChat(), { ...body, format: SCHEMA })).toEqual({
      format: { field: "format", schema: SCHEMA },
    });
  });
});
