import { describe, expect, test } from "bun:test";
import type { MediaPart, Part } from "../../src/core/prompt.ts";
import { asked, assistant, call, result, signed, system, text, user } from "./gemini-asked.ts";

const SENTINEL = "skip_thought_signature_validator";
const three = { model: "gemini-3-flash-preview" };
const said = (...parts: Part[]) => [
  { type: "message" as const, role: "user" as const, parts, at: "messages[0]" },
];

describe("a conversation", () => {
  test("has its instructions apart and its roles in turn", () => {
    const items = [
      system("Be brief."),
      system("Be kind."),
      user("Hi"),
      user("there"),
      assistant("Hello"),
      user("Bye"),
    ];
    expect(asked({ items }).json).toEqual({
      systemInstruction: { parts: [{ text: "Be brief." }, { text: "Be kind." }] },
      contents: [
        { role: "user", parts: [{ text: "Hi" }, { text: "there" }] },
        { role: "model", parts: [{ text: "Hello" }] },
        { role: "user", parts: [{ text: "Bye" }] },
      ],
      generationConfig: { thinkingConfig: { includeThoughts: true } },
    });
  });

  test("has later instructions among the user's words", () => {
    const { json, notes } = asked({ items: [user("Hi"), system("Now in French.", "messages[1]")] });
    expect(json.contents).toEqual([{ role: "user", parts: [{ text: "Hi" }, { text: "Now in French." }] }]);
    expect(notes).toEqual(["emulated:messages[1]"]);
  });

  test("of instructions alone is the user's words", () => {
    const { json, notes } = asked({ items: [system("Say hi.")] });
    expect(json.systemInstruction).toBeUndefined();
    expect(json.contents).toEqual([{ role: "user", parts: [{ text: "Say hi." }] }]);
    expect(notes).toEqual(["emulated:messages[0]"]);
  });

  test("never has a content without parts, nor begins with the model", () => {
    expect(asked({ items: [user("")] }).json.contents).toEqual([{ role: "user", parts: [{ text: " " }] }]);
    expect(asked({ items: [assistant("Welcome."), user("")] }).json.contents).toEqual([
      { role: "user", parts: [{ text: " " }] },
      { role: "model", parts: [{ text: "Welcome." }] },
    ]);
  });

  test("tells a refusal of the model as its words, and drops names with a note", () => {
    const items = [
      { ...user("Hi"), name: "ana" },
      { ...assistant(""), parts: [{ type: "refusal" as const, text: "No." }] },
    ];
    const { json, notes } = asked({ items });
    expect(json.contents).toContainEqual({ role: "model", parts: [{ text: "No." }] });
    expect(notes).toEqual(["dropped:messages[0].name"]);
  });
});

describe("media", () => {
  const image = (source: MediaPart["source"], mime = ""): MediaPart => ({ type: "image", source, mime });
  const partOf = (part: MediaPart, model?: string) =>
    (asked({ items: said(part) }, model ? { model } : {}).json.contents as { parts: unknown[] }[])[0]
      ?.parts[0];

  test("of bytes goes inline, with a type even where nobody said it", () => {
    expect(partOf(image({ base64: "AAAA" }, "image/webp"))).toEqual({
      inlineData: { mimeType: "image/webp", data: "AAAA" },
    });
    expect(partOf({ type: "file", source: { base64: "JVBE" }, mime: "" })).toEqual({
      inlineData: { mimeType: "application/pdf", data: "JVBE" },
    });
  });

  test("at an address is for Gemini to fetch, with the type that its name tells", () => {
    expect(partOf(image({ url: "https://example.org/a.JPG?w=1" }))).toEqual({
      fileData: { mimeType: "image/jpeg", fileUri: "https://example.org/a.JPG?w=1" },
    });
    expect(partOf(image({ url: "https://example.org/a" }))).toEqual({
      fileData: { fileUri: "https://example.org/a" },
    });
  });

  test("in Gemini's own store, or at Google's own address, is known to every model", () => {
    const uri = "https://generativelanguage.googleapis.com/v1beta/files/abc";
    expect(partOf(image({ url: uri }, "image/png"), "gemini-2.0-flash")).toMatchObject({
      fileData: { fileUri: uri },
    });
    expect(partOf(image({ fileId: uri, issuer: "gemini" }, "image/png"))).toMatchObject({
      fileData: { fileUri: uri },
    });
  });

  test.each<[string, MediaPart["source"], string]>([
    ["in another vendor's store", { fileId: "file-1", issuer: "openai" }, "gemini-2.5-flash"],
    ["at an address of no web page", { url: "file:///etc/passwd" }, "gemini-2.5-flash"],
    [
      "at an address, for a model that fetches nothing",
      { url: "https://example.org/a.png" },
      "gemini-2.0-flash",
    ],
  ])("%s is refused, and named", (_, source, model) => {
    const write = () => asked({ items: said(text("See:"), image(source)) }, { model });
    expect(write).toThrow(
      expect.objectContaining({ code: "unsupported", detail: { param: "messages[0].content[1]" } }),
    );
  });

  test("of a wanted resolution has Gemini's own", () => {
    const { notes } = asked({ items: said({ ...image({ base64: "AAAA" }, "image/png"), detail: "low" }) });
    expect(notes).toEqual(["dropped:messages[0].content[0].detail"]);
  });
});

