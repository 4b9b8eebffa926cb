import { describe, expect, test } from "bun:test";
import { PLAIN_PROFILE } from "../../src/adapters/profile.ts";
import type { Part } from "../../src/core/prompt.ts";
import {
  asked,
  assistant,
  call,
  EARLIER,
  messagesOf,
  NEWEST,
  own,
  prompt,
  result,
  send,
  system,
  text,
  thought,
  user,
} from "./anthropic-asked.ts";

const hi = { type: "text", text: "hi" };
const says = (role: string, ...content: unknown[]) => ({ role, content });
const words = (said: string) => ({ type: "text", text: said });

describe("a client's own body", () => {
  const body =
    '{"max_tokens":5, "z":{"b":1,"a":2},"model":"m","messages":[{"role":"user","content":[{"cache_control":{"type":"ephemeral"},"text":"hi","type":"text"}]}]}';

  test("keeps its bytes but for the model", () => {
    const sent = own(body);
    expect(sent.text).toBe(body.replace('"m"', `"${EARLIER}"`));
    expect(sent.notes).toEqual([]);
  });

  test("brings its own version and betas along, and no other header", () => {
    const headers = { "anthropic-beta": "a,b", "anthropic-version": "2026-10-21", "x-app": "cli" };
    const profile = { ...PLAIN_PROFILE, apiVersion: "2024-01-01" };
    expect(own(body, { profile }, { headers }).headers).toEqual({
      "anthropic-beta": "a,b",
      "anthropic-version": "2026-10-21",
    });
    expect(send({ headers }, { profile }).headers).toEqual({ "anthropic-version": "2024-01-01" });
    expect(send({ headers }).headers).toBeUndefined();
  });

  test("is given the alias' defaults under Anthropic's names where it says nothing itself", () => {
    const defaults = { max_tokens: 99, temperature: 1.5, top_p: 0.5, top_k: 7, stop: "END", seed: 4 };
    expect(own({ model: "m", messages: [] }, { defaults }).json).toEqual({
      model: EARLIER,
      messages: [],
      max_tokens: 99,
      temperature: 1,
      top_k: 7,
      stop_sequences: ["END"],
    });
    const said = { model: "m", messages: [], max_tokens: 1, top_p: 0.2, stop_sequences: [] };
    expect(own(said, { defaults }).json).toEqual({ ...said, model: EARLIER, top_k: 7 });
  });

  test("is given no default that would be refused: of a model without sampling, or while it thinks", () => {
    const defaults = { temperature: 0.5, top_p: 0.5, top_k: 7 };
    const thinking = { type: "enabled", budget_tokens: 1024 };
    const thinks = { model: EARLIER, messages: [], max_tokens: 2000, thinking };
    expect(own(thinks, { defaults }).json).toEqual(thinks);
    const plain = { model: NEWEST, messages: [], max_tokens: 5 };
    expect(own(plain, { defaults, model: NEWEST }).json).toEqual(plain);
  });

  test("without a limit of tokens gets one that its budget for thinking fits into", () => {
    expect(own({ model: "m", messages: [] }).json.max_tokens).toBe(32_000);
    expect(own({ model: "m", messages: [] }, { model: "glm-5" }).json.max_tokens).toBe(4096);
    const thinking = { type: "enabled", budget_tokens: 40_000 };
    expect(own({ model: "m", messages: [], thinking }).json.max_tokens).toBe(72_000);
  });

  test("loses thoughts that another vendor sealed or nobody did, and keeps Anthropic's", () => {
    const kept = { type: "thinking", thinking: "mine", signature: "RmFpcg==" };
    const messages = [
      says("user", hi),
      says("assistant", { type: "thinking", thinking: "a", signature: "fl1.gemini.thought.eA" }),
      says("assistant", kept, { type: "redacted_thinking", data: "fl1.openai-responses.encrypted.eA" }, hi),
      says("assistant", { type: "thinking", thinking: "b", signature: "" }, words("fl1. is no secret")),
      { role: "user", content: "go on" },
    ];
    const { json, notes } = own({ model: "m", max_tokens: 9, messages });
    expect(json.messages).toEqual([
      says("user", hi),
      says("assistant", kept, hi),
      says("assistant", words("fl1. is no secret")),
      { role: "user", content: "go on" },
    ]);
    expect(notes).toEqual([]);
  });

  test("keeps its bytes when the mark of a frame is only talked about", () => {
    const talk =
      '{"model":"m", "max_tokens":1,"messages":[{"role":"user","content":"\\"fl1.x"}], "x":["fl1.y"]}';
    expect(own(talk).text).toBe(talk.replace('"m"', `"${EARLIER}"`));
  });

  test("loses words that say nothing, which Anthropic answers with an error, and keeps empty results", () => {
    const empty = { type: "text", text: "" };
    const use = { type: "tool_use", id: "a", name: "f", input: { text: "", content: "" } };
    const answer = { type: "tool_result", tool_use_id: "a", content: "" };
    const messages = [
      says("user", empty, hi),
      says("assistant", empty),
      { role: "assistant", content: "" },
      says("assistant", empty, use),
      says("user", answer),
    ];
    const { json, notes } = own({ model: "m", max_tokens: 9, messages });
    expect(json.messages).toEqual([says("user", hi), says("assistant", use), says("user", answer)]);
    expect(notes).toEqual([]);
    const fine = JSON.stringify({
      model: EARLIER,
      max_tokens: 9,
      messages: [says("user", hi), says("assistant", use), says("user", answer)],
    });
    expect(own(fine).text).toBe(fine);
  });

  test("has the results of a turn in one message, before all else, as Anthropic demands", () => {
    const use = (id: string) => ({ type: "tool_use", id, name: "f", input: { role: "user" } });
    const answer = (id: string) => ({ type: "tool_result", tool_use_id: id, content: "1" });
    const before = [{ role: "user", content: "hi" }, says("assistant", use("a"), use("b"))];
    const split = [
      says("user", answer("a"), words("and?")),
      says("user", answer("b")),
      { role: "user", content: "go" },
    ];
    const { json, notes } = own({ model: "m", max_tokens: 9, messages: [...before, ...split] });
    expect(json.messages).toEqual([
      ...before,
      says("user", answer("a"), answer("b"), words("and?")),
      { role: "user", content: "go" },
    ]);
    expect(notes).toEqual([]);
    const whole = JSON.stringify({
      model: EARLIER,
      max_tokens: 9,
      messages: [...before, says("user", answer("a"))],
    });
    expect(own(whole).text).toBe(whole);
    const late = [...before, { role: "user", content: "so?" }, says("user", answer("a"), answer("b"))];
    expect(own({ model: "m", max_tokens: 9, messages: late }).json.messages).toEqual([
      ...before,
      says("user", answer("a"), answer("b"), words("so?")),
    ]);
  });

  test("does not think in a turn whose thoughts were another vendor's, where the model demands its own", () => {
    const foreign = { type: "thinking", thinking: "a", signature: "fl1.gemini.thought.eA" };
    const use = { type: "tool_use", id: "t", name: "f", input: {} };
    const messages = [
      says("user", hi),
      says("assistant", foreign, use),
      says("user", { type: "tool_result", tool_use_id: "t", content: "1" }),
    ];
    const body = { model: "m", max_tokens: 9000, messages };
    const manual = own({ ...body, thinking: { type: "enabled", budget_tokens: 1024 } });
    expect(manual.json).toEqual({
      ...body,
      model: EARLIER,
      messages: [messages[0], says("assistant", use), messages[2]],
    });
    expect(manual.notes).toEqual(["dropped:thinking"]);
    const adaptive = own({ ...body, thinking: { type: "adaptive" } }, { model: NEWEST });
    expect(adaptive.json.thinking).toEqual({ type: "adaptive" });
    expect(adaptive.notes).toEqual([]);
  });
});

