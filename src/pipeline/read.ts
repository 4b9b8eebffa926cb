import type { Adapter } from "../adapters/adapter.ts";
import type { Profile } from "../adapters/profile.ts";
import { BodyText, readBodyText } from "../backends/body-text.ts";
import type { UpstreamResponse } from "../backends/transport.ts";
import type { EventStream, StreamEvent } from "../core/event.ts";
import { Failure } from "../core/failure.ts";
import type { Usage } from "../core/usage.ts";
import { SseReader } from "../wire/sse.ts";
import { type OwnStart, Normaliser } from "./normalise.ts";

/** Longest answer that is not a stream, bytes. */
export const WHOLE_BYTES_MAX = 64 * 1024 * 1024;
/** Longest error body read for its message, bytes. */
const ERROR_BYTES_MAX = 256 * 1024;

/** How to read one answer. */
export interface ReadOptions {
  adapter: Adapter;
  profile: Profile;
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
    normaliser.end(options.estimate, batch);
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

  constructor({ adapter, profile }: ReadOptions) {
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

  constructor({ adapter, profile }: ReadOptions) {
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
  if (type.includes("event-stream")) return true;
  return asked && !/\/(?:json|html)\b/.test(type);
}

function truncated(): Failure {
  return new Failure("upstream_truncated", "The backend's answer ended before the model had finished.");
}