describe("calls and their results", () => {
  const calls = [call("a", "now", { args: '{"zone":"UTC"}' }), call("b", "then", { args: "" })];

  test("are as many, in the calls' order, in one content; what the user says next follows", () => {
    const items = [user("When?"), ...calls, result("b", "later"), result("a", "noon"), user("And?")];
    expect(asked({ items }).json.contents).toEqual([
      { role: "user", parts: [{ text: "When?" }] },
      {
        role: "model",
        parts: [
          { functionCall: { id: "a", name: "now", args: { zone: "UTC" } } },
          { functionCall: { id: "b", name: "then", args: {} } },
        ],
      },
      {
        role: "user",
        parts: [
          { functionResponse: { id: "a", name: "now", response: { content: "noon" } } },
          { functionResponse: { id: "b", name: "then", response: { content: "later" } } },
          { text: "And?" },
        ],
      },
    ]);
  });

  test("that are missing are made up, and noted", () => {
    const { json, notes } = asked({ items: [user("When?"), ...calls, result("a", "noon")] });
    const [, , answers] = json.contents as { parts: unknown[] }[];
    expect(answers?.parts).toEqual([
      { functionResponse: { id: "a", name: "now", response: { content: "noon" } } },
      { functionResponse: { id: "b", name: "then", response: { error: "No result." } } },
    ]);
    expect(notes).toEqual(["emulated:messages[1].tool_calls[0]"]);
  });

  test("of one id in two turns belong to their own turn", () => {
    const items = [
      user("1"),
      call("x", "f"),
      result("x", "one"),
      user("2"),
      call("x", "f"),
      result("x", "two"),
    ];
    const contents = JSON.stringify(asked({ items }).json.contents);
    expect([...contents.matchAll(/"content":"(\w+)"/g)].map(([, word]) => word)).toEqual(["one", "two"]);
  });

  test("of a call that nobody made are told in words", () => {
    const { json, notes } = asked({ items: [user("Hi"), result("z", "42", { name: "add" })] });
    expect(json.contents).toEqual([
      { role: "user", parts: [{ text: "Hi" }, { text: "Result of the tool add: 42" }] },
    ]);
    expect(notes).toEqual(["emulated:messages[2]"]);
  });

  test("stay text, even if they look like a schema; a failure is told as one", () => {
    const items = [
      user("1"),
      ...calls,
      result("a", '{"$ref":"#/$defs/x"}'),
      result("b", "no such zone", { isError: true }),
    ];
    expect(asked({ items }).json.contents).toContainEqual({
      role: "user",
      parts: [
        { functionResponse: { id: "a", name: "now", response: { content: '{"$ref":"#/$defs/x"}' } } },
        { functionResponse: { id: "b", name: "then", response: { error: "no such zone" } } },
      ],
    });
  });

  test("with a picture show it inside of the response, or after all of them to an older model", () => {
    const picture: MediaPart = { type: "image", source: { base64: "AAAA" }, mime: "image/png" };
    const items = [user("1"), call("a", "look"), result("a", "", { parts: [text("seen"), picture] })];
    const inlineData = { mimeType: "image/png", data: "AAAA" };
    expect(asked({ items }, three).json.contents).toContainEqual({
      role: "user",
      parts: [
        {
          functionResponse: {
            id: "a",
            name: "look",
            response: { content: "seen" },
            parts: [{ inlineData }],
          },
        },
      ],
    });
    expect(asked({ items }).json.contents).toContainEqual({
      role: "user",
      parts: [{ functionResponse: { id: "a", name: "look", response: { content: "seen" } } }, { inlineData }],
    });
  });

  test("whose arguments are no JSON keep them readable; a custom tool's input is a field", () => {
    const items = [
      user("1"),
      call("a", "f", { args: "{oops" }),
      call("b", "sh", { kind: "custom", args: "ls -l" }),
    ];
    const contents = asked({ items }).json.contents as { parts: { functionCall: { args: unknown } }[] }[];
    expect(contents[1]?.parts.map(({ functionCall }) => functionCall.args)).toEqual([
      { _raw: "{oops" },
      { input: "ls -l" },
    ]);
  });
});

