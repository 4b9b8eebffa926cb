import { describe, expect, test } from "bun:test";
import { openai } from "../../src/adapters/openai.ts";
import { chat } from "../../src/api/chat.ts";
import { PROFILES } from "../../src/backends/profiles.ts";
import { asked } from "./asked.ts";
import { answer, parsed } from "./answers.ts";

/** What Cursor posts to /v1/chat/completions when its base URL is one's own. */
const body = {
  model: "m",
  input: [
    { role: "system", content: "Be nice." },
    { role: "user", content: [{ type: "input_text", text: "hi" }] },
  ],
  tools: [{ type: "function", name: "now", parameters: { type: "object" } }],
  stream: true,
  stream_options: { include_usage: true },
};

describe("a Responses body posted to chat completions", () => {
  test("is read as Responses, and answered as chat", () => {
    expect(asked(body)).toMatchObject({
      operation: "chat",
      dialect: "openai-responses",
      answerDialect: "openai",
      model: "m",
      stream: true,
      includeUsage: true,
    });
    const request = asked({ ...body, stream: false });
    const { choices } = parsed(chat.answer(answer({ text: "hello" }), { model: "m", request }));
    expect(choices).toMatchObject([{ message: { role: "assistant", content: "hello" } }]);
  });

  test("reaches a chat backend as the chat it means", () => {
    const { path, body: pieces } = openai.write(
      asked(body),
      { model: "theirs", profile: PROFILES.vllm, defaults: {}, info: undefined, contextWindow: undefined },
      [],
    );
    expect(path).toBe("/v1/chat/completions");
    expect(parsed(Buffer.concat(pieces).toString())).toEqual({
      model: "theirs",
      messages: [
        { role: "system", content: "Be nice." },
        { role: "user", content: "hi" },
      ],
      tools: [{ type: "function", function: { name: "now", parameters: { type: "object" } } }],
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  test("must have an input that is one", () => {
    expect(() => asked({ model: "m", input: 7 })).toThrow(
      expect.objectContaining({ code: "invalid_request", detail: { param: "input" } }),
    );
  });
});

test("a chat body with a field of that name is a chat", () => {
  expect(asked({ messages: [{ role: "user", content: "hi" }], input: "x" }).dialect).toBe("openai");
});
