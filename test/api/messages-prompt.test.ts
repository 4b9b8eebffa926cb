import { describe, expect, test } from "bun:test";
import type { JsonRecord } from "../../src/core/json.ts";
import { codeOf } from "../../src/core/note.ts";
import { sealOpaque } from "../../src/core/opaque.ts";
import type { Item } from "../../src/core/prompt.ts";
import { asked } from "./said-parts.ts";

const PNG = "iVBORw0KGgoAAAANSUhEUg==";
const PDF = "JVBERi0xLjQK";

const prompt = (body: JsonRecord = {}) => asked(body).prompt();
const notes = (body: JsonRecord) => prompt(body).notes.map(codeOf);
/** The items of one user's message with these blocks. */
const user = (...content: JsonRecord[]) => prompt({ messages: [{ role: "user", content }] });
const parts = (...content: JsonRecord[]) => {
  const [item] = user(...content).items;
  return item?.type === "message" ? item.parts : [];
};
const assistant = (...content: JsonRecord[]) => prompt({ messages: [{ role: "assistant", content }] }).items;
const thrown = (body: JsonRecord): unknown => {
  try {
    prompt(body);
  } catch (error) {
    return error;
  }
  return undefined;
};

describe("instructions", () => {
  const [hi] = prompt().items;

  test("are a text or blocks with their cache marks, before the conversation", () => {
    expect(hi).toEqual({
      type: "message",
      role: "user",
      parts: [{ type: "text", text: "Hi" }],
      at: "messages[0]",
    });
    const system: Item = {
      type: "message",
      role: "system",
      parts: [{ type: "text", text: "Be kind." }],
      at: "system",
    };
    expect(prompt({ system: "Be kind." }).items).toEqual([system, hi] as Item[]);
    const blocks = [
      { type: "text", text: "Be kind." },
      { type: "text", text: "Be brief.", cache_control: { type: "ephemeral", ttl: "1h" } },
      { type: "text", text: "!", cache_control: { type: "ephemeral" } },
    ];
    expect(prompt({ system: blocks }).items[0]).toMatchObject({
      parts: [{ text: "Be kind." }, { text: "Be brief.", cache: { ttl: "1h" } }, { text: "!", cache: {} }],
    });
    for (const none of [null, "", []]) expect(prompt({ system: none }).items).toEqual([hi] as Item[]);
  });

  test("do not hold the block that changes with every request, so that an engine finds its cache", () => {
    const billing = (cch: string) => ({
      type: "text",
      text: `x-anthropic-billing-header: cc_version=2.1; cc_entrypoint=cli; cch=${cch};`,
    });
    const rest = { type: "text", text: "You are a helper." };
    const read = (system: unknown) => prompt({ system });
    expect(read([billing("1f0a2"), rest])).toEqual(read([billing("99e0c"), rest]));
    expect(read([billing("1f0a2"), rest]).items[0]).toMatchObject({ parts: [{ text: rest.text }] });
    expect(read([billing("1")]).items).toEqual([hi] as Item[]);
    expect(read(`${billing("1").text}\n${rest.text}`).items[0]).toMatchObject({
      parts: [{ text: rest.text }],
    });
    expect(read([billing("1"), rest]).notes).toEqual([]);
  });

  test("may also come within the conversation", () => {
    const messages = [
      { role: "user", content: "a" },
      { role: "system", content: [{ type: "text", text: "Now in French." }] },
      { role: "assistant", content: "b" },
    ];
    expect(prompt({ messages }).items.map((item) => item.type === "message" && [item.role, item.at])).toEqual(
      [
        ["user", "messages[0]"],
        ["system", "messages[1]"],
        ["assistant", "messages[2]"],
      ],
    );
  });
});

