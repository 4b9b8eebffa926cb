import type { Socket } from "bun";
import { Intake } from "./request.ts";

/** How a connection ended: the client closed it in order, the client reset it, or this side closed it first. */
export type Ending = "client closed" | "client reset" | "closed here";

/**
 * Lets every event that is already due happen, without waiting any time. Two rounds, because the first one that a
 * socket's callback asks for comes before the sockets are looked at again. Not `setImmediate`: inside the synchronous wait of
 * `expect(...).rejects` it is not run until some timer wakes the loop, up to 5 s later (Bun 1.4.4).
 */
export async function turn(): Promise<void> {
  await Bun.sleep(0);
  await Bun.sleep(0);
}

interface Unsent {
  bytes: Uint8Array;
  settle: (sent: boolean) => void;
}

/** One TCP connection of the upstream: what came in, what is still to go out, and how it ended. */
export class Connection {
  readonly index: number;
  readonly intake = new Intake();
  /** Resolves once, when nothing can be read or written any more. */
  readonly ended: Promise<Ending>;
  /** Bytes the kernel took. Stands still while the client does not read and both buffers are full. */
  sent = 0;
  /** How it ended; undefined as long as it lives. */
  ending: Ending | undefined;
  #socket: Socket<Connection | undefined>;
  #unsent: Unsent[] = [];
  #closedHere = false;
  #end: (ending: Ending) => void;

  constructor(socket: Socket<Connection | undefined>, index: number) {
    const { promise, resolve } = Promise.withResolvers<Ending>();
    this.index = index;
    this.ended = promise;
    this.#end = resolve;
    this.#socket = socket;
    // Without it small writes wait for the acknowledgement of the one before and arrive joined.
    socket.setNoDelay(true);
  }

  /** True once this side has closed or reset the connection, or it ended. */
  get closing(): boolean {
    return this.#closedHere || this.ending !== undefined;
  }

  /** Resolves when the kernel has taken all of it: true; false when the connection is gone. Never rejects. */
  write(bytes: Uint8Array): Promise<boolean> {
    if (this.closing) return Promise.resolve(false);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#unsent.push({ bytes, settle: resolve });
    if (this.#unsent.length === 1) this.drain();
    return promise;
  }

  /** Writes what the kernel takes; the runtime calls it again when there is room. */
  drain(): void {
    for (let next = this.#unsent[0]; next !== undefined; next = this.#unsent[0]) {
      // One call, one segment: a write is handed over at once, never gathered with the next one.
      const taken = Math.max(0, this.#socket.write(next.bytes));
      this.#socket.flush();
      this.sent += taken;
      if (taken < next.bytes.length) {
        next.bytes = next.bytes.subarray(taken);
        return;
      }
      this.#unsent.shift();
      next.settle(true);
    }
  }

  /**
   * An orderly end after everything written before: the client reads all of it, then the end. Only the sending half is
   * closed: closing both while unread request bytes lie here would make the kernel send a reset instead.
   */
  async fin(): Promise<void> {
    while (this.#unsent.length > 0) if (!(await this.write(new Uint8Array(0)))) return;
    if (this.closing) return;
    this.#closedHere = true;
    this.#socket.shutdown();
  }

  /**
   * A reset (RST), at once; what the kernel has not yet passed on is lost. Whether the client still reads bytes that
   * arrived just before is a matter of its runtime: that is one of the things to be tested.
   */
  reset(): void {
    if (this.ending !== undefined) return;
    this.#closedHere = true;
    this.#socket.terminate();
  }

  /** For the socket's own callbacks. */
  close(error: Error | undefined): void {
    if (this.ending !== undefined) return;
    this.ending = this.#closedHere ? "closed here" : error ? "client reset" : "client closed";
    this.intake.close();
    for (const { settle } of this.#unsent.splice(0)) settle(false);
    this.#end(this.ending);
  }
}
