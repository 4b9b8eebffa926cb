import type { Adapter, Hints } from "../adapters/adapter.ts";
import type { Profile } from "../adapters/profile.ts";
import { BodyText, readBodyText } from "../backends/body-text.ts";
import type { UpstreamResponse } from "../backends/transport.ts";
import type { EventStream, StreamEvent } from "../core/event.ts";
import { Failure } from "../core/failure.ts";
import type { Usage } from "../core/usage.ts";
import { NdjsonReader } from "../wire/ndjson.ts";
import { SseReader } from "../wire/sse.ts";
import { type OwnStart, Normaliser } from "./normalise.ts";
import type { ThinkSplitter } from "./think.ts";
import type { ToolNames } from "./tool-names.ts";

/** Longest answer that is not a stream, bytes. */
export const WHOLE_BYTES_MAX = 64 * 1024 * 1024;
/** Longest error body read for its message, bytes. */
const ERROR_BYTES_MAX = 256 * 1024;

/** Normalised events, a batch or part of one, on their way to the client. */
export type Stage = (events: StreamEvent[]) => StreamEvent[];

/** How to read one answer. */
export interface ReadOptions {
  adapter: Adapter;
  profile: Profile;
  hints: Hints | undefined;
  /** Of a request whose tools were renamed. */
  names: ToolNames | undefined;
  /** Of an engine that leaves its reasoning in the text. */
  think?: ThinkSplitter | undefined;
  /** What looks at the answer in the client's names, in this order. */
  stages?: readonly Stage[];
  /** A stream was asked for; counts only where the answer's content type does not say. */
  stream: boolean;
  ownStart: OwnStart;
  /** Our own count of tokens, for a backend that sends none. */
  estimate(characters: number): Usage;
}

/**
 * An answer's bytes to normalised events, one batch per network read. It never throws: whatever goes wrong is the last
 * event, after everything that came before it. The connection's end proves nothing; only the dialect's own word does.
 */
export async function* readEvents(response: UpstreamResponse, options: ReadOptions): EventStream {
  const normaliser = new Normaliser(options.ownStart);
  const decoder = isStream(response, options.stream) ? new StreamDecoder(options) : new WholeDecoder(options);
  let batch: StreamEvent[] = [];
  const { names, think, stages = [] } = options;
  /** The batch so far as its client is to have it. */
  const finished = () => {
    const restored = names?.restore(batch) ?? batch;
    batch = [];
    return stages.length === 0 ? restored : stages.reduce((events, stage) => stage(events), restored);
  };
  /** What `decode` reads, repaired: also what came before a fault. The fault that happened first is the one thrown. */
  const read = (decode: (out: StreamEvent[]) => void) => {
    const raw: StreamEvent[] = [];
    try {
      decode(raw);
    } finally {
      normaliser.push(think?.pass(raw) ?? raw, batch);
    }
  };
  const release = () => normaliser.push(think?.flush() ?? [], batch);
  try {
    for await (const bytes of response.body) {
      read((out) => decoder.push(bytes, out));
      if (decoder.ended) break;
      const events = finished();
      if (events.length > 0) yield events;
    }
    read((out) => decoder.end(out));
    release();
    normaliser.end(options.estimate, batch);
  } catch (thrown) {
    yield lastOr(() => {
      release();
      batch.push({ type: "error", failure: Failure.from(thrown) });
      return finished();
    });
    return;
  }
  yield lastOr(finished);
}

/** The last batch; what goes wrong in making it is its only event. Who folds this stream gives no slot back if it throws. */
function lastOr(make: () => StreamEvent[]): StreamEvent[] {
  try {
    return make();
  } catch (thrown) {
    return [{ type: "error", failure: Failure.from(thrown) }];
  }
}

/** Bytes to the events of a dialect. What came before a fault is in `out` when it throws. */
interface Decoder {
  /** The dialect's own mark of the end was seen: nothing after it counts. */
  readonly ended: boolean;
  push(bytes: Uint8Array, out: StreamEvent[]): void;
  /** No more bytes. Throws `upstream_truncated` if the dialect has not said that the answer is whole. */
  end(out: StreamEvent[]): void;
}

class StreamDecoder implements Decoder {
  ended = false;
  readonly #adapter: Adapter;
  readonly #state: unknown;
  readonly #frames: SseReader | NdjsonReader;

  constructor({ adapter, profile, hints }: ReadOptions) {
    this.#adapter = adapter;
    this.#state = adapter.begin(profile, hints);
    this.#frames = adapter.framing === "sse" ? new SseReader() : new NdjsonReader();
  }

  push(bytes: Uint8Array, out: StreamEvent[]): void {
    this.#step(this.#frames.push(bytes), out);
  }

  end(out: StreamEvent[]): void {
    if (!this.ended) this.#step(this.#frames.end(), out);
    if (!this.#adapter.done(this.#state)) throw truncated();
  }

  #step(frames: string[], out: StreamEvent[]): void {
    for (const frame of frames) {
      this.#adapter.step(this.#state, frame, out);
      this.ended = this.#adapter.ended(this.#state);
      if (this.ended) return;
    }
  }
}

class WholeDecoder implements Decoder {
  readonly ended = false;
  readonly #adapter: Adapter;
  readonly #state: unknown;
  readonly #body = new BodyText(WHOLE_BYTES_MAX);

  constructor({ adapter, profile, hints }: ReadOptions) {
    this.#adapter = adapter;
    this.#state = adapter.begin(profile, hints);
  }

  push(bytes: Uint8Array): void {
    this.#body.push(bytes);
  }

  end(out: StreamEvent[]): void {
    this.#adapter.whole(this.#state, this.#body.text(), out);
    if (!this.#adapter.done(this.#state)) throw truncated();
  }
}

/** An answer with an error status, as the failure its body describes. */
export async function readFailure(response: UpstreamResponse, adapter: Adapter): Promise<Failure> {
  let body = "";
  try {
    const text = await readBodyText(response, ERROR_BYTES_MAX);
    // Compressed although we asked for no such thing: not readable as a text.
    if (!response.headers.has("content-encoding")) body = text;
  } catch (thrown) {
    const failure = Failure.from(thrown);
    if (failure.code === "cancelled") return failure;
    // The status says enough; a body that is cut or endless adds nothing.
  }
  return adapter.failure(response.status, body, response.headers);
}

/** Engines that cannot stream answer with one document, proxies with a page, and some stream unasked: the type tells. */
function isStream(response: UpstreamResponse, asked: boolean): boolean {
  const type = response.headers.get("content-type") ?? "";
  if (type.includes("event-stream") || type.includes("ndjson")) return true;
  return asked && !/\/(?:json|html)\b/.test(type);
}

function truncated(): Failure {
  return new Failure("upstream_truncated", "The backend's answer ended before the model had finished.");
}
