import type { Clock } from "../../../src/backends/clock.ts";

/** Time that stands still until the test moves it. */
export class HandClock implements Clock {
  #now = Date.UTC(2030, 0, 1);
  readonly #start = this.#now;
  readonly #timers = new Set<{ due: number; run: () => void }>();

  now(): number {
    return this.#now;
  }

  /** Milliseconds since the clock was made. */
  get elapsed(): number {
    return this.#now - this.#start;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { due: this.#now + ms, run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  get pending(): number {
    return this.#timers.size;
  }

  /** Moves time on, timer by timer, letting all that follows from one happen before the next. */
  async pass(ms: number, quiet: () => Promise<void>): Promise<void> {
    const end = this.#now + ms;
    await quiet();
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#timers.delete(next);
      this.#now = next.due;
      next.run();
      await quiet();
    }
    this.#now = end;
  }

  #next(end: number): { due: number; run: () => void } | undefined {
    const [first] = [...this.#timers].filter((timer) => timer.due <= end).sort((a, b) => a.due - b.due);
    return first;
  }
}
