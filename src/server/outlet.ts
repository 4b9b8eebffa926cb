import type { StreamWriter } from "../api/api.ts";
import type { EventStream, StreamEvent } from "../core/event.ts";
import { clientLeft, Failure } from "../core/failure.ts";
import type { Call } from "./call.ts";
import { endOf } from "./underway.ts";

/** How a stream goes out. */
export interface OutletOptions {
  writer: StreamWriter;
  /** Longest silence towards the client, ms: then a comment goes out. 0: never. */
  heartbeat: number;
  /** Of `Underway`: says when the client has left, or the server is stopping. */
  signal: AbortSignal;
  /** How long a client may leave its connection full, ms, before it counts as gone. */
  stall?: number;
}

/** By then the connection holds megabytes that nobody has taken: a place at the backend is not kept for that. */
const STALL_MS = 60_000;

/**
 * Owns one stream to a client: waits for its reader (back-pressure), writes a comment into long silences, ends a failed
 * stream with an error frame and a proper end of the body, and lets go of everything exactly once, whether the model
 * finished, the client left, or the body was never read.
 *
 * A direct stream because an Elysia generator, or a stream that throws, ends like a complete answer.
 */
export class Outlet {
  readonly body: ReadableStream;
  readonly #call: Call;
  readonly #events: Promise<EventStream>;
  readonly #options: OutletOptions;
  #controller: ReadableStreamDirectController | undefined;
  #lastWrite = performance.now();
  #writing = false;
  #timer: Timer | undefined;
  /** The last words are being written, or nobody is there to read them: nothing may be added. */
  #ending = false;
  #settled = false;

  constructor(call: Call, events: Promise<EventStream>, options: OutletOptions) {
    this.#call = call;
    this.#events = events;
    this.#options = options;
    const { signal } = options;
    if (signal.aborted) this.#leave();
    else signal.addEventListener("abort", this.#onEnd);
    this.body = new ReadableStream({
      type: "direct",
      pull: (controller: ReadableStreamDirectController) => this.#run(controller),
      cancel: () => this.#leave(),
    });
  }

  /** Silence has lasted long enough already: the first comment is due at once. */
  beatNow(): void {
    this.#lastWrite -= this.#options.heartbeat;
  }

  async #run(controller: ReadableStreamDirectController): Promise<void> {
    this.#controller = controller;
    this.#beat();
    try {
      await this.#pump(await this.#events);
    } catch (thrown) {
      await this.#fail(Failure.from(thrown));
    }
  }

  async #pump(events: EventStream): Promise<void> {
    for await (const batch of events) {
      if (this.#ending) return;
      this.#call.firstToken();
      const last = batch.at(-1);
      const text = this.#options.writer.write(batch);
      if (last?.type === "error") return this.#end(last.failure, text);
      if (last?.type === "end") {
        this.#count(batch);
        return this.#end(undefined, text);
      }
      if (text !== "") await this.#write(text);
    }
    if (!this.#ending) throw new Error("the stream of events ended without an end");
  }

  /** Resolves when the connection has taken it. */
  async #write(text: string): Promise<void> {
    this.#lastWrite = performance.now();
    this.#writing = true;
    try {
      await this.#controller?.write(text);
      await this.#controller?.flush();
    } finally {
      this.#writing = false;
    }
  }

  async #end(failure: Failure | undefined, text: string): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    try {
      if (failure?.code !== "cancelled") await this.#write(text);
    } finally {
      this.#settle(failure);
    }
    await this.#controller?.end();
  }

  #fail(failure: Failure): Promise<void> {
    return this.#end(failure, this.#options.writer.error(failure));
  }

  /** The client left, in whatever phase; or the server stops, and says so. */
  readonly #onEnd = (): void => {
    const failure = endOf(this.#options.signal);
    if (failure.code === "cancelled") this.#leave();
    else void this.#fail(failure).catch(this.#leave);
  };

  readonly #leave = (): void => {
    this.#ending = true;
    this.#settle(clientLeft());
  };

  #settle(failure: Failure | undefined): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#options.signal.removeEventListener("abort", this.#onEnd);
    // Gives the backend's slot back even if nobody ever pulled from this stream.
    this.#events.then((events) => events.return?.()).catch(() => {});
    this.#call.finish(200, failure);
  }

  #count(batch: readonly StreamEvent[]): void {
    for (const event of batch) if (event.type === "usage") this.#call.count(event.usage);
  }

  /** Looks now and then whether a sign of life is due, and whether the client still reads. */
  #beat(): void {
    if (this.#settled) return;
    const { heartbeat, stall = STALL_MS, writer } = this.#options;
    const silent = performance.now() - this.#lastWrite;
    // Its connection is closed by the runtime, some time later.
    if (this.#writing && silent >= stall) return this.#leave();
    const due = heartbeat > 0 && silent >= heartbeat;
    // A client that does not read needs no sign of life.
    if (due && !this.#writing && !this.#ending) void this.#write(writer.comment).catch(this.#leave);
    const pause = heartbeat > 0 ? Math.min(heartbeat, stall) : stall;
    this.#timer = setTimeout(() => this.#beat(), silent < pause ? Math.max(1, pause - silent) : pause);
  }
}
