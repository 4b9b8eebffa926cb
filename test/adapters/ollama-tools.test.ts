import { describe, expect, test } from "bun:test";
import type { FunctionTool, Prompt, Tool } from "../../src/core/prompt.ts";
import { asked, user } from "./ollama-written.ts";

const tool = (name: string, parameters?: FunctionTool["parameters"]): FunctionTool => ({
  type: "function",
  name,
  description: `Does ${name}.`,
  ...(parameters ? { parameters } : {}),
  strict: true,
  at: `tools.${name}`,
});
const given = { type: "object", properties: { x: { type: "integer" } }, required: ["x"] };
const tools = [tool("f", given), tool("g")];
const form = (name: string, args: object) => ({
  type: "object",
  properties: { name: { type: "string", enum: [name] }, arguments: args },
  required: ["name", "arguments"],
  additionalProperties: false,
});

/** Instructions that were put in, if any. */
const ours = (prompt: Partial<Prompt>) => {
  const written = asked(prompt);
  const messages = written.json.messages as { role: string; content: string }[];
  return { ...written, words: messages.find(({ role }) => role === "system")?.content };
};

test("tools are sent in OpenAI's shape, with parameters even where there are none", () => {
  const { json, notes, hints } = asked({ tools });
  expect(json.tools).toEqual([
    { type: "function", function: { name: "f", description: "Does f.", parameters: given } },
    {
      type: "function",
      function: { name: "g", description: "Does g.", parameters: { type: "object", properties: {} } },
    },
  ]);
  expect([notes, hints?.callAsText]).toEqual([[], undefined]);
  expect(asked({ tools, toolChoice: { mode: "auto" } }).json.tools).toHaveLength(2);
});

test("tools that are no functions are dropped with a note", () => {
  const hosted: Tool = {
    type: "hosted",
    name: "web",
    dialect: "openai-responses",
    value: {},
    at: "tools[0]",
  };
  const { json, notes } = asked({ tools: [hosted] });
  expect([json.tools, notes]).toEqual([undefined, ["dropped:tools[0]"]]);
});

describe("the choice of a tool, which Ollama has no word for", () => {
  test("none: they are not sent", () => {
    const { json, notes } = asked({ tools, toolChoice: { mode: "none" } });
    expect([json.tools, json.format, notes]).toEqual([undefined, undefined, ["emulated:tool_choice"]]);
  });

  test("required: a schema allows nothing but a call of one of them", () => {
    const { json, notes, hints, words } = ours({ tools, toolChoice: { mode: "required" } });
    expect(json.tools).toBeUndefined();
    const nothing = { type: "object", properties: {} };
    expect(json.format).toEqual({ anyOf: [form("f", given), form("g", nothing)] });
    expect([notes, hints?.callAsText]).toEqual([["emulated:tool_choice"], true]);
    expect(words).toContain('{"name":"f","description":"Does f.","parameters":{"type":"object"');
    expect(words).toContain("Call one of them now");
  });

  test("named: of this one", () => {
    const { json, words } = ours({ tools, toolChoice: { mode: "named", name: "f" } });
    expect(json.format).toEqual(form("f", given));
    expect(words).not.toContain("Does g.");
  });

  test("allowed: of these, if any, or surely", () => {
    const names = ["g"];
    const may = asked({ tools, toolChoice: { mode: "allowed", names, required: false } });
    expect([may.json.tools, may.notes]).toMatchObject([
      [{ function: { name: "g" } }],
      ["emulated:tool_choice"],
    ]);
    const must = asked({ tools, toolChoice: { mode: "allowed", names, required: true } });
    expect(must.json.format).toMatchObject({ properties: { name: { enum: ["g"] } } });
  });

  test("of a tool that is not there is the client's mistake", () => {
    expect(() => asked({ tools, toolChoice: { mode: "named", name: "h" } })).toThrow("names no tool");
  });

  test("is told after the client's own instructions", () => {
    const items = [{ ...user("be brief"), role: "system" as const }, user("hi", "messages[1]")];
    const { json } = asked({ items, tools, toolChoice: { mode: "required" } });
    expect(json.messages).toMatchObject([
      { role: "system", content: "be brief" },
      { role: "system", content: expect.stringContaining("You have these tools:") },
      { role: "user" },
    ]);
  });

  test("without tools is no choice", () => {
    expect(asked({ toolChoice: { mode: "required" } })).toMatchObject({ notes: [], hints: { context: {} } });
  });
});

test("a wish for one call at a time is kept only where a schema keeps it", () => {
  expect(asked({ tools, parallelTools: false }).notes).toEqual(["dropped:parallel_tool_calls"]);
  expect(asked({ tools, parallelTools: true }).notes).toEqual([]);
  expect(asked({ parallelTools: false }).notes).toEqual([]);
  const forced = asked({ tools, parallelTools: false, toolChoice: { mode: "required" } });
  expect(forced.notes).toEqual(["emulated:tool_choice"]);
});

describe("the form of an answer", () => {
  const schema = { type: "object", properties: { a: { type: "string", minLength: 2 } }, required: ["a"] };

  test("is any JSON, or a schema as it came", () => {
    expect(asked({ format: { type: "json" } }).json.format).toBe("json");
    expect(asked({ format: { type: "json", schema, name: "x", strict: true } }).json.format).toEqual(schema);
  });

  test("has no references, which older releases lose", () => {
    const referring = {
      $defs: { n: { type: "integer" } },
      type: "object",
      properties: { a: { $ref: "#/$defs/n" } },
    };
    expect(asked({ format: { type: "json", schema: referring } }).json.format).toEqual({
      type: "object",
      properties: { a: { type: "integer" } },
    });
  });

  test("keeps those of a schema that holds itself", () => {
    const tree = { type: "object", properties: { left: { $ref: "#" } } };
    expect(asked({ format: { type: "json", schema: tree } }).json.format).toEqual(tree);
  });

  test("leaves room for a call, where there are tools: otherwise no model could make one", () => {
    const { json, notes, hints, words } = ours({ tools: [tool("f")], format: { type: "json", schema } });
    expect(json.tools).toBeUndefined();
    expect(json.format).toEqual({ anyOf: [form("f", { type: "object", properties: {} }), schema] });
    expect([notes, hints?.callAsText]).toEqual([["emulated:response_format"], true]);
    expect(words).toContain("Otherwise write your answer as a JSON object.");
    const any = asked({ tools: [tool("f")], format: { type: "json" } });
    expect(any.json.format).toMatchObject({ anyOf: [{}, { type: "object" }] });
  });

  test("of a call's arguments stands on its own inside the schema of the call", () => {
    const referring = {
      $defs: { n: { type: "integer" } },
      type: "object",
      properties: { a: { $ref: "#/$defs/n" } },
    };
    const { json } = asked({ tools: [tool("f", referring)], toolChoice: { mode: "required" } });
    expect(JSON.stringify(json.format)).not.toContain("$ref");
    expect(json.format).toMatchObject({
      properties: { arguments: { properties: { a: { type: "integer" } } } },
    });
  });
});

test("what a schema can say here is all that it says", () => {
  // The compiler's own tests are elsewhere: this one sees that nothing is described away for Ollama.
  const schema = { $ref: "#/$defs/s", $defs: { s: { type: "string", pattern: "^a", maxLength: 3 } } };
  expect(asked({ format: { type: "json", schema } }).json.format).toEqual({
    type: "string",
    pattern: "^a",
    maxLength: 3,
  });
});
