import { describe, expect, test } from "bun:test";
import type { BackendConfig } from "../../src/config/config.ts";
import { chatChunks, chatCompletion, payloads } from "../upstream/answers.ts";
import { type Script, startUpstream } from "../upstream/scripted.ts";
import { CHAT, question } from "./questions.ts";
import { backendAt, startServer } from "./running.ts";
import { readStream } from "./said.ts";

/** Answers every request with the next of these texts, in its pieces, as it is asked for. */
function texts(...answers: string[][]): Script {
  return (request, wire) => {
    const text = answers.length > 1 ? (answers.shift() ?? []) : (answers[0] ?? []);
    const { stream } = request.json() as { stream?: boolean };
    return stream ? wire.sse(payloads(chatChunks({ text }))) : wire.json(200, chatCompletion({ text }));
  };
}

/** Thoughts and words of as many streams, one after the other, of one backend. */
async function streamed(script: Script, parts: Partial<BackendConfig> = {}, times = 1): Promise<string[][]> {
  await using upstream = await startUpstream(script);
  await using server = await startServer({ backends: [backendAt(upstream, { type: "lmstudio", ...parts })] });
  const said: string[][] = [];
  for (let time = 0; time < times; time += 1) {
    const caller = await server.caller();
    const answer = await caller.ask(CHAT, { body: question({ stream: true }) });
    const { reasoning, text, done } = readStream(answer.text);
    expect(done).toBe(true);
    said.push([reasoning, text]);
  }
  return said;
}

describe("an engine that leaves its reasoning in the text", () => {
  const TAGGED = ["<thi", "nk>", "Hm", ", well", ".</", "think", ">\n\n", "Hel", "lo"];

  test("has it told apart, and no tag is seen", async () => {
    expect(await streamed(texts(TAGGED))).toEqual([["Hm, well.", "Hello"]]);
  });

  test("unless it was configured to be left alone", async () => {
    expect(await streamed(texts(TAGGED), { thinkTags: false })).toEqual([["", TAGGED.join("")]]);
  });

  test("may be of any type, once that was configured", async () => {
    expect(await streamed(texts(TAGGED), { type: "vllm" })).toEqual([["", TAGGED.join("")]]);
    expect(await streamed(texts(TAGGED), { type: "vllm", thinkTags: true })).toEqual([
      ["Hm, well.", "Hello"],
    ]);
  });

  test("may open the tag in its template: what comes before the end was thought", async () => {
    const opened = ["Hm", "</th", "ink>", "Hello"];
    expect(await streamed(texts(opened), { thinkTags: true })).toEqual([["Hm", "Hello"]]);
  });

  test("is known better with every answer", async () => {
    const long = "x".repeat(5000);
    const opened = [long, "</think>", "Hello"];
    const [first, ...others] = await streamed(texts(opened), {}, 3);
    expect(first?.[0]).toBe("");
    expect(others).toEqual([
      [long, "Hello"],
      [long, "Hello"],
    ]);
  });

  test("has it told apart in a whole answer, too", async () => {
    for (const pieces of [TAGGED, ["Hm, well.</think>\nHello"]]) {
      await using upstream = await startUpstream(texts(pieces));
      await using server = await startServer({ backends: [backendAt(upstream, { type: "lmstudio" })] });
      const answer = await (await server.caller()).ask(CHAT, { body: question() });
      expect(JSON.parse(answer.text)).toMatchObject({
        choices: [{ message: { content: "Hello", reasoning_content: "Hm, well." }, finish_reason: "stop" }],
      });
    }
  });

  test("that breaks off has what was held before the error", async () => {
    const frames = payloads(chatChunks({ text: ["Hm", ", well"], finish: null }));
    const script: Script = (_, wire) => wire.sse(frames.filter((one) => one !== "[DONE]"));
    await using upstream = await startUpstream(script);
    await using server = await startServer({ backends: [backendAt(upstream, { type: "lmstudio" })] });
    const answer = await (await server.caller()).ask(CHAT, { body: question({ stream: true }) });
    expect(readStream(answer.text)).toMatchObject({
      text: "Hm, well",
      error: { code: "upstream_truncated" },
      done: false,
    });
  });

  test("that is cut says so, and all of it is thought", async () => {
    const script: Script = (_, wire) =>
      wire.sse(payloads(chatChunks({ text: ["<think>Hm", ", we"], finish: "length" })));
    expect(await streamed(script)).toEqual([["Hm, we", ""]]);
  });
});
