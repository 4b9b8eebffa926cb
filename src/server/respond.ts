import { errorAnswer } from "../api/openai-error.ts";
import type { StreamWriter } from "../api/openai-stream.ts";
import type { EventStream, StreamEvent } from "../core/event.ts";
import { Failure } from "../core/failure.ts";
import type { Run } from "../pipeline/pipeline.ts";
import type { Call } from "./call.ts";
import type { Streams } from "./streams.ts";

/** One JSON document, logged. */
export function jsonAnswer(
  call: Call,
  body: string,
  more?: Readonly<Record<string, string>>,
  status = 200,
): Response {
  call.finish(status);
  return new Response(body, {
    status,
    headers: { ...call.headers, "content-type": "application/json", ...more },
  });
}

/** Somebody else's answer, with the headers that every answer has, logged. */
export function ownAnswer(call: Call, answer: Response): Response {
  call.finish(answer.status);
  for (const [name, value] of Object.entries(call.headers)) answer.headers.set(name, value);
  return answer;
}

/** A failure before anything was sent: its status and OpenAI's error object, logged. */
export function failureAnswer(call: Call, thrown: unknown): Response {
  const failure = Failure.from(thrown);
  const { status, body, headers } = errorAnswer(failure);
  call.finish(status, failure);
  return new Response(body, { status, headers: { ...call.headers, ...headers } });
}

/** What every model answer says of its way: the backend, and what was changed for it. */
export function runHeaders(run: Run<unknown>): Record<string, string> {
  const headers: Record<string, string> = { "x-fairlead-backend": run.target.backend.name };
  if (run.notes.length > 0) headers["x-fairlead-notes"] = run.notes.join("; ").replace(/[^\x20-\x7e]/g, "?");
  return headers;
}

export interface StreamAnswerOptions {
  writer: StreamWriter;
  /** Longest silence towards the client, ms: then a comment goes out. */
  heartbeat: number;
  /** Where running streams are kept, so that a shutdown can wait for them. */
  streams: Streams;
}

/**
 * The answer to a client that streams. Its head is held until the model says something, so that an early failure keeps
 * its HTTP status (thrown as a Failure); or until a heartbeat is due, because clients and proxies give up on silence.
 */
export async function streamAnswer(
  call: Call,
  run: Run<EventStream>,
  options: StreamAnswerOptions,
): Promise<Response> {
  const silent = await isSilent(run.result, options.heartbeat);
  const outlet = new Outlet(call, run.result, options);
  if (silent) outlet.beatNow();
  call.note({ notes: run.notes.length });
  return new Response(outlet.body, { headers: { ...call.headers, ...STREAM_HEADERS, ...runHeaders(run) } });
}

/** True if nothing came within `limit` ms (0: however long it takes). Rejects with what `result` rejects with. */
async function isSilent(result: Promise<unknown>, limit: number): Promise<boolean> {
  if (limit <= 0) {
    await result;
    return false;
  }
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(true), limit);
  try {
    return await Promise.race([result.then(() => false), promise]);
  } finally {
    clearTimeout(timer);
  }
}

const STREAM_HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache",
  // nginx and others hold streams back unless told not to.
  "x-accel-buffering": "no",
};

/**
 * Owns one stream to a client: waits for its reader (back-pressure), writes a comment into long silences, ends a failed
 * stream with an error frame and a proper end of the body, and lets go of everything exactly once, whether the model
 * finished, the client left, or the body was never read.
 *
 * A direct stream because an Elysia generator, or a stream that throws, ends like a complete answer.
 */
class Outlet {
  readonly body: ReadableStream;
  readonly #call: Call;
  readonly #events: Promise<EventStream>;
  readonly #options: StreamAnswerOptions;
  readonly #left = Promise.withResolvers<undefined>();
  #controller: ReadableStreamDirectController | undefined;
  #lastWrite = performance.now();
  #writing = false;
  #timer: Timer | undefined;
  #over = false;

  constructor(call: Call, events: Promise<EventStream>, options: StreamAnswerOptions) {
    this.#call = call;
    this.#events = events;
    this.#options = options;
    options.streams.add(this);
    const { signal } = call.request;
    if (signal.aborted) this.#leave();
    else signal.addEventListener("abort", this.#leave);
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

  /** Ends the stream now with an error frame: the server is going away. */
  stop(failure: Failure): void {
    void this.#end(failure, this.#options.writer.error(failure));
  }

  async #run(controller: ReadableStreamDirectController): Promise<void> {
    this.#controller = controller;
    this.#beat();
    try {
      const events = await Promise.race([this.#events, this.#left.promise]);
      if (events) await this.#pump(events);
    } catch (thrown) {
      const failure = Failure.from(thrown);
      await this.#end(failure, this.#options.writer.error(failure));
    }
  }

  async #pump(events: EventStream): Promise<void> {
    for await (const batch of events) {
      if (this.#over) return;
      this.#call.firstToken();
      const text = this.#options.writer.write(batch);
      const last = batch.at(-1);
      if (last?.type === "end" || last?.type === "error") {
        this.#count(batch);
        await this.#end(last.type === "error" ? last.failure : undefined, text);
        return;
      }
      if (text !== "") await this.#write(text);
    }
  }

  /** Writes and waits until the connection has taken it. */
  async #write(text: string): Promise<void> {
    if (this.#over || !this.#controller) return;
    this.#lastWrite = performance.now();
    this.#writing = true;
    try {
      await this.#controller.write(text);
      await this.#controller.flush();
    } finally {
      this.#writing = false;
    }
  }

  async #end(failure: Failure | undefined, text: string): Promise<void> {
    if (this.#over) return;
    if (failure?.code !== "cancelled") await this.#write(text);
    this.#settle(failure);
    await this.#controller?.end();
  }

  /** The client left, in whatever phase. */
  readonly #leave = (): void => {
    this.#settle(new Failure("cancelled", "The client left."));
    this.#left.resolve(undefined);
  };

  #settle(failure: Failure | undefined): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#call.request.signal.removeEventListener("abort", this.#leave);
    this.#options.streams.delete(this);
    // Gives the backend's slot back even if nobody ever pulled from this stream.
    this.#events.then((events) => events.return?.()).catch(() => {});
    this.#call.finish(200, failure);
  }

  #count(batch: readonly StreamEvent[]): void {
    for (const event of batch) if (event.type === "usage") this.#call.count(event.usage);
  }

  #beat(): void {
    const silent = performance.now() - this.#lastWrite;
    const { heartbeat } = this.#options;
    if (this.#over || heartbeat <= 0) return;
    // A client that does not read needs no sign of life.
    if (silent >= heartbeat && !this.#writing) void this.#write(this.#options.writer.comment).catch(this.#leave);
    this.#timer = setTimeout(
      () => this.#beat(),
      Math.max(1, silent >= heartbeat ? heartbeat : heartbeat - silent),
    );
  }
}
