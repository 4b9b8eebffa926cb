import { describe, expect, test } from "bun:test";
import type { Backend, BackendParts } from "../../src/backends/backend.ts";
import type { UpstreamRequest, UpstreamResponse } from "../../src/backends/transport.ts";
import type { EventStream, StreamEvent } from "../../src/core/event.ts";
import { Failure } from "../../src/core/failure.ts";
import type { Note } from "../../src/core/note.ts";
import type { TextRequest } from "../../src/core/request.ts";
import { Attempts, type Attempt } from "../../src/pipeline/attempt.ts";
import { question } from "../api/asked.ts";
import { answered, chunk, type Reads, sse } from "./answered.ts";
import { backend, transport } from "./house.ts";

type Send = (request: UpstreamRequest) => Promise<UpstreamResponse> | UpstreamResponse;

/** One backend with one slot, and what is told of it. */
class Scene {
  readonly told: string[] = [];
  readonly requests: UpstreamRequest[] = [];
  readonly backend: Backend;
  readonly attempts = new Attempts({
    succeeded: ({ name }) => void this.told.push(`${name} succeeded`),
    failed: ({ name }, { code }) => void this.told.push(`${name} failed: ${code}`),
  });
  readonly client = new AbortController();
  #sends: Send[];

  constructor(sends: Send[], parts: Partial<BackendParts> = {}) {
    this.#sends = sends;
    this.backend = backend("gpu", ["m"], {
      ...parts,
      transport: transport((request) => this.#send(request)),
    });
  }

  open(parts: Partial<Attempt> = {}): Promise<EventStream> {
    return this.attempts.open(this.try(parts));
  }

  try(parts: Partial<Attempt> = {}): Attempt {
    const target = { backend: this.backend, model: "m" };
    const plain = { defaults: {}, contextWindow: undefined, strict: false, notes: [] };
    return { request: asked(), target, signal: this.client.signal, ...plain, ...parts };
  }

  /** Resolves if a slot is free: the next request reaches the backend. */
  async expectFree(): Promise<void> {
    const before = this.requests.length;
    this.#sends = [() => answered(sse(hi, done, "[DONE]"))];
    await Array.fromAsync(await this.open({ signal: new AbortController().signal }));
    expect(this.requests).toHaveLength(before + 1);
  }

  async #send(request: UpstreamRequest): Promise<UpstreamResponse> {
    this.requests.push(request);
    if (request.signal.aborted) throw new Failure("cancelled", "Left.");
    const send = this.#sends.length > 1 ? this.#sends.shift() : this.#sends[0];
    if (!send) throw new Error("no answer was prepared");
    return send(request);
  }
}

const asked = (more: object = {}): TextRequest => question({ stream: true, ...more });

const hi = chunk({ role: "assistant", content: "hi" });
const done = chunk({}, "stop");
const whole = () => answered(sse(hi, done, "[DONE]"));
const types = (batches: StreamEvent[][]) => batches.map((batch) => batch.map(({ type }) => type));
const says = (reads: string | Reads) => new Scene([() => answered(reads)]);

/** A body that goes on when told to. */
class Held {
  readonly #next = Promise.withResolvers<string | Error>();
  readonly reads: Reads;

  constructor(...first: string[]) {
    const next = this.#next.promise;
    this.reads = (async function* () {
      yield* first;
      yield await next;
    })();
  }

  go(read: string | Error): void {
    this.#next.resolve(read);
  }
}

