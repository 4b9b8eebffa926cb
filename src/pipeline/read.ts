import type { Adapter } from "../adapters/adapter.ts";
import type { Profile } from "../adapters/profile.ts";
import type { UpstreamResponse } from "../backends/transport.ts";
import type { EventStream, StreamEvent } from "../core/event.ts";
import { Failure } from "../core/failure.ts";
import type { Usage } from "../core/usage.ts";
import { SseReader } from "../wire/sse.ts";
import { type Fallback, Normaliser } from "./normalise.ts";

/** Longest answer that is not a stream, bytes. */
export const WHOLE_BYTES_MAX = 64 * 1024 * 1024;
/** Longest error body read for its message, bytes. */
const ERROR_BYTES_MAX = 256 * 1024;

const utf8 = new TextDecoder("utf-8");

/** How to read one answer. */
export interface Reading {
  adapter: Adapter;
  profile: Profile;
  /** A stream was asked for; counts only where the answer's content type does not say. */
  stream: boolean;
  fallback: Fallback;
  /** Our own count of tokens, for a backend that sends none. */
  estimate(characters: number): Usage;
}

/**
 * An answer's bytes to normalised events, one batch per network read. It never throws: whatever goes wrong is the last
 * event, after everything that came before it. The connection's end proves nothing; only the dialect's own word does.
 */
export async function* readEvents(response: UpstreamResponse, reading: Reading): EventStream {
  const normaliser = new Normaliser(reading.fallback);
  const decoder = isStream(response, reading.stream) ? new StreamDecoder(reading) : new WholeDecoder(reading);
  let batch: StreamEvent[] = [];
  /** What `decode` reads, repaired: also what came before a fault. The fault that happened first is the one thrown. */
  const read = (decode: (out: StreamEvent[]) => void) => {
    const raw: StreamEvent[] = [];
    try {
      decode(raw);
    } finally {
      normaliser.push(raw, batch);
    }
  };
  try {
    for await (const bytes of response.body) {
      read((out) => decoder.push(bytes, out));
      if (decoder.ended) break;
      if (batch.length > 0) yield batch;
      batch = [];
    }
    read((out) => decoder.end(out));
    normaliser.end(reading.estimate, batch);
  } catch (thrown) {
    batch.push({ type: "error", failure: Failure.from(thrown) });
  }
  yield batch;
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
  readonly #frames = new SseReader();

  constructor({ adapter, profile }: Reading) {
    this.#adapter = adapter;
    this.#state = adapter.begin(profile);
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

  constructor({ adapter, profile }: Reading) {
    this.#adapter = adapter;
    this.#state = adapter.begin(profile);
  }

  push(bytes: Uint8Array): void {
    this.#body.push(bytes);
  }

  end(out: StreamEvent[]): void {
    this.#adapter.whole(this.#state, this.#body.text(), out);
    if (!this.#adapter.done(this.#state)) throw truncated();
  }
}

/** A body collected up to a limit. */
class BodyText {
  readonly #limit: number;
  readonly #pieces: Uint8Array[] = [];
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(bytes: Uint8Array): void {
    this.#size += bytes.length;
    if (this.#size > this.#limit) {
      throw new Failure("upstream_bad_response", `The backend's answer is longer than ${this.#limit} bytes.`);
    }
    this.#pieces.push(bytes);
  }

  text(): string {
    return utf8.decode(this.#pieces.length === 1 ? this.#pieces[0] : Buffer.concat(this.#pieces));
  }
}

/** The body as text. Throws `upstream_bad_response` beyond `limit` bytes. */
export async function readBody(response: UpstreamResponse, limit: number): Promise<string> {
  const body = new BodyText(limit);
  for await (const bytes of response.body) body.push(bytes);
  return body.text();
}

/** An answer with an error status, as the failure its body describes. */
export async function readFailure(response: UpstreamResponse, adapter: Adapter): Promise<Failure> {
  let body = "";
  try {
    const text = await readBody(response, ERROR_BYTES_MAX);
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
  if (type.includes("event-stream")) return true;
  return asked && !/\/(?:json|html)\b/.test(type);
}

function truncated(): Failure {
  return new Failure("upstream_truncated", "The backend's answer ended before the model had finished.");
}
