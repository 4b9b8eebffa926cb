import { describe, expect, test } from "bun:test";
import { openaiResponses } from "../../src/adapters/openai-responses.ts";
import { PLAIN_PROFILE } from "../../src/adapters/profile.ts";
import type { JsonRecord } from "../../src/core/json.ts";
import { codeOf, type Note } from "../../src/core/note.ts";
import type { ToolKind } from "../../src/core/event.ts";
import type { CallItem, Part, Prompt, ResultItem } from "../../src/core/prompt.ts";
import type { TextRequest } from "../../src/core/request.ts";
import { readObject } from "../../src/wire/json.ts";

interface Sent {
  text: string;
  json: JsonRecord;
  notes: string[];
}

const encode = (text: string) => readObject(new TextEncoder().encode(text));

function send(request: Partial<TextRequest>, model = "gpt-5.1"): Sent {
  const notes: Note[] = [];
  const whole: TextRequest = {
    id: "1",
    operation: "chat",
    dialect: "openai",
    answerDialect: "openai",
    model: "m",
    stream: false,
    includeUsage: false,
    body: encode("{}"),
    prompt: () => prompt({}),
    ...request,
  };
  const to = { model, profile: PLAIN_PROFILE, defaults: {}, info: undefined, contextWindow: undefined };
  const { body, path } = openaiResponses.write(whole, to, notes);
  expect(path).toBe("/v1/responses");
  const text = Buffer.concat(body).toString();
  return { text, json: JSON.parse(text) as JsonRecord, notes: notes.map(codeOf) };
}

function prompt(more: Partial<Prompt>): Prompt {
  return {
    items: [],
    tools: [],
    sampling: {},
    format: { type: "text" },
    reasoning: {},
    notes: [],
    ...more,
  };
}

const asked = (more: Partial<Prompt>, model?: string) => send({ prompt: () => prompt(more) }, model);
const own = (text: string, more: Partial<TextRequest> = {}) =>
  send({ dialect: "openai-responses", body: encode(text), ...more });

const text = (words: string) => ({ type: "text" as const, text: words });

describe("a client's own body", () => {
  test("keeps its bytes but for what is kept here instead of at the vendor", () => {
    const body = '{"z":1, "model":"m","input":"hi",  "store":true,"previous_response_id":"resp_9"}';
    expect(own(body).text).toBe(
      '{"z":1, "model":"gpt-5.1","input":"hi",  "store":false,"include":["reasoning.encrypted_content"]}',
    );
  });

  test("loses reasoning that another vendor sealed, and no other", () => {
    const theirs = { type: "reasoning", summary: [], encrypted_content: "fl1.anthropic.signature.eA" };
    const ours = { type: "reasoning", summary: [], encrypted_content: "gAAAA" };
    const nobodys = { type: "reasoning", id: "rs_1", summary: [] };
    const said = { role: "user", content: "hi" };
    const { json } = own(JSON.stringify({ model: "m", input: [theirs, ours, nobodys, said] }));
    expect(json.input).toEqual([ours, { role: "user", content: "hi" }]);
  });
});

