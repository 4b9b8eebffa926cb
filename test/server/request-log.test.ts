import { describe, expect, test } from "bun:test";
import { errorObject } from "../upstream/answers.ts";
import { cutAfter, neverAnswers } from "../upstream/faults.ts";
import { refusedUrl } from "../upstream/nowhere.ts";
import { type Script, startUpstream } from "../upstream/scripted.ts";
import type { Asked } from "./caller.ts";
import { answersHello, CHAT, HELLO_CUT, question, STREAMED } from "./questions.ts";
import { backendAt, type LogLine, type Parts, startServer } from "./running.ts";

/** The one line that a request leaves; fails when there are none, or two. */
async function lineOf(asked: Asked & { path?: string }, { script = answersHello, parts }: Scene = {}) {
  await using upstream = await startUpstream(script);
  const server = await startServer({ backends: [backendAt(upstream)], ...parts });
  const answer = await (await server.caller()).ask(asked.path ?? CHAT, asked);
  await server.stop();
  expect(server.lines).toHaveLength(1);
  const [line = {}] = server.lines;
  expect(line).toMatchObject({ id: answer.headers.get("x-request-id"), status: answer.status });
  return line;
}

interface Scene {
  script?: Script;
  parts?: Parts;
}

/** What a line says, without what differs each time. */
function constantOf(line: LogLine): LogLine {
  const { time: _, id: __, ttft_ms: ___, duration_ms: ____, cause: _____, ...rest } = line;
  return rest;
}

describe("a request leaves exactly one line", () => {
  test("with all that there is to tell of an answer", async () => {
    const line = await lineOf({ body: STREAMED });
    expect(constantOf(line)).toEqual({
      level: "info",
      message: "request",
      method: "POST",
      path: CHAT,
      model: "m",
      backend: "up",
      stream: true,
      status: 200,
      outcome: "ok",
      input_tokens: 3,
      output_tokens: 2,
    });
    expect(line.ttft_ms).toBeNumber();
    expect(Number(line.duration_ms)).toBeGreaterThanOrEqual(Number(line.ttft_ms));
  });

  test("without a first token where none was sent ahead of the others", async () => {
    const line = await lineOf({ body: question() });
    expect(line).toMatchObject({ outcome: "ok", stream: false, input_tokens: 3, output_tokens: 2 });
    expect(line).not.toHaveProperty("ttft_ms");
  });

  test("with the name that the client asked for, and the backend that it got", async () => {
    const alias = { name: "fast", targets: ["up/real"], defaults: {}, contextWindow: undefined };
    const line = await lineOf(
      { body: question({ model: "fast" }) },
      { parts: { models: [alias], backends: [backendAt({ url: refusedUrl() })] } },
    );
    expect(line).toMatchObject({ model: "fast", backend: "up", failure: "upstream_unreachable" });
  });

  test("for what is no request to a model, too", async () => {
    const line = await lineOf({ path: "/v1/models?key=secret" });
    expect(constantOf(line)).toEqual({
      level: "info",
      message: "request",
      method: "GET",
      path: "/v1/models",
      status: 200,
      outcome: "ok",
    });
  });
});

const fails: Script = (_, wire) => wire.json(500, errorObject("broken"));
const breaks: Script = cutAfter(HELLO_CUT, "clean");
const keys: Parts = { server: { apiKeys: ["sk-good"] } };
const outward: Parts = {
  backends: [backendAt({ url: "http://127.0.0.1:9" }, { headers: { "x-a": "b\nc" } })],
};

test.each<[string, Asked & { path?: string }, Scene, LogLine]>([
  ["ok: an answer", { body: STREAMED }, {}, { outcome: "ok", level: "info" }],
  [
    "rejected: a bad request",
    { body: "{" },
    {},
    { outcome: "rejected", failure: "invalid_json", level: "info" },
  ],
  ["rejected: no key", { body: STREAMED }, { parts: keys }, { outcome: "rejected", failure: "unauthorized" }],
  ["rejected: no such page", { path: "/no" }, {}, { outcome: "rejected", failure: "not_found" }],
  [
    "rejected: by the backend",
    { body: STREAMED },
    { script: (_, wire) => wire.json(400, errorObject("odd")) },
    { outcome: "rejected", failure: "upstream_rejected", backend: "up", model: "m" },
  ],
  [
    "rejected: too many requests",
    { body: STREAMED },
    { script: (_, wire) => wire.json(429, errorObject("slow")) },
    { outcome: "rejected", failure: "rate_limited" },
  ],
  [
    "failed: before the answer",
    { body: STREAMED },
    { script: fails },
    { outcome: "failed", failure: "upstream_error", status: 500, level: "warn" },
  ],
  [
    "failed: in the middle",
    { body: STREAMED },
    {
      script: (_, wire) =>
        wire.sse([...HELLO_CUT.split("\n\n").flatMap((frame) => frame.slice(6) || []), "{"]),
    },
    {
      outcome: "failed",
      failure: "upstream_bad_frame",
      status: 200,
      level: "warn",
      ttft_ms: expect.any(Number),
    },
  ],
  [
    "failed: by ourselves",
    { body: STREAMED },
    { parts: outward },
    { outcome: "failed", failure: "internal_error", status: 500, level: "error" },
  ],
  [
    "truncated: streaming",
    { body: STREAMED },
    { script: breaks },
    { outcome: "truncated", failure: "upstream_truncated", status: 200, level: "warn" },
  ],
  [
    "truncated: not streaming",
    { body: question() },
    { script: breaks },
    { outcome: "truncated", failure: "upstream_truncated", status: 502, level: "warn" },
  ],
])("an outcome is %s", async (_, asked, scene, expected) => {
  expect(await lineOf(asked, scene)).toMatchObject(expected);
});

test("an outcome is cancelled: the client left, which is nobody's fault", async () => {
  await using upstream = await startUpstream(neverAnswers);
  const server = await startServer({ backends: [backendAt(upstream)] });
  const caller = await server.caller();
  caller.send(CHAT, { body: STREAMED });
  await upstream.nextRequest();
  caller.line.close();
  expect(await server.nextLine()).toMatchObject({ outcome: "cancelled", status: 499, level: "info" });
  await server.stop();
  expect(server.lines).toHaveLength(1);
});

test("requests side by side leave a line each, with their own ids", async () => {
  await using upstream = await startUpstream(answersHello);
  await using server = await startServer({ backends: [backendAt(upstream)] });
  const ids = Array.from({ length: 50 }, (_, n) => `id-${n}`);
  const ask = async (id: string) =>
    (await server.caller()).ask(CHAT, { body: STREAMED, headers: { "x-request-id": id } });
  const answers = await Promise.all(ids.map(ask));
  expect(answers.map(({ headers }) => headers.get("x-request-id"))).toEqual(ids);
  expect(server.lines.map(({ id }) => String(id)).sort()).toEqual(ids.toSorted());
});
