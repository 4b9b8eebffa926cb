import { describe, expect, test } from "bun:test";
import { errorObject } from "../upstream/answers.ts";
import * as faults from "../upstream/faults.ts";
import { BLACK_HOLES, blackHole, refusedUrl } from "../upstream/nowhere.ts";
import { type Script, startUpstream } from "../upstream/scripted.ts";
import { sseFrame } from "../upstream/wire.ts";
import { type Broken, EARLY, LATE, patienceFor } from "./ailments.ts";
import { answersHello, CHAT, HELLO, HELLO_CUT, question, STREAMED } from "./questions.ts";
import { backendAt, startServer } from "./running.ts";
import { errorOf, readStream } from "./said.ts";

/** What a client sees of one request to one upstream, and what the log says of it. */
async function seen(backend: Script | Broken, body = STREAMED, code = "") {
  const script = typeof backend === "function" ? backend : faults.neverAnswers;
  const earlier = typeof backend === "function" ? {} : backend.earlier;
  await using upstream = await startUpstream(script, earlier);
  const timeouts = patienceFor(code);
  await using server = await startServer({ backends: [backendAt(upstream, { timeouts })] });
  const caller = await server.caller();
  const answer = await caller.ask(CHAT, { body });
  return { ...answer, line: await server.nextLine() };
}

describe("the head of a stream is held until the model speaks", () => {
  const says =
    (status: number, error: object, headers = {}): Script =>
    (_, wire) =>
      wire.json(status, error, headers);

  test.each<[string, Script, number, string | null]>([
    ["429", says(429, errorObject("slow")), 429, "rate_limit_exceeded"],
    ["400", says(400, errorObject("bad", { type: "invalid_request_error", code: "odd" })), 400, "odd"],
    ["422", says(422, { detail: [{ msg: "bad" }] }), 422, null],
    ["500", says(500, errorObject("broken")), 500, "upstream_error"],
    ["503 of an engine that reads its model", says(503, errorObject("Loading model")), 503, "model_loading"],
    ["401", says(401, errorObject("who are you")), 502, "upstream_auth_error"],
    ["a page of HTML", (_, wire) => wire.json(502, "<h1>Bad</h1>"), 502, "upstream_error"],
  ])("the backend's %s keeps its status", async (_, script, status, code) => {
    for (const body of [STREAMED, question()]) {
      const answer = await seen(script, body);
      expect(answer.status).toBe(status);
      expect(answer.headers.get("content-type")).toBe("application/json");
      expect(errorOf(answer)).toMatchObject({ message: expect.any(String), code });
      expect(answer.line).toMatchObject({ status, backend: "up" });
    }
  });

  test("the time to wait before the next try comes with it", async () => {
    const answer = await seen(says(429, errorObject("slow"), { "retry-after": "7" }));
    expect(answer.headers.get("retry-after")).toBe("7");
    expect(errorOf(answer).message).toBe("slow");
  });

  test.each<[string, object, number]>([
    ["a number", { error: { message: "slow", code: 429 } }, 429],
    ["a word", { error: { message: "slow", code: "rate_limit_exceeded" } }, 429],
    ["a type", { error: { message: "bad", type: "invalid_request_error" } }, 400],
    ["an overflow", { error: { message: "the prompt is too long" } }, 400],
    ["a text", { error: "boom" }, 502],
    ["an error of older vLLM", { object: "error", message: "bad", code: 400 }, 400],
  ])("an error in the first frame is an error with a status: %s", async (_, frame, status) => {
    const answer = await seen((_, wire) => wire.sse([JSON.stringify(frame)]));
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toBe("application/json");
  });

  test("what the model said first is not lost for having been held", async () => {
    const answer = await seen(answersHello);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(readStream(answer.text)).toMatchObject({ text: "Hello é", finishes: ["stop"], done: true });
  });
});