describe("a conversation of another dialect", () => {
  test("has its first instructions apart, later ones in their place", () => {
    const { json } = asked({
      items: [
        { type: "message", role: "system", parts: [text("Be brief.")], at: "" },
        { type: "message", role: "user", parts: [text("Hi")], at: "" },
        { type: "message", role: "system", parts: [text("Be kind.")], at: "" },
      ],
    });
    expect(json).toMatchObject({
      instructions: "Be brief.",
      input: [
        { role: "user", content: [{ type: "input_text", text: "Hi" }] },
        { role: "developer", content: [{ type: "input_text", text: "Be kind." }] },
      ],
      store: false,
    });
  });

  test("gives the vendor's own sealed reasoning back, and nobody else's", () => {
    const reasoning = (issuer: "anthropic" | "openai-responses", data: string) => ({
      type: "reasoning" as const,
      text: "Hm.",
      opaque: [{ issuer, kind: "encrypted" as const, data }],
      at: "",
    });
    const { json } = asked({ items: [reasoning("anthropic", "a"), reasoning("openai-responses", "b")] });
    expect(json.input).toEqual([
      { type: "reasoning", summary: [{ type: "summary_text", text: "Hm." }], encrypted_content: "b" },
    ]);
  });

  test("has calls and their results, pictures in results included", () => {
    const call = (id: string, kind: ToolKind, args: string): CallItem => ({
      ...{ type: "call", id, kind, args, name: "look", opaque: [], at: "" },
    });
    const result = (id: string, kind: ToolKind, ...parts: Part[]): ResultItem => ({
      ...{ type: "result", id, kind, parts, isError: false, at: "" },
    });
    const image: Part = { type: "image", source: { base64: "QUJD" }, mime: "image/png" };
    const { json } = asked({
      items: [
        { ...call("c1", "function", ""), namespace: "eyes" },
        result("c1", "function", text("see"), image),
        call("c2", "custom", "north"),
        result("c2", "custom", text("ice")),
      ],
    });
    expect(json.input).toEqual([
      { type: "function_call", call_id: "c1", name: "look", namespace: "eyes", arguments: "{}" },
      {
        type: "function_call_output",
        call_id: "c1",
        output: [
          { type: "input_text", text: "see" },
          { type: "input_image", image_url: "data:image/png;base64,QUJD", detail: "auto" },
        ],
      },
      { type: "custom_tool_call", call_id: "c2", name: "look", input: "north" },
      { type: "custom_tool_call_output", call_id: "c2", output: "ice" },
    ]);
  });

  test("tells tools of one namespace together, and is strict only where the client was", () => {
    const { json } = asked({
      tools: [
        { type: "function", name: "a", namespace: "n", at: "tools[0]" },
        { type: "function", name: "b", strict: true, parameters: { type: "object" }, at: "tools[1]" },
        { type: "function", name: "c", namespace: "n", at: "tools[2]" },
      ],
      toolChoice: { mode: "allowed", names: ["a", "b"], required: true },
      parallelTools: false,
    });
    const empty = { type: "object", properties: {} };
    expect(json).toMatchObject({
      tools: [
        {
          type: "namespace",
          name: "n",
          tools: [
            { type: "function", name: "a", parameters: empty, strict: false },
            { type: "function", name: "c", parameters: empty, strict: false },
          ],
        },
        { type: "function", name: "b", parameters: { type: "object" }, strict: true },
      ],
      tool_choice: {
        type: "allowed_tools",
        mode: "required",
        tools: [
          { type: "function", name: "a" },
          { type: "function", name: "b" },
        ],
      },
      parallel_tool_calls: false,
    });
  });

  test("names what Responses has no field for", () => {
    const { notes } = asked({
      sampling: { n: 2, seed: 1, stop: ["x"], topK: 4, logitBias: { 1: 2 } },
    });
    expect(notes.sort()).toEqual([
      "dropped:logit_bias",
      "dropped:n",
      "dropped:seed",
      "dropped:stop",
      "dropped:top_k",
    ]);
  });

  test("that wants one answer loses nothing by not saying so", () => {
    expect(asked({ sampling: { n: 1 } }).notes).toEqual([]);
  });

  test("asks for sealed reasoning only of models that reason", () => {
    expect(asked({}, "o3-pro").json.include).toEqual(["reasoning.encrypted_content"]);
    expect(asked({}, "gpt-4.1").json).not.toHaveProperty("include");
  });

  test.each([
    [{ budget: 2000 }, "low"],
    [{ budget: 9000 }, "medium"],
    [{ budget: 40_000 }, "high"],
    [{ effort: "xhigh" }, "xhigh"],
    [{ enabled: false }, "minimal"],
  ])("with a wish to think %p is sent with effort %s", (reasoning, effort) => {
    expect(asked({ reasoning }).json.reasoning).toMatchObject({ effort });
  });

  test("asks for an answer of a schema", () => {
    const schema = { type: "object" };
    const { json } = asked({ format: { type: "json", schema, name: "ship" }, verbosity: "low" });
    expect(json.text).toEqual({
      format: { type: "json_schema", name: "ship", schema, strict: false },
      verbosity: "low",
    });
  });

  test("may not be shorter than Responses can be", () => {
    const { json, notes } = asked({ maxOutput: 5 });
    expect([json.max_output_tokens, notes]).toEqual([16, ["emulated:max_tokens"]]);
  });
});