describe("a conversation of another dialect", () => {
  test("has its first instructions apart, part by part, with their cache marks", () => {
    const { json, notes } = asked({
      items: [
        system([text("Be brief."), { type: "text", text: "Be kind.", cache: { ttl: "1h" } }, text(" ")]),
        system("Be exact."),
        user("hi"),
      ],
    });
    expect(json.system).toEqual([
      words("Be brief."),
      { ...words("Be kind."), cache_control: { type: "ephemeral", ttl: "1h" } },
      words("Be exact."),
    ]);
    expect(json.messages).toEqual([says("user", hi)]);
    expect(notes).toEqual([]);
  });

  test("has later instructions as words of the user, after the results that must come first", () => {
    const items = [user("hi"), call("c", "f", "{}"), system("Hurry.", "messages[2]"), result("c", "1")];
    const { json, notes } = asked({ items });
    expect(json.messages).toEqual([
      says("user", hi),
      says("assistant", { type: "tool_use", id: "c", name: "f", input: {} }),
      says(
        "user",
        { type: "tool_result", tool_use_id: "c", content: "1" },
        words("<system>\nHurry.\n</system>"),
      ),
    ]);
    expect(notes).toEqual(["emulated:messages[2]"]);
  });

  test("of instructions alone is a question", () => {
    const { json } = asked({ items: [system("Say hi.")] });
    expect([json.system, json.messages]).toEqual([undefined, [says("user", words("Say hi."))]]);
  });

  test("merges what one side says, and leaves empty words out", () => {
    expect(
      messagesOf(user("a"), user(""), user("b"), assistant(" \n"), assistant("c"), assistant(""), user("d")),
    ).toEqual([
      says("user", words("a"), words("b")),
      says("assistant", words("c")),
      says("user", words("d")),
    ]);
  });

  test("answers the calls of a turn in one message, in the order of the calls, before all else", () => {
    expect(
      messagesOf(
        user("hi"),
        assistant(""),
        call("a", "f", '{"x":1}'),
        call("b", "g", ""),
        user("so?"),
        result("b", "two"),
        result("a", [text("one"), text("uno")], true),
      ),
    ).toEqual([
      says("user", hi),
      says(
        "assistant",
        { type: "tool_use", id: "a", name: "f", input: { x: 1 } },
        { type: "tool_use", id: "b", name: "g", input: {} },
      ),
      says(
        "user",
        { type: "tool_result", tool_use_id: "a", content: [words("one"), words("uno")], is_error: true },
        { type: "tool_result", tool_use_id: "b", content: "two" },
        words("so?"),
      ),
    ]);
  });

  test("has a result for every call, and none without one", () => {
    const items = [
      user("hi"),
      call("a", "f", "{}"),
      result("z", "lost"),
      assistant("ok"),
      call("b", "f", "{}"),
    ];
    const { json, notes } = asked({ items });
    expect(json.messages).toEqual([
      says("user", hi),
      says("assistant", { type: "tool_use", id: "a", name: "f", input: {} }),
      says(
        "user",
        { type: "tool_result", tool_use_id: "a", content: "No result was given.", is_error: true },
        words("Result of the tool call z:"),
        words("lost"),
      ),
      says("assistant", words("ok"), { type: "tool_use", id: "b", name: "f", input: {} }),
      says("user", {
        type: "tool_result",
        tool_use_id: "b",
        content: "No result was given.",
        is_error: true,
      }),
    ]);
    expect(notes).toEqual(["emulated:messages[1]", "emulated:messages[2]", "emulated:messages[1]"]);
  });

  test("gives calls ids that Anthropic takes, each another one, and their results the same", () => {
    const items = [
      user("hi"),
      call("functions.f:0", "f", "{}"),
      call("functions_f_0", "f", "not json"),
      result("functions.f:0", "1"),
      result("functions_f_0", "2"),
      call("functions.f:0", "f", "{}"),
      result("functions.f:0", ""),
    ];
    expect(messagesOf(...items)).toEqual([
      says("user", hi),
      says(
        "assistant",
        { type: "tool_use", id: "functions_f_0", name: "f", input: {} },
        { type: "tool_use", id: "functions_f_0_2", name: "f", input: { _raw: "not json" } },
      ),
      says(
        "user",
        { type: "tool_result", tool_use_id: "functions_f_0", content: "1" },
        { type: "tool_result", tool_use_id: "functions_f_0_2", content: "2" },
      ),
      says("assistant", { type: "tool_use", id: "functions_f_0_3", name: "f", input: {} }),
      says("user", { type: "tool_result", tool_use_id: "functions_f_0_3" }),
    ]);
  });

  test("keeps thoughts that Anthropic sealed, and no others", () => {
    const { json, notes } = asked({
      items: [
        user("hi"),
        thought("hm", "c2ln"),
        thought("", "cmVk", "anthropic", "redacted"),
        thought("foreign", "eA", "gemini", "thought"),
        thought("bare"),
        { type: "reasoning", text: "ab", opaque: [seal("one"), seal("two")], at: "" },
        assistant("hello"),
        user("on"),
      ],
    });
    expect(json.messages).toEqual([
      says("user", hi),
      says(
        "assistant",
        { type: "thinking", thinking: "hm", signature: "c2ln" },
        { type: "redacted_thinking", data: "cmVk" },
        words("hello"),
      ),
      says("user", words("on")),
    ]);
    expect(notes).toEqual([]);
  });

  test("ends no message with a thought", () => {
    expect(messagesOf(user("hi"), thought("hm", "c2ln"), user("on"))).toEqual([
      says("user", hi, words("on")),
    ]);
  });

  test("begins with the user", () => {
    const { json, notes } = asked({ items: [assistant("Welcome!"), user("hi")] });
    expect(json.messages).toEqual([
      says("user", words(".")),
      says("assistant", words("Welcome!")),
      says("user", hi),
    ]);
    expect(notes).toEqual(["emulated:messages[0]"]);
  });

  test("that ends with words of the model lets it go on after them", () => {
    expect(messagesOf(user("hi"), assistant("The answer: \n"))).toEqual([
      says("user", hi),
      says("assistant", words("The answer:")),
    ]);
  });

  test("without any words is refused", () => {
    expect(() => asked({ items: [user(" "), assistant("")] })).toThrow("no words");
  });

  test("of a text completion is one message", () => {
    const { json, notes } = send({
      operation: "completions",
      prompt: () => prompt({ completion: true, suffix: "end" }),
    });
    expect(json.messages).toEqual([says("user", hi)]);
    expect(notes).toEqual(["emulated:prompt", "dropped:suffix"]);
  });

  test("keeps no more than four cache marks, the last ones", () => {
    const marked = (said: string): Part => ({ type: "text", text: said, cache: {} });
    const items = [system([marked("a"), marked("b")]), user([marked("c"), marked("d"), marked("e")])];
    const { text: sent } = asked({ items });
    expect(sent.match(/"text":"\w","cache_control"/g)?.map((found) => found.slice(8, 9))).toEqual([
      "b",
      "c",
      "d",
      "e",
    ]);
  });
});

const seal = (data: string) => ({ issuer: "anthropic", kind: "signature", data }) as const;
