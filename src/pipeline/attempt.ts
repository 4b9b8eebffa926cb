import type { Backend } from "../backends/backend.ts";
import { readBodyText } from "../backends/body-text.ts";
import type { UpstreamResponse } from "../backends/transport.ts";
import type { EventStream } from "../core/event.ts";
import { Failure } from "../core/failure.ts";
import { HeldStream, readHead } from "./held-stream.ts";
import { type Attempt, type Memory, prepare } from "./prepare.ts";
import { readEvents, WHOLE_BYTES_MAX } from "./read.ts";
import { type Release, Slots } from "./slots.ts";
import { ThinkHabits } from "./think-habits.ts";
import { Vault } from "./vault.ts";

export type { Attempt } from "./prepare.ts";

/** Told how each try went, so that a dead backend is known before the next look at it. */
export interface Witness {
  succeeded(backend: Backend): void;
  failed(backend: Backend, failure: Failure): void;
}

/** Tries requests at backends, each with no more at a time than it can take. */
export class Attempts {
  readonly #witness: Witness;
  readonly #slots = new WeakMap<Backend, Slots>();
  readonly #memory: Memory = { vault: new Vault(), habits: new ThinkHabits() };

  constructor(witness: Witness) {
    this.#witness = witness;
  }

  /**
   * Asks and waits for the first real event, so that an early failure keeps its HTTP status: it is thrown as a Failure.
   * Later failures are the stream's last event. The backend's slot is held until the stream has ended or been left.
   */
  async open(attempt: Attempt): Promise<EventStream> {
    const { ask, reading } = prepare(attempt, this.#memory);
    const release = await this.#enter(attempt);
    return this.#watched(attempt, { ask, release }, async (response) => {
      const events = readEvents(response, reading());
      try {
        const heard = (failure: Failure) => this.#heard(attempt.target.backend, failure);
        return new HeldStream(await readHead(events), events, { release, heard });
      } catch (thrown) {
        await events.return?.();
        throw thrown;
      }
    });
  }

  /** Asks for one document and hands it to `read`; the slot is held meanwhile. For what is not a stream of events. */
  async read<T>(attempt: Attempt, read: (body: string) => T): Promise<T> {
    const { ask } = prepare(attempt, this.#memory);
    const release = await this.#enter(attempt);
    try {
      return await this.#watched(attempt, { ask, release }, async (response) =>
        read(await readBodyText(response, WHOLE_BYTES_MAX)),
      );
    } finally {
      release();
    }
  }

  async #watched<T>(
    attempt: Attempt,
    { ask, release }: { ask: () => Promise<UpstreamResponse>; release: Release },
    use: (response: UpstreamResponse) => Promise<T>,
  ): Promise<T> {
    const { backend } = attempt.target;
    try {
      const result = await use(await ask());
      this.#witness.succeeded(backend);
      return result;
    } catch (thrown) {
      release();
      throw this.#heard(backend, Failure.from(thrown));
    }
  }

  /** Tells the witness; returns what the caller may read. */
  #heard(backend: Backend, failure: Failure): Failure {
    if (failure.code !== "cancelled") this.#witness.failed(backend, failure);
    return backend.withoutSecrets(failure);
  }

  /** A slot of the backend, given back at the latest when the client leaves: nobody may ever read the answer then. */
  async #enter({ target, signal }: Attempt): Promise<Release> {
    const release = await this.#slotsOf(target.backend).acquire(signal);
    const settle = () => {
      signal.removeEventListener("abort", settle);
      release();
    };
    signal.addEventListener("abort", settle);
    return settle;
  }

  #slotsOf(backend: Backend): Slots {
    let slots = this.#slots.get(backend);
    if (!slots) {
      slots = new Slots(() => backend.concurrency);
      this.#slots.set(backend, slots);
    }
    return slots;
  }
}
