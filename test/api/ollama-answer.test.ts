import { describe, expect, test } from "bun:test";
import { answer, callPart } from "./answers.ts";
import { api, asked, type Route, whole } from "./ollama-scene.ts";

describe("a whole answer", () => {
  test("is one document with everything a last line has", () => {
    expect(whole(answer({ reasoning: "Hm", text: "Hi", calls: [{ args: '{"a":1}' }] }))).toEqual({
      model: "asked",
      created_at: "2026-11-20T00:00:00.002000000Z",
      message: {
        role: "assistant",
        content: "Hi",
        thinking: "Hm",
        tool_calls: [{ id: "a", function: { index: 0, name: "now", arguments: { a: 1 } } }],
      },
      done: true,
      done_reason: "stop",
      total_duration: 1_000_000,
      load_duration: 0,
      prompt_eval_count: 1,
      prompt_eval_duration: 0,
      eval_count: 2,
      eval_duration: 1_000_000,
    });
  });

  test("of /api/generate has its words beside", () => {
    expect(whole(answer({ reasoning: "Hm", text: "Hi" }), "generate")).toMatchObject({
      response: "Hi",
      thinking: "Hm",
      done: true,
    });
  });

  test("says nothing of what it does not have", () => {
    const { message } = whole(answer({ text: "" }));
    expect(message).toEqual({ role: "assistant", content: "" });
    expect(whole(answer({}, { choices: [] }))).toMatchObject({ message: { content: "" }, done: true });
  });

  test("numbers its calls, and has a refusal as words", () => {
    const calls = [callPart({ name: "a" }), callPart({ name: "b", tool: "custom", args: "x" })];
    expect(whole(answer({ parts: calls })).message).toMatchObject({
      tool_calls: [
        { function: { index: 0, name: "a" } },
        { function: { index: 1, name: "b", arguments: { input: "x" } } },
      ],
    });
    expect(whole(answer({ refusal: "No." })).message).toMatchObject({ content: "No." });
  });

  test("keeps what an Ollama said beside it", () => {
    const native = { dialect: "ollama" as const, value: { total_duration: 9 } };
    const said = whole(
      answer(
        {
          text: "Hi",
          finish: "length",
          messageExtra: { images: ["a"] },
          logprobs: { content: [{ token: "Hi" }] },
        },
        {
          extra: { done_reason: "load", context: [1] },
          usage: { input: 1, output: 2, native, estimated: true },
        },
      ),
    );
    expect(said).toMatchObject({
      message: { content: "Hi", images: ["a"] },
      done_reason: "load",
      context: [1],
      total_duration: 9,
      logprobs: [{ token: "Hi" }],
      x_fairlead: { usage: "estimated" },
    });
  });
});

describe("a request that asks for no words", () => {
  test.each<[string, Route, object, "load" | "unload" | undefined]>([
    ["no messages", "chat", {}, "load"],
    ["null for messages", "chat", { messages: null }, "load"],
    ["an empty list of messages", "chat", { messages: [] }, "load"],
    ["a message", "chat", { messages: [{ role: "user", content: "" }] }, undefined],
    ["no prompt", "generate", {}, "load"],
    ["an empty prompt", "generate", { prompt: "", keep_alive: "5m" }, "load"],
    ["a prompt", "generate", { prompt: "a", keep_alive: 0 }, undefined],
    ["a long prompt", "generate", { prompt: "a".repeat(100_000) }, undefined],
    ["no time to stay", "generate", { keep_alive: 0 }, "unload"],
    ["no time to stay in words", "chat", { keep_alive: "0" }, "unload"],
    ["no seconds to stay", "chat", { keep_alive: "0m0.0s" }, "unload"],
    ["half a second to stay", "chat", { keep_alive: "0.5s" }, "load"],
    ["for ever", "chat", { keep_alive: -1 }, "load"],
    ["ten minutes", "chat", { keep_alive: "10m" }, "load"],
  ])("%s in %s", (_, route, body, errand) => {
    expect(api(route).errand(asked({ model: "m", ...body }, route))).toBe(errand);
  });

  test("is answered in the form of an answer", () => {
    const request = asked({ model: "m" });
    expect(JSON.parse(api().done("load", request))).toEqual({
      model: "m",
      created_at: "2026-11-20T00:00:00.001000000Z",
      message: { role: "assistant", content: "" },
      done: true,
      done_reason: "load",
    });
    expect(JSON.parse(api("generate").done("unload", request))).toMatchObject({
      response: "",
      done: true,
      done_reason: "unload",
    });
  });
});
