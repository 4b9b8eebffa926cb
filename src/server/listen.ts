import { Failure } from "../core/failure.ts";
import type { Config } from "../config/config.ts";
import { createApp } from "./app.ts";
import type { Deps } from "./deps.ts";
import { IDLE_SECONDS } from "./idle.ts";
import { Underway } from "./underway.ts";

/** A server that listens. */
export interface Listener {
  /** The real one, also when 0 was asked for. */
  readonly port: number;
  readonly stopping: boolean;
  /** Requests for models under way. */
  readonly running: number;
  /** Takes no more requests, lets the running ones finish for `server.drain`, ends the rest with an error. */
  stop(): Promise<void>;
  /** While it stops: waits no longer, ends the rest now. */
  hurry(): void;
}

/** How often a server that stops looks whether it is idle: the runtime tells nobody. */
const POLL_MS = 2;
/** How long the errors of requests that a shutdown ends may take to get out, ms. */
const LAST_WORDS_MS = 1_000;

/** Throws what the system says when the address cannot be had (`EADDRINUSE` ...). */
export function listen(
  parts: Omit<Deps, "underway" | "accepting" | "config"> & { config: Config },
): Listener {
  const { host, port, drain } = parts.config.server;
  const underway = new Underway();
  let stopping = false;
  let patience = drain;
  const app = createApp({ ...parts, underway, accepting: () => !stopping });
  app.listen({
    hostname: host,
    port,
    // Elysia's default lets a second copy share the port unnoticed.
    reusePort: false,
    idleTimeout: IDLE_SECONDS,
    development: false,
    // Ours is checked first, with an answer a client understands; the runtime's would be an empty 413.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
  });
  const { server } = app;
  if (!server?.port) throw new Error("the server did not start");
  return {
    port: server.port,
    get stopping() {
      return stopping;
    },
    get running() {
      return underway.count;
    },
    async stop() {
      stopping = true;
      // Not waited for: half a head of a request would hold it up, as long as the runtime waits for the rest.
      void server.stop();
      if (!(await isIdle(server, () => patience))) {
        underway.endAll(new Failure("shutting_down", "This server is shutting down."));
        await isIdle(server, () => LAST_WORDS_MS);
      }
      await server.stop(true);
      parts.responses.close();
    },
    hurry() {
      patience = 0;
    },
  };
}

/** True when no request is being answered any more, false when some still are after `limit` ms; it may become shorter. */
async function isIdle(server: { readonly pendingRequests: number }, limit: () => number): Promise<boolean> {
  const began = performance.now();
  do {
    // Also before the first look: a request may have arrived that nobody has seen yet.
    await Bun.sleep(POLL_MS);
    if (server.pendingRequests === 0) return true;
  } while (performance.now() - began < limit());
  return false;
}
