import { describe, expect, test } from "bun:test";
import type { JsonRecord } from "../../src/core/json.ts";
import {
  chatChunks,
  chatCompletion,
  embeddings,
  errorObject,
  payloads,
  type Said,
  textCompletion,
} from "../upstream/answers.ts";
import { cutAfter } from "../upstream/faults.ts";
import { type Script, startUpstream } from "../upstream/scripted.ts";
import { sseFrame } from "../upstream/wire.ts";
import { backendAt, type Parts, startServer } from "./running.ts";

const CHAT = "/api/chat";
const GENERATE = "/api/generate";
const question = (more: JsonRecord = {}): JsonRecord => ({
  model: "m",
  messages: [{ role: "user", content: "hi" }],
  ...more,
});

/** What a chat backend says: thoughts, words and two calls. */
const SAID: Said = {
  reasoning: ["h", "m"],
  text: ["Hel", "lo"],
  tools: [
    { id: "c1", name: "a", args: ['{"x"', ":1}"] },
    { id: "c2", name: "b", args: ["{}"] },
  ],
  usage: { prompt: 9, completion: 5 },
};
const CALLS = [
  { id: "c1", function: { index: 0, name: "a", arguments: { x: 1 } } },
  { id: "c2", function: { index: 1, name: "b", arguments: {} } },
];
const streams: Script = (_, wire) => wire.sse(payloads(chatChunks(SAID)));
const whole: Script = (_, wire) => wire.json(200, chatCompletion(SAID));

/** An Ollama that says these lines, or one of them as a document. */
const says =
  (...lines: JsonRecord[]): Script =>
  async (_, wire) => {
    const [only] = lines;
    if (lines.length === 1) return wire.json(200, only);
    await wire.head(200, { "content-type": "application/x-ndjson", "transfer-encoding": "chunked" });
    for (const line of lines) await wire.chunk(`${JSON.stringify(line)}\n`);
    return wire.lastChunk();
  };

async function ask(
  script: Script,
  body: JsonRecord,
  { path = CHAT, ...parts }: Parts & { path?: string } = {},
) {
  await using upstream = await startUpstream(script);
  await using server = await startServer({ backends: [backendAt(upstream)], ...parts });
  const answer = await (await server.caller()).ask(path, { body });
  return { answer, received: upstream.requests[0], line: await server.nextLine() };
}

/** The same, of a backend that is an Ollama. */
async function askOllama(script: Script, body: JsonRecord, path = CHAT) {
  await using upstream = await startUpstream(script);
  await using server = await startServer({ backends: [backendAt(upstream, { type: "ollama" })] });
  const answer = await (await server.caller()).ask(path, { body });
  return { answer, received: upstream.requests[0] };
}

const linesOf = ({ text }: { text: string }) =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as JsonRecord);

