import { describe, expect, test } from "bun:test";
import { PROFILES, type ProfileName } from "../../src/backends/profiles.ts";
import type { JsonRecord } from "../../src/core/json.ts";
import type { Item, Part } from "../../src/core/prompt.ts";
import { embedded, prompted, type To } from "./written.ts";

const text = (words: string): Part => ({ type: "text", text: words });
const user = (...parts: (string | Part)[]): Item => ({
  type: "message",
  role: "user",
  parts: parts.map((part) => (typeof part === "string" ? text(part) : part)),
  at: "messages[1]",
});
const system = (...words: string[]): Item => ({
  type: "message",
  role: "system",
  parts: words.map(text),
  at: "messages[0]",
});
const assistant = (...words: string[]): Item => ({
  type: "message",
  role: "assistant",
  parts: words.map(text),
  at: "messages[2]",
});
const thought = (words: string, data?: string): Item => ({
  type: "reasoning",
  text: words,
  opaque: data === undefined ? [] : [{ issuer: "openai", kind: "signature", data }],
  at: "messages[2]",
});
const call = (id: string, name: string, args = "{}"): Item => ({
  type: "call",
  id,
  name,
  kind: "function",
  args,
  opaque: [],
  at: "messages[2]",
});
const result = (id: string, ...parts: Part[]): Item => ({
  type: "result",
  id,
  parts,
  isError: false,
  kind: "function",
  at: "messages[3]",
});
const image: Part = { type: "image", source: { base64: "AAAA" }, mime: "image/png" };
const shown = { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } };

function messages(items: Item[], to: To = {}): unknown {
  return prompted({ items }, to).json.messages;
}

describe("a conversation", () => {
  test("is plain texts where it is nothing but words", () => {
    expect(
      messages([system("Be nice.", "Be short."), user("a", "b"), assistant("c", "d"), user("e")]),
    ).toEqual([
      { role: "system", content: "Be nice.\n\nBe short." },
      { role: "user", content: "a\n\nb" },
      { role: "assistant", content: "cd" },
      { role: "user", content: "e" },
    ]);
  });

  test("has parts where there is more", () => {
    expect(messages([user("look", { ...image, detail: "low" } as Part)])).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "look" },
          { ...shown, image_url: { ...shown.image_url, detail: "low" } },
        ],
      },
    ]);
  });

  test("has the results of tools first and in order, then what the user says, in one message", () => {
    const items = [
      user("hi"),
      call("a", "now"),
      call("b", "then"),
      result("a", text("12")),
      user("go on"),
      result("b", text("13")),
      user("please"),
    ];
    expect(messages(items)).toEqual([
      { role: "user", content: "hi" },
      {
        role: "assistant",
        content: null,
        tool_calls: [
          { id: "a", type: "function", function: { name: "now", arguments: "{}" } },
          { id: "b", type: "function", function: { name: "then", arguments: "{}" } },
        ],
      },
      { role: "tool", tool_call_id: "a", content: "12" },
      { role: "tool", tool_call_id: "b", content: "13" },
      { role: "user", content: "go on\n\nplease" },
    ]);
  });

  test("shows the pictures of a result after all results, and says whose they are", () => {
    const items = [
      call("a", "draw"),
      call("b", "now"),
      result("a", text("Here."), image),
      result("b", image),
    ];
    expect((messages(items) as unknown[]).slice(1)).toEqual([
      { role: "tool", tool_call_id: "a", content: "Here." },
      { role: "tool", tool_call_id: "b", content: "(shown below)" },
      {
        role: "user",
        content: [
          { type: "text", text: "Returned by the tool draw:" },
          shown,
          { type: "text", text: "Returned by the tool now:" },
          shown,
        ],
      },
    ]);
  });

  test("says of a result that it is an error", () => {
    const failed = { ...result("a", text("no such file")), isError: true } as Item;
    const { json, notes } = prompted({ items: [call("a", "read"), failed] });
    expect(json.messages).toContainEqual({
      role: "tool",
      tool_call_id: "a",
      content: "Error: no such file",
    });
    expect(notes).toEqual(["messages[3].is_error was emulated: it is said in the text"]);
  });

  test("has arguments that are an object: none is an empty one, broken ones are kept in one", () => {
    const [{ tool_calls: calls }] = messages([call("a", "x", ""), call("b", "x", "{oops")]) as [
      { tool_calls: { function: { arguments: string } }[] },
    ];
    expect(calls.map((one) => one.function.arguments)).toEqual(["{}", '{"_raw":"{oops"}']);
  });

  test("keeps participants with names apart", () => {
    const named = (name: string): Item => ({ ...user("hi"), name }) as Item;
    expect(messages([named("ann"), named("bob"), named("bob")])).toEqual([
      { role: "user", content: "hi", name: "ann" },
      { role: "user", content: "hi\n\nhi", name: "bob" },
    ]);
  });
});

