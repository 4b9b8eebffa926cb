import { describe, expect, test } from "bun:test";
import { PROFILES, type ProfileName } from "../../src/backends/profiles.ts";
import { chatTo, written } from "./written.ts";

const ALL = Object.keys(PROFILES) as ProfileName[];
const user = { role: "user", content: "hi" };
const call = (id: string, args = "{}") => ({
  id,
  type: "function",
  function: { name: "now", arguments: args },
});
const turn = (...ids: string[]) => [
  { role: "assistant", content: null, tool_calls: ids.map((id) => call(id)) },
  ...ids.map((id) => ({ role: "tool", tool_call_id: id, content: "12" })),
];

describe("ids of tool calls", () => {
  const ids = ["call_abcdefghijklmnopqrstuvwx", "call_abcdefghijklmnopqrstuvwy", "123456789"];
  const sent = (profile: ProfileName) => {
    const { json } = chatTo(profile, { messages: [user, ...turn(...ids)] });
    const [, answer, ...results] = json.messages as {
      tool_calls: { id: string }[];
      tool_call_id: string;
    }[];
    return { calls: answer?.tool_calls.map(({ id }) => id), results: results.map((one) => one.tool_call_id) };
  };

  test("are nine letters and digits for Mistral, the same for a call and its result, every time", () => {
    const { calls, results } = sent("mistral");
    expect(calls).toEqual(results);
    expect(new Set(calls).size).toBe(3);
    for (const id of results) expect(id).toMatch(/^[A-Za-z0-9]{9}$/);
    expect(calls?.[2]).toBe("123456789");
    expect(sent("mistral")).toEqual({ calls, results });
  });

  test.each(ALL.filter((name) => name !== "mistral"))("are the client's own for %s", (profile) => {
    expect(sent(profile)).toEqual({ calls: ids, results: ids });
  });
});

describe("calls without arguments", () => {
  const messages = [user, { role: "assistant", content: "", tool_calls: [call("a", ""), call("b")] }];

  test.each(ALL.filter((name) => !PROFILES[name].emptyArguments))(
    "have an empty object for %s, which parses them",
    (profile) => {
      expect(chatTo(profile, { messages }).text).toContain('"arguments":"{}"');
      expect(chatTo(profile, { messages }).text).not.toContain('"arguments":""');
    },
  );

  test("are left alone for OpenAI, byte by byte", () => {
    const body = `{"model":"theirs","messages" : ${JSON.stringify(messages)} }`;
    expect(written(body).text).toBe(body);
  });
});

test("an empty list of calls, which OpenAI refuses, is none", () => {
  for (const blank of ["", " "]) {
    const body = `{"messages":[{"role":"assistant","content":"a","tool_calls":${blank}[]},{"role":"user","content":"b"}]}`;
    expect(written(body).json.messages).toEqual([
      { role: "assistant", content: "a" },
      { role: "user", content: "b" },
    ]);
  }
});

test("a picture's bare address becomes OpenAI's object", () => {
  const messages = [{ role: "user", content: [{ type: "image_url", image_url: "https://host/a.png" }] }];
  expect(chatTo("openai", { messages }).json.messages).toEqual([
    { role: "user", content: [{ type: "image_url", image_url: { url: "https://host/a.png" } }] },
  ]);
});

describe("what a client gives back of earlier thoughts", () => {
  const framed = { type: "reasoning.text", text: "hm", signature: "fl1.anthropic.signature.YQ", index: 0 };
  const own = { type: "reasoning.text", text: "hm", signature: "own", index: 1 };
  const answer = { role: "assistant", content: "a" };

  test("goes on as it is, but for the state of another vendor", () => {
    const said = (reasoning_details: object[]) =>
      chatTo("openrouter", { messages: [{ ...answer, reasoning_details }] }).json.messages;
    expect(said([framed, own])).toEqual([{ ...answer, reasoning_details: [own] }]);
    expect(said([framed])).toEqual([answer]);
    expect(said([own])).toEqual([{ ...answer, reasoning_details: [own] }]);
  });

  test("is kept from OpenAI, which has no use for it and refuses what it does not know", () => {
    const signed = { ...call("a"), extra_content: { google: { thought_signature: "sig" } } };
    const messages = [{ role: "assistant", content: null, reasoning_content: "hm", tool_calls: [signed] }];
    expect(chatTo("openai", { messages })).toMatchObject({ notes: [] });
    expect(chatTo("openai", { messages }).json.messages).toEqual([
      { role: "assistant", content: null, tool_calls: [call("a")] },
    ]);
    expect(chatTo("generic", { messages }).json.messages).toEqual(messages);
  });

  test("must stand with every call for DeepSeek, and is empty where the client kept none", () => {
    const calls = { role: "assistant", content: null, tool_calls: [call("a")] };
    const messages = [user, calls, { ...calls, reasoning_content: "hm" }, answer];
    expect(chatTo("deepseek", { messages }).json.messages).toEqual([
      user,
      { ...calls, reasoning_content: "" },
      { ...calls, reasoning_content: "hm" },
      answer,
    ]);
  });

  test("is kept from Mistral, which answers fields that it does not know with 422", () => {
    const messages = [{ ...answer, refusal: null, annotations: [], reasoning_content: "hm" }];
    expect(chatTo("mistral", { messages })).toMatchObject({ json: { messages: [answer] }, notes: [] });
  });
});

describe("a schema for a host that knows only json_object", () => {
  const schema = { type: "object", properties: { a: { type: "number" } } };
  const response_format = { type: "json_schema", json_schema: { name: "x", schema } };

  test("is told to the model, behind the instructions that are there", () => {
    const { json, notes } = chatTo("deepseek", {
      messages: [{ role: "developer", content: "be nice" }, user],
      response_format,
    });
    expect(json).toMatchObject({
      messages: [{ role: "system", content: expect.stringContaining(JSON.stringify(schema)) }, user],
      response_format: { type: "json_object" },
    });
    expect(notes).toEqual([expect.stringContaining("response_format was emulated")]);
  });

  test("or as instructions of its own", () => {
    const { json } = chatTo("deepseek", { messages: [user], response_format });
    expect(json.messages).toEqual([
      { role: "system", content: expect.stringContaining("JSON Schema") },
      user,
    ]);
  });

  test("is left to hosts that know it", () => {
    expect(chatTo("vllm", { response_format })).toMatchObject({ json: { response_format }, notes: [] });
  });
});

test("GLM's address has a version of its own", () => {
  expect(chatTo("zai", {}).path).toBe("/chat/completions");
  expect(chatTo("openai", {}).path).toBe("/v1/chat/completions");
});

test("a signature that Gemini's own API issued stays here; what Google's compatible route issued goes back as it came", () => {
  const signed = (thought_signature: string) => ({
    role: "assistant",
    content: null,
    tool_calls: [{ ...call("a"), extra_content: { google: { thought_signature } } }],
  });
  const sent = (signature: string) =>
    chatTo("generic", { messages: [user, signed(signature), turn("a")[1]] }).json.messages;
  expect(sent("fl1.gemini.thought.c2ln")).toEqual([user, ...turn("a")]);
  expect(sent("sig")).toEqual([user, signed("sig"), turn("a")[1]]);
});