describe("what a user shows", () => {
  test.each<[string, JsonRecord, JsonRecord]>([
    [
      "base64",
      { type: "base64", media_type: "image/png", data: PNG },
      { source: { base64: PNG }, mime: "image/png" },
    ],
    [
      "base64 whose type nobody said",
      { type: "base64", data: PNG },
      { source: { base64: PNG }, mime: "image/png" },
    ],
    [
      "an address",
      { type: "url", url: "https://a.example/b.png" },
      { source: { url: "https://a.example/b.png" } },
    ],
    [
      "a data address",
      { type: "url", url: `data:image/png;base64,${PNG}` },
      { source: { base64: PNG }, mime: "image/png" },
    ],
    ["a file", { type: "file", file_id: "f1" }, { source: { fileId: "f1", issuer: "anthropic" } }],
  ])("a picture may be %s", (_, source, media) => {
    expect(parts({ type: "image", source, cache_control: { type: "ephemeral" } })[0]).toMatchObject({
      type: "image",
      ...media,
      cache: {},
    });
  });

  test("a document is a file, or text where it is one", () => {
    const about = { type: "document", title: "T", context: "C" };
    const pdf = { type: "base64", media_type: "application/pdf", data: PDF };
    expect(parts({ ...about, source: pdf })).toEqual([
      { type: "text", text: "C" },
      { type: "file", source: { base64: PDF }, mime: "application/pdf", name: "T" },
    ]);
    const text = { type: "text", media_type: "text/plain", data: "words" };
    expect(parts({ ...about, source: text })).toEqual([{ type: "text", text: "T\n\nC\n\nwords" }]);
    const inner = {
      type: "content",
      content: [
        { type: "text", text: "a" },
        { type: "text", text: "b" },
      ],
    };
    expect(parts({ ...about, source: inner, cache_control: { type: "ephemeral" } })).toEqual([
      { type: "text", text: "T\n\nC" },
      { type: "text", text: "a" },
      { type: "text", text: "b", cache: {} },
    ]);
    expect(user({ type: "document", source: text, citations: { enabled: true } }).notes.map(codeOf)).toEqual([
      "dropped:messages[0].content[0].citations",
    ]);
  });

  test("a search result is text with its title and source", () => {
    const found = { type: "search_result", title: "T", source: "https://a.example", content: [] };
    expect(parts({ ...found, content: [{ type: "text", text: "words" }] })).toEqual([
      { type: "text", text: "T\nhttps://a.example" },
      { type: "text", text: "words" },
    ]);
  });

  test("empty texts are nothing", () => {
    expect(parts({ type: "text", text: "" }, { type: "text", text: "a" })).toEqual([
      { type: "text", text: "a" },
    ]);
    expect(user({ type: "text", text: "" }).items).toEqual([]);
  });
});