describe("instructions in the middle", () => {
  const items = [user("hi"), call("a", "now"), system("Hurry."), result("a", text("12")), user("go on")];

  test("stand after the results of calls, which nothing may part from them", () => {
    expect((messages(items) as { role: string }[]).map(({ role }) => role)).toEqual([
      "user",
      "assistant",
      "tool",
      "system",
      "user",
    ]);
  });

  test("are the user's words where the template takes them only at the beginning", () => {
    const { json, notes } = prompted({ items }, { profile: "llamacpp" });
    expect((json.messages as unknown[]).slice(2)).toEqual([
      { role: "tool", tool_call_id: "a", content: "12" },
      { role: "user", content: "Instructions of the system:\n\nHurry.\n\ngo on" },
    ]);
    expect(notes).toEqual([expect.stringContaining("messages[0] was emulated")]);
  });

  test("are said also where nothing follows", () => {
    expect(messages([user("hi"), assistant("a"), system("Go on.")])).toContainEqual({
      role: "system",
      content: "Go on.",
    });
  });
});

describe("earlier thoughts", () => {
  const items = [
    user("a"),
    thought("hm"),
    assistant("b"),
    user("c"),
    thought("so", '{"type":"reasoning.text","signature":"s","index":0}'),
    call("x", "now"),
    result("x", text("12")),
    call("y", "now"),
    result("y", text("13")),
  ];
  const answers = (profile: ProfileName) =>
    (messages(items, { profile }) as Record<string, unknown>[])
      .filter(({ role }) => role === "assistant")
      .map(({ role: _r, content: _c, tool_calls: _t, ...rest }) => rest);

  test.each<[ProfileName, JsonRecord[]]>([
    ["openai", [{}, {}, {}]],
    ["lmstudio", [{}, {}, {}]],
    ["llamacpp", [{ reasoning_content: "hm" }, { reasoning_content: "so" }, {}]],
    ["moonshot", [{ reasoning_content: "hm" }, { reasoning_content: "so" }, {}]],
    [
      "vllm",
      [{ reasoning: "hm", reasoning_content: "hm" }, { reasoning: "so", reasoning_content: "so" }, {}],
    ],
    // With each message of a turn with tools, and with no other.
    ["deepseek", [{}, { reasoning_content: "so" }, { reasoning_content: "" }]],
    [
      "openrouter",
      [
        { reasoning: "hm" },
        {
          reasoning: "so",
          reasoning_details: [{ type: "reasoning.text", signature: "s", index: 0, text: "so" }],
        },
        {},
      ],
    ],
  ])("go back to %s as it wants them", (profile, expected) => {
    expect(answers(profile)).toEqual(expected);
  });

  test("state of another vendor stays here", () => {
    const foreign: Item = {
      type: "reasoning",
      text: "hm",
      opaque: [{ issuer: "anthropic", kind: "signature", data: "secret" }],
      at: "",
    };
    expect(prompted({ items: [foreign, assistant("a")] }, { profile: "openrouter" }).text).not.toContain(
      "secret",
    );
  });

  test("Gemini's signature of a call goes back where Google's compatible route wants it", () => {
    const signed: Item = {
      ...(call("a", "now") as Extract<Item, { type: "call" }>),
      opaque: [{ issuer: "openai", kind: "thought", data: "sig" }],
    };
    expect(messages([signed], { profile: "generic" })).toMatchObject([
      { tool_calls: [{ extra_content: { google: { thought_signature: "sig" } } }] },
    ]);
  });
});