describe("a chat", () => {
  test.each([
    ["whole", whole],
    ["streamed", streams],
  ])(
    "is a stream of lines unless told otherwise, also where the backend's answer is %s",
    async (_, script) => {
      const { answer, line } = await ask(script, question());
      expect(answer.headers.get("content-type")).toBe("application/x-ndjson");
      expect(answer.headers.get("x-fairlead-backend")).toBe("up");
      const lines = linesOf(answer);
      const messages = lines.map(({ message }) => message as JsonRecord);
      expect(messages.map(({ thinking = "" }) => thinking).join("")).toBe("hm");
      expect(messages.map(({ content }) => content).join("")).toBe("Hello");
      expect(messages.flatMap(({ tool_calls = [] }) => tool_calls)).toEqual(CALLS);
      expect(lines.map(({ done }) => done)).toEqual([...lines.slice(1).map(() => false), true]);
      expect(lines.at(-1)).toMatchObject({
        model: "m",
        done_reason: "stop",
        prompt_eval_count: 9,
        eval_count: 5,
      });
      expect(line).toMatchObject({ path: CHAT, model: "m", outcome: "ok", stream: true, output_tokens: 5 });
    },
  );

  test.each([
    ["whole", whole],
    ["streamed", streams],
  ])("is one document where that is asked for, also where the backend's own is %s", async (_, script) => {
    const { answer, line } = await ask(script, question({ stream: false }));
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(JSON.parse(answer.text)).toMatchObject({
      model: "m",
      message: { role: "assistant", content: "Hello", thinking: "hm", tool_calls: CALLS },
      done: true,
      done_reason: "stop",
      prompt_eval_count: 9,
    });
    expect(line).toMatchObject({ stream: false, outcome: "ok" });
  });

  test("reaches a backend of another kind in that one's words", async () => {
    const { received, answer } = await ask(whole, {
      ...question({
        stream: false,
        format: "json",
        options: { num_predict: 5, temperature: 0.5, num_ctx: 99 },
      }),
      tools: [{ type: "function", function: { name: "a", parameters: { type: "object" } } }],
    });
    expect(received?.path).toBe("/v1/chat/completions");
    const body = received?.json() as JsonRecord;
    expect(body).toMatchObject({
      model: "m",
      messages: [{ role: "user", content: "hi" }],
      temperature: 0.5,
      response_format: { type: "json_object" },
      tools: [{ type: "function", function: { name: "a" } }],
    });
    expect([body.max_tokens, body.max_completion_tokens]).toContain(5);
    expect(answer.headers.get("x-fairlead-notes")).toContain("emulated:options.num_ctx");
  });

  test("that breaks off ends with an error line, after all that came before it", async () => {
    const cut = payloads(chatChunks({ text: ["Hel", "lo"] }))
      .slice(0, 2)
      .map(sseFrame)
      .join("");
    const { answer, line } = await ask(cutAfter(cut, "clean"), question());
    const [first, ...others] = linesOf(answer);
    expect(first).toMatchObject({ message: { content: "Hel" }, done: false });
    expect(others).toEqual([{ error: expect.stringContaining("ended before") }]);
    expect(line).toMatchObject({ outcome: "truncated" });
  });

  test.each([true, false])("that the backend refuses keeps status and words (stream: %p)", async (stream) => {
    const refuses: Script = (_, wire) => wire.json(429, errorObject("slow"), { "retry-after": "7" });
    const { answer } = await ask(refuses, question({ stream }));
    expect([answer.status, JSON.parse(answer.text)]).toEqual([429, { error: "slow" }]);
    expect(answer.headers.get("retry-after")).toBe("7");
  });

  test("is kept alive without a line of its own", async () => {
    const until = Promise.withResolvers<void>();
    await using upstream = await startUpstream(async (request, wire) => {
      await until.promise;
      return streams(request, wire);
    });
    await using server = await startServer({ backends: [backendAt(upstream)], server: { heartbeat: 20 } });
    const caller = await server.caller();
    caller.send(CHAT, { body: question() });
    await caller.head();
    let text = "";
    while (!text.includes(" ")) text += await caller.more();
    until.resolve();
    text += (await caller.body()).text;
    const lines = text.split("\n").slice(0, -1);
    expect(lines.filter((line) => line.trim() === "")).toEqual([]);
    expect(linesOf({ text }).at(-1)).toMatchObject({ done: true });
  });
});

describe("in front of an Ollama", () => {
  const HEAD = { model: "theirs", created_at: "2026-09-21T09:33:20.123456789Z" };
  const LAST = { done: true, done_reason: "stop", total_duration: 9, prompt_eval_count: 3, eval_count: 2 };

  test("a chat goes through as it came, and its answer keeps times and unknown fields", async () => {
    const body = question({ shiny: [1], options: { num_ctx: 99, typical_p: 0.5 }, think: false });
    const line = { ...HEAD, message: { role: "assistant", content: "Hi" }, done: false };
    const last = { ...HEAD, message: { role: "assistant", content: "" }, ...LAST, extra_time: 7 };
    const { answer, received } = await askOllama(says(line, last), body);
    expect(received?.path).toBe(CHAT);
    expect(received?.json()).toMatchObject(body);
    const lines = linesOf(answer);
    expect(lines[0]).toMatchObject({ model: "m", message: { content: "Hi" }, done: false });
    expect(lines.at(-1)).toMatchObject({ model: "m", ...LAST, extra_time: 7 });
    expect(answer.headers.has("x-fairlead-notes")).toBeFalse();
  });

  test("a question to generate goes to its own route", async () => {
    const body = { model: "m", prompt: "Say", raw: true, context: [1], stream: false };
    const said = { ...HEAD, response: "Hi", context: [1, 2], ...LAST };
    const { answer, received } = await askOllama(says(said), body, GENERATE);
    expect(received?.path).toBe(GENERATE);
    expect(received?.json()).toMatchObject(body);
    expect(JSON.parse(answer.text)).toMatchObject({
      model: "m",
      response: "Hi",
      context: [1, 2],
      total_duration: 9,
    });
  });

  test.each([
    [CHAT, { messages: [] }, "load"],
    [CHAT, { keep_alive: 0 }, "unload"],
    [GENERATE, {}, "load"],
    [GENERATE, { prompt: "", keep_alive: "0" }, "unload"],
  ])("%s with %j is forwarded: %s", async (path, more, done_reason) => {
    const said = {
      ...HEAD,
      message: { role: "assistant", content: "" },
      response: "",
      done: true,
      done_reason,
    };
    const { answer, received } = await askOllama(says(said), { model: "m", ...more }, path);
    expect(received?.json()).toMatchObject({ model: "m", ...more });
    expect(linesOf(answer)).toMatchObject([{ model: "m", done: true, done_reason }]);
  });
});

