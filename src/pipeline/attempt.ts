import type { Backend } from "../backends/backend.ts";
import { readBodyText } from "../backends/body-text.ts";
import type { UpstreamResponse } from "../backends/transport.ts";
import type { EventStream } from "../core/event.ts";
import { Failure } from "../core/failure.ts";
import type { ModelRequest, Note } from "../core/request.ts";
import { estimateUsage } from "./estimate.ts";
import { HeldStream, readHead } from "./held-stream.ts";
import { readEvents, readFailure, WHOLE_BYTES_MAX } from "./read.ts";
import type { Target } from "./resolve.ts";
import { type Release, Slots } from "./slots.ts";

/** One try of one request at one backend. */
export interface Attempt {
  request: ModelRequest;
  target: Target;
  defaults: Readonly<Record<string, unknown>>;
  /** The client's: aborting closes the connection to the backend at once. */
  signal: AbortSignal;
  /** Filled with what was dropped, renamed or emulated. */
  notes: Note[];
}

/** Told how each try went, so that a dead backend is known before the next look at it. */
export interface Witness {
  succeeded(backend: Backend): void;
  failed(backend: Backend, failure: Failure): void;
}

/** Tries requests at backends, each with no more at a time than it can take. */
export class Attempts {
  readonly #witness: Witness;
  readonly #slots = new WeakMap<Backend, Slots>();

  constructor(witness: Witness) {
    this.#witness = witness;
  }

  /**
   * Asks and waits for the first real event, so that an early failure keeps its HTTP status: it is thrown as a Failure.
   * Later failures are the stream's last event. The backend's slot is held until the stream has ended or been left.
   */
  async open(attempt: Attempt): Promise<EventStream> {
    const ask = prepare(attempt);
    const release = await this.#enter(attempt);
    return this.#watched(attempt, { ask, release }, async (response) => {
      const events = readEvents(response, readOptions(attempt));
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
    const ask = prepare(attempt);
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

/**
 * Writes the request at once, so that its notes are known however long it then waits for a slot: the head of the answer,
 * which carries them, may go out before. What is returned sends it, and throws the backend's own failure when the answer
 * is one.
 */
function prepare({ request, target, defaults, signal, notes }: Attempt): () => Promise<UpstreamResponse> {
  const { adapter, profile, transport, headers, timeouts, preset } = target.backend;
  const { keepAlive } = preset;
  const body = adapter.write(request, { model: target.model, profile, defaults }, notes);
  const path = adapter.path(request.operation);
  return async () => {
    const response = await transport.send({
      method: "POST",
      path,
      headers,
      body,
      signal,
      timeouts,
      keepAlive,
    });
    if (response.status >= 300) throw await readFailure(response, adapter);
    return response;
  };
}

function readOptions({ request, target }: Attempt) {
  const { adapter, profile } = target.backend;
  return {
    adapter,
    profile,
    stream: request.stream,
    ownStart: {
      id: `${ID_PREFIX[request.operation]}-${request.id}`,
      model: target.model,
      created: Math.floor(Date.now() / 1000),
    },
    estimate: (characters: number) => estimateUsage(request, characters),
  };
}

const ID_PREFIX = { chat: "chatcmpl", completions: "cmpl", embeddings: "emb" } as const;
