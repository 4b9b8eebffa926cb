import { describe, expect, test } from "bun:test";
import { ADAPTERS } from "../../src/adapters/index.ts";
import { PROFILES } from "../../src/backends/profiles.ts";
import { codeOf, dropped, type Note } from "../../src/core/note.ts";
import type { Prompt } from "../../src/core/prompt.ts";
import type { Dialect, TextRequest } from "../../src/core/request.ts";
import { withDefaults } from "../../src/pipeline/defaults.ts";
import { translated, type Translation } from "../../src/pipeline/translate.ts";
import { Vault } from "../../src/pipeline/vault.ts";
import { question } from "../api/asked.ts";
import { calls, customTool, functionTool, promptOf, says } from "./prompts.ts";

/** A request with this prompt, as the adapter of a dialect is to see it. */
function asked(prompt: Partial<Prompt>, dialect: Dialect, more: Partial<Translation> = {}) {
  const notes: Note[] = [];
  const request: TextRequest = { ...question(), dialect: "ollama", prompt: () => promptOf(prompt) };
  const to = { adapter: ADAPTERS[dialect], profile: PROFILES.generic, ...more };
  const { asked: translation, names } = translated(request, to, notes);
  if (translation.operation === "embeddings") throw new Error("no text was asked for");
  return { prompt: translation.prompt(), names, notes: notes.map(codeOf) };
}

describe("a request of the backend's own dialect", () => {
  test("is not even read", () => {
    const request = { ...question(), prompt: () => expect.unreachable() };
    const notes: Note[] = [];
    const to = { adapter: ADAPTERS.openai, profile: PROFILES.generic, defaults: { temperature: 1 } };
    expect(translated(request, to, notes)).toEqual({ asked: request, names: undefined });
    expect(notes).toEqual([]);
  });
});

describe("a request of another dialect", () => {
  test("says what was lost in reading it, once", () => {
    const notes = [dropped("prediction", ": nobody else does that")];
    expect(asked({ notes }, "anthropic").notes).toEqual(["dropped:prediction"]);
  });

  test("has its tools in the forms that the backend knows", () => {
    const tools = [customTool("run"), functionTool("now", { namespace: "clock" })];
    expect(asked({ tools }, "anthropic").prompt.tools).toMatchObject([
      { type: "function", name: "run" },
      { type: "function", name: "clock__now" },
    ]);
    const chat = asked({ tools }, "openai", { profile: PROFILES.openai });
    expect(chat.prompt.tools).toMatchObject([{ type: "custom" }, { name: "clock__now" }]);
    expect(asked({ tools }, "openai-responses")).toMatchObject({ prompt: { tools }, names: undefined });
  });

  test("gets back the state that its client could not keep", () => {
    const vault = new Vault();
    const opaque = [{ issuer: "anthropic", kind: "signature", data: "s" }] as const;
    const state = { opaque: [], thoughts: [{ text: "hm", opaque: [...opaque] }], afterWords: false };
    vault.keep("", calls({ name: "now", namespace: "clock" }), state);
    const tools = [functionTool("now", { namespace: "clock" })];
    const items = [says("user", "?"), calls({ name: "now", namespace: "clock" })];
    expect(asked({ items, tools }, "anthropic", { vault }).prompt.items).toMatchObject([
      says("user", "?"),
      { type: "reasoning", text: "hm", opaque },
      { type: "call", name: "clock__now" },
    ]);
    expect(asked({ items, tools }, "gemini", { vault }).prompt.items).toHaveLength(2);
  });

  test("keeps its own prompt as it was, for the next backend", () => {
    const prompt = promptOf({ tools: [customTool("run")], items: [calls({ name: "run", kind: "custom" })] });
    const before = structuredClone(prompt);
    asked(prompt, "anthropic", { defaults: { temperature: 0.5, tools: [] } });
    expect(prompt).toEqual(before);
  });
});

describe("an alias' defaults", () => {
  const merged = (prompt: Partial<Prompt>, defaults: Record<string, unknown>) =>
    withDefaults(promptOf(prompt), defaults);

  test("fill what the client left out, and nothing else", () => {
    const defaults = {
      temperature: 0.2,
      top_p: 0.9,
      max_tokens: 100,
      stop: "x",
      user: "me",
      parallel_tool_calls: false,
      response_format: { type: "json_object" },
      reasoning_effort: "low",
    };
    expect(merged({ sampling: { temperature: 1 }, maxOutput: 5 }, defaults)).toEqual({
      ...promptOf(),
      sampling: { temperature: 1, topP: 0.9, stop: ["x"] },
      maxOutput: 5,
      user: "me",
      parallelTools: false,
      format: { type: "json" },
      reasoning: { effort: "low" },
    });
  });

  test("leave a conversation, its tools and its wishes alone", () => {
    const tools = [functionTool("now")];
    const prompt = promptOf({
      items: [says("user", "?")],
      tools,
      toolChoice: { mode: "auto" },
      format: { type: "json", schema: {} },
      reasoning: { enabled: false },
    });
    const defaults = {
      tools: [{ type: "function", function: { name: "then" } }],
      tool_choice: "required",
      response_format: { type: "json_object" },
      reasoning_effort: "high",
    };
    expect(merged(prompt, defaults)).toEqual(prompt);
    expect(merged({}, defaults).tools).toMatchObject([{ name: "then" }]);
  });

  test("that only their own dialect knows go where it is spoken", () => {
    const defaults = { min_tokens: 3, odd: 1 };
    expect(merged({}, defaults).carried).toEqual({ dialect: "openai", fields: defaults });
    const ours = { dialect: "openai", fields: { odd: 2 } } as const;
    expect(merged({ carried: ours }, defaults).carried?.fields).toEqual({ min_tokens: 3, odd: 2 });
    const foreign = { dialect: "ollama", fields: { odd: 2 } } as const;
    expect(merged({ carried: foreign }, defaults).carried).toEqual(foreign);
  });

  test("of nothing cost nothing", () => {
    const prompt = promptOf();
    expect(withDefaults(prompt, {})).toBe(prompt);
  });
});
