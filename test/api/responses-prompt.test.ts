import { describe, expect, test } from "bun:test";
import type { JsonRecord } from "../../src/core/json.ts";
import { codeOf } from "../../src/core/note.ts";
import { responsesPrompt } from "../../src/api/responses/prompt.ts";
import { bodyOf } from "./responses-spoken.ts";

const read = (fields: JsonRecord, earlier?: unknown[]) => responsesPrompt(bodyOf(fields), earlier);
const items = (...input: unknown[]) => read({ input }).items;
const notes = (fields: JsonRecord) => read(fields).notes.map(codeOf);

const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

describe("messages", () => {
  test("a text is the user's, and the instructions stand before it", () => {
    expect(read({ instructions: "Be brief.", input: "hi" }).items).toEqual([
      { type: "message", role: "system", parts: [{ type: "text", text: "Be brief." }], at: "instructions" },
      { type: "message", role: "user", parts: [{ type: "text", text: "hi" }], at: "input" },
    ]);
  });

  test("may be in the easy form; developers are systems", () => {
    expect(
      items(
        { role: "developer", content: "d" },
        { role: "system", content: [{ type: "input_text", text: "s" }] },
        {
          type: "message",
          role: "assistant",
          content: [
            { type: "output_text", text: "a" },
            { type: "refusal", refusal: "no" },
          ],
        },
      ),
    ).toEqual([
      { type: "message", role: "system", parts: [{ type: "text", text: "d" }], at: "input[0]" },
      { type: "message", role: "system", parts: [{ type: "text", text: "s" }], at: "input[1]" },
      {
        type: "message",
        role: "assistant",
        parts: [
          { type: "text", text: "a" },
          { type: "refusal", text: "no" },
        ],
        at: "input[2]",
      },
    ]);
  });

  test("may hold pictures, files and sounds in all their forms", () => {
    const [message] = items({
      role: "user",
      content: [
        { type: "input_image", image_url: `data:image/png;base64,${PIXEL}`, detail: "low" },
        { type: "input_image", image_url: { url: "https://a.example/b.png" } },
        { type: "input_image", file_id: "file_1" },
        { type: "input_file", filename: "a.pdf", file_data: "data:application/pdf;base64,JVBERi0x" },
        { type: "input_file", file_data: "JVBERi0x" },
        { type: "input_file", file_url: "https://a.example/b.pdf" },
        { type: "input_audio", input_audio: { data: "AAAA", format: "mp3" } },
      ],
    });
    expect(message).toMatchObject({
      parts: [
        { type: "image", source: { base64: PIXEL }, mime: "image/png", detail: "low" },
        { type: "image", source: { url: "https://a.example/b.png" } },
        { type: "image", source: { fileId: "file_1", issuer: "openai-responses" } },
        { type: "file", source: { base64: "JVBERi0x" }, mime: "application/pdf", name: "a.pdf" },
        { type: "file", source: { base64: "JVBERi0x" }, mime: "application/pdf" },
        { type: "file", source: { url: "https://a.example/b.pdf" } },
        { type: "audio", source: { base64: "AAAA" }, mime: "audio/mpeg" },
      ],
    });
  });
});

describe("turns of the model", () => {
  test("calls and what tools answered, with their namespaces and kinds", () => {
    expect(
      items(
        { type: "function_call", call_id: "c1", namespace: "n", name: "f", arguments: '{"a":1}' },
        { type: "custom_tool_call", call_id: "c2", name: "patch", input: "*** Begin" },
        { type: "function_call_output", call_id: "c1", output: "ok" },
        { type: "custom_tool_call_output", call_id: "c2", output: [{ type: "input_text", text: "done" }] },
      ),
    ).toEqual([
      {
        type: "call",
        id: "c1",
        namespace: "n",
        name: "f",
        kind: "function",
        args: '{"a":1}',
        opaque: [],
        at: "input[0]",
      },
      {
        type: "call",
        id: "c2",
        name: "patch",
        kind: "custom",
        args: "*** Begin",
        opaque: [],
        at: "input[1]",
      },
      {
        type: "result",
        id: "c1",
        kind: "function",
        isError: false,
        parts: [{ type: "text", text: "ok" }],
        at: "input[2]",
      },
      {
        type: "result",
        id: "c2",
        kind: "custom",
        isError: false,
        parts: [{ type: "text", text: "done" }],
        at: "input[3]",
      },
    ]);
  });

  test("reasoning keeps its words, its id and its vendor's state; a frame names another issuer", () => {
    expect(
      items(
        {
          type: "reasoning",
          id: "rs_1",
          summary: [
            { type: "summary_text", text: "a" },
            { type: "summary_text", text: "b" },
          ],
          encrypted_content: "raw",
        },
        {
          type: "reasoning",
          summary: [],
          content: [{ type: "reasoning_text", text: "c" }],
          encrypted_content: "fl1.anthropic.signature.c2ln",
        },
        { type: "reasoning", id: "rs_2", summary: [] },
      ),
    ).toEqual([
      {
        type: "reasoning",
        id: "rs_1",
        text: "a\n\nb",
        opaque: [{ issuer: "openai-responses", kind: "encrypted", data: "raw" }],
        at: "input[0]",
      },
      {
        type: "reasoning",
        text: "c",
        opaque: [{ issuer: "anthropic", kind: "signature", data: "sig" }],
        at: "input[1]",
      },
    ]);
  });

  test("state that was given out before a call goes back onto it", () => {
    const state = { type: "reasoning", summary: [], encrypted_content: "fl1.gemini.thought.dA" };
    const opaque = [{ issuer: "gemini", kind: "thought", data: "t" }];
    expect(items(state, { type: "function_call", call_id: "c", name: "f", arguments: "{}" })).toMatchObject([
      { type: "call", opaque },
    ]);
    expect(items(state, { role: "user", content: "hi" })).toMatchObject([
      { type: "reasoning", text: "", opaque },
      { type: "message" },
    ]);
  });

  test("what came before stands first, without its instructions, and may be referred to", () => {
    const said = {
      id: "msg_1",
      type: "message",
      role: "assistant",
      content: [{ type: "output_text", text: "a" }],
    };
    const { items, notes } = read(
      {
        previous_response_id: "resp_1",
        input: [
          { type: "item_reference", id: "msg_1" },
          { role: "user", content: "b" },
        ],
      },
      [said],
    );
    expect(items).toMatchObject([
      { role: "assistant", at: "previous_response_id" },
      { role: "assistant", at: "input[0]" },
      { role: "user", at: "input[1]" },
    ]);
    expect(notes).toEqual([]);
  });
});

