import { describe, expect, test } from "bun:test";
import type { Destination } from "../../src/adapters/adapter.ts";
import { openaiResponses } from "../../src/adapters/openai-responses.ts";
import { PLAIN_PROFILE } from "../../src/adapters/profile.ts";
import type { JsonRecord } from "../../src/core/json.ts";
import { codeOf, type Note } from "../../src/core/note.ts";
import type { ToolKind } from "../../src/core/event.ts";
import type { CallItem, MessageItem, Part, Prompt, ResultItem } from "../../src/core/prompt.ts";
import type { TextRequest } from "../../src/core/request.ts";
import { readObject } from "../../src/wire/json.ts";

interface Sent {
  text: string;
  json: JsonRecord;
  notes: string[];
}

const encode = (text: string) => readObject(new TextEncoder().encode(text));

function send(request: Partial<TextRequest>, model = "gpt-5.1", more: Partial<Destination> = {}): Sent {
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
  const to = {
    model,
    profile: PLAIN_PROFILE,
    defaults: {},
    info: undefined,
    contextWindow: undefined,
    ...more,
  };
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
const own = (text: string, more: Partial<TextRequest> = {}, to: Partial<Destination> = {}) =>
  send({ dialect: "openai-responses", body: encode(text), ...more }, undefined, to);

const text = (words: string) => ({ type: "text" as const, text: words });

const said = (role: MessageItem["role"], ...parts: Part[]): MessageItem => ({
  ...{ type: "message", role, parts, at: "messages[0]" },
});

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

test("an alias' defaults are told in the names of Responses, where the client said nothing", () => {
  const defaults = { max_tokens: 9, temperature: 0.5, seed: 1, reasoning_effort: "low", constructor: 1 };
  const body = '{"model":"m","input":"hi","temperature":1}';
  const { json } = own(body, {}, { defaults });
  expect(json).toMatchObject({ max_output_tokens: 9, temperature: 1, reasoning: { effort: "low" } });
  expect(Object.keys(json)).not.toContain("seed");
  expect(Object.keys(json)).not.toContain("constructor");
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

  test("that is nothing but instructions is said, for something must be answered", () => {
    const { json } = asked({ items: [{ type: "message", role: "system", parts: [text("Greet.")], at: "" }] });
    expect(json).not.toHaveProperty("instructions");
    expect(json.input).toMatchObject([
      { role: "developer", content: [{ type: "input_text", text: "Greet." }] },
    ]);
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

  test("loses nothing by not saying what is so anyway", () => {
    const sampling = {
      n: 1,
      frequencyPenalty: 0,
      presencePenalty: 0,
      repeatPenalty: 1,
      temperature: 1,
      topP: 1,
    };
    expect(asked({ sampling, suffix: "" }).notes).toEqual([]);
  });

  test("chooses words as the model lets it: one that reasons answers that with an error", () => {
    const sampling = { temperature: 0.5, topP: 0.9, logprobs: true, topLogprobs: 3 };
    const plain = asked({ sampling }, "gpt-4.1");
    expect(plain.json).toMatchObject({ temperature: 0.5, top_p: 0.9, top_logprobs: 3 });
    expect(plain.json.include).toEqual(["message.output_text.logprobs"]);
    const { json, notes } = asked({ sampling });
    expect(json).not.toHaveProperty("temperature");
    expect(json).not.toHaveProperty("top_logprobs");
    expect(notes.sort()).toEqual(["dropped:logprobs", "dropped:temperature", "dropped:top_p"]);
  });

  test("asks no model to think that does not", () => {
    const { json, notes } = asked({ reasoning: { effort: "high", summary: "auto" } }, "gpt-4.1");
    expect([json.reasoning, notes]).toEqual([undefined, ["dropped:reasoning_effort"]]);
    expect(asked({ reasoning: { enabled: false } }, "gpt-4.1").notes).toEqual([]);
    // Of a name that says nothing nobody knows: what the client said counts.
    const unnamed = asked({ reasoning: { effort: "high" }, sampling: { temperature: 0.5 } }, "prod-eu");
    expect([unnamed.json.reasoning, unnamed.json.temperature]).toEqual([{ effort: "high" }, 0.5]);
    expect(unnamed.notes).toEqual([]);
  });

  test("shows media as far as the vendor has words for them", () => {
    const shown = (part: Part) => asked({ items: [said("user", part)] }).json.input;
    const pdf: Part = { type: "file", source: { base64: "JVBE" }, mime: "application/pdf" };
    const notes: Part = { type: "file", source: { base64: "aGk=" }, mime: "text/plain", name: "a.txt" };
    const mp3: Part = { type: "audio", source: { base64: "SUQz" }, mime: "audio/mpeg" };
    const kept: Part = { type: "image", source: { fileId: "file_1", issuer: "openai" }, mime: "" };
    const bare: Part = { type: "image", source: { base64: "QUJD" }, mime: "" };
    expect([pdf, notes, mp3, kept, bare].map(shown)).toEqual(
      [
        { type: "input_file", filename: "document", file_data: "data:application/pdf;base64,JVBE" },
        { type: "input_text", text: "a.txt:\nhi" },
        { type: "input_audio", input_audio: { data: "SUQz", format: "mp3" } },
        { type: "input_image", file_id: "file_1", detail: "auto" },
        { type: "input_image", image_url: "data:image/png;base64,QUJD", detail: "auto" },
      ].map((part) => [{ type: "message", role: "user", content: [part] }]),
    );
  });

  test.each<[string, Part]>([
    [
      "a file that another vendor stored",
      { type: "file", source: { fileId: "f", issuer: "anthropic" }, mime: "" },
    ],
    ["a sound at an address", { type: "audio", source: { url: "https://x.test/a" }, mime: "" }],
  ])("with %s is refused, and the place is named", (_, part) => {
    expect(() => asked({ items: [said("user", part)] })).toThrow(
      expect.objectContaining({ code: "unsupported", detail: { param: "messages[0].content[0]" } }),
    );
  });

  test("says in words, or in a note, what an item has no field for", () => {
    const image: Part = { type: "image", source: { base64: "QUJD" }, mime: "image/png" };
    const failed: ResultItem = {
      ...{
        type: "result",
        id: "c1",
        kind: "function",
        parts: [text("gone")],
        isError: true,
        at: "messages[3]",
      },
    };
    const { json, notes } = asked({
      items: [
        said("system", image),
        { ...said("user", text("hi")), name: "Ada" },
        said("assistant", image, text("ho")),
        failed,
      ],
    });
    expect(json.input).toEqual([
      { type: "message", role: "user", content: [{ type: "input_text", text: "hi" }] },
      {
        ...{ type: "message", role: "assistant" },
        content: [{ type: "output_text", text: "ho", annotations: [] }],
      },
      { type: "function_call_output", call_id: "c1", output: "Error: gone" },
    ]);
    expect(notes).toEqual([
      "dropped:messages[0].content[0]",
      "dropped:messages[0].name",
      "dropped:messages[0].content[0]",
      "emulated:messages[3].is_error",
    ]);
  });

  test("does not tell of a tool that another vendor runs", () => {
    const value = { type: "web_search_20250305", name: "web_search" };
    const { json, notes } = asked({
      tools: [{ type: "hosted", name: "web_search", dialect: "anthropic", value, at: "tools[0]" }],
      toolChoice: { mode: "auto" },
    });
    expect([json.tools, json.tool_choice, notes]).toEqual([undefined, undefined, ["dropped:tools[0]"]]);
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
    [{ enabled: false }, "low"],
    [{ effort: "none" }, "none"],
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
