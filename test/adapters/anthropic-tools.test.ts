import { describe, expect, test } from "bun:test";
import type { JsonRecord } from "../../src/core/json.ts";
import type { FunctionTool, Prompt, Tool } from "../../src/core/prompt.ts";
import { ALWAYS_THINKING, asked, call, EARLIER, result, tool, user } from "./anthropic-asked.ts";

const text = { type: "string" };
const object = (properties: JsonRecord, ...required: string[]): JsonRecord => ({
  type: "object",
  properties,
  ...(required.length > 0 ? { required } : {}),
});
const closed = (properties: JsonRecord, ...required: string[]) => ({
  ...object(properties, ...required),
  additionalProperties: false,
});

describe("tools", () => {
  const sent = (...tools: Tool[]) => {
    const { json, notes } = asked({ tools });
    return { tools: json.tools, notes };
  };
  const schemaOf = (parameters: JsonRecord, more: Partial<FunctionTool> = {}) => {
    const { tools, notes } = sent(tool("f", { parameters, ...more }));
    const [first] = tools as JsonRecord[];
    return { schema: first?.input_schema, strict: first?.strict, notes };
  };

  test("have their description, schema and cache mark", () => {
    const parameters = { ...object({ a: { type: "integer", minimum: 1 } }), $defs: {} };
    expect(
      sent(tool("f", { description: "Does.", parameters, cache: {} }), tool("g", { description: "" })),
    ).toEqual({
      tools: [
        { name: "f", description: "Does.", input_schema: parameters, cache_control: { type: "ephemeral" } },
        { name: "g", input_schema: { type: "object", properties: {} } },
      ],
      notes: [],
    });
  });

  test("of other forms than functions are dropped, and named", () => {
    const { tools, notes } = sent(
      { type: "custom", name: "c", at: "tools[0]" },
      { type: "hosted", name: "web_search", dialect: "openai", value: {}, at: "tools[1]" },
    );
    expect([tools, notes]).toEqual([undefined, ["dropped:tools[0]", "dropped:tools[1]"]]);
  });

  test("take one object, also where the schema says something else at the top", () => {
    expect(schemaOf({}).schema).toEqual({ type: "object", properties: {} });
    expect(schemaOf({ properties: { a: text } }).schema).toEqual(object({ a: text }));
    const either = { anyOf: [object({ a: text }, "a"), object({ b: text }, "b")] };
    expect(schemaOf(either)).toMatchObject({
      schema: { type: "object", properties: { a: text, b: text } },
      notes: ["emulated:tools[0]"],
    });
  });

  test("that are strict are enforced as far as Anthropic can, the rest is told to the model", () => {
    const parameters = closed({ a: { type: "integer", minimum: 1 }, b: text }, "a", "b");
    const { schema, strict, notes } = schemaOf(parameters, { strict: true });
    expect(strict).toBe(true);
    expect(schema).toEqual(closed({ a: { type: "integer", description: "minimum: 1" }, b: text }, "a", "b"));
    expect(notes).toEqual(["emulated:tools[0]"]);
    expect(schemaOf(parameters, { strict: false })).toEqual({
      schema: parameters,
      strict: undefined,
      notes: [],
    });
  });

  test.each([
    ["holds an object of any properties", object({ a: { type: "object" } }, "a")],
    ["holds anything", object({ a: {} }, "a")],
    ["contains itself", { ...object({ a: { $ref: "#" } }, "a") }],
    ["has more optional properties than a grammar may", object(many(25, text))],
    [
      "has more alternatives than a grammar may",
      object(many(17, { type: ["string", "null"] }), ...Object.keys(many(17, {}))),
    ],
  ])("that are strict are sent as they are where the schema %s", (_, parameters) => {
    expect(schemaOf(parameters, { strict: true })).toEqual({
      schema: parameters,
      strict: undefined,
      notes: ["dropped:tools[0].strict"],
    });
  });

  test("that are strict are no more than twenty in a request", () => {
    const tools = Array.from({ length: 22 }, (_, i) =>
      tool(`f${i}`, { parameters: closed({ a: text }, "a"), strict: true, at: `tools[${i}]` }),
    );
    const { notes } = sent(...tools);
    expect(notes).toEqual(["dropped:tools[20].strict", "dropped:tools[21].strict"]);
  });

  test("that are strict are not for models that enforce nothing", () => {
    const strict = tool("f", { parameters: closed({ a: text }, "a"), strict: true });
    expect(asked({ tools: [strict] }, "claude-sonnet-4-20250514").notes).toEqual(["dropped:tools[0].strict"]);
  });

  test("of a conversation that are not offered any more are still known, and not called", () => {
    const { json } = asked({ items: [user("hi"), call("c", "f", "{}"), result("c", "1")] });
    expect([json.tools, json.tool_choice]).toEqual([
      [{ name: "f", input_schema: { type: "object", properties: {} } }],
      { type: "none" },
    ]);
  });
});

