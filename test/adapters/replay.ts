import type { Adapter, Hints } from "../../src/adapters/adapter.ts";
import { PLAIN_PROFILE, type Profile } from "../../src/adapters/profile.ts";
import type { StreamEvent } from "../../src/core/event.ts";
import { Failure } from "../../src/core/failure.ts";
import { readEvents } from "../../src/pipeline/read.ts";

/** What answers of one dialect say, normalised. `fault`: of the connection, after the last of its reads. */
export interface Replay {
  stream(reads: Iterable<Uint8Array>, fault?: Failure): Promise<StreamEvent[]>;
  document(reads: Iterable<Uint8Array>, fault?: Failure): Promise<StreamEvent[]>;
  /** A stream of these frames; what is no text is sent as JSON. */
  frames(...payloads: unknown[]): Promise<StreamEvent[]>;
}

export const CUT = new Failure("upstream_truncated", "The connection was cut.");

/** Answers to a request that asked for a stream, read as an answer of this adapter's dialect. */
export function replayOf(
  adapter: Adapter,
  { profile = PLAIN_PROFILE, hints }: { profile?: Profile; hints?: Hints | undefined } = {},
): Replay {
  const read = async (type: string, reads: Iterable<Uint8Array>, fault?: Failure) => {
    const body = (async function* () {
      yield* reads;
      if (fault) throw fault;
    })();
    const events = readEvents(
      { status: 200, headers: new Map([["content-type", type]]), body },
      {
        adapter,
        profile,
        hints,
        names: undefined,
        stream: true,
        ownStart: { id: "ours", model: "asked", created: 1 },
        estimate: (characters) => ({ input: 1, output: characters, estimated: true }),
      },
    );
    return (await Array.fromAsync(events)).flat().map(masked);
  };
  const { type, frame } = FRAMINGS[adapter.framing];
  return {
    stream: (reads, fault) => read(type, reads, fault),
    document: (reads, fault) => read("application/json; charset=UTF-8", reads, fault),
    frames: (...payloads) => {
      const texts = payloads.map((one) => frame(typeof one === "string" ? one : JSON.stringify(one)));
      return read(type, [new TextEncoder().encode(texts.join(""))]);
    },
  };
}

const FRAMINGS = {
  sse: { type: "text/event-stream", frame: (payload: string) => `data: ${payload}\n\n` },
  ndjson: { type: "application/x-ndjson", frame: (payload: string) => `${payload}\n` },
} as const;

export function* slices(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export function isClean(said: readonly StreamEvent[]): boolean {
  return said.at(-1)?.type === "end";
}

/**
 * What is wrong with an answer that was cut: it must end in a failure of the backend and claim nothing else, no reason to
 * finish and no end.
 */
export function shortAnswer(said: readonly StreamEvent[]): string | undefined {
  const last = said.at(-1);
  if (last?.type !== "error") return `it ends with ${last?.type ?? "nothing"}`;
  if (!last.failure.code.startsWith("upstream_")) return `it fails with ${last.failure.code}`;
  return said.some(({ type }) => type === "finish" || type === "end")
    ? "it has a reason to finish"
    : undefined;
}

/** Calls without an id get one by chance. */
function masked(event: StreamEvent): StreamEvent {
  if (event.type !== "tool-start") return event;
  return { ...event, id: event.id.replace(/^call_[0-9a-f]{24}$/, "call_ours") };
}