describe("a turn", () => {
  test("keeps the order of what was said, thought, called and answered", () => {
    const messages = [
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "hm", signature: "EqQB" },
          { type: "text", text: "Look." },
          { type: "tool_use", id: "t1", name: "a", input: { x: 1 } },
          { type: "tool_use", id: "t2", name: "b" },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "t1", content: "18" },
          {
            type: "tool_result",
            tool_use_id: "t2",
            is_error: true,
            content: [
              { type: "text", text: "no" },
              { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } },
            ],
          },
          { type: "text", text: "So?" },
        ],
      },
    ];
    const at = (message: number, block: number) => `messages[${message}].content[${block}]`;
    const signature = { issuer: "anthropic", kind: "signature", data: "EqQB" };
    const plain = { kind: "function", opaque: [] };
    expect(prompt({ messages }).items as unknown[]).toEqual([
      { type: "reasoning", text: "hm", opaque: [signature], at: at(0, 0) },
      {
        type: "message",
        role: "assistant",
        parts: [{ type: "text", text: "Look." }],
        at: "messages[0]",
      },
      { type: "call", id: "t1", name: "a", args: '{"x":1}', ...plain, at: at(0, 2) },
      { type: "call", id: "t2", name: "b", args: "{}", ...plain, at: at(0, 3) },
      {
        type: "result",
        id: "t1",
        parts: [{ type: "text", text: "18" }],
        isError: false,
        kind: "function",
        at: at(1, 0),
      },
      {
        type: "result",
        id: "t2",
        parts: [
          { type: "text", text: "no" },
          { type: "image", source: { base64: PNG }, mime: "image/png" },
        ],
        isError: true,
        kind: "function",
        at: at(1, 1),
      },
      { type: "message", role: "user", parts: [{ type: "text", text: "So?" }], at: "messages[1]" },
    ]);
  });

  test("a result may be empty", () => {
    expect(user({ type: "tool_result", tool_use_id: "t1" }).items).toMatchObject([{ id: "t1", parts: [] }]);
  });

  test("thinking brings back the state of whoever issued it, and an empty signature is none", () => {
    const thinking = (signature?: string) => assistant({ type: "thinking", thinking: "hm", signature })[0];
    const sealed = { issuer: "gemini", kind: "thought", data: "Zm9v" } as const;
    expect(thinking(sealOpaque(sealed, "anthropic"))).toMatchObject({ text: "hm", opaque: [sealed] });
    for (const none of ["", undefined]) expect(thinking(none)).toMatchObject({ text: "hm", opaque: [] });
    expect(assistant({ type: "redacted_thinking", data: "x+/" })[0]).toMatchObject({
      text: "",
      opaque: [{ issuer: "anthropic", kind: "redacted", data: "x+/" }],
    });
  });

  test("what only Anthropic's API could read is left out, and that is said", () => {
    const content = [
      { type: "server_tool_use", id: "s", name: "web_search", input: {} },
      { type: "web_search_tool_result", tool_use_id: "s", content: [] },
      { type: "text", text: "a" },
      { type: "container_upload", file_id: "f" },
    ];
    const messages = [{ role: "assistant", content }];
    expect(prompt({ messages }).items).toMatchObject([{ parts: [{ text: "a" }] }]);
    expect(notes({ messages })).toEqual([0, 1, 3].map((block) => `dropped:messages[0].content[${block}]`));
  });

  test("a summary of what was said before is still read", () => {
    expect(assistant({ type: "compaction", content: "So far: boats." })).toMatchObject([
      { parts: [{ text: "So far: boats." }] },
    ]);
  });

  test("an assistant that said nothing said nothing", () => {
    expect(prompt({ messages: [{ role: "assistant", content: "" }] }).items).toEqual([]);
  });
});

describe("tools", () => {
  const schema = { type: "object", properties: {} };

  test("with a schema are functions, Anthropic's own are hosted", () => {
    const search = { type: "web_search_20250305", name: "web_search", max_uses: 2 };
    const tools = [
      {
        name: "a",
        description: "A.",
        input_schema: schema,
        strict: true,
        cache_control: { type: "ephemeral" },
      },
      { type: "custom", name: "b", input_schema: schema, eager_input_streaming: true },
      search,
    ];
    expect(prompt({ tools }).tools as unknown[]).toEqual([
      {
        type: "function",
        name: "a",
        description: "A.",
        parameters: schema,
        strict: true,
        cache: {},
        at: "tools[0]",
      },
      { type: "function", name: "b", parameters: schema, at: "tools[1]" },
      { type: "hosted", name: "web_search", dialect: "anthropic", value: search, at: "tools[2]" },
    ]);
    expect(notes({ tools })).toEqual([]);
    expect(notes({ tools: [{ name: "a", input_schema: schema, input_examples: [{}] }] })).toEqual([
      "dropped:tools[0].input_examples",
    ]);
  });

  test.each<[JsonRecord, JsonRecord]>([
    [{ type: "auto" }, { toolChoice: { mode: "auto" } }],
    [{ type: "any" }, { toolChoice: { mode: "required" } }],
    [{ type: "none" }, { toolChoice: { mode: "none" } }],
    [{ type: "tool", name: "a" }, { toolChoice: { mode: "named", name: "a" } }],
    [
      { type: "auto", disable_parallel_tool_use: true },
      { toolChoice: { mode: "auto" }, parallelTools: false },
    ],
    [{ type: "auto", disable_parallel_tool_use: false }, { parallelTools: true }],
  ])("%j is %j", (choice, read) => {
    expect(prompt({ tool_choice: choice })).toMatchObject(read);
  });

  test("of a choice there is no word for, the client is told", () => {
    expect(notes({ tool_choice: { type: "sometimes" } })).toEqual(["dropped:tool_choice"]);
    expect(prompt()).not.toHaveProperty("toolChoice");
  });
});