describe("the choice of a tool", () => {
  const choice = (more: Partial<Prompt>, model = EARLIER) => {
    const { json, notes } = asked({ tools: [tool("f"), tool("g")], ...more }, model);
    const names = (json.tools as JsonRecord[]).map(({ name }) => name);
    return { choice: json.tool_choice, names: names.join(), notes };
  };

  test.each([
    [{}, undefined],
    [{ parallelTools: true }, undefined],
    [{ parallelTools: false }, { type: "auto", disable_parallel_tool_use: true }],
    [{ toolChoice: { mode: "auto" } }, { type: "auto" }],
    [{ toolChoice: { mode: "none" }, parallelTools: false }, { type: "none" }],
    [
      { toolChoice: { mode: "required" }, parallelTools: false },
      { type: "any", disable_parallel_tool_use: true },
    ],
    [{ toolChoice: { mode: "named", name: "g" } }, { type: "tool", name: "g" }],
  ] satisfies [Partial<Prompt>, unknown][])("%j is %j", (more, expected) => {
    expect(choice(more)).toEqual({ choice: expected, names: "f,g", notes: [] });
  });

  test("among some leaves only those", () => {
    const some = (required: boolean) => choice({ toolChoice: { mode: "allowed", names: ["g"], required } });
    expect(some(false)).toEqual({ choice: { type: "auto" }, names: "g", notes: [] });
    expect(some(true)).toEqual({ choice: { type: "any" }, names: "g", notes: [] });
  });

  test("is the model's own where it cannot be forced", () => {
    const forced = choice({ toolChoice: { mode: "required" } }, ALWAYS_THINKING);
    expect(forced).toEqual({ choice: { type: "auto" }, names: "f,g", notes: ["dropped:tool_choice"] });
  });

  test("of a tool that is not there is refused", () => {
    expect(() => choice({ toolChoice: { mode: "named", name: "h" } })).toThrow("names no tool");
  });
});

describe("the form of an answer", () => {
  const formed = (schema: JsonRecord | undefined, model = EARLIER) => {
    const format = schema ? { type: "json" as const, schema } : { type: "json" as const };
    const { json, notes } = asked({ format }, model);
    return { config: json.output_config, system: json.system, notes };
  };

  test("is enforced with what Anthropic knows of schemas", () => {
    const schema = {
      ...object({ list: { type: "array", items: { $ref: "#/$defs/entry" } } }, "list"),
      $defs: { entry: object({ name: { type: "string", maxLength: 9, pattern: "^(?!x)" } }, "name") },
    };
    const name = { type: "string", description: 'maxLength: 9; pattern: "^(?!x)"' };
    const entry = closed({ name }, "name");
    expect(formed(schema)).toEqual({
      config: {
        format: { type: "json_schema", schema: closed({ list: { type: "array", items: entry } }, "list") },
      },
      system: undefined,
      notes: ["emulated:response_format"],
    });
    expect(formed(closed({ a: text }, "a")).notes).toEqual([]);
  });

  test.each([
    ["the schema allows any object", EARLIER, object({ a: { type: "object" } }, "a")],
    ["the model enforces nothing", "claude-3-haiku-20240307", closed({ a: text }, "a")],
  ])("is told to the model where %s", (_, model, schema) => {
    const { config, system, notes } = formed(schema, model);
    expect([config, notes]).toEqual([undefined, ["emulated:response_format"]]);
    expect(JSON.stringify(system)).toContain(JSON.stringify(JSON.stringify(schema)).slice(1, -1));
  });

  test("is told to the model where any JSON object will do", () => {
    const { config, system, notes } = formed(undefined);
    expect([config, notes]).toEqual([undefined, ["emulated:response_format"]]);
    expect(system).toEqual([{ type: "text", text: expect.stringContaining("one JSON object") }]);
  });
});

function many(count: number, schema: JsonRecord): JsonRecord {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, schema]));
}
