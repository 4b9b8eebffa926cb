import { describe, expect, test } from "bun:test";
import type { Item, MediaPart, Part, Prompt } from "../../src/core/prompt.ts";
import { ALWAYS, asked, user } from "./ollama-written.ts";

const messagesOf = (items: Item[], to = {}) => asked({ items }, to).json.messages;
const said = (role: "system" | "user" | "assistant", parts: Part[], at = "messages[0]"): Item => ({
  type: "message",
  role,
  parts,
  at,
});
const text = (words: string): Part => ({ type: "text", text: words });
const image = (source: MediaPart["source"]): Part => ({ type: "image", source, mime: "image/png" });
const call = (id: string, name: string, args: string): Item => ({
  type: "call",
  id,
  name,
  kind: "function",
  args,
  opaque: [],
  at: "messages[1]",
});
const result = (id: string, parts: Part[], more: object = {}): Item => ({
  type: "result",
  id,
  parts,
  isError: false,
  kind: "function",
  at: "messages[2]",
  ...more,
});

test("a plain chat is sent with its stream spelled out, and never to be cut", () => {
  const { path, json, notes } = asked({});
  expect([path, json, notes]).toEqual([
    "/api/chat",
    { ...ALWAYS, messages: [{ role: "user", content: "hi" }] },
    [],
  ]);
  expect(asked({}, {}, { stream: true }).json.stream).toBe(true);
});

test("a tool that said nothing has said nothing", () => {
  const items = [user("?"), call("a", "now", ""), result("a", [text("")])];
  expect(messagesOf(items)).toMatchObject([{}, {}, { role: "tool", content: "" }]);
});

describe("a conversation", () => {
  test("has texts as strings and images beside them", () => {
    const parts = [text("a"), image({ base64: "QUJD" }), text("b")];
    expect(messagesOf([said("system", [text("be brief")]), said("user", parts)])).toEqual([
      { role: "system", content: "be brief" },
      { role: "user", content: "a\n\nb", images: ["QUJD"] },
    ]);
  });

  test("has one message for all that the model said in a turn", () => {
    const items: Item[] = [
      user("q"),
      { type: "reasoning", text: "hm", opaque: [], at: "messages[1]" },
      said("assistant", [text("I'll look."), { type: "refusal", text: "Not there." }]),
      call("c1", "find", '{"x":1}'),
      call("c2", "list", ""),
      call("c3", "odd", "no json"),
    ];
    expect(messagesOf(items)).toEqual([
      { role: "user", content: "q" },
      {
        role: "assistant",
        content: "I'll look.\n\nNot there.",
        thinking: "hm",
        tool_calls: [
          { id: "c1", function: { name: "find", arguments: { x: 1 } } },
          // Ollama's /v1 answers an empty text with 400.
          { id: "c2", function: { name: "list", arguments: {} } },
          { id: "c3", function: { name: "odd", arguments: { _raw: "no json" } } },
        ],
      },
    ]);
  });

  test("names the tool that a result is of, and shows its images after the results", () => {
    const items = [
      call("c1", "shoot", "{}"),
      call("c2", "list", "{}"),
      result("c1", [text("done"), image({ base64: "QUJD" })]),
      result("c2", [text("a"), text("b")]),
      result("c3", [image({ base64: "RA==" })]),
      user("so?"),
      said("assistant", [text("it is")]),
      result("c9", [text("?")], { name: "elsewhere" }),
    ];
    expect(messagesOf(items)).toMatchObject([
      { role: "assistant", content: "" },
      { role: "tool", content: "done", tool_name: "shoot", tool_call_id: "c1" },
      { role: "tool", content: "a\n\nb", tool_name: "list", tool_call_id: "c2" },
      { role: "tool", content: "(shown below)", tool_call_id: "c3" },
      { role: "user", content: "Returned by the tool shoot:", images: ["QUJD"] },
      { role: "user", content: "Returned by the tool c3:", images: ["RA=="] },
      { role: "user", content: "so?" },
      { role: "assistant", content: "it is" },
      { role: "tool", content: "?", tool_name: "elsewhere", tool_call_id: "c9" },
    ]);
  });

  test("leaves out a turn in which nothing was said that can be told", () => {
    const sealed = { issuer: "anthropic", kind: "redacted", data: "x" } as const;
    const items: Item[] = [user("q"), { type: "reasoning", text: "", opaque: [sealed], at: "messages[1]" }];
    expect(messagesOf(items)).toEqual([{ role: "user", content: "q" }]);
  });

  test("says in words that a tool failed", () => {
    const { json, notes } = asked({ items: [result("c1", [text("no disk")], { isError: true })] });
    expect(json.messages).toMatchObject([{ content: "Error: no disk" }]);
    expect(notes).toEqual(["emulated:messages[2].is_error"]);
  });

  test("loses the names of those who speak, and says so", () => {
    const item: Item = { type: "message", role: "user", parts: [text("hi")], name: "ada", at: "messages[4]" };
    expect(asked({ items: [item] }).notes).toEqual(["dropped:messages[4].name"]);
  });

  test.each<[string, Part, string]>([
    ["an image at an address", image({ url: "https://x/y.png" }), "does not fetch images"],
    ["an image in a vendor's store", image({ fileId: "f", issuer: "openai" }), "has no files"],
    ["a sound", { type: "audio", source: { base64: "QQ==" }, mime: "audio/wav" }, "takes no sounds"],
    [
      "a document",
      { type: "file", source: { base64: "QQ==" }, mime: "application/pdf" },
      "takes no documents",
    ],
  ])("cannot hold %s", (_, part, why) => {
    const items = [said("user", [text("see"), part], "messages[3]")];
    expect(() => asked({ items })).toThrow(
      expect.objectContaining({
        code: "unsupported",
        message: expect.stringContaining(why),
        detail: { param: "messages[3].content[1]" },
      }),
    );
  });

  test("cannot hold an image where the model is known to see none", () => {
    const items = [said("user", [image({ base64: "QUJD" })])];
    const info = (vision: boolean) => ({ info: { capabilities: { vision } } });
    expect(() => asked({ items }, info(false))).toThrow("This model takes no images.");
    expect(messagesOf(items, info(true))).toHaveLength(1);
  });
});

