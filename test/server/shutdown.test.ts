import { describe, expect, test } from "bun:test";
import { chatChunks, payloads } from "../upstream/answers.ts";
import { after, floods, neverAnswers, stallsAfter } from "../upstream/faults.ts";
import { type Script, startUpstream, turn } from "../upstream/scripted.ts";
import { sseFrame } from "../upstream/wire.ts";
import { answersHello, CHAT, HELLO, HELLO_CUT, question, STREAMED } from "./questions.ts";
import { backendAt, type Running, startServer } from "./running.ts";
import { errorOf, readStream } from "./said.ts";

/** Says the first half of an answer, and the second when the promise is kept. */
function inTwoHalves(kept: Promise<void>): Script {
  return async (_, wire) => {
    await wire.sseHead();
    await wire.chunk(HELLO_CUT);
    await kept;
    await wire.chunk(HELLO.slice(4).map(sseFrame).join(""));
    await wire.lastChunk();
  };
}

/** How long stopping took, ms. */
async function timed(server: Running): Promise<number> {
  const began = performance.now();
  await server.stop();
  return performance.now() - began;
}

/** Sends a question on a connection that is not read until it is resumed. */
async function ask(port: number, question: object, read: (bytes: Uint8Array) => void = () => undefined) {
  const body = JSON.stringify(question);
  const data = (_: unknown, bytes: Uint8Array) => read(bytes);
  const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data, error: () => undefined } });
  socket.write(`POST ${CHAT} HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  socket.pause();
  return socket;
}

describe("a server that stops", () => {
  test("lets running answers finish, whole and streamed", async () => {
    const { promise: kept, resolve: goOn } = Promise.withResolvers<void>();
    await using upstream = await startUpstream(inTwoHalves(kept));
    await using server = await startServer({ backends: [backendAt(upstream)], server: { drain: 4_000 } });
    const [streaming, waiting] = [await server.caller(), await server.caller()];
    streaming.send(CHAT, { body: STREAMED });
    waiting.send(CHAT, { body: question() });
    await streaming.head();
    const before = await streaming.more();
    await upstream.nextRequest();
    await upstream.nextRequest();
    const stopped = timed(server);
    expect(server.running).toBe(2);
    goOn();
    const { text, whole } = await streaming.body();
    expect(whole).toBe(true);
    expect(readStream(before + text)).toMatchObject({ text: "Hello é", finishes: ["stop"], done: true });
    expect(JSON.parse((await waiting.answer()).text)).toMatchObject({
      choices: [{ message: { content: "Hello é" } }],
    });
    expect(await stopped).toBeLessThan(1_000);
    expect(server.lines.map(({ outcome }) => outcome)).toEqual(["ok", "ok"]);
  });

  test("takes nothing new meanwhile: neither connections nor requests on those it has", async () => {
    const { promise: kept, resolve: goOn } = Promise.withResolvers<void>();
    await using upstream = await startUpstream(after(kept, answersHello));
    await using server = await startServer({ backends: [backendAt(upstream)], server: { drain: 4_000 } });
    const streaming = await server.caller();
    streaming.send(CHAT, { body: STREAMED });
    await upstream.nextRequest();
    const late = await server.caller();
    late.send(CHAT, { body: '{"model":"m"' });
    expect((await late.answer()).status).toBe(400);
    const stopped = server.stop();
    expect(server.caller()).rejects.toMatchObject({ code: "ECONNREFUSED" });
    late.send(CHAT, { body: STREAMED });
    // Either is fine, as long as no answer is begun: a refusal in words, or the end of the connection.
    const answer = await late.answer().catch(() => undefined);
    if (answer) expect([answer.status, errorOf(answer).code]).toEqual([503, "shutting_down"]);
    goOn();
    expect(readStream((await streaming.answer()).text).done).toBe(true);
    await stopped;
    expect(upstream.requests).toHaveLength(1);
  });

  test("does not wait for connections that have nothing to say", async () => {
    await using upstream = await startUpstream(answersHello);
    await using server = await startServer({ backends: [backendAt(upstream)], server: { drain: 4_000 } });
    const idle = await server.caller();
    expect((await idle.ask(CHAT, { body: STREAMED })).status).toBe(200);
    const silent = await server.caller();
    const half = await server.caller();
    half.line.send(`POST ${CHAT} HTTP/1.1\r\nhost: loc`);
    await turn();
    expect(await timed(server)).toBeLessThan(1_000);
    silent.line.close();
    for (const { line } of [idle, half]) expect(await line.over).toBeOneOf(["end", "ECONNRESET"]);
  });

  test.each([true, false])("waits for a slow reader of a long answer (streamed: %p)", async (stream) => {
    const pieces = Array.from({ length: 12 }, () => "x".repeat(900_000));
    const long = payloads(chatChunks({ text: pieces }));
    await using upstream = await startUpstream((_, wire) => wire.sse(long));
    await using server = await startServer({ backends: [backendAt(upstream)], server: { drain: 4_000 } });
    const { promise: whole, resolve } = Promise.withResolvers<void>();
    let received = "";
    const read = (bytes: Uint8Array) => {
      received += Buffer.from(bytes).toString("latin1");
      if (received.endsWith(stream ? "data: [DONE]\n\n\r\n0\r\n\r\n" : "}")) resolve();
    };
    const socket = await ask(server.port, question({ stream }), read);
    while (server.running === 0 && server.lines.length === 0) await turn();
    for (let rounds = 0; rounds < 50; rounds++) await turn();
    const stopped = server.stop();
    for (let rounds = 0; rounds < 10; rounds++) await turn();
    socket.resume();
    await whole;
    expect(received.length).toBeGreaterThan(12 * 900_000);
    await stopped;
  });

  test("stops at once when there is nothing to do", async () => {
    await using server = await startServer({ server: { drain: 4_000 } });
    expect(await timed(server)).toBeLessThan(500);
  });
});

describe("when the time for that is over", () => {
  const limits = { drain: 20 };

  test("a stream ends with an error and a proper end, and its backend is let go", async () => {
    await using upstream = await startUpstream(stallsAfter(HELLO.slice(0, 4)));
    await using server = await startServer({ backends: [backendAt(upstream)], server: limits });
    const caller = await server.caller();
    caller.send(CHAT, { body: STREAMED });
    await caller.head();
    const before = await caller.more();
    const stopped = timed(server);
    const { text, whole } = await caller.body();
    expect(whole).toBe(true);
    const said = readStream(before + text);
    expect(said).toMatchObject({ text: "Hello é", finishes: [], done: false });
    expect(said.error).toMatchObject({ code: "shutting_down" });
    expect(await upstream.closed(0)).not.toBe("closed here");
    expect(await server.nextLine()).toMatchObject({
      outcome: "failed",
      failure: "shutting_down",
      status: 200,
    });
    expect(await stopped).toBeLessThan(1_000);
  });

  test.each<[string, object, number]>([
    ["for the head of a stream", STREAMED, 4],
    ["for a whole answer", question(), 4],
    ["for a place at its backend", STREAMED, 1],
  ])("a client that waits %s is told so", async (_, body, concurrency) => {
    await using upstream = await startUpstream(neverAnswers);
    await using server = await startServer({
      backends: [backendAt(upstream, { concurrency })],
      server: limits,
    });
    const callers = [await server.caller(), await server.caller()];
    for (const caller of callers) caller.send(CHAT, { body });
    while (server.running < 2) await turn();
    await upstream.nextRequest();
    const stopped = timed(server);
    for (const caller of callers) {
      const answer = await caller.answer();
      expect([answer.status, errorOf(answer).code]).toEqual([503, "shutting_down"]);
      expect(await server.nextLine()).toMatchObject({ outcome: "failed", failure: "shutting_down" });
    }
    expect(await upstream.closed(0)).not.toBe("closed here");
    expect(await stopped).toBeLessThan(1_000);
  });

  test("a client that only hears signs of life gets an error frame", async () => {
    await using upstream = await startUpstream(neverAnswers);
    await using server = await startServer({
      backends: [backendAt(upstream)],
      server: { ...limits, heartbeat: 5 },
    });
    const caller = await server.caller();
    caller.send(CHAT, { body: STREAMED });
    await caller.head();
    await caller.piece();
    const stopped = timed(server);
    const { text, whole } = await caller.body();
    expect(whole).toBe(true);
    expect(readStream(text)).toMatchObject({ done: false, error: { code: "shutting_down" } });
    expect(await stopped).toBeLessThan(1_000);
  });

  test("one that sends its request too slowly is not waited for", async () => {
    await using server = await startServer({ server: limits });
    const caller = await server.caller();
    caller.line.send(`POST ${CHAT} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{"model":`);
    while (server.running < 1) await turn();
    expect(await timed(server)).toBeLessThan(2_000);
    expect(await caller.line.over).toBeOneOf(["end", "ECONNRESET"]);
    expect(server.lines).toHaveLength(1);
  });

  test("one that does not read is not waited for", async () => {
    const [, frame = ""] = chatChunks({ text: ["x".repeat(1000)] }).map((chunk) => JSON.stringify(chunk));
    let sent = () => 0;
    const script: Script = (request, wire) => {
      sent = () => wire.sent;
      return floods(frame)(request, wire);
    };
    await using upstream = await startUpstream(script);
    await using server = await startServer({ backends: [backendAt(upstream)], server: limits });
    const socket = await ask(server.port, STREAMED);
    for (let before = -1; before !== sent() || sent() === 0; await turn()) before = sent();
    expect(await timed(server)).toBeLessThan(2_000);
    expect(await server.nextLine()).toMatchObject({ failure: expect.any(String) });
    await upstream.closed(0);
    socket.terminate();
  });
});
