import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Cut, cutAfter } from "../upstream/faults.ts";
import { type Script, startUpstream } from "../upstream/scripted.ts";
import type { Answer } from "./caller.ts";
import { CHAT, question } from "./questions.ts";
import { backendAt, type Running, startServer } from "./running.ts";
import { readStream } from "./said.ts";

/**
 * Streams as hosts really send them: text, tools, several choices, reasoning; with and without usage and [DONE]. The
 * shortest is cut after every byte, the others after every so many.
 */
const FIXTURES: [name: string, step: number][] = [
  ["gemini-parallel-tools", 7],
  ["mistral-tool", 1],
  ["lmstudio-text", 11],
  ["ollama-parallel-tools", 11],
  ["openai-two-choices", 29],
  ["vllm-reasoning", 29],
];
const TOGETHER = 32;

/** Cuts the stream after as many bytes as the request's seed says. */
function cuts(stream: Uint8Array, cut: Cut): Script {
  return (request, wire) => {
    const { seed } = request.json() as { seed: number };
    return cutAfter(stream.subarray(0, seed), cut)(request, wire);
  };
}

/** The answers to cuts at every offset, some at a time, each on a connection that is used again. */
async function askAll(server: Running, offsets: number[], body: object): Promise<Map<number, Answer>> {
  const answers = new Map<number, Answer>();
  const rest = [...offsets];
  const work = async () => {
    const caller = await server.caller();
    for (let seed = rest.pop(); seed !== undefined; seed = rest.pop())
      answers.set(seed, await caller.ask(CHAT, { body: { ...body, seed } }));
  };
  await Promise.all(Array.from({ length: TOGETHER }, work));
  return answers;
}

/** An error in one of its two forms, with nothing in it that could be taken for the end of an answer. */
function faultOf({ status, text, whole }: Answer): string | undefined {
  if (!whole) return "the connection was cut";
  if (status !== 200) return status >= 500 && /"code":"upstream_/.test(text) ? undefined : `status ${status}`;
  const said = readStream(text);
  if (said.done) return "[DONE]";
  if (said.finishes.length > 0) return `finish_reason ${said.finishes.join()}`;
  return said.error?.code?.startsWith("upstream_") ? undefined : "no error";
}

describe.each(FIXTURES)("%s, cut anywhere,", (name, step) => {
  const stream = readFileSync(join(import.meta.dir, "../fixtures/openai", `${name}.sse`));
  const mark = stream.indexOf("data: [DONE]");
  // What stands behind the last line that says something is no loss.
  const whole = mark === -1 ? stream.toString().trimEnd().length : mark + "data: [DONE]".length;
  const reasons = [...stream.toString("latin1").matchAll(/"finish_reason": ?"/g)];

  test.each<[cut: Cut, end: number, step: number]>([
    ["fin", whole, step],
    ["reset", whole, 53],
    // Where nobody but the dialect can tell, it is whole when every choice has its reason.
    ["clean", reasons.at(-1)?.index ?? 0, 37],
    ["close-delimited", reasons.at(-1)?.index ?? 0, 71],
  ])("by %s, is an error each time", async (cut, end, every) => {
    await using upstream = await startUpstream(cuts(stream, cut));
    await using server = await startServer({ backends: [backendAt(upstream)] });
    const answers = await askAll(server, multiples(every, end), question({ stream: true }));
    expect(answers.size).toBe(Math.ceil(end / every));
    for (const [at, answer] of answers) expect([at, faultOf(answer)]).toEqual([at, undefined]);
  });

  test("is an error to a client that does not stream", async () => {
    await using upstream = await startUpstream(cuts(stream, "fin"));
    await using server = await startServer({ backends: [backendAt(upstream)] });
    const answers = await askAll(server, multiples(83, whole), question());
    for (const [at, { status }] of answers) expect([at, status]).toEqual([at, 502]);
  });

  test("and not cut at all, is no error", async () => {
    await using upstream = await startUpstream(cuts(stream, "clean"));
    await using server = await startServer({ backends: [backendAt(upstream)] });
    const [answer] = (await askAll(server, [stream.length], question({ stream: true }))).values();
    expect(readStream(answer?.text ?? "")).toMatchObject({ done: true, error: undefined });
  });
});

function multiples(step: number, end: number): number[] {
  return Array.from({ length: Math.ceil(end / step) }, (_, n) => n * step);
}