describe("generate", () => {
  test("is a chat of one question for any other backend", async () => {
    const body = { model: "m", prompt: "hi", system: "Be brief.", stream: false };
    const { answer, received } = await ask(whole, body, { path: GENERATE });
    expect(received?.json()).toMatchObject({
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "hi" },
      ],
    });
    expect(JSON.parse(answer.text)).toMatchObject({ response: "Hello", thinking: "hm", done: true });
  });

  test("is a completion where the text is raw or has a gap", async () => {
    const script: Script = (_, wire) => wire.json(200, textCompletion({ text: ["Hello"] }));
    for (const more of [{ raw: true }, { suffix: "!" }]) {
      const { answer, received } = await ask(
        script,
        { model: "m", prompt: "Say", stream: false, ...more },
        { path: GENERATE },
      );
      expect(received?.path).toBe("/v1/completions");
      expect(received?.json()).toMatchObject({ prompt: "Say" });
      expect(JSON.parse(answer.text)).toMatchObject({ response: "Hello" });
    }
  });
});

describe("a request that only wants a model in memory", () => {
  const never: Script = () => {
    throw new Error("the backend was asked");
  };

  test.each([
    [CHAT, { stream: true }, { message: { role: "assistant", content: "" }, done_reason: "load" }],
    [CHAT, { messages: [], keep_alive: 0 }, { done_reason: "unload" }],
    [GENERATE, { prompt: "" }, { response: "", done_reason: "load" }],
  ])("is done at once where there is nothing to load: %s %j", async (path, more, wanted) => {
    const { answer, line } = await ask(never, { model: "m", ...more }, { path });
    expect(answer.status).toBe(200);
    expect(linesOf(answer)).toMatchObject([{ model: "m", done: true, ...wanted }]);
    expect(line).toMatchObject({ backend: "up", outcome: "ok" });
  });

  test("is told that there is no such model", async () => {
    const { answer } = await ask(never, { model: "n" });
    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.text)).toEqual({ error: expect.stringMatching(/^model 'n' not found/) });
  });
});

describe("vectors", () => {
  const vectors = [
    [0.5, -1],
    [0.25, 3],
  ];
  const script: Script = (_, wire) => wire.json(200, embeddings(vectors, "base64"));

  test("are numbers, in the order of their texts", async () => {
    const body = { model: "m", input: ["a", "b"] };
    const { answer, received } = await ask(script, body, { path: "/api/embed" });
    expect(received?.json()).toMatchObject({ input: ["a", "b"] });
    expect(JSON.parse(answer.text)).toMatchObject({ model: "m", embeddings: vectors, prompt_eval_count: 6 });
  });

  test("of the older route are one", async () => {
    const one: Script = (_, wire) => wire.json(200, embeddings([[0.5, -1]]));
    const { answer } = await ask(one, { model: "m:latest", prompt: "a" }, { path: "/api/embeddings" });
    expect(JSON.parse(answer.text)).toEqual({ embedding: [0.5, -1] });
  });

  test("of no text are none, and nobody is asked", async () => {
    const { answer, received } = await ask(script, { model: "m", input: [] }, { path: "/api/embed" });
    expect(JSON.parse(answer.text)).toMatchObject({ model: "m", embeddings: [] });
    expect(received).toBeUndefined();
  });

  test("an Ollama is asked for by its newer route, whichever was used", async () => {
    const said = says({ embeddings: [[1, 2]], prompt_eval_count: 1 });
    const { answer, received } = await askOllama(said, { model: "m", prompt: "a" }, "/api/embeddings");
    expect([received?.path, received?.json()]).toMatchObject(["/api/embed", { model: "m", input: "a" }]);
    expect(JSON.parse(answer.text)).toEqual({ embedding: [1, 2] });
  });
});