describe("documents and sounds", () => {
  const file = (more: object): Part => ({
    type: "file",
    source: { base64: "JVBERi0=" },
    mime: "application/pdf",
    ...more,
  });
  const audio: Part = { type: "audio", source: { base64: "SUQz" }, mime: "audio/mpeg" };

  test("are files and sounds for hosts that take them", () => {
    expect(messages([user(file({ name: "a.pdf" }), audio)])).toEqual([
      {
        role: "user",
        content: [
          { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,JVBERi0=" } },
          { type: "input_audio", input_audio: { data: "SUQz", format: "mp3" } },
        ],
      },
    ]);
  });

  test("are words where they are words", () => {
    const notes = file({ source: { base64: btoa("hello") }, mime: "text/plain", name: "a.txt" });
    expect(messages([user(notes)], { profile: "llamacpp" })).toEqual([
      { role: "user", content: "a.txt:\nhello" },
    ]);
  });

  test("are named to model and client where the host takes none", () => {
    const { json, notes } = prompted(
      { items: [user("read", file({ name: "a.pdf" }))] },
      { profile: "llamacpp" },
    );
    expect(json.messages).toEqual([
      { role: "user", content: "read\n\n[a.pdf: left out, because it cannot be shown to this model]" },
    ]);
    expect(notes).toEqual([expect.stringMatching(/^messages\[1\]\.content was dropped/)]);
  });

  test("in a vendor's store are for that vendor", () => {
    const stored = (issuer: string) => file({ source: { fileId: "file-1", issuer } });
    expect(messages([user(stored("openai"))])).toMatchObject([
      { content: [{ type: "file", file: { file_id: "file-1" } }] },
    ]);
    expect(prompted({ items: [user(stored("anthropic"))] }).notes).toHaveLength(1);
  });

  test("by address go to vLLM, moving pictures too", () => {
    const at = (type: "audio" | "file", mime: string): Part => ({
      type,
      source: { url: "https://host/x" },
      mime,
    });
    expect(messages([user(at("audio", ""), at("file", "video/mp4"))], { profile: "vllm" })).toMatchObject([
      { content: [{ audio_url: { url: "https://host/x" } }, { video_url: { url: "https://host/x" } }] },
    ]);
  });
});

describe("cache marks", () => {
  const items = [user({ type: "text", text: "a", cache: { ttl: "1h" } }, "b")];

  test("are kept for OpenRouter", () => {
    expect(messages(items, { profile: "openrouter" })).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "a", cache_control: { type: "ephemeral", ttl: "1h" } },
          { type: "text", text: "b" },
        ],
      },
    ]);
  });

  test("are nothing to all others", () => {
    for (const profile of Object.keys(PROFILES) as ProfileName[])
      if (profile !== "openrouter")
        expect(messages(items, { profile })).toEqual([{ role: "user", content: "a\n\nb" }]);
  });
});

describe("vectors", () => {
  test("are asked for as this dialect does", () => {
    expect(embedded({ inputs: ["a"], dimensions: 3, user: "u" }).json).toEqual({
      input: "a",
      dimensions: 3,
      user: "u",
      model: "theirs",
    });
    expect(embedded({ inputs: ["a", "b"] }, { profile: "lmstudio" })).toMatchObject({
      path: "/v1/embeddings",
      json: { input: ["a", "b"], encoding_format: "float" },
      notes: [],
    });
  });

  test("a wish to cut what is too long is not kept, and that is said", () => {
    expect(embedded({ inputs: ["a"], truncate: true }).notes).toEqual([
      "truncate was dropped: what is too long is an error here",
    ]);
  });
});