describe("the head is held until the model says something", () => {
  test("what the backend says of itself before is delivered with its first word", async () => {
    const role = chunk({ role: "assistant", content: "" });
    const scene = says([sse(role), sse({ ...role, system_fingerprint: "fp" }), sse(hi), sse(done, "[DONE]")]);
    expect(types(await Array.fromAsync(await scene.open()))).toEqual([
      ["start", "extra", "part-start", "text"],
      ["part-end", "finish", "usage", "end"],
    ]);
  });

  test("nothing resolves while there is none", async () => {
    const held = new Held(sse(chunk({ role: "assistant", content: "" })));
    const opened = says(held.reads).open();
    let resolved = false;
    void opened.then(() => (resolved = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(resolved).toBe(false);
    held.go(sse(hi, done));
    expect(types(await Array.fromAsync(await opened))).toEqual([
      ["start", "part-start", "text"],
      ["part-end", "finish", "usage", "end"],
    ]);
  });

  test("but a backend that goes on about itself (llama.cpp's progress in a long prompt) is heard", async () => {
    const progress = Array.from({ length: 9 }, (_, n) =>
      sse({ ...chunk({}), prompt_progress: { processed: n } }),
    );
    const held = new Held(...progress);
    const events = await says(held.reads).open();
    expect((await events.next()).value?.at(-1)).toMatchObject({
      type: "extra",
      extra: { chunk: { prompt_progress: { processed: 7 } } },
    });
    held.go(sse(hi, done));
    expect(
      types(await Array.fromAsync(events))
        .flat()
        .at(-1),
    ).toBe("end");
  });
});

describe("a failure before the first word is thrown, so that it keeps its status", () => {
  test.each<[string, Send, string]>([
    [
      "an error status",
      () => answered('{"error":{"message":"boom"}}', { status: 500, type: "application/json" }),
      "upstream_error",
    ],
    ["a redirect", () => answered("", { status: 302 }), "upstream_redirect"],
    [
      "an error as the first frame",
      () => answered(sse(chunk({ role: "assistant" }), { error: { message: "slow down", code: 429 } })),
      "rate_limited",
    ],
    ["a stream of nothing", () => answered(""), "upstream_truncated"],
    ["a page", () => answered("<html>", { type: "text/html" }), "upstream_bad_response"],
    [
      "nobody there",
      () => Promise.reject(new Failure("upstream_unreachable", "Nobody.")),
      "upstream_unreachable",
    ],
    [
      "a connection cut before a word",
      () => answered([sse(chunk({ role: "assistant" })), new Failure("upstream_closed", "Cut.")]),
      "upstream_closed",
    ],
  ])("%s", async (_, send, code) => {
    const scene = new Scene([send]);
    await expect(scene.open()).rejects.toMatchObject({ code });
    expect(scene.told).toEqual([`gpu failed: ${code}`]);
    await scene.expectFree();
  });

  test("a request that cannot be written is never sent", async () => {
    const { profile } = backend("other", [], { profile: { ...backend("x").profile, toolChoice: "strings" } });
    const scene = new Scene([whole], { profile });
    const tools = [{ type: "function", function: { name: "now" } }];
    const request = asked({ tools, tool_choice: { type: "function", function: { name: "then" } } });
    await expect(scene.open({ request })).rejects.toMatchObject({ code: "invalid_request" });
    expect(scene.requests).toEqual([]);
    await scene.expectFree();
  });
});

describe("a failure after the first word is the stream's last event", () => {
  test("and the witness is told of both", async () => {
    const scene = says([sse(hi), new Failure("upstream_closed", "Cut.")]);
    const said = (await Array.fromAsync(await scene.open())).flat();
    expect(said.at(-1)).toMatchObject({ type: "error", failure: { code: "upstream_closed" } });
    expect(scene.told).toEqual(["gpu succeeded", "gpu failed: upstream_closed"]);
    await scene.expectFree();
  });

  test("also when both came in one read", async () => {
    const scene = says(sse(hi, { error: "boom" }));
    expect(types(await Array.fromAsync(await scene.open()))).toEqual([
      ["start", "part-start", "text", "error"],
    ]);
    expect(scene.told).toEqual(["gpu succeeded", "gpu failed: upstream_error"]);
  });
});

describe("the slot is given back", () => {
  test("at the last word, although the client has yet to read it", async () => {
    const scene = new Scene([whole]);
    const events = await scene.open();
    await scene.expectFree();
    expect(types(await Array.fromAsync(events)).flat()).toEqual([
      "start",
      "part-start",
      "text",
      "part-end",
      "finish",
      "usage",
      "end",
    ]);
  });

  test("when the reader leaves early, and the connection with it", async () => {
    const response = answered([sse(hi), sse(done)]);
    const scene = new Scene([() => response]);
    const events = await scene.open();
    for await (const batch of events) if (batch.length > 0) break;
    expect(response.done).toBe(true);
    await scene.expectFree();
  });

  test("when the client leaves before anybody pulled", async () => {
    const scene = says(new Held(sse(hi)).reads);
    await scene.open();
    scene.client.abort();
    await scene.expectFree();
  });

  test("when the client leaves before the first word", async () => {
    const held = new Held();
    const scene = says(held.reads);
    const opened = scene.open();
    await new Promise((resolve) => setImmediate(resolve));
    scene.client.abort();
    await scene.expectFree();
    held.go(new Failure("cancelled", "Left."));
    await expect(opened).rejects.toMatchObject({ code: "cancelled" });
    expect(scene.told).toEqual(["gpu succeeded"]);
  });

  test("once: what happens to the stream afterwards does not free another's", async () => {
    const held = new Held(sse(hi));
    const scene = new Scene([whole, () => answered(held.reads)]);
    const over = await scene.open();
    const other = new AbortController().signal;
    await scene.open({ signal: other });
    scene.client.abort();
    await over.return?.();
    const next = new AbortController();
    const waiting = scene.open({ signal: next.signal });
    await new Promise((resolve) => setImmediate(resolve));
    expect(scene.requests).toHaveLength(2);
    next.abort();
    await expect(waiting).rejects.toMatchObject({ code: "cancelled" });
  });

  test("after one document, good or bad", async () => {
    const json = { type: "application/json" };
    const scene = new Scene([() => answered("1", json), () => answered("x", json)]);
    expect(await scene.attempts.read(scene.try(), (body) => JSON.parse(body) as unknown)).toBe(1);
    const bad = () => {
      throw new Failure("upstream_bad_response", "Bad.");
    };
    await expect(scene.attempts.read(scene.try(), bad)).rejects.toMatchObject({
      code: "upstream_bad_response",
    });
    expect(scene.told).toEqual(["gpu succeeded", "gpu failed: upstream_bad_response"]);
    await scene.expectFree();
  });
});

describe("while the one slot is taken", () => {
  test("the next request waits, and goes on when it is free", async () => {
    const held = new Held(sse(hi));
    const scene = new Scene([() => answered(held.reads), whole]);
    const first = await scene.open();
    const second = scene.open({ signal: new AbortController().signal });
    await new Promise((resolve) => setImmediate(resolve));
    expect(scene.requests).toHaveLength(1);
    held.go(sse(done));
    await Array.fromAsync(first);
    await Array.fromAsync(await second);
    expect(scene.requests).toHaveLength(2);
  });

  test("a client that leaves the queue is no news of the backend", async () => {
    const scene = says(new Held(sse(hi)).reads);
    await scene.open();
    const client = new AbortController();
    const second = scene.open({ signal: client.signal });
    client.abort();
    await expect(second).rejects.toMatchObject({ code: "cancelled" });
    expect([scene.requests.length, scene.told]).toEqual([1, ["gpu succeeded"]]);
  });

  test("other backends are not waited for", async () => {
    const scene = says(new Held(sse(hi)).reads);
    await scene.open();
    const other = backend("other", ["m"], { transport: transport(() => Promise.resolve(whole())) });
    await Array.fromAsync(await scene.open({ target: { backend: other, model: "m" } }));
    expect(scene.told).toEqual(["gpu succeeded", "other succeeded"]);
  });
});

test("the witness is never told of a client that left", async () => {
  const scene = says([sse(hi), new Failure("cancelled", "Left.")]);
  await Array.fromAsync(await scene.open());
  const early = new Scene([() => Promise.reject(new Failure("cancelled", "Left."))]);
  await expect(early.open()).rejects.toMatchObject({ code: "cancelled" });
  expect([scene.told, early.told]).toEqual([["gpu succeeded"], []]);
});

test("the backend's key is in no failure that a client may read", async () => {
  const headers = { authorization: "Bearer top-secret-key" };
  const boom = { error: { message: "no credit for top-secret-key" } };
  const before = new Scene(
    [() => answered(JSON.stringify(boom), { status: 402, type: "application/json" })],
    { headers },
  );
  await expect(before.open()).rejects.toMatchObject({ message: "no credit for ***" });
  const after = new Scene([() => answered(sse(hi, boom))], { headers });
  const said = (await Array.fromAsync(await after.open())).flat();
  expect(said.at(-1)).toMatchObject({ failure: { message: "no credit for ***" } });
});

test("a backend gets the request with its own headers, limits and model; an answer without names gets ours", async () => {
  const nameless = sse({ choices: [{ index: 0, delta: { content: "hi" }, finish_reason: "stop" }] });
  const timeouts = { connect: 1, firstByte: 2, idle: 3 };
  const scene = new Scene([() => answered(nameless)], { headers: { authorization: "Bearer k" }, timeouts });
  const notes: Note[] = [];
  const said = (
    await Array.fromAsync(await scene.open({ target: { backend: scene.backend, model: "theirs" }, notes }))
  ).flat();
  expect(said[0]).toMatchObject({ type: "start", id: "chatcmpl-req-1", model: "theirs" });
  const [request] = scene.requests;
  expect(request).toMatchObject({
    method: "POST",
    path: "/v1/chat/completions",
    headers: { authorization: "Bearer k" },
    timeouts,
    signal: scene.client.signal,
  });
  expect(JSON.parse(Buffer.concat([...(request?.body ?? [])]).toString())).toMatchObject({ model: "theirs" });
  expect(notes).toEqual([]);
});
