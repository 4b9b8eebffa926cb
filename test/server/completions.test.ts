import { describe, expect, test } from "bun:test";
import type { JsonRecord } from "../../src/core/json.ts";
import { errorObject, payloads, textChunks, textCompletion } from "../upstream/answers.ts";
import { cutAfter } from "../upstream/faults.ts";
import { type Script, startUpstream } from "../upstream/scripted.ts";
import { sseFrame } from "../upstream/wire.ts";
import { backendAt, startServer } from "./running.ts";
import { errorOf, readStream } from "./said.ts";

const PATH = "/v1/completions";
const said = { text: ["Hel", "lo"], usage: { prompt: 4, completion: 2 } };
const whole: Script = (_, wire) => wire.json(200, textCompletion(said));
const streams: Script = (_, wire) => wire.sse(payloads(textChunks(said)));

async function complete(script: Script, fields: JsonRecord = {}) {
  await using upstream = await startUpstream(script);
  await using server = await startServer({ backends: [backendAt(upstream)] });
  const body = JSON.stringify({ model: "m", prompt: "Say", ...fields });
  const answer = await (await server.caller()).ask(PATH, { body });
  return { answer, received: upstream.requests[0], body, line: await server.nextLine() };
}

describe("a completion", () => {
  test.each([
    ["whole", whole],
    ["streamed", streams],
  ])("is one document, also where the backend's own is %s", async (_, script) => {
    const { answer, received, body, line } = await complete(script, { suffix: "!", best_of: 1, x: [1] });
    expect([received?.path, received?.text()]).toEqual([PATH, body]);
    expect(JSON.parse(answer.text)).toEqual({
      id: "cmpl-1",
      object: "text_completion",
      created: expect.any(Number),
      model: "m",
      choices: [{ text: "Hello", index: 0, logprobs: null, finish_reason: "stop" }],
      usage: { prompt_tokens: 4, completion_tokens: 2, total_tokens: 6 },
    });
    expect(line).toMatchObject({ path: PATH, outcome: "ok", stream: false, output_tokens: 2 });
  });

  test.each([
    ["whole", whole],
    ["streamed", streams],
  ])("is a stream, also where the backend's own is %s", async (_, script) => {
    const { answer, line } = await complete(script, { stream: true });
    const stream = readStream(answer.text);
    expect(stream).toMatchObject({ text: "Hello", finishes: ["stop"], done: true });
    expect(stream.chunks.map(({ object }) => object)).toEqual(stream.chunks.map(() => "text_completion"));
    expect(stream.chunks[0]).not.toHaveProperty("choices.0.delta");
    expect(line).toMatchObject({ stream: true, outcome: "ok", ttft_ms: expect.any(Number) });
  });

  test("that is cut is an error frame, with all that came before it", async () => {
    const cut = payloads(textChunks(said)).slice(0, 2).map(sseFrame).join("");
    const { answer, line } = await complete(cutAfter(cut, "fin"), { stream: true });
    expect(readStream(answer.text)).toMatchObject({
      text: "Hello",
      finishes: [],
      done: false,
      error: { code: "upstream_truncated" },
    });
    expect(line).toMatchObject({ outcome: "truncated" });
  });

  test("that the backend refuses keeps the refusal", async () => {
    const refuses: Script = (_, wire) =>
      wire.json(400, errorObject("too odd", { type: "invalid_request_error", param: "prompt" }));
    for (const stream of [true, false]) {
      const { answer } = await complete(refuses, { stream });
      expect([answer.status, errorOf(answer)]).toMatchObject([400, { message: "too odd", param: "prompt" }]);
    }
  });

  test.each<[string, unknown]>([
    ["a text", "a"],
    ["texts", ["a", "b"]],
    ["token numbers", [1, 2]],
    ["lists of token numbers", [[1], [2]]],
  ])("may be asked for with %s", async (_, prompt) => {
    const { received, body } = await complete(whole, { prompt });
    expect(received?.text()).toBe(body);
  });

  test("of several prompts has its choices in order", async () => {
    const one = textCompletion(said);
    const choices = [1, 0].map((index) => ({
      text: `t${index}`,
      index,
      logprobs: null,
      finish_reason: "length",
    }));
    const { answer } = await complete((_, wire) => wire.json(200, { ...one, choices }), {
      prompt: ["a", "b"],
    });
    expect(JSON.parse(answer.text)).toMatchObject({
      choices: [
        { index: 0, text: "t0", finish_reason: "length" },
        { index: 1, text: "t1", finish_reason: "length" },
      ],
    });
  });
});
