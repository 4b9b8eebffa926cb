import { expect } from "bun:test";
import { openai } from "../../src/adapters/openai.ts";
import { PLAIN_PROFILE } from "../../src/adapters/profile.ts";
import type { UpstreamResponse } from "../../src/backends/transport.ts";
import type { StreamEvent } from "../../src/core/event.ts";
import { Failure } from "../../src/core/failure.ts";
import { type ReadOptions, readEvents } from "../../src/pipeline/read.ts";

const READING: ReadOptions = {
  adapter: openai,
  profile: PLAIN_PROFILE,
  stream: true,
  ownStart: { id: "chatcmpl-ours", model: "asked", created: 1 },
  estimate: (characters) => ({ input: 1, output: characters, estimated: true }),
};

export const CUT = new Failure("upstream_truncated", "The connection was cut.");

/** What a body of these network reads says, whole; or with a fault of the connection after the last of them. */
export async function events(
  reads: Iterable<Uint8Array>,
  type: string,
  fault?: Failure,
): Promise<StreamEvent[]> {
  const response: UpstreamResponse = {
    status: 200,
    headers: new Map([["content-type", type]]),
    body: (async function* () {
      yield* reads;
      if (fault) throw fault;
    })(),
  };
  return (await Array.fromAsync(readEvents(response, READING))).flat();
}

export const stream = (reads: Iterable<Uint8Array>, fault?: Failure) =>
  events(reads, "text/event-stream", fault);

export function* slices(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export function isClean(said: StreamEvent[]): boolean {
  return said.at(-1)?.type === "end";
}

/** Ends in a failure of the backend, and claims nothing else: no reason to finish, no end. */
export function expectFailed(said: StreamEvent[], where: string): void {
  const last = said.at(-1);
  const code = last?.type === "error" ? last.failure.code : "no error";
  expect([where, code]).toEqual([where, expect.stringMatching(/^upstream_/)]);
  expect([where, said.filter(({ type }) => type === "finish" || type === "end")]).toEqual([where, []]);
}

/** The first byte after the frame with the last reason to finish, its line ending not included. */
export function lastFinish(bytes: Buffer): number {
  const text = bytes.toString("latin1");
  const at = [...text.matchAll(/"finish_reason":"\w+"/g)].at(-1)?.index ?? Number.NaN;
  return text.slice(at).search(/\r?\n/) + at;
}

/** Whole, byte by byte and in every size to 64: the bytes of a stream mean the same. */
export async function expectSameInEverySlicing(bytes: Uint8Array): Promise<void> {
  const whole = await stream([bytes]);
  expect(isClean(whole)).toBe(true);
  for (let size = 1; size <= 64; size += 1) {
    expect([size, await stream(slices(bytes, size))]).toEqual([size, whole]);
  }
}

/** Its connection cut at any byte, a stream is an error. */
export async function expectNoShortAnswer(name: string, bytes: Buffer): Promise<void> {
  const marked = bytes.indexOf("[DONE]") + "[DONE]".length;
  for (let at = 0; at < marked; at += 1) {
    expectFailed(await stream([bytes.subarray(0, at)], CUT), `${name} at ${at}`);
  }
}
