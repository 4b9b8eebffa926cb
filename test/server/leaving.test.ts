import { describe, expect, test } from "bun:test";
import { errorObject } from "../upstream/answers.ts";
import { stallsAfter, neverAnswers } from "../upstream/faults.ts";
import { BLACK_HOLES, blackHole } from "../upstream/nowhere.ts";
import { inTurn, type Script, startUpstream, turn, type Upstream } from "../upstream/scripted.ts";
import type { Caller } from "./caller.ts";
import { answersHello, CHAT, HELLO, question, STREAMED } from "./questions.ts";
import { backendAt, startServer } from "./running.ts";
import { readStream } from "./said.ts";

/** Where a client may be when it leaves. */
interface Phase {
  script: Script;
  body: object;
  heartbeat?: number;
  /** Resolves when it is there. */
  reached(caller: Caller, upstream: Upstream): Promise<unknown>;
  /** The path to ask; a chat otherwise. */
  path?: string;
}

const asked = (_: Caller, upstream: Upstream) => upstream.nextRequest();
const heard = async (caller: Caller) => {
  await caller.head();
  await caller.piece();
};

const PHASES: [string, Phase][] = [
  ["waiting for the head of a stream", { script: neverAnswers, body: STREAMED, reached: asked }],
  ["waiting for a whole answer", { script: neverAnswers, body: question(), reached: asked }],
  [
    "waiting for vectors",
    { script: neverAnswers, body: { model: "m", input: "hi" }, path: "/v1/embeddings", reached: asked },
  ],
  ["in the middle of a stream", { script: stallsAfter(HELLO.slice(0, 3)), body: STREAMED, reached: heard }],
  [
    "in the middle of a whole answer",
    { script: stallsAfter(HELLO.slice(0, 3)), body: question(), reached: asked },
  ],
  ["listening to signs of life", { script: neverAnswers, body: STREAMED, heartbeat: 10, reached: heard }],
  [
    "listening to a stream that fell silent",
    {
      script: stallsAfter(HELLO.slice(0, 3)),
      body: STREAMED,
      heartbeat: 10,
      async reached(caller) {
        await heard(caller);
        await caller.piece();
      },
    },
  ],
];

describe.each(["close", "reset"] as const)("a client that leaves with a %s", (how) => {
  test.each(PHASES)("%s ends the backend's work and frees its place", async (_, phase) => {
    await using upstream = await startUpstream(inTurn(phase.script, answersHello));
    const backends = [backendAt(upstream, { concurrency: 1 })];
    await using server = await startServer({ backends, server: { heartbeat: phase.heartbeat ?? 0 } });
    const caller = await server.caller();
    caller.send(phase.path ?? CHAT, { body: phase.body });
    await phase.reached(caller, upstream);
    caller.line[how]();
    expect(await upstream.closed(0)).not.toBe("closed here");
    expect(await server.nextLine()).toMatchObject({ outcome: "cancelled", failure: "cancelled" });
    expect(server.running).toBe(0);
    const next = await (await server.caller()).ask(CHAT, { body: STREAMED });
    expect(readStream(next.text)).toMatchObject({ text: "Hello é", done: true });
  });

  test("queued for a backend's place gives up its own", async () => {
    const { promise: kept, resolve: letGo } = Promise.withResolvers<void>();
    const slow: Script = async (_, wire) => {
      await kept;
      await wire.sse(HELLO);
    };
    await using upstream = await startUpstream(inTurn(slow, answersHello));
    await using server = await startServer({ backends: [backendAt(upstream, { concurrency: 1 })] });
    const [first, leaver, third] = [await server.caller(), await server.caller(), await server.caller()];
    first.send(CHAT, { body: STREAMED });
    await upstream.nextRequest();
    leaver.send(CHAT, { body: question({ user: "leaver" }) });
    await until(() => server.running === 2);
    third.send(CHAT, { body: question({ user: "third" }) });
    await until(() => server.running === 3);
    leaver.line[how]();
    expect(await server.nextLine()).toMatchObject({ outcome: "cancelled", status: 499, backend: "up" });
    letGo();
    expect(readStream((await first.answer()).text).done).toBe(true);
    expect((await third.answer()).status).toBe(200);
    expect(upstream.requests.map((request) => (request.json() as { user?: string }).user)).toEqual([
      undefined,
      "third",
    ]);
  });

  test("in the middle of its own request reaches no backend", async () => {
    await using upstream = await startUpstream(answersHello);
    await using server = await startServer({ backends: [backendAt(upstream)] });
    const caller = await server.caller();
    caller.line.send(`POST ${CHAT} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{"model":`);
    await until(() => server.running === 1);
    caller.line[how]();
    expect(await server.nextLine()).toMatchObject({ outcome: "cancelled" });
    expect(upstream.connections.opened).toBe(0);
  });

  test.if(BLACK_HOLES)("before its backend has accepted the connection ends the attempt", async () => {
    using hole = await blackHole();
    await using server = await startServer({ backends: [backendAt(hole)] });
    const caller = await server.caller();
    caller.send(CHAT, { body: STREAMED });
    await until(() => server.running === 1);
    caller.line[how]();
    expect(await server.nextLine()).toMatchObject({ outcome: "cancelled" });
  });
});

test("a client that has its answer and leaves is no cancellation", async () => {
  await using upstream = await startUpstream(answersHello);
  await using server = await startServer({ backends: [backendAt(upstream)] });
  const caller = await server.caller();
  expect((await caller.ask(CHAT, { body: STREAMED })).whole).toBe(true);
  caller.line.close();
  expect(await server.nextLine()).toMatchObject({ outcome: "ok" });
});

test("a failure that comes after the client left is nobody's", async () => {
  const { promise: kept, resolve: fail } = Promise.withResolvers<void>();
  const late: Script = async (_, wire) => {
    await kept;
    await wire.json(500, errorObject("late"));
  };
  await using upstream = await startUpstream(late);
  await using server = await startServer({ backends: [backendAt(upstream)] });
  const caller = await server.caller();
  caller.send(CHAT, { body: STREAMED });
  await upstream.nextRequest();
  caller.line.reset();
  expect(await server.nextLine()).toMatchObject({ outcome: "cancelled", status: 499 });
  fail();
  await upstream.closed(0);
  expect(server.lines).toHaveLength(1);
});

/** Waits for what no event tells of: what the server does between two of them. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await turn();
}
