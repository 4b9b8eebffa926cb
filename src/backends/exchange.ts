import { Failure } from "../core/failure.ts";
import { ResponseReader } from "../wire/http1.ts";
import type { UpstreamRequest, UpstreamResponse, UpstreamTimeouts } from "./transport.ts";

/** Bytes read ahead of a slow reader before the socket is paused; the kernel's buffers then hold the backend back. */
const READ_AHEAD_MAX = 256 * 1024;

/** How long an answer whose reader has left may take to end properly, ms, and how many bytes it may still bring. */
const END_GRACE_MS = 30;
const SKIP_MAX = 4 * 1024;

/** What an exchange may do to its connection. */
export interface Line {
  pause(): void;
  resume(): void;
  /** The answer is whole. `reusable`: nothing forbids another request on this connection. */
  release(reusable: boolean): void;
  /** Close now: the answer is of no more use. */
  drop(): void;
}

/**
 * One request's answer on one connection: bytes pushed in by the socket, pulled out by one reader. Everything that
 * arrived before a fault is handed out before the fault is.
 */
export class Exchange implements AsyncIterableIterator<Uint8Array, undefined> {
  /** Resolves with the head of the answer. */
  readonly response: Promise<UpstreamResponse>;
  /** Whether the backend has said anything at all. */
  answered = false;
  readonly #line: Line;
  readonly #signal: AbortSignal;
  readonly #timeouts: UpstreamTimeouts;
  readonly #reader = new ResponseReader();
  #queue: Uint8Array[] = [];
  #queued = 0;
  #paused = false;
  #over = false;
  #left = false;
  #skipped = 0;
  #failure: Failure | undefined;
  #bodyBegan = false;
  #lastRead = performance.now();
  #timer: Timer | undefined;
  #wake: (() => void) | undefined;
  #settle: PromiseWithResolvers<UpstreamResponse> = Promise.withResolvers();

  constructor(line: Line, request: UpstreamRequest) {
    this.#line = line;
    this.#signal = request.signal;
    this.#timeouts = request.timeouts;
    this.response = this.#settle.promise;
    request.signal.addEventListener("abort", this.#onAbort);
    this.#arm();
  }

  /** The socket read something. */
  onData(bytes: Uint8Array): void {
    if (this.#over) return;
    this.answered = true;
    this.#lastRead = performance.now();
    const reader = this.#reader;
    const hadHead = reader.head !== undefined;
    let fault: Failure | undefined;
    try {
      reader.push(bytes);
    } catch (thrown) {
      fault = Failure.from(thrown);
    }
    if (this.#left) this.#skip();
    else this.#enqueue();
    if (!hadHead && reader.head) this.#settle.resolve({ ...reader.head, body: this });
    if (fault) this.fail(fault);
    else if (reader.complete) this.#complete();
    this.#notify();
  }

  /** The connection ended: by a FIN when `error` is undefined. */
  onClosed(error: Error | undefined): void {
    if (this.#over) return;
    if (!error && this.#reader.head && this.#reader.endOfConnection()) this.#complete();
    else if (this.answered) this.fail(truncated(error));
    else
      this.fail(
        new Failure("upstream_closed", "The backend closed the connection without answering.", {
          cause: error,
        }),
      );
    this.#notify();
  }

  /** Ends the exchange with a failure; what was read before stays readable. */
  fail(failure: Failure): void {
    if (this.#over) return;
    this.#failure = failure;
    this.#settle.reject(failure);
    this.#stop();
    this.#line.drop();
    this.#notify();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    while (this.#queued === 0) {
      if (this.#failure) throw this.#failure;
      if (this.#over) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return { done: false, value: this.#takeAll() };
  }

  /**
   * The reader leaves. Often it has all it wants and only the end of the HTTP body is on its way, which makes the
   * connection worth keeping: it gets a moment. Then it is closed, which tells the backend to stop working. Whoever wants
   * it closed at once aborts the signal.
   */
  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#left = true;
    this.#dropQueue();
    if (!this.#over) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.fail(notWanted()), END_GRACE_MS);
      this.#resume();
    }
    return { done: true, value: undefined };
  }

  /** One item per network read: what several chunks of one read (or several reads) brought leaves as one piece. */
  #takeAll(): Uint8Array {
    const [first] = this.#queue;
    const all = this.#queue.length === 1 && first ? first : Buffer.concat(this.#queue);
    this.#dropQueue();
    this.#resume();
    return all;
  }

  #dropQueue(): void {
    this.#queue = [];
    this.#queued = 0;
  }

  #resume(): void {
    if (!this.#paused || this.#over) return;
    this.#paused = false;
    this.#lastRead = performance.now();
    this.#line.resume();
  }

  #enqueue(): void {
    for (const piece of this.#reader.body) {
      this.#queue.push(piece);
      this.#queued += piece.length;
    }
    this.#reader.body = [];
    if (this.#queued > 0) this.#bodyBegan = true;
    if (this.#queued > READ_AHEAD_MAX && !this.#paused && !this.#reader.complete) {
      this.#paused = true;
      this.#line.pause();
    }
  }

  /** After the reader left: a few bytes may still be the end of the body; more than that is an answer nobody reads. */
  #skip(): void {
    for (const piece of this.#reader.body) this.#skipped += piece.length;
    this.#reader.body = [];
    if (this.#skipped > SKIP_MAX) this.fail(notWanted());
  }

  #complete(): void {
    this.#stop();
    this.#line.release(this.#reader.keepAlive);
  }

  #stop(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#signal.removeEventListener("abort", this.#onAbort);
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  readonly #onAbort = (): void => {
    this.fail(new Failure("cancelled", "The client left.", { cause: this.#signal.reason }));
  };

  /** One timer for the whole answer: when it fires it looks how long the silence really was, and sleeps for the rest. */
  #arm(): void {
    const limit = this.#bodyBegan ? this.#timeouts.idle : this.#timeouts.firstByte;
    const wait = limit > 0 ? limit : this.#timeouts.idle;
    if (wait <= 0) return;
    const left = wait - (performance.now() - this.#lastRead);
    this.#timer = setTimeout(() => this.#onTimer(), Math.max(1, left));
  }

  #onTimer(): void {
    const limit = this.#bodyBegan ? this.#timeouts.idle : this.#timeouts.firstByte;
    const silent = performance.now() - this.#lastRead;
    // A paused socket is silent because its reader is slow; that is not the backend's fault.
    if (limit <= 0 || this.#paused || silent < limit - 1) return this.#arm();
    const seconds = Math.round(limit / 100) / 10;
    this.fail(
      this.#bodyBegan
        ? new Failure(
            "upstream_idle_timeout",
            `The backend went silent for ${seconds} s in the middle of its answer.`,
          )
        : new Failure(
            "upstream_first_byte_timeout",
            `The backend did not begin to answer within ${seconds} s.`,
          ),
    );
  }
}

function notWanted(): Failure {
  return new Failure("cancelled", "The answer was no longer wanted.");
}

function truncated(cause: Error | undefined): Failure {
  return new Failure("upstream_truncated", "The backend closed the connection in the middle of its answer.", {
    cause,
  });
}
