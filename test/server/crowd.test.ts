import { describe, expect, test } from "bun:test";
import { chatChunks } from "../upstream/answers.ts";
import { floods, neverAnswers, stallsAfter } from "../upstream/faults.ts";
import { inTurn, type Script, startUpstream, turn } from "../upstream/scripted.ts";
import { answersHello, CHAT, HELLO, question, STREAMED } from "./questions.ts";
import { backendAt, startServer } from "./running.ts";
import { errorOf, readStream } from "./said.ts";

const [, FRAME] = chatChunks({ text: ["x".repeat(1000)] }).map((chunk) => JSON.stringify(chunk));

/** A flood whose progress can be watched: bytes that the network has taken from it. */
function flood(): { script: Script; sent(): number } {
  let wire: { sent: number } = { sent: 0 };
  const script: Script = (request, answer) => {
    wire = answer;
    return floods(FRAME ?? "")(request, answer);
  };
  return { script, sent: () => wire.sent };
}

/** A client that sends a question and then reads only when told to. */
async function reader(port: number, body: object) {
  let read = 0;
  const text = JSON.stringify(body);
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: { data: (_, bytes) => void (read += bytes.length), error: () => undefined },
  });
  socket.write(`POST ${CHAT} HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${text.length}\r\n\r\n${text}`);
  socket.pause();
  return { socket, read: () => read };
}

/** Resolves when the number has not moved for many turns of the event loop, after it once had. */
async function standsStill(read: () => number): Promise<number> {
  let before = 0;
  for (let still = 0; still < 50; still = read() === before && before > 0 ? still + 1 : 0) {
    before = read();
    await turn();
  }
  return before;
}

describe("a client that does not read", () => {
  test("holds its backend back, and costs a bounded amount of memory", async () => {
    const { script, sent } = flood();
    await using upstream = await startUpstream(script);
    await using server = await startServer({ backends: [backendAt(upstream)], server: { heartbeat: 5 } });
    const slow = await reader(server.port, STREAMED);
    const stood = await standsStill(sent);
    // The kernel's buffers of two connections, and ours: Linux lets each of them grow to some MiB.
    expect(stood).toBeLessThan(48 * 2 ** 20);
    slow.socket.resume();
    while (sent() < stood + 2 ** 20) await turn();
    expect(slow.read()).toBeGreaterThan(0);
    slow.socket.pause();
    await standsStill(sent);
    slow.socket.terminate();
    expect(await upstream.closed(0)).not.toBe("closed here");
    expect(await server.nextLine()).toMatchObject({ outcome: "cancelled" });
  });

  test("does not hold up anybody else", async () => {
    const { script, sent } = flood();
    await using upstream = await startUpstream(inTurn(script, answersHello));
    await using server = await startServer({ backends: [backendAt(upstream)] });
    const slow = await reader(server.port, STREAMED);
    await standsStill(sent);
    const answer = await (await server.caller()).ask(CHAT, { body: STREAMED });
    expect(readStream(answer.text).done).toBe(true);
    slow.socket.terminate();
  });
});

describe("a sick backend", () => {
  test("with 300 requests hanging does not delay another one", async () => {
    await using hung = await startUpstream(neverAnswers);
    await using healthy = await startUpstream(answersHello);
    const backends = [backendAt(hung, { name: "hung", models: ["h"] }), backendAt(healthy)];
    await using server = await startServer({ backends });
    const waiting = await Promise.all(Array.from({ length: 300 }, () => server.caller()));
    for (const caller of waiting) caller.send(CHAT, { body: question({ model: "h", stream: true }) });
    while (server.running < 300 || hung.requests.length < 256) await turn();
    const caller = await server.caller();
    await caller.ask(CHAT, { body: STREAMED });
    const began = performance.now();
    for (let n = 0; n < 5; n++) expect((await caller.ask(CHAT, { body: STREAMED })).status).toBe(200);
    expect((performance.now() - began) / 5).toBeLessThan(50);
    expect(hung.connections.open).toBe(256);
    for (const { line } of waiting) line.reset();
    while (server.running > 0) await turn();
    expect(hung.requests).toHaveLength(256);
  });

  test("gets no more requests at a time than it takes, and the rest in order", async () => {
    let now = 0;
    let most = 0;
    const counts: Script = async (_, wire) => {
      most = Math.max(most, ++now);
      await turn();
      now--;
      await wire.sse(HELLO);
    };
    await using upstream = await startUpstream(counts);
    await using server = await startServer({ backends: [backendAt(upstream, { concurrency: 3 })] });
    const callers = await Promise.all(Array.from({ length: 40 }, () => server.caller()));
    const answers = callers.map((caller, n) =>
      caller.ask(CHAT, { body: question({ seed: n, stream: true }) }),
    );
    for (const answer of await Promise.all(answers)) expect(readStream(answer.text).done).toBe(true);
    expect(most).toBe(3);
    expect(upstream.requests).toHaveLength(40);
  });

  test("refuses at once when too many are waiting already", async () => {
    await using upstream = await startUpstream(neverAnswers);
    await using server = await startServer({ backends: [backendAt(upstream, { concurrency: 1 })] });
    const waiting = await Promise.all(Array.from({ length: 257 }, () => server.caller()));
    for (const caller of waiting) caller.send(CHAT, { body: STREAMED });
    while (server.running < 257) await turn();
    const answer = await (await server.caller()).ask(CHAT, { body: STREAMED });
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toBe("5");
    expect(errorOf(answer).code).toBe("overloaded");
    for (const { line } of waiting) line.reset();
    while (server.running > 0) await turn();
  });
});

test("what a backend answers one caller never reaches another, also when callers come and go", async () => {
  const echoes: Script = async (request, wire) => {
    const { seed } = request.json() as { seed: number };
    await wire.sseHead();
    for (const payload of HELLO.slice(0, 3)) await wire.chunk(`data: ${payload}\n\n`);
    await wire.chunk(`data: ${JSON.stringify(chatChunks({ text: [`<${seed}>`] })[1])}\n\n`);
    for (const payload of HELLO.slice(4)) await wire.chunk(`data: ${payload}\n\n`);
    await wire.lastChunk();
  };
  await using upstream = await startUpstream(echoes);
  await using server = await startServer({ backends: [backendAt(upstream)] });
  const asks = Array.from({ length: 200 }, async (_, seed) => {
    const caller = await server.caller();
    caller.send(CHAT, { body: question({ seed, stream: true }) });
    if (seed % 3 !== 0) return readStream((await caller.answer()).text).text;
    await caller.head();
    caller.line[seed % 2 === 0 ? "close" : "reset"]();
    return undefined;
  });
  const answers = await Promise.all(asks);
  expect(answers).toEqual(answers.map((_, seed) => (seed % 3 === 0 ? undefined : `Hello <${seed}>`)));
});

test("a stream that its client never reads gives its place back when the client leaves", async () => {
  await using upstream = await startUpstream(inTurn(stallsAfter(HELLO.slice(0, 2)), answersHello));
  await using server = await startServer({ backends: [backendAt(upstream, { concurrency: 1 })] });
  const slow = await reader(server.port, STREAMED);
  await upstream.nextRequest();
  slow.socket.terminate();
  await upstream.closed(0);
  const answer = await (await server.caller()).ask(CHAT, { body: STREAMED });
  expect(readStream(answer.text).done).toBe(true);
});