test("what cannot be shown to a model is dropped and named, never refused", () => {
  expect(
    notes({
      input: [
        { type: "item_reference", id: "gone" },
        { type: "web_search_call", id: "ws_1" },
        { type: "something_new" },
        { role: "critic", content: "x" },
        { role: "user", content: [{ type: "input_text", text: "hi" }, { type: "hologram" }] },
        7,
      ],
      prompt: { id: "pmpt_1" },
      context_management: [{ type: "compaction" }],
      truncation: "auto",
      tools: [{ type: "function" }, {}],
      tool_choice: { type: "web_search" },
    }),
  ).toEqual([
    "dropped:input[0]",
    "dropped:input[1]",
    "dropped:input[2]",
    "dropped:input[3]",
    "dropped:input[4].content[1]",
    "dropped:input[5]",
    "dropped:prompt",
    "dropped:context_management",
    "dropped:truncation",
    "dropped:tools[0]",
    "dropped:tools[1]",
    "dropped:tool_choice",
  ]);
});

test("a conversation that is kept elsewhere cannot be gone on with", () => {
  expect(() => read({ conversation: "conv_1", input: "hi" })).toThrow(
    expect.objectContaining({ code: "unsupported", detail: { param: "conversation" } }),
  );
});

describe("tools", () => {
  test("are flat; those of a namespace know it, and the first one tells what it says of itself", () => {
    const format = { type: "grammar", syntax: "lark", definition: "start: x" };
    const { tools } = read({
      input: "hi",
      tools: [
        { type: "function", name: "f", description: "F", parameters: { type: "object" }, strict: true },
        { type: "custom", name: "patch", format },
        {
          type: "namespace",
          name: "n",
          description: "All of n.",
          tools: [
            { type: "function", name: "a", description: "A" },
            { type: "custom", name: "b" },
          ],
        },
        { type: "web_search", external_web_access: true },
        { type: "function", function: { name: "nested" } },
      ],
    });
    expect(tools).toEqual([
      {
        type: "function",
        name: "f",
        description: "F",
        parameters: { type: "object" },
        strict: true,
        at: "tools[0]",
      },
      { type: "custom", name: "patch", format, at: "tools[1]" },
      { type: "function", name: "a", namespace: "n", description: "All of n.\n\nA", at: "tools[2].tools[0]" },
      { type: "custom", name: "b", namespace: "n", at: "tools[2].tools[1]" },
      {
        type: "hosted",
        name: "web_search",
        dialect: "openai-responses",
        value: { type: "web_search", external_web_access: true },
        at: "tools[3]",
      },
      { type: "function", name: "nested", at: "tools[4]" },
    ]);
  });

  test.each([
    ["none", { mode: "none" }],
    ["required", { mode: "required" }],
    [
      { type: "function", name: "f" },
      { mode: "named", name: "f" },
    ],
    [
      { type: "custom", name: "p", namespace: "n" },
      { mode: "named", name: "p", namespace: "n" },
    ],
    [
      {
        type: "allowed_tools",
        mode: "required",
        tools: [{ type: "function", name: "f" }, { type: "web_search" }],
      },
      { mode: "allowed", names: ["f"], required: true },
    ],
    [null, undefined],
  ])("the choice %j", (choice, read) => {
    expect(responsesPrompt(bodyOf({ input: "hi", tool_choice: choice })).toolChoice).toEqual(read as never);
  });
});

test("everything else finds its place", () => {
  const schema = { type: "object" };
  expect(
    read({
      input: "hi",
      text: {
        format: { type: "json_schema", name: "n", schema, strict: true, description: "d" },
        verbosity: "low",
      },
      reasoning: { effort: "high", summary: "auto" },
      max_output_tokens: 5,
      parallel_tool_calls: false,
      temperature: 0.5,
      top_p: 0.9,
      top_logprobs: 2,
      metadata: { a: "b" },
      safety_identifier: "s",
      service_tier: "flex",
      prompt_cache_key: "k",
      client_metadata: { x: 1 },
    }),
  ).toMatchObject({
    format: { type: "json", name: "n", schema, strict: true, description: "d" },
    verbosity: "low",
    reasoning: { effort: "high", summary: "auto" },
    maxOutput: 5,
    parallelTools: false,
    sampling: { temperature: 0.5, topP: 0.9, logprobs: true, topLogprobs: 2 },
    metadata: { a: "b" },
    user: "s",
    serviceTier: "flex",
    carried: { dialect: "openai-responses", fields: { prompt_cache_key: "k", safety_identifier: "s" } },
    notes: [],
  });
  expect(
    read({ input: "hi", text: { format: { type: "json_object" } }, reasoning: { effort: "none" } }),
  ).toMatchObject({
    format: { type: "json" },
    reasoning: { enabled: false, effort: "none" },
  });
  expect(read({ input: "hi", include: ["message.output_text.logprobs"] }).sampling).toEqual({
    logprobs: true,
  });
});