describe("fields", () => {
  test("of an answer's length, sampling and end", () => {
    const body = { max_tokens: 9, temperature: 0.5, top_p: 0.9, top_k: 40, stop_sequences: ["x"] };
    expect(prompt(body)).toMatchObject({
      maxOutput: 9,
      sampling: { temperature: 0.5, topP: 0.9, topK: 40, stop: ["x"] },
    });
    const bare = prompt({ stop_sequences: [], temperature: null });
    expect(bare.sampling).toEqual({});
    expect(bare).not.toHaveProperty("maxOutput");
  });

  test("no tokens at all, which warm Anthropic's cache, are one elsewhere", () => {
    expect(prompt({ max_tokens: 0 }).maxOutput).toBe(1);
    expect(notes({ max_tokens: 0 })).toEqual(["emulated:max_tokens"]);
  });

  test.each<[JsonRecord, JsonRecord]>([
    [{ thinking: { type: "enabled", budget_tokens: 2048 } }, { enabled: true, budget: 2048 }],
    [{ thinking: { type: "adaptive", display: "omitted" } }, { enabled: true, summary: "omitted" }],
    [{ thinking: { type: "disabled" } }, { enabled: false }],
    [{ output_config: { effort: "xhigh" } }, { effort: "xhigh" }],
    [{}, {}],
  ])("%j is the wish to think %j", (body, wish) => {
    expect(prompt(body).reasoning as JsonRecord).toEqual(wish);
  });

  test("of the answer's form, under the new name and the old", () => {
    const schema = { type: "object" };
    const format = { type: "json_schema", schema };
    for (const body of [{ output_config: { format } }, { output_format: format }])
      expect(prompt(body).format).toEqual({ type: "json", schema });
    expect(prompt().format).toEqual({ type: "text" });
  });

  test("of the account", () => {
    expect(prompt({ metadata: { user_id: "u" }, service_tier: "standard_only" })).toMatchObject({
      user: "u",
      serviceTier: "default",
    });
    expect(prompt({ service_tier: "auto" }).serviceTier).toBe("auto");
  });

  test("that only Anthropic's API knows are named", () => {
    const body = {
      context_management: { edits: [] },
      container: "c",
      mcp_servers: [{}],
      inference_geo: "eu",
      speed: "fast",
    };
    expect(notes(body)).toEqual(Object.keys(body).map((field) => `dropped:${field}`));
    expect(notes({ mcp_servers: [], container: null, speed: "standard" })).toEqual([]);
  });
});

test.each<[JsonRecord, string]>([
  [{ messages: [{ role: "user", content: [{ text: "a" }] }] }, "messages[0].content[0].type"],
  [{ messages: [{ role: "tool", content: "x" }] }, "messages[0].role"],
  [{ messages: [{ role: "user", content: [{ type: "image" }] }] }, "messages[0].content[0].source"],
  [{ messages: [{ role: "user", content: [{ type: "text" }] }] }, "messages[0].content[0].text"],
  [
    { messages: [{ role: "assistant", content: [{ type: "tool_use", name: "a" }] }] },
    "messages[0].content[0].id",
  ],
  [
    { messages: [{ role: "user", content: [{ type: "tool_result", content: "x" }] }] },
    "messages[0].content[0].tool_use_id",
  ],
  [{ tools: [{ description: "no name", input_schema: {} }] }, "tools[0].name"],
])("%j is a mistake at %s", (body, param) => {
  expect(thrown(body)).toMatchObject({ code: "invalid_request", detail: { param } });
});
