import { describe, expect, test } from "bun:test";
import { openai } from "../../src/adapters/openai.ts";
import { PROFILES, type ProfileName } from "../../src/backends/profiles.ts";
import type { StreamEvent } from "../../src/core/event.ts";
import { chatTo, messages, written } from "./written.ts";

const ALL = Object.keys(PROFILES) as ProfileName[];
const tool = (name: string) => ({ type: "function", function: { name, parameters: {} } });
const tools = [tool("now"), tool("then"), { type: "custom", custom: { name: "shell" } }];
const named = { type: "function", function: { name: "then" } };

describe("tool_choice", () => {
  test.each<ProfileName>(["openai", "vllm", "generic", "groq", "deepseek"])(
    "goes to %s as it came",
    (profile) => {
      for (const tool_choice of ["auto", "none", "required", named])
        expect(chatTo(profile, { tools, tool_choice })).toMatchObject({
          json: { tools, tool_choice },
          notes: [],
        });
    },
  );

  test.each<ProfileName>(["llamacpp", "lmstudio"])(
    "naming one tool for %s: that one alone is sent, and required",
    (profile) => {
      const { json, notes } = chatTo(profile, { tools, tool_choice: named });
      expect(json).toMatchObject({ tools: [tool("then")], tool_choice: "required" });
      expect(notes).toEqual([expect.stringContaining("tool_choice was emulated")]);
    },
  );

  test("naming a custom tool, or several with a mode, is emulated in the same way", () => {
    const shell = { type: "custom", custom: { name: "shell" } };
    expect(chatTo("llamacpp", { tools, tool_choice: shell }).json).toMatchObject({
      tools: [tools[2]],
      tool_choice: "required",
    });
    const some = (mode: string) => ({
      type: "allowed_tools",
      allowed_tools: { mode, tools: [named, shell] },
    });
    expect(chatTo("llamacpp", { tools, tool_choice: some("auto") }).json).toMatchObject({
      tools: tools.slice(1),
      tool_choice: "auto",
    });
    expect(chatTo("llamacpp", { tools, tool_choice: some("required") }).json).toMatchObject({
      tool_choice: "required",
    });
  });

  test.each([{ type: "function", function: { name: "unknown" } }, { type: "function" }, {}])(
    "naming no tool that is there is the caller's mistake: %j",
    (tool_choice) => {
      const nameless = { type: "web_search" };
      expect(() => chatTo("llamacpp", { tools: [...tools, nameless], tool_choice })).toThrow(
        expect.objectContaining({ code: "invalid_request", detail: { param: "tool_choice" } }),
      );
    },
  );

  test.each<ProfileName>(["llamacpp", "lmstudio"])("auto and required go to %s as they came", (profile) => {
    for (const tool_choice of ["auto", "required"])
      expect(chatTo(profile, { tools, tool_choice })).toMatchObject({
        json: { tools, tool_choice },
        notes: [],
      });
  });

  test.each<ProfileName>(["llamacpp", "lmstudio", "zai"])(
    "none for %s, which would show the tools all the same: they are not sent",
    (profile) => {
      const { json, notes } = chatTo(profile, { tools, tool_choice: "none", parallel_tool_calls: true });
      for (const name of ["tools", "tool_choice", "parallel_tool_calls"])
        expect(json).not.toHaveProperty(name);
      expect(notes).toEqual([expect.stringContaining("tool_choice was emulated")]);
    },
  );

  test("required is any for Mistral, and a named tool stays named", () => {
    expect(chatTo("mistral", { tools, tool_choice: "required" }).json.tool_choice).toBe("any");
    expect(chatTo("mistral", { tools, tool_choice: named }).json.tool_choice).toEqual(named);
  });

  test.each(["required", named])(
    "%j for GLM, which ignores it and knows no schemas, is refused: its answer might be without a call",
    (tool_choice) => {
      expect(() => chatTo("zai", { tools, tool_choice })).toThrow(
        expect.objectContaining({ code: "unsupported", detail: { param: "tool_choice" } }),
      );
    },
  );

  test("nothing said, nothing changed", () => {
    for (const profile of ALL) expect(chatTo(profile, { tools }).json.tool_choice).toBeUndefined();
  });
});

