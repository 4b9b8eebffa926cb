import { describe, expect, test } from "bun:test";
import type { JsonRecord } from "../../src/core/json.ts";
import { chatChunks, chatCompletion, embeddings, payloads, type Said } from "../upstream/answers.ts";
import { type Script, startUpstream } from "../upstream/scripted.ts";
import type { Answer } from "./caller.ts";
import { CHAT, question } from "./questions.ts";
import { backendAt, startServer } from "./running.ts";
import { errorOf, readStream } from "./said.ts";

interface Scene {
  script: Script;
  strict: boolean;
  type?: string;
  path?: string;
}

/** What the backend received, and what the client did. */
async function ask(body: JsonRecord, { script, strict, type = "vllm", path = CHAT }: Scene) {
  await using upstream = await startUpstream(script);
  await using server = await startServer({ backends: [backendAt(upstream, { type })], server: { strict } });
  const answer = await (await server.caller()).ask(path, { body });
  return { received: upstream.requests[0], answer, line: await server.nextLine() };
}

const says =
  (said: Said): Script =>
  (_, wire) =>
    wire.json(200, chatCompletion(said));
const streams =
  (said: Said): Script =>
  (_, wire) =>
    wire.sse(payloads(chatChunks(said)));

const notesOf = ({ headers }: Answer) => headers.get("x-fairlead-notes") ?? "";

const tools = [{ type: "function", function: { name: "now", parameters: { type: "object" } } }];
const schema = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
const response_format = { type: "json_schema", json_schema: { name: "x", schema } };

describe("a field that the backend cannot be sent", () => {
  const lossy = { seed: 1, logprobs: true };

  test.each([true, false])(
    "is a 400 of a strict server that names it, and nobody is asked (stream %p)",
    async (stream) => {
      const scene = { script: says({ text: ["Hello"] }), type: "mistral", strict: true };
      const { received, answer, line } = await ask(question({ ...lossy, stream }), scene);
      expect(answer.status).toBe(400);
      expect(errorOf(answer)).toMatchObject({ code: "unsupported_parameter", param: "logprobs" });
      expect(received).toBeUndefined();
      expect(line).toMatchObject({ outcome: "rejected", failure: "unsupported" });
    },
  );

  test("is a note of any other", async () => {
    const scene = { script: says({ text: ["Hello"] }), type: "mistral", strict: false };
    const { answer } = await ask(question(lossy), scene);
    expect([answer.status, notesOf(answer)]).toEqual([200, "renamed:seed, dropped:logprobs"]);
  });

  test("is none where its meaning is kept by other means", async () => {
    const scene = { script: says({ text: ["Hello"] }), type: "llamacpp", strict: true };
    const { answer } = await ask(question({ tools, tool_choice: "none" }), scene);
    expect([answer.status, notesOf(answer)]).toEqual([200, "emulated:tool_choice"]);
  });
});

describe("what the backend ignores", () => {
  const CASES: [string, JsonRecord][] = [
    ["response_format", { response_format }],
    ["response_format", { response_format: { type: "json_object" } }],
    ["tool_choice", { tools, tool_choice: "required" }],
    ["tool_choice", { tools, tool_choice: { type: "function", function: { name: "now" } } }],
    ["n", { n: 2 }],
  ];
  const hello: Said = { text: ["Hel", "lo"] };

  test.each(CASES)("is a note: %s of %j", async (field, more) => {
    const { answer, line } = await ask(question(more), { script: says(hello), strict: false });
    expect([answer.status, notesOf(answer)]).toEqual([200, `dropped:${field}`]);
    expect(line).toMatchObject({ outcome: "ok", notes: `dropped:${field}` });
  });

  test.each(CASES)("is the backend's error to a strict server: %s of %j", async (field, more) => {
    const { answer, line } = await ask(question(more), { script: says(hello), strict: true });
    expect(answer.status).toBe(502);
    expect(errorOf(answer)).toMatchObject({ code: "upstream_bad_response", param: field });
    expect(line).toMatchObject({ outcome: "failed", failure: "upstream_bad_response" });
  });

  test.each(CASES)(
    "is noted in the log of a stream, whose head may have gone out: %s of %j",
    async (field, more) => {
      const { answer, line } = await ask(question({ ...more, stream: true }), {
        script: streams(hello),
        strict: false,
      });
      expect(readStream(answer.text)).toMatchObject({ text: "Hello", finishes: ["stop"], done: true });
      expect(line).toMatchObject({ outcome: "ok", notes: `dropped:${field}` });
    },
  );

  test.each(CASES)("ends the stream of a strict server with an error: %s of %j", async (field, more) => {
    const { answer, line } = await ask(question({ ...more, stream: true }), {
      script: streams(hello),
      strict: true,
    });
    const said = readStream(answer.text);
    expect(said).toMatchObject({ text: "Hello", finishes: [], done: false });
    expect(said.error).toMatchObject({ code: "upstream_bad_response", param: field });
    expect(line).toMatchObject({ outcome: "failed", failure: "upstream_bad_response" });
  });

  test("may be the length of vectors", async () => {
    const body = { model: "m", input: "hi", dimensions: 2 };
    const scene = {
      script: ((_, wire) => wire.json(200, embeddings([[1, 2, 3]]))) as Script,
      path: "/v1/embeddings",
    };
    expect(notesOf((await ask(body, { ...scene, strict: false })).answer)).toBe("dropped:dimensions");
    const { answer } = await ask(body, { ...scene, strict: true });
    expect(answer.status).toBe(502);
    expect(errorOf(answer)).toMatchObject({ code: "upstream_bad_response", param: "dimensions" });
  });
});

describe("what the backend keeps", () => {
  const called: Said = { tools: [{ id: "c", name: "now", args: ["{}"] }] };

  test.each<[JsonRecord, Said]>([
    [{ response_format }, { text: ['{"n"', ":1}"] }],
    [{ response_format, tools }, called],
    [{ response_format }, { text: ['{"n"'], finish: "length" }],
    [{ response_format }, { refusal: ["No."], finish: "content_filter" }],
    [{ tools, tool_choice: "required" }, called],
  ])("passes a strict server without a word: %j", async (more, said) => {
    const whole = await ask(question(more), { script: says(said), strict: true });
    expect([whole.answer.status, notesOf(whole.answer)]).toEqual([200, ""]);
    const streamed = await ask(question({ ...more, stream: true }), { script: streams(said), strict: true });
    expect(readStream(streamed.answer.text)).toMatchObject({ done: true, error: undefined });
    expect(streamed.line.outcome).toBe("ok");
    expect(streamed.line.notes).toBeUndefined();
  });
});
