import { clientLeft, Failure } from "../core/failure.ts";
import { ResponseReader } from "../wire/http1.ts";
import type { ResponseHead } from "../wire/http1-head.ts";
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
  /** The answer is whole; its head tells whether and how long the connection may wait for another request. */
  release(keepAlive: boolean, head: ResponseHead): void;
  /** Close now: the answer is of no more use. */
  drop(): void;
}

type Result = IteratorResult<Uint8Array, undefined>;

const DONE: Result = Object.freeze({ done: true, value: undefined });

/**
 * One request's answer on one connection: bytes pushed in by the socket, pulled out by one reader. Everything that
 * arrived before a fault is handed out before the fault is.
 */
export class Exchange implements AsyncIterableIterator<Uint8Array, undefined> {
  /** Resolves with the head of the answer. */
  readonly response: Promise<UpstreamResponse>;
  readonly #line: Line;
  readonly #signal: AbortSignal;
  readonly #timeouts: UpstreamTimeouts;
  readonly #reader = new ResponseReader();
  readonly #settle = Promise.withResolvers<UpstreamResponse>();
  #queue: Uint8Array[] = [];
  #queued = 0;
  #waiting: PromiseWithResolvers<Result> | undefined;
  /** Whether the backend has said anything at all. */
  #answered = false;
  #paused = false;
  /** No more will come: the answer is complete or has failed. */
  #over = false;
  #failure: Failure | undefined;
  /** The reader does not want the rest. */
  #left = false;
  #skipped = 0;
  #bodyBegan = false;
  /** Since when the backend owes us something, on the monotonic clock, ms. */
  #silentSince = performance.now();
  #timer: Timer | undefined;