describe("a choice that a host ignores, but for a schema, is made by one", () => {
  const profile = { ...PROFILES.generic, toolChoice: "none" } as const;
  const body = { messages, tools: tools.slice(0, 2) };

  test("the answer is held to the form of a call; the model still reads what the tools do", () => {
    const { json, notes, hints } = written({ ...body, tool_choice: "required" }, { profile });
    const form = (name: string) => ({
      type: "object",
      properties: { name: { type: "string", enum: [name] }, arguments: {} },
      required: ["name", "arguments"],
      additionalProperties: false,
    });
    expect(json).toEqual({
      messages,
      tools: body.tools,
      model: "theirs",
      response_format: {
        type: "json_schema",
        json_schema: { name: "tool_call", schema: { anyOf: [form("now"), form("then")] } },
      },
    });
    expect(hints).toEqual({ callAsText: true });
    expect(notes).toEqual(["tool_choice was emulated: the answer was held to the schema of a tool call"]);
  });

  test("a named tool is the only one; another form of the answer has no room", () => {
    const { json, notes } = written(
      { ...body, tool_choice: named, response_format: { type: "json_object" } },
      { profile },
    );
    expect(json).toMatchObject({
      tools: [tools[1]],
      response_format: { json_schema: { schema: { properties: { name: { enum: ["then"] } } } } },
    });
    expect(notes).toContain("response_format was dropped: the answer is a tool call");
  });

  test("auto and one of allowed tools force nothing", () => {
    expect(written({ ...body, tool_choice: "auto" }, { profile })).toMatchObject({ hints: undefined });
    const allowed = { type: "allowed_tools", allowed_tools: { mode: "auto", tools: [named] } };
    const { json, hints } = written({ ...body, tool_choice: allowed }, { profile });
    expect([json, hints]).toEqual([{ messages, tools: [tools[1]], model: "theirs" }, undefined]);
  });

  function read(...texts: string[]): StreamEvent[] {
    const state = openai.begin(profile, { callAsText: true });
    const out: StreamEvent[] = [];
    for (const content of texts)
      openai.step(state, JSON.stringify({ choices: [{ index: 0, delta: { content } }] }), out);
    openai.step(state, JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }), out);
    return out;
  }

  test("what it then says is the call it means", () => {
    expect(read('{"name":"now",', '"arguments":{"a":1}}')).toEqual([
      expect.objectContaining({ type: "start" }),
      { type: "tool-delta", choice: 0, name: "now", args: { a: 1 }, done: true },
      { type: "finish", choice: 0, reason: "stop" },
    ]);
  });

  test("it is so too where the host gives no reason for its end", () => {
    const out: StreamEvent[] = [];
    const message = { content: '{"name":"now","arguments":{}}' };
    openai.whole(
      openai.begin(profile, { callAsText: true }),
      JSON.stringify({ choices: [{ message }] }),
      out,
    );
    const call = { type: "tool-delta", choice: 0, name: "now", args: {}, done: true };
    expect(out.slice(1)).toEqual([call, { type: "finish", choice: 0, reason: "stop" }] as StreamEvent[]);
  });

  test("what is no call after all is not hidden", () => {
    expect(read("I would", " rather not")).toContainEqual({
      type: "text",
      choice: 0,
      text: "I would rather not",
    });
  });

  test("a call that the host made itself is one", () => {
    const state = openai.begin(profile, { callAsText: true });
    const out: StreamEvent[] = [];
    const call = { index: 0, id: "a", function: { name: "now", arguments: "{}" } };
    openai.step(state, JSON.stringify({ choices: [{ index: 0, delta: { tool_calls: [call] } }] }), out);
    expect(out).toContainEqual(expect.objectContaining({ type: "tool-delta", name: "now" }));
  });
});

describe("a list of allowed tools", () => {
  const tool_choice = { type: "allowed_tools", allowed_tools: { mode: "required", tools: [named] } };

  test("is known to OpenAI, which caches the others' words", () => {
    expect(chatTo("openai", { tools, tool_choice })).toMatchObject({
      json: { tools, tool_choice },
      notes: [],
    });
  });

  test.each<[ProfileName, string]>([
    ["vllm", "required"],
    ["groq", "required"],
    ["mistral", "any"],
  ])("is all that %s is shown, with the choice %s", (profile, choice) => {
    const { json } = chatTo(profile, { tools, tool_choice });
    expect([json.tools, json.tool_choice]).toEqual([[tools[1]], choice]);
  });
});

describe("OpenAI's deprecated functions", () => {
  const functions = [{ name: "now", parameters: {} }];
  const history = [
    { role: "user", content: "hi" },
    { role: "assistant", content: null, function_call: { name: "now", arguments: "{}" } },
    { role: "function", name: "now", content: "12" },
  ];

  test("stay what they are for OpenAI", () => {
    const body = { messages: history, functions, function_call: { name: "now" } };
    expect(chatTo("openai", body)).toMatchObject({ json: body, notes: [] });
  });

  test.each<ProfileName>(["llamacpp", "vllm", "mistral", "groq", "generic"])(
    "are tools for %s, also in earlier turns",
    (profile) => {
      const { json, notes } = chatTo(profile, { messages: history, functions, function_call: "auto" });
      expect(json).toMatchObject({
        messages: [
          history[0],
          { tool_calls: [{ id: "call_1", type: "function", function: { name: "now", arguments: "{}" } }] },
          { role: "tool", tool_call_id: "call_1", content: "12" },
        ],
        tools: [{ type: "function", function: functions[0] }],
        tool_choice: "auto",
        parallel_tool_calls: false,
      });
      for (const name of ["functions", "function_call"]) expect(json).not.toHaveProperty(name);
      expect(notes).toEqual(["functions was emulated: they were sent as tools"]);
    },
  );

  test("one that must be called is a tool that must be", () => {
    expect(chatTo("vllm", { functions, function_call: { name: "now" } }).json.tool_choice).toEqual({
      type: "function",
      function: { name: "now" },
    });
  });
});
