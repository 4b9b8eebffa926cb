import { clientLeft, Failure } from "../core/failure.ts";
import type { Call } from "./call.ts";

/** The requests for models that are under way, so that a shutdown can wait for them, and end them. */
export class Underway {
  readonly #all = new Set<AbortController>();

  get count(): number {
    return this.#all.size;
  }

  /**
   * Answers one call. The signal ends everything that is done for it: it fires when the client leaves and when a shutdown
   * has waited long enough, until the call is finished. Its reason is the Failure to answer with.
   */
  async answer(call: Call, answer: (signal: AbortSignal) => Promise<Response>): Promise<Response> {
    const signal = this.#begin(call);
    try {
      return await answer(signal);
    } catch (thrown) {
      throw signal.aborted ? endOf(signal) : thrown;
    }
  }

  /** Ends all of them with this failure. */
  endAll(failure: Failure): void {
    for (const control of this.#all) control.abort(failure);
  }

  #begin(call: Call): AbortSignal {
    const control = new AbortController();
    const { signal: client } = call.request;
    const leave = () => control.abort(clientLeft());
    if (client.aborted) leave();
    else client.addEventListener("abort", leave);
    this.#all.add(control);
    call.onFinish(() => {
      client.removeEventListener("abort", leave);
      this.#all.delete(control);
    });
    return control.signal;
  }
}

/** What `promise` brings, unless the signal fires before: then its Failure is thrown. For work that knows no signal. */
export async function unlessEnded<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const end = () => reject(endOf(signal));
  signal.addEventListener("abort", end);
  try {
    return await Promise.race([promise, ended]);
  } finally {
    signal.removeEventListener("abort", end);
  }
}

/** Why a signal of `Underway` fired. */
export function endOf(signal: AbortSignal): Failure {
  return Failure.from(signal.reason);
}