  constructor(line: Line, request: UpstreamRequest) {
    this.#line = line;
    this.#signal = request.signal;
    this.#timeouts = request.timeouts;
    this.response = this.#settle.promise;
    request.signal.addEventListener("abort", this.#onAbort);
    this.#arm(performance.now());
  }

  /** The socket took a part of the request: the wait for an answer begins when it has taken all. */
  onSent(): void {
    if (!this.#bodyBegan) this.#silentSince = performance.now();
  }

  /** The socket read something. */
  onData(bytes: Uint8Array): void {
    if (this.#over) return;
    this.#answered = true;
    const reader = this.#reader;
    const isFirst = reader.head === undefined;
    let fault: Failure | undefined;
    try {
      reader.push(bytes);
    } catch (thrown) {
      fault = Failure.from(thrown);
    }
    const { head, body } = reader;
    if (isFirst && head) {
      if (isUnreadable(head)) return this.fail(compressed());
      this.#settle.resolve({ status: head.status, headers: head.headers, body: this });
    }
    if (body.length > 0) this.#take(body);
    if (fault) this.fail(fault);
    else if (reader.complete && head) this.#complete(head);
    else this.#goOn(body.length > 0);
    this.#deliver();
  }

  /** The connection ended: by a FIN when `error` is undefined. `upstream_closed` then says that not one byte had come. */
  onClosed(error: Error | undefined): void {
    if (this.#over) return;
    const { head } = this.#reader;
    if (!error && head && this.#reader.endOfConnection()) this.#complete(head);
    else this.fail(this.#answered ? truncated(error) : unanswered(error));
    this.#deliver();
  }

  /** Ends the exchange with a failure; what was read before stays readable. */
  fail(failure: Failure): void {
    if (this.#over) return;
    this.#failure = failure;
    this.#settle.reject(failure);
    this.#stop();
    this.#line.drop();
    this.#deliver();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    if (this.#queued > 0) return Promise.resolve({ done: false, value: this.#takeAll() });
    if (this.#left) return Promise.resolve(DONE);
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.#over) return Promise.resolve(DONE);
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }

  /**
   * The reader leaves. Often it has all it wants and only the end of the HTTP body is on its way, which makes the
   * connection worth keeping: it gets a moment. Then it is closed, which tells the backend to stop working. Whoever wants
   * it closed at once aborts the signal.
   */
  async return(): Promise<Result> {
    this.#left = true;
    this.#dropQueue();
    this.#waiting?.resolve(DONE);
    this.#waiting = undefined;
    if (!this.#over) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.fail(notWanted()), END_GRACE_MS);
      this.#resume();
    }
    return DONE;
  }

  /** More is to come. Until the body begins the clock runs on: headers or 1xx answers without an end are no answer. */
  #goOn(hasBody: boolean): void {
    if (this.#left || !(hasBody || this.#bodyBegan)) return;
    this.#silentSince = performance.now();
    if (!this.#bodyBegan) {
      this.#bodyBegan = true;
      clearTimeout(this.#timer);
      this.#arm(this.#silentSince);
    }
    if (this.#queued > READ_AHEAD_MAX) this.#pause();
  }

  /** Gives a waiting reader what there is: bytes first, then the failure or the end. */
  #deliver(): void {
    const waiting = this.#waiting;
    if (!waiting) return;
    if (this.#queued === 0 && !this.#over) return;
    this.#waiting = undefined;
    if (this.#queued > 0) waiting.resolve({ done: false, value: this.#takeAll() });
    else if (this.#failure) waiting.reject(this.#failure);
    else waiting.resolve(DONE);
  }

  /** What several reads brought leaves as one piece. */
  #takeAll(): Uint8Array {
    const [first] = this.#queue;
    const all = this.#queue.length === 1 && first ? first : Buffer.concat(this.#queue);
    this.#dropQueue();
    this.#resume();
    return all;
  }

  #dropQueue(): void {
    this.#queue.length = 0;
    this.#queued = 0;
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#line.pause();
  }

  #resume(): void {
    if (!this.#paused || this.#over) return;
    this.#paused = false;
    this.#silentSince = performance.now();
    this.#line.resume();
  }

  /** After the reader left, a few bytes may still be the end of the body; more than that is an answer nobody reads. */
  #take(bytes: Uint8Array): void {
    if (this.#left) {
      this.#skipped += bytes.length;
      if (this.#skipped > SKIP_MAX) this.fail(notWanted());
      return;
    }
    this.#queue.push(bytes);
    this.#queued += bytes.length;
  }

  #complete(head: ResponseHead): void {
    if (this.#over) return;
    this.#stop();
    this.#line.release(this.#reader.keepAlive, head);
  }

  #stop(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#signal.removeEventListener("abort", this.#onAbort);
  }

  readonly #onAbort = (): void => {
    this.fail(clientLeft(this.#signal.reason));
  };

  /**
   * One timer for the wait before the body and one for the silences in it, moved only when it fires: to set it anew at
   * every read would cost more than the read.
   */
  #arm(now: number): void {
    const limit = this.#bodyBegan ? this.#timeouts.idle : this.#timeouts.firstByte;
    if (limit <= 0) return;
    const left = this.#paused ? limit : this.#silentSince + limit - now;
    this.#timer = setTimeout(() => this.#onTimer(limit), Math.ceil(left));
  }

  #onTimer(limit: number): void {
    const now = performance.now();
    // A paused socket is silent because its reader is slow; that is not the backend's fault.
    if (this.#paused || now - this.#silentSince < limit) this.#arm(now);
    else this.fail(this.#bodyBegan ? silent(limit) : noFirstByte(limit));
  }
}

/** Compressed although `identity` was asked for. An error's status says enough without its body. */
function isUnreadable({ status, headers }: ResponseHead): boolean {
  const coding = headers.get("content-encoding");
  return coding !== undefined && status < 300 && coding !== "" && coding.toLowerCase() !== "identity";
}

function compressed(): Failure {
  return new Failure(
    "upstream_bad_response",
    "The backend compressed its answer, which it was asked not to do.",
  );
}

function notWanted(): Failure {
  return new Failure("cancelled", "The answer was no longer wanted.");
}

function unanswered(cause: Error | undefined): Failure {
  return new Failure("upstream_closed", "The backend closed the connection without answering.", { cause });
}

function truncated(cause: Error | undefined): Failure {
  const message = "The backend closed the connection in the middle of its answer.";
  return new Failure("upstream_truncated", message, { cause });
}

function silent(limit: number): Failure {
  const message = `The backend went silent for ${seconds(limit)} s in the middle of its answer.`;
  return new Failure("upstream_idle_timeout", message);
}

function noFirstByte(limit: number): Failure {
  const message = `The backend did not begin to answer within ${seconds(limit)} s.`;
  return new Failure("upstream_first_byte_timeout", message);
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}