describe("options", () => {
  test("are Ollama's own names for what the client set, and nothing else", () => {
    const sampling = {
      temperature: 0,
      topP: 0.9,
      topK: 40,
      minP: 0.05,
      seed: 7,
      stop: ["END"],
      frequencyPenalty: 0.1,
      presencePenalty: 0.2,
      repeatPenalty: 1.1,
      n: 1,
    };
    expect(asked({ sampling, maxOutput: 5 }).json.options).toEqual({
      num_predict: 5,
      temperature: 0,
      top_p: 0.9,
      top_k: 40,
      min_p: 0.05,
      seed: 7,
      stop: ["END"],
      frequency_penalty: 0.1,
      presence_penalty: 0.2,
      repeat_penalty: 1.1,
    });
    expect(asked({}).json).not.toHaveProperty("options");
  });

  test("stand apart from how long the model is kept, and log-probabilities", () => {
    const sampling = { logprobs: true, topLogprobs: 3 };
    expect(asked({ sampling, keepAlive: "5m" }).json).toMatchObject({
      logprobs: true,
      top_logprobs: 3,
      keep_alive: "5m",
    });
    expect(asked({ sampling: { logprobs: false }, keepAlive: 0 }).json).toMatchObject({ keep_alive: 0 });
    expect(asked({ sampling: { topLogprobs: 3 } }).json).not.toHaveProperty("top_logprobs");
  });

  test("that Ollama lacks are dropped with a note each", () => {
    const prompt: Partial<Prompt> = {
      sampling: { n: 2, logitBias: { 5: 1 } },
      verbosity: "low",
      user: "u",
      metadata: { a: "b" },
      serviceTier: "flex",
      carried: { dialect: "openai", fields: { wonder: 1, num_ctx: 2048, prompt_cache_key: "k" } },
    };
    const { json, notes } = asked(prompt);
    expect(json).toEqual({
      ...ALWAYS,
      messages: [{ role: "user", content: "hi" }],
      options: { num_ctx: 2048 },
    });
    expect(notes).toEqual(
      ["n", "logit_bias", "verbosity", "user", "metadata", "service_tier", "wonder"].map(
        (name) => `dropped:${name}`,
      ),
    );
  });
});

