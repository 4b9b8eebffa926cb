import { Failure } from "../core/failure.ts";

/** Requests that may wait for one backend; the next one is told at once that it is too busy. */
const WAITING_MAX = 256;
/** How long a request may wait for its turn, ms. */
const WAIT_MAX_MS = 30_000;

/** Gives a slot back. Calling it twice does nothing. */
export type Release = () => void;

/** The requests a backend takes at a time; more wait in order of arrival, in a bounded queue. */
export class Slots {
  readonly #limit: () => number;
  #busy = 0;
  readonly #waiting: Waiting[] = [];

  /** `limit` is asked each time: an engine's own number of slots becomes known while it runs. */
  constructor(limit: () => number) {
    this.#limit = limit;
  }

  get busy(): number {
    return this.#busy;
  }

  /** Resolves with the slot. Rejects with `overloaded` (queue full, or waited too long) or `cancelled`. */
  async acquire(signal: AbortSignal): Promise<Release> {
    if (signal.aborted) throw left();
    this.#admit();
    if (this.#waiting.length === 0 && this.#busy < this.#limit()) this.#busy++;
    else await this.#wait(signal);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#busy--;
      this.#admit();
    };
  }

  /** Takes a slot for each one that may enter now, so that nobody else has it before the one who waited wakes up. */
  #admit(): void {
    while (this.#waiting.length > 0 && this.#busy < this.#limit()) {
      this.#busy++;
      this.#waiting.shift()?.enter();
    }
  }

  /** Resolves with a slot taken. */
  #wait(signal: AbortSignal): Promise<void> {
    if (this.#waiting.length >= WAITING_MAX) throw overloaded("has too many requests waiting");
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = (failure: Failure) => {
      const at = this.#waiting.indexOf(waiting);
      if (at !== -1) this.#waiting.splice(at, 1);
      settle();
      reject(failure);
    };
    const timer = setTimeout(() => leave(overloaded("had no free slot in time")), WAIT_MAX_MS);
    const onAbort = () => leave(left());
    const settle = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    };
    const waiting: Waiting = {
      enter: () => {
        settle();
        resolve();
      },
    };
    signal.addEventListener("abort", onAbort);
    this.#waiting.push(waiting);
    return promise;
  }
}

interface Waiting {
  enter(): void;
}

function left(): Failure {
  return new Failure("cancelled", "The client left while waiting.");
}

function overloaded(how: string): Failure {
  return new Failure("overloaded", `The backend ${how}; try again shortly.`, { retryAfter: "5" });
}
