import type { EventStream, StreamEvent } from "../core/event.ts";
import { Failure } from "../core/failure.ts";
import type { Release } from "./slots.ts";

/**
 * Events a head may have before the model says something. Hosts say a few things about themselves first; one that goes
 * on (llama.cpp's progress in a long prompt) is heard at once.
 */
const HEAD_EVENTS_MAX = 8;

/** All batches up to the first event that says something. Throws the failure when that comes first. */
export async function readHead(events: EventStream): Promise<StreamEvent[]> {
  const head: StreamEvent[] = [];
  for (;;) {
    const { value, done } = await events.next();
    if (done) throw new Failure("internal_error", "The answer ended before it began.");
    head.push(...value);
    const first = value.find((event) => event.type !== "start" && event.type !== "extra");
    if (first?.type === "error") throw first.failure;
    if (first || head.length > HEAD_EVENTS_MAX) return head;
  }
}

/** What a running stream owes to the rest of the program. */
export interface Duties {
  release: Release;
  /** Told of a failure in the middle of the answer; returns what the caller may read. */
  heard(failure: Failure): Failure;
}

/** A stream whose first batches were already read. Whoever ends or leaves it gives the slot back. */
export class HeldStream implements EventStream {
  #head: StreamEvent[] | undefined;
  readonly #events: EventStream;
  readonly #duties: Duties;

  constructor(head: StreamEvent[], events: EventStream, duties: Duties) {
    this.#head = head;
    this.#events = events;
    this.#duties = duties;
    if (isLast(head)) duties.release();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<StreamEvent[], void>> {
    const head = this.#head;
    this.#head = undefined;
    const result = head ? { done: false as const, value: head } : await this.#events.next();
    if (result.done) this.#duties.release();
    else this.#hear(result.value);
    return result;
  }

  async return(): Promise<IteratorResult<StreamEvent[], void>> {
    this.#duties.release();
    await this.#events.return?.();
    return { done: true, value: undefined };
  }

  #hear(batch: StreamEvent[]): void {
    if (isLast(batch)) this.#duties.release();
    const last = batch.at(-1);
    if (last?.type === "error")
      batch[batch.length - 1] = { type: "error", failure: this.#duties.heard(last.failure) };
  }
}

/** The backend has said all and is free, although the client may still have to read. */
function isLast(batch: readonly StreamEvent[]): boolean {
  const type = batch.at(-1)?.type;
  return type === "end" || type === "error";
}
