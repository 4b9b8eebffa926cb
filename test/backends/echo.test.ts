import { describe, expect, test } from "bun:test";
import { ask, at, choice, chunks, list, reads, said, send } from "./echo-ask.ts";

const CHAT = "/v1/chat/completions";

function user(content: unknown): { role: string; content: unknown } {
  return { role: "user", content };
}

/** The one choice of a whole answer, flat. */
async function whole(body: object): Promise<{ content: unknown; finish: unknown; usage: unknown }> {
  const { json } = await ask(CHAT, { messages: [user("one two three")], ...body });
  return {
    content: at(json, "choices", 0, "message", "content"),
    finish: at(json, "choices", 0, "finish_reason"),
    usage: at(json, "usage"),
  };
}

describe("a chat with echo", () => {
  test("gives back the last user message, under the model name asked for", async () => {
    const messages = [
      user("first"),
      { role: "assistant", content: "x" },
      user("and last"),
      { role: "tool", content: "t" },
    ];
    const { json } = await ask(CHAT, { model: "my/echo", messages });
    expect(json).toEqual({
      id: expect.stringMatching(/^chatcmpl-[0-9a-f]{32}$/),
      object: "chat.completion",
      created: expect.any(Number),
      model: "my/echo",
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: "and last", refusal: null },
          logprobs: null,
          finish_reason: "stop",
        },
      ],
      usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
    });
  });

  test("streams a role, then one chunk and one read per word, then a finish", async () => {
    const stream = await chunks(CHAT, { model: "echo", messages: [user("one two  three\n")] });
    const part = (delta: object, finish_reason: string | null = null) => [
      { index: 0, delta, logprobs: null, finish_reason },
    ];
    expect(stream.map((chunk) => at(chunk, "choices"))).toEqual([
      part({ role: "assistant", content: "", refusal: null }),
      part({ content: "one" }),
      part({ content: " two" }),
      part({ content: "  three" }),
      part({ content: "\n" }),
      part({}, "stop"),
    ]);
    expect(new Set(stream.map((chunk) => `${at(chunk, "id")} ${at(chunk, "created")}`)).size).toBe(1);
    expect(stream.map((chunk) => at(chunk, "object"))).toEqual(stream.map(() => "chat.completion.chunk"));
    expect(stream.filter((chunk) => at(chunk, "usage") !== undefined)).toEqual([]);
  });

  test.each([
    ["white space around", "  leading and trailing  "],
    ["lines and tabs", "\n\n\ttabs\r\n\tand more\n"],
    ["nothing", ""],
    ["a space", " "],
    ["signs of several code points", "日本語のテキスト 😀👩‍👩‍👧 e\u0301"],
    ["half a surrogate pair", "\ud800 x"],
    ["rare white space", "a\u00a0b\u2028c\u3000d"],
    ["a word longer than a frame should be", "x".repeat(100_000)],
    ["more space than that", " ".repeat(40_000)],
    ["long words of wide signs", "😀".repeat(20_000)],
  ])("loses no character: %s", async (_, text) => {
    expect(said(await chunks(CHAT, { messages: [user(text)] })) === text).toBe(true);
    expect((await whole({ messages: [user(text)] })).content === text).toBe(true);
  });

  test("cuts a word of a megabyte into chunks that fit in any reader's frame", async () => {
    const response = await send(CHAT, { messages: [user("\u0001".repeat(1_000_000))], stream: true });
    const sizes = (await reads(response)).map((frame) => frame.length);
    expect(Math.max(...sizes)).toBeLessThan(256 * 1024);
  });

  test("tells the usage last, only when asked, and until then null", async () => {
    const stream = await chunks(CHAT, {
      messages: [user("one two three")],
      stream_options: { include_usage: true },
    });
    const usage = { prompt_tokens: 3, completion_tokens: 3, total_tokens: 6 };
    expect(stream.pop()).toMatchObject({ choices: [], usage });
    expect(stream.map((chunk) => at(chunk, "usage"))).toEqual(stream.map(() => null));
  });

  test("lets n choices take turns and counts them together", async () => {
    const body = { n: 3, messages: [user("a b")], stream_options: { include_usage: true } };
    const stream = await chunks(CHAT, body);
    const turns = stream.slice(0, -1).map((chunk) => at(chunk, "choices", 0, "index"));
    expect(turns).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]);
    expect([0, 1, 2].map((index) => said(stream, index))).toEqual(["a b", "a b", "a b"]);
    expect(stream.at(-1)).toMatchObject({
      usage: { prompt_tokens: 2, completion_tokens: 6, total_tokens: 8 },
    });
    const { json } = await ask(CHAT, body);
    expect(list(at(json, "choices")).map((entry) => at(entry, "index"))).toEqual([0, 1, 2]);
  });

  test.each([
    ["three", "one two ", 3],
    [["absent", "two three"], "one ", 2],
    [[" two three"], "one", 1],
    ["e t", "on", 1],
    [["e", "one"], "", 0],
    [["", "ee"], "one two thr", 3],
    [null, "one two three", 3],
    ["absent", "one two three", 3],
  ])(
    "ends where a stop string begins, also in a word or across words: %j",
    async (stop, content, completion_tokens) => {
      expect(await whole({ stop })).toMatchObject({ content, finish: "stop", usage: { completion_tokens } });
      const stream = await chunks(CHAT, { stop, messages: [user("one two three")] });
      expect(said(stream)).toBe(content);
    },
  );

  test("ends after the tokens it may have; the newer name for that decides", async () => {
    expect(await whole({ max_tokens: 2 })).toMatchObject({ content: "one two", finish: "length" });
    expect(await whole({ max_tokens: 3 })).toMatchObject({ content: "one two three", finish: "stop" });
    expect(await whole({ max_tokens: -1 })).toMatchObject({ content: "one two three", finish: "stop" });
    expect(await whole({ max_tokens: 0 })).toMatchObject({ content: "", finish: "length" });
    const both = { messages: [user("one two three")], max_tokens: 2, max_completion_tokens: 1 };
    expect(await whole(both)).toMatchObject({ content: "one", usage: { completion_tokens: 1 } });
    const stream = await chunks(CHAT, both);
    expect(said(stream)).toBe("one");
    expect(at(choice(stream).at(-1), "finish_reason")).toBe("length");
  });

  test("joins text parts; images say nothing", async () => {
    const image = { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } };
    const text = (value: string) => ({ type: "text", text: value });
    expect((await whole({ messages: [user([text("what "), image, text("is it?")])] })).content).toBe(
      "what is it?",
    );
    expect((await whole({ messages: [user("before"), user([image])] })).content).toBe("");
  });

  test("without a user gives back the last message that has a text, or nothing", async () => {
    const messages = [
      { role: "system", content: "be brief" },
      { role: "assistant", content: null, tool_calls: [] },
    ];
    expect((await whole({ messages })).content).toBe("be brief");
    expect((await whole({ messages: messages.slice(1) })).content).toBe("");
  });

  test("has no log-probabilities, asked for or not", async () => {
    const { json } = await ask(CHAT, { messages: [user("x")], logprobs: true, top_logprobs: 3 });
    expect(at(json, "choices", 0, "logprobs")).toBeNull();
  });

  test("shares between prompt and answer the context length that the model list tells", async () => {
    const context = Number(at((await ask("/v1/models")).json, "data", 0, "context_length"));
    const tight = await whole({ messages: [user("a ".repeat(context - 2).trim())] });
    expect(tight).toMatchObject({ content: "a a", finish: "length", usage: { total_tokens: context } });
    const { status, json } = await ask(CHAT, { messages: [user("a ".repeat(context + 1))] });
    expect(status).toBe(400);
    expect(at(json, "error")).toMatchObject({
      code: "context_length_exceeded",
      type: "invalid_request_error",
    });
  });
});