test("what asks for the usual loses nothing", () => {
  const prompt = { sampling: { n: 1, logitBias: {} }, verbosity: "medium" as const, serviceTier: "auto" };
  expect(asked(prompt).notes).toEqual([]);
});

test("notes name the fields of the client's own dialect", () => {
  const prompt: Partial<Prompt> = { reasoning: { budget: 9 }, verbosity: "low", user: "u" };
  expect(asked(prompt, {}, { dialect: "anthropic" }).notes).toEqual([
    "dropped:verbosity",
    "dropped:metadata.user_id",
    "emulated:thinking",
  ]);
});

describe("thinking", () => {
  const think = (reasoning: object, model = "qwen3:8b", reasons: boolean | undefined = undefined) => {
    const info = reasons === undefined ? {} : { info: { capabilities: { reasoning: reasons } } };
    const { json, notes } = asked({ reasoning }, { model, ...info });
    return [json.think, ...notes];
  };

  test.each<[object, unknown[]]>([
    [{}, [undefined]],
    [{ summary: "auto" }, [undefined]],
    [{ enabled: true }, [true]],
    [{ enabled: false }, [false]],
    [{ effort: "none" }, [false]],
    [{ effort: "high" }, [true, "emulated:reasoning_effort"]],
    [{ enabled: true, budget: 2000 }, [true, "emulated:reasoning_effort"]],
  ])("is on or off: %j", (reasoning, expected) => expect(think(reasoning)).toEqual(expected));

  test.each<[object, unknown[]]>([
    [{ effort: "low" }, ["low"]],
    [{ effort: "medium" }, ["medium"]],
    [{ effort: "high" }, ["high"]],
    [{ effort: "minimal" }, ["low", "emulated:reasoning_effort"]],
    [{ effort: "xhigh" }, ["high", "emulated:reasoning_effort"]],
    [{ effort: "max" }, ["high", "emulated:reasoning_effort"]],
    [{ effort: "strange" }, [true, "emulated:reasoning_effort"]],
    [{ enabled: true }, [true]],
    [{ budget: 20_000 }, ["high", "emulated:reasoning_effort"]],
    [{ effort: "none" }, ["low", "emulated:reasoning_effort"]],
  ])("has levels in gpt-oss: %j", (reasoning, expected) =>
    expect(think(reasoning, "gpt-oss:20b")).toEqual(expected),
  );

  test("is no wish to send to a model that does not think, which answers it with 400", () => {
    expect(think({ effort: "high" }, "llama3.2", false)).toEqual([undefined, "dropped:reasoning_effort"]);
    expect(think({ enabled: false }, "llama3.2", false)).toEqual([undefined]);
    expect(think({ enabled: true }, "qwen3", true)).toEqual([true]);
  });
});

describe("a completion", () => {
  const complete = (prompt: Partial<Prompt>) =>
    asked(
      { items: [user("def f(", "prompt")], completion: true, ...prompt },
      {},
      { operation: "completions" },
    );

  test("is continued as it stands, without a template", () => {
    const { path, json, hints } = complete({ maxOutput: 9 });
    expect([path, json]).toEqual([
      "/api/generate",
      { ...ALWAYS, prompt: "def f(", raw: true, options: { num_predict: 9 } },
    ]);
    expect(hints?.completion).toBe(true);
  });

  test("with a suffix needs the template that says how a gap is filled", () => {
    const { json } = complete({ suffix: "\n  return a" });
    expect(json).toEqual({ ...ALWAYS, prompt: "def f(", suffix: "\n  return a" });
  });

  test("of several prompts is refused", () => {
    const items = [user("a", "prompt[0]"), user("b", "prompt[1]")];
    expect(() => complete({ items })).toThrow("Ollama completes one prompt at a time.");
  });
});
