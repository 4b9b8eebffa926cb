import { describe, expect, test } from "bun:test";
import { sealOpaque } from "../../src/core/opaque.ts";
import type { Item, Part } from "../../src/core/prompt.ts";
import { question } from "./asked.ts";

const items = (...messages: object[]): Item[] => question({ messages }).prompt().items;
const user = { role: "user", content: "hi" };

/** The parts of a message of the user with this content. */
function parts(...content: unknown[]): Part[] {
  const [item] = items({ role: "user", content });
  return item?.type === "message" ? item.parts : [];
}

describe("who says it", () => {
  test("developer is what system was", () => {
    expect(items({ role: "developer", content: "a" }, { role: "system", content: "b" }, user)).toMatchObject([
      { role: "system", parts: [{ text: "a" }], at: "messages[0]" },
      { role: "system", parts: [{ text: "b" }], at: "messages[1]" },
      { role: "user" },
    ]);
  });

  test("a participant keeps its name", () => {
    expect(items({ ...user, name: "ann" })).toMatchObject([{ name: "ann" }]);
  });
});

describe("parts", () => {
  const png = { type: "image", source: { base64: "iVBORw0KGgo=" }, mime: "image/png" } as const;
  const url = `data:image/png;base64,${png.source.base64}`;

  test.each<[string, unknown, Part]>([
    ["words", { type: "text", text: "a" }, { type: "text", text: "a" }],
    ["words of Responses", { type: "input_text", text: "a" }, { type: "text", text: "a" }],
    ["said words of Responses", { type: "output_text", text: "a" }, { type: "text", text: "a" }],
    ["a text without a part", "a", { type: "text", text: "a" }],
    ["words of a type that nobody knows", { type: "odd", text: "a" }, { type: "text", text: "a" }],
    ["a refusal", { type: "refusal", refusal: "no" }, { type: "refusal", text: "no" }],
    ["a picture", { type: "image_url", image_url: { url, detail: "low" } }, { ...png, detail: "low" }],
    ["a picture's bare address", { type: "image_url", image_url: url }, png],
    [
      "a picture of Responses",
      { type: "input_image", image_url: url, detail: "high" },
      { ...png, detail: "high" },
    ],
    [
      "a picture of Anthropic",
      { type: "image", source: { type: "base64", media_type: "image/png", data: png.source.base64 } },
      png,
    ],
    [
      "a picture elsewhere",
      { type: "image_url", image_url: { url: "https://host/a.png" } },
      { type: "image", source: { url: "https://host/a.png" }, mime: "" },
    ],
    [
      "a sound",
      { type: "input_audio", input_audio: { data: "SUQz", format: "mp3" } },
      { type: "audio", source: { base64: "SUQz" }, mime: "audio/mpeg" },
    ],
    [
      "a sound elsewhere",
      { type: "audio_url", audio_url: { url: "https://host/a.mp3" } },
      { type: "audio", source: { url: "https://host/a.mp3" }, mime: "" },
    ],
    [
      "moving pictures",
      { type: "video_url", video_url: { url: "data:video/mp4;base64,AAAA" } },
      { type: "file", source: { base64: "AAAA" }, mime: "video/mp4" },
    ],
    [
      "a document",
      { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,JVBERi0=" } },
      { type: "file", source: { base64: "JVBERi0=" }, mime: "application/pdf", name: "a.pdf" },
    ],
    [
      "a document in plain base64",
      { type: "file", file: { file_data: "JVBERi0" } },
      { type: "file", source: { base64: "JVBERi0=" }, mime: "application/pdf" },
    ],
    [
      "a document in OpenAI's store",
      { type: "file", file: { file_id: "file-1" } },
      { type: "file", source: { fileId: "file-1", issuer: "openai" }, mime: "" },
    ],
    [
      "a mark for Anthropic's cache",
      { type: "text", text: "a", cache_control: { type: "ephemeral", ttl: "1h" } },
      { type: "text", text: "a", cache: { ttl: "1h" } },
    ],
    [
      "a mark for OpenAI's cache",
      { type: "text", text: "a", prompt_cache_breakpoint: { mode: "explicit" } },
      { type: "text", text: "a", cache: {} },
    ],
  ])("%s", (_, sent, expected) => {
    expect(parts(sent)).toEqual([expected]);
  });

  test("empty ones say nothing, and one alone needs no list", () => {
    expect(parts({ type: "text", text: "" }, "b")).toEqual([{ type: "text", text: "b" }]);
    expect(items({ role: "user", content: { type: "text", text: "a" } })).toMatchObject([
      { parts: [{ type: "text", text: "a" }] },
    ]);
  });
});

describe("calls and their results", () => {
  const call = (id: string, args: unknown) => ({
    id,
    type: "function",
    function: { name: "now", arguments: args },
  });

  test("follow the words of their turn; a result knows its tool's name", () => {
    const read = items(
      { role: "assistant", content: "wait", tool_calls: [call("a", "{}"), call("b", { x: 1 })] },
      { role: "tool", tool_call_id: "b", content: [{ type: "text", text: "13" }] },
      { role: "tool", tool_call_id: "a", content: "12" },
    );
    expect(read).toMatchObject([
      { type: "message", role: "assistant", parts: [{ text: "wait" }] },
      { type: "call", id: "a", name: "now", kind: "function", args: "{}", at: "messages[0].tool_calls[0]" },
      { type: "call", id: "b", args: '{"x":1}' },
      { type: "result", id: "b", name: "now", parts: [{ text: "13" }], isError: false, at: "messages[1]" },
      { type: "result", id: "a" },
    ]);
  });

  test("custom ones carry text", () => {
    expect(
      items(
        { role: "assistant", tool_calls: [{ id: "a", type: "custom", custom: { name: "sh", input: "ls" } }] },
        { role: "tool", tool_call_id: "a", content: "x" },
      ),
    ).toMatchObject([
      { type: "call", kind: "custom", name: "sh", args: "ls" },
      { type: "result", kind: "custom" },
    ]);
  });

  test("in OpenAI's deprecated form find each other by name", () => {
    const read = items(
      { role: "assistant", content: null, function_call: { name: "now", arguments: "{}" } },
      { role: "function", name: "now", content: "12" },
    );
    expect(read).toMatchObject([
      { type: "call", name: "now" },
      { type: "result", name: "now" },
    ]);
    expect(new Set(read.map((item) => (item.type === "message" ? "" : item.id))).size).toBe(1);
  });

  test("without ids find each other in order, the same in every request", () => {
    const turn = [
      { role: "assistant", tool_calls: [call("", "{}"), call("", "{}")] },
      { role: "tool", content: "12" },
      { role: "tool", content: "13" },
    ];
    const ids = items(...turn).map((item) => ("id" in item ? item.id : ""));
    expect(ids).toEqual([ids[0] ?? "", ids[1] ?? "", ids[0] ?? "", ids[1] ?? ""]);
    expect(ids[0]).not.toBe(ids[1]);
    expect(items(...turn)).toEqual(items(...turn));
  });

  test("null and empty lists of calls are none", () => {
    for (const tool_calls of [null, []])
      expect(
        items({ role: "assistant", content: "a", tool_calls, function_call: null, audio: null }),
      ).toHaveLength(1);
  });

  test("a call may bear Gemini's signature", () => {
    const extra_content = { google: { thought_signature: "sig" } };
    expect(items({ role: "assistant", tool_calls: [{ ...call("a", "{}"), extra_content }] })).toMatchObject([
      { opaque: [{ issuer: "gemini", kind: "thought", data: "sig" }] },
    ]);
  });
});

describe("what the model thought before", () => {
  const answer = (more: object) => items({ role: "assistant", content: "a", ...more });
  const thought = (text: string, ...opaque: object[]) => ({
    type: "reasoning",
    text,
    opaque,
    at: "messages[0]",
  });

  test.each<[string, object]>([
    ["reasoning_content", { reasoning_content: "hm" }],
    ["reasoning", { reasoning: "hm" }],
    ["both", { reasoning: "hm", reasoning_content: "hm" }],
    ["Mistral's parts", { content: [{ type: "thinking", thinking: [{ type: "text", text: "hm" }] }, "a"] }],
    ["OpenRouter's summary", { reasoning_details: [{ type: "reasoning.summary", summary: "hm", index: 0 }] }],
  ])("stands before its words: %s", (_, more) => {
    expect(answer(more)).toEqual([thought("hm"), expect.objectContaining({ type: "message" })]);
  });

  const signature = { issuer: "anthropic", kind: "signature", data: "s1" } as const;
  const sealed = sealOpaque(signature, "openai");

  test("keeps the state that another vendor sealed, with the text it is of", () => {
    const redacted = { issuer: "anthropic", kind: "redacted", data: "r" } as const;
    const read = answer({
      reasoning_content: "onetwo",
      reasoning_details: [
        { type: "reasoning.text", text: "one", signature: sealed, index: 0 },
        { type: "reasoning.encrypted", data: sealOpaque(redacted, "openai"), index: 1 },
        { type: "reasoning.text", text: "two", signature: sealed, index: 2 },
      ],
    });
    expect(read.slice(0, -1)).toEqual([
      thought("one", signature),
      thought("", redacted),
      thought("two", signature),
    ] as never);
  });

  test("has the whole text where its state came without one", () => {
    const read = answer({
      reasoning_content: "hm",
      reasoning_details: [{ type: "reasoning.text", signature: sealed, index: 0 }],
    });
    expect(read[0]).toEqual(thought("hm", signature) as never);
  });

  test("is put together where a client kept the pieces of a stream", () => {
    const read = answer({
      reasoning_details: [
        { type: "reasoning.text", text: "o", index: 0 },
        { type: "reasoning.text", text: "ne", index: 0 },
        { type: "reasoning.text", signature: sealed, index: 0 },
      ],
    });
    expect(read[0]).toEqual(thought("one", signature) as never);
  });

  test("what no frame names is the backend's own", () => {
    const entry = { type: "reasoning.text", signature: "raw", format: "f", index: 0 };
    expect(answer({ reasoning_details: [{ ...entry, text: "hm" }] })[0]).toEqual(
      thought("hm", { issuer: "openai", kind: "signature", data: JSON.stringify(entry) }) as never,
    );
  });

  test("may be nothing but Gemini's signature on the message", () => {
    expect(answer({ extra_content: { google: { thought_signature: "sig" } } })[0]).toEqual(
      thought("", { issuer: "gemini", kind: "thought", data: "sig" }) as never,
    );
  });
});

describe("what makes no sense is the caller's mistake, and its place is named", () => {
  test.each<[object, string]>([
    [{ role: "user", content: 7 }, "messages[1].content"],
    [{ role: "user", content: [7] }, "messages[1].content[0]"],
    [{ role: "user", content: ["a", { type: "odd" }] }, "messages[1].content[1]"],
    [{ role: "user", content: [{ type: "image_url" }] }, "messages[1].content[0]"],
    [{ role: "robot", content: "a" }, "messages[1].role"],
    [{ role: "tool", content: "a" }, "messages[1].tool_call_id"],
    [{ role: "assistant", tool_calls: [{ id: "a" }] }, "messages[1].tool_calls[0].function.name"],
  ])("%j: %s", (message, param) => {
    expect(() => items(user, message)).toThrow(
      expect.objectContaining({ code: "invalid_request", detail: { param } }),
    );
  });

  test.each<[object, string]>([
    [{ tools: [{ type: "function", function: {} }] }, "tools[0].function.name"],
    [{ tool_choice: { type: "allowed_tools", tools: [] } }, "tool_choice"],
    [{ functions: [7] }, "functions[0]"],
  ])("%j: %s", (body, param) => {
    expect(() => question(body).prompt()).toThrow(
      expect.objectContaining({ code: "invalid_request", detail: { param } }),
    );
  });
});
