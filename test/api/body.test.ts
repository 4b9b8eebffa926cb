import { describe, expect, test } from "bun:test";
import { chat } from "../../src/api/chat.ts";
import { completions } from "../../src/api/completions.ts";
import type { TextRequest } from "../../src/core/request.ts";
import { readObject } from "../../src/wire/json.ts";

const messages = [{ role: "user", content: "hi" }];
/** What makes a body too large to be parsed whole. */
const ballast = "x".repeat(65 * 1024);

function read(body: object, api = chat): TextRequest {
  return api.read(readObject(Buffer.from(JSON.stringify(body))), "1", new Headers());
}

const asked = (more: object) => read({ model: "m", messages, ...more });
const refused = (param: string, message: string) =>
  expect.objectContaining({ code: "invalid_request", detail: { param }, message });

describe("what decides how a request is answered", () => {
  test("is read from its body", () => {
    expect(asked({})).toMatchObject({
      id: "1",
      operation: "chat",
      dialect: "openai",
      answerDialect: "openai",
      model: "m",
      stream: false,
      includeUsage: false,
    });
    expect(asked({ stream: true, stream_options: { include_usage: true } })).toMatchObject({
      stream: true,
      includeUsage: true,
    });
    expect(asked({ stream: true, stream_options: { include_usage: false } }).includeUsage).toBe(false);
    expect(asked({ stream: true, stream_options: null }).includeUsage).toBe(false);
    expect(
      read({ prompt: "a", stream: true, stream_options: { include_usage: true } }, completions),
    ).toMatchObject({
      operation: "completions",
      model: "",
      stream: true,
      includeUsage: true,
    });
  });

  test("without a stream there is no usage chunk to ask for", () => {
    expect(asked({ stream_options: { include_usage: true } }).includeUsage).toBe(false);
    expect(asked({ stream: null, stream_options: { include_usage: true } })).toMatchObject({
      stream: false,
      includeUsage: false,
    });
  });
});

describe("what clients send without meaning harm is no error", () => {
  const harmless = {
    stream: null,
    tools: [],
    tool_choice: null,
    stop: null,
    n: 1,
    max_tokens: -1,
    model: null,
    odd: { a: [1] },
  };

  test.each([
    ["a small body", {}],
    ["a large one", { ballast }],
  ])("%s", (_, more) => {
    expect(asked({ ...harmless, ...more }).model).toBe("");
    expect(
      asked({
        messages: [{ role: "user", content: [{ type: "text", text: "a", cache_control: {} }] }],
        ...more,
      }).model,
    ).toBe("m");
    expect(asked({ tools: null, response_format: null, ...more }).model).toBe("m");
  });
});

describe("what is wrong is named in OpenAI's words: the field's path, and what was expected there", () => {
  test.each<[object, string, string]>([
    [{ messages: undefined }, "messages", "Missing required parameter: 'messages'."],
    [
      { messages: [] },
      "messages",
      "Invalid value for 'messages': expected array length to be greater or equal to 1.",
    ],
    [{ messages: "hi" }, "messages", "Invalid value for 'messages': expected array."],
    [{ messages: null }, "messages", "Invalid value for 'messages': expected array."],
    [{ messages: ["hi"] }, "messages[0]", "Invalid value for 'messages[0]': expected object."],
    [{ messages: [...messages, {}] }, "messages[1].role", "Missing required parameter: 'messages[1].role'."],
    [
      { messages: [{ role: 1 }] },
      "messages[0].role",
      "Invalid value for 'messages[0].role': expected string.",
    ],
    [{ model: 5 }, "model", "Invalid value for 'model': expected string."],
    [{ stream: "yes" }, "stream", "Invalid value for 'stream': expected boolean."],
    [{ temperature: "hot" }, "temperature", "Invalid value for 'temperature': expected number."],
    [{ max_tokens: 1.5 }, "max_tokens", "Invalid value for 'max_tokens': expected integer."],
    [{ n: 0 }, "n", "Invalid value for 'n': expected integer to be greater or equal to 1."],
    [{ n: 129 }, "n", "Invalid value for 'n': expected integer to be less or equal to 128."],
    [{ stop: 5 }, "stop", "Invalid value for 'stop': expected string or array."],
    [{ stop: ["a", 5] }, "stop[1]", "Invalid value for 'stop[1]': expected string."],
    [
      { stream_options: { include_usage: "yes" } },
      "stream_options.include_usage",
      "Invalid value for 'stream_options.include_usage': expected boolean.",
    ],
    [{ tools: [1] }, "tools[0]", "Invalid value for 'tools[0]': expected object."],
    [{ tools: {} }, "tools", "Invalid value for 'tools': expected array."],
    [{ tool_choice: 1 }, "tool_choice", "Invalid value for 'tool_choice': expected string or object."],
    [{ response_format: {} }, "response_format.type", "Missing required parameter: 'response_format.type'."],
    [{ response_format: "json" }, "response_format", "Invalid value for 'response_format': expected object."],
  ])("%j", (more, param, message) => {
    expect(() => asked(more)).toThrow(refused(param, message));
  });

  test.each<[object, string, string]>([
    [{ messages: undefined }, "messages", "Missing required parameter: 'messages'."],
    [{ messages: "hi" }, "messages", "Invalid value for 'messages': expected array."],
    [{ messages: null }, "messages", "Invalid value for 'messages': expected array."],
    [{ tools: {} }, "tools", "Invalid value for 'tools': expected array or null."],
    [
      { response_format: "json" },
      "response_format",
      "Invalid value for 'response_format': expected object or null.",
    ],
    [{ temperature: "hot" }, "temperature", "Invalid value for 'temperature': expected number."],
    [{ stop: ["a", 5] }, "stop[1]", "Invalid value for 'stop[1]': expected string."],
    [
      { stream_options: { include_usage: "yes" } },
      "stream_options.include_usage",
      "Invalid value for 'stream_options.include_usage': expected boolean.",
    ],
  ])("in a large body too: %j", (more, param, message) => {
    expect(() => asked({ ballast, ...more })).toThrow(refused(param, message));
  });

  test("the inside of a large body's messages is for the backend to judge", () => {
    expect(asked({ messages: [{ role: 1, content: ballast }] }).model).toBe("m");
    const body = `{"messages":[${ballast}],"model":"m"}`;
    expect(chat.read(readObject(Buffer.from(body)), "1", new Headers()).model).toBe("m");
  });

  test("the prompt of a completion may be any of four", () => {
    for (const prompt of ["a", ["a"], [1], [[1], [2]]]) expect(read({ prompt }, completions).model).toBe("");
    expect(() => read({}, completions)).toThrow(refused("prompt", "Missing required parameter: 'prompt'."));
    expect(() => read({ prompt: [] }, completions)).toThrow(
      expect.objectContaining({ detail: { param: "prompt" } }),
    );
    expect(() => read({ prompt: [{}] }, completions)).toThrow(
      refused("prompt[0]", "Invalid value for 'prompt[0]': expected string or integer or array."),
    );
    expect(() => read({ ballast, prompt: 5 }, completions)).toThrow(
      refused("prompt", "Invalid value for 'prompt': expected string or array."),
    );
  });
});
