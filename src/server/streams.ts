import type { Failure } from "../core/failure.ts";

/** A running stream, as far as a shutdown is concerned. */
export interface Stoppable {
  stop(failure: Failure): void;
}

/** The streams that are running at this moment. */
export class Streams {
  readonly #running = new Set<Stoppable>();

  get count(): number {
    return this.#running.size;
  }

  add(stream: Stoppable): void {
    this.#running.add(stream);
  }

  delete(stream: Stoppable): void {
    this.#running.delete(stream);
  }

  /** Ends all of them with this failure. */
  stopAll(failure: Failure): void {
    for (const stream of [...this.#running]) stream.stop(failure);
  }
}