describe("echo as a backend", () => {
  const x = { messages: [user("x")] };
  test.each([
    ["no JSON", "{", null],
    ["no object", "[]", null],
    ["no messages", {}, "messages"],
    ["empty messages", { messages: [] }, "messages"],
    ["a message that is none", { messages: [user("x"), 5] }, "messages[1]"],
    ["a number as content", { messages: [user(5)] }, "messages[0].content"],
    ["n of 0", { ...x, n: 0 }, "n"],
    ["n of 129", { ...x, n: 129 }, "n"],
    ["a fraction of a token", { ...x, max_tokens: 1.5 }, "max_tokens"],
    ["a text as limit", { ...x, max_completion_tokens: "5" }, "max_completion_tokens"],
    ["a number as stop", { ...x, stop: [1] }, "stop"],
    ["too many stops", { ...x, stop: Array(17).fill("x") }, "stop"],
    ["a text as stream", { ...x, stream: "yes" }, "stream"],
    ["a number as model", { ...x, model: 4 }, "model"],
    ["more than the memory holds", { n: 128, messages: [user("x".repeat(1_000_000))] }, "n"],
  ])("answers %s with 400 and OpenAI's error object", async (_, body, param) => {
    const { status, json } = await ask(CHAT, body);
    expect(status).toBe(400);
    expect(json).toEqual({
      error: { message: expect.any(String), type: "invalid_request_error", param, code: null },
    });
  });

  test("takes null for a field that is not given", async () => {
    const names = ["model", "n", "stop", "stream", "max_tokens", "tools", "tool_choice", "response_format"];
    const body = Object.fromEntries(names.map((name) => [name, null]));
    expect(await whole(body)).toMatchObject({ content: "one two three", finish: "stop" });
  });

  test.each(["/v1/responses", "/v1/models/echo", "/"])("has nothing at %s", async (path) => {
    const { status, json } = await ask(path, {});
    expect(status).toBe(404);
    expect(at(json, "error")).toMatchObject({ type: "invalid_request_error", param: null, code: null });
  });

  test("lists one model, with or without a query", async () => {
    const { json } = await ask("/v1/models?limit=1");
    expect(at(json, "data")).toEqual([
      expect.objectContaining({ id: "echo", object: "model", created: 0, owned_by: "fairlead" }),
    ]);
  });

  test("tells a stream from a document, which is one read", async () => {
    const document = await send(CHAT, x);
    expect(document.headers.get("content-type")).toBe("application/json");
    expect(await reads(document)).toHaveLength(1);
    const stream = await send(CHAT, { ...x, stream: true });
    expect(stream.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  });

  test("says nothing more to a client that has left", async () => {
    const leaving = new AbortController();
    const response = await send(CHAT, { messages: [user("one two three")], stream: true }, leaving.signal);
    const body = response.body[Symbol.asyncIterator]();
    await body.next();
    leaving.abort();
    await expect(Promise.resolve(body.next())).rejects.toMatchObject({ name: "Failure", code: "cancelled" });
    await expect(send(CHAT, x, leaving.signal)).rejects.toMatchObject({ code: "cancelled" });
  });

  test("lets other work go on between the words of a stream", async () => {
    const order: string[] = [];
    const follow = async (name: string) => {
      const response = await send(CHAT, { messages: [user("a b c d e f g h")], stream: true });
      for await (const _ of response.body) order.push(name);
    };
    const turn = new Promise<void>((resolve) => setImmediate(resolve)).then(() => order.push("other work"));
    await Promise.all([follow("first"), follow("second"), turn]);
    expect(order.indexOf("second")).toBeLessThan(order.lastIndexOf("first"));
    expect(order.indexOf("other work")).toBeLessThan(order.lastIndexOf("first"));
  });
});