describe("a client that waits gets signs of life", () => {
  const parts = { server: { heartbeat: 30 } };

  test("comments from the deadline on, then the answer", async () => {
    const { promise: kept, resolve } = Promise.withResolvers<void>();
    await using upstream = await startUpstream(faults.after(kept, answersHello));
    await using server = await startServer({ backends: [backendAt(upstream)], ...parts });
    const caller = await server.caller();
    caller.send(CHAT, { body: STREAMED });
    expect((await caller.head()).headers.get("x-fairlead-backend")).toBe("up");
    for (let beats = 0; beats < 3; beats++) expect(await caller.more()).toBe(": ok\n\n");
    resolve();
    const { text, whole } = await caller.body();
    expect(whole).toBe(true);
    expect(readStream(text)).toMatchObject({ text: "Hello é", done: true });
    expect(await server.nextLine()).toMatchObject({ outcome: "ok", output_tokens: 2 });
  });

  test("comments, then an error frame when the backend fails after all", async () => {
    const { promise: kept, resolve } = Promise.withResolvers<void>();
    const fails: Script = (_, wire) => wire.json(429, errorObject("slow"));
    await using upstream = await startUpstream(faults.after(kept, fails));
    await using server = await startServer({ backends: [backendAt(upstream)], ...parts });
    const caller = await server.caller();
    caller.send(CHAT, { body: STREAMED });
    expect((await caller.head()).status).toBe(200);
    expect(await caller.more()).toBe(": ok\n\n");
    resolve();
    const { text, whole } = await caller.body();
    expect(whole).toBe(true);
    const said = readStream(text);
    expect(said.error).toMatchObject({ message: "slow", code: "rate_limit_exceeded" });
    expect(said).toMatchObject({ done: false, finishes: [], text: "" });
    expect(await server.nextLine()).toMatchObject({
      status: 200,
      outcome: "failed",
      failure: "rate_limited",
    });
  });

  test("comments in the pauses of an answer too", async () => {
    const { promise: kept, resolve } = Promise.withResolvers<void>();
    const pauses: Script = async (_, wire) => {
      await wire.sseHead();
      await wire.chunk(HELLO_CUT);
      await kept;
      await wire.chunk(HELLO.slice(4).map(sseFrame).join(""));
      await wire.lastChunk();
    };
    await using upstream = await startUpstream(pauses);
    await using server = await startServer({ backends: [backendAt(upstream)], ...parts });
    const caller = await server.caller();
    caller.send(CHAT, { body: STREAMED });
    await caller.head();
    let before = "";
    while (!before.endsWith(": ok\n\n") || readStream(before).text === "") before += await caller.more();
    resolve();
    const { text } = await caller.body();
    expect(readStream(before + text)).toMatchObject({ text: "Hello é", done: true, error: undefined });
  });
});

describe("a backend that fails before it speaks gives its client a status", () => {
  test.each(EARLY)("one that %s", async (_, backend, status, code) => {
    for (const body of [STREAMED, question()]) {
      const answer = await seen(backend, body, code);
      expect([answer.status, errorOf(answer).code]).toEqual([status, code]);
      expect(answer.whole).toBe(true);
      expect(answer.line).toMatchObject({ status, failure: code });
    }
  });

  test("one where nobody listens", async () => {
    await using server = await startServer({ backends: [backendAt({ url: refusedUrl() })] });
    const answer = await (await server.caller()).ask(CHAT, { body: STREAMED });
    expect([answer.status, errorOf(answer).code]).toEqual([502, "upstream_unreachable"]);
  });

  test.if(BLACK_HOLES)("one that swallows connections", async () => {
    using hole = await blackHole();
    const backend = backendAt(hole, { timeouts: patienceFor("upstream_connect_timeout") });
    await using server = await startServer({ backends: [backend] });
    const answer = await (await server.caller()).ask(CHAT, { body: STREAMED });
    expect([answer.status, errorOf(answer).code]).toEqual([504, "upstream_connect_timeout"]);
  });
});

describe("a backend that fails in the middle gives its client an error, never a short answer", () => {
  test.each(LATE)("one that %s", async (_, script, code) => {
    const answer = await seen(script, STREAMED, code);
    expect(answer.status).toBe(200);
    expect(answer.whole).toBe(true);
    const said = readStream(answer.text);
    expect(said.text).toStartWith("Hello é");
    expect(said).toMatchObject({ finishes: [], done: false, error: { code, param: null } });
    const outcome = code === "upstream_truncated" ? "truncated" : "failed";
    expect(answer.line).toMatchObject({ status: 200, outcome, failure: code });
  });

  test.each(LATE)("and one that does not stream gets the status: %s", async (_, script, code) => {
    const answer = await seen(script, question(), code);
    expect(answer.status).toBeGreaterThanOrEqual(500);
    expect(errorOf(answer).code).toBe(code);
  });
});