describe("thought signatures", () => {
  const modelParts = (items: Parameters<typeof asked>[0]["items"], options = {}) => {
    const contents = asked({ items: [user("1"), ...(items ?? [])] }, options).json.contents;
    return (contents as { role: string; parts: Record<string, unknown>[] }[])[1]?.parts;
  };
  const thought = (data: string, issuer: "gemini" | "anthropic" = "gemini", words = "Hm.") => ({
    type: "reasoning" as const,
    text: words,
    opaque: [{ issuer, kind: issuer === "gemini" ? ("thought" as const) : ("signature" as const), data }],
    at: "messages[1]",
  });

  test("come back on the call that they came with, and on no other", () => {
    const parts = modelParts([call("a", "f", { opaque: signed("S1") }), call("b", "g")], three);
    expect(parts?.map(({ thoughtSignature }) => thoughtSignature)).toEqual(["S1", undefined]);
  });

  test("that are missing are replaced by Google's stand-in on the first call of a turn, for models that insist", () => {
    const calls = [call("a", "f"), call("b", "g")];
    const signatures = (model: string) => modelParts(calls, { model })?.map((part) => part.thoughtSignature);
    expect(signatures("gemini-3-pro-preview")).toEqual([SENTINEL, undefined]);
    expect(signatures("models/gemini-flash-latest")).toEqual([SENTINEL, undefined]);
    expect(signatures("gemini-2.5-pro")).toEqual([undefined, undefined]);
    expect(signatures("gemma-3-27b-it")).toEqual([undefined, undefined]);
  });

  test("of another vendor stay away, and so do the thoughts", () => {
    const foreign = [{ issuer: "anthropic" as const, kind: "signature" as const, data: "E1" }];
    expect(modelParts([thought("E1", "anthropic"), call("a", "f", { opaque: foreign })], three)).toEqual([
      { functionCall: { id: "a", name: "f", args: {} }, thoughtSignature: SENTINEL },
    ]);
  });

  test("that came as a piece of reasoning go onto what follows it", () => {
    expect(
      modelParts([thought("S1"), assistant("Yes."), thought("S2", "gemini", ""), call("a", "f")], three),
    ).toEqual([
      { text: "Yes.", thoughtSignature: "S1" },
      { functionCall: { id: "a", name: "f", args: {} }, thoughtSignature: "S2" },
    ]);
  });

  test("that came at the end go onto the last words, or stand alone", () => {
    expect(modelParts([assistant("Yes."), thought("S1", "gemini", "")])).toEqual([
      { text: "Yes.", thoughtSignature: "S1" },
    ]);
    expect(
      modelParts([call("a", "f", { opaque: signed("S1") }), thought("S2", "gemini", "")], three),
    ).toEqual([
      { functionCall: { id: "a", name: "f", args: {} }, thoughtSignature: "S1" },
      { text: "", thoughtSignature: "S2" },
    ]);
  });
});
