import { Failure } from "../core/failure.ts";
import type { Config } from "../config/config.ts";
import { createApp } from "./app.ts";
import type { Deps } from "./deps.ts";
import { IDLE_SECONDS } from "./idle.ts";
import { Streams } from "./streams.ts";

/** A server that listens. */
export interface Listener {
  /** The real one, also when 0 was asked for. */
  readonly port: number;
  readonly stopping: boolean;
  /** Streams under way. */
  readonly running: number;
  /** Takes no more requests, lets the running ones finish for `server.drain`, ends the rest with an error. */
  stop(): Promise<void>;
}

/** How long error frames of streams ended by a shutdown may take to get out, ms. */
const LAST_WORDS_MS = 1_000;

/** Throws what the system says when the address cannot be had (`EADDRINUSE` ...). */
export function listen(parts: Omit<Deps, "streams" | "accepting" | "config"> & { config: Config }): Listener {
  const { host, port, drain } = parts.config.server;
  const streams = new Streams();
  let stopping = false;
  const app = createApp({ ...parts, streams, accepting: () => !stopping });
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
  const finished = async () => {
    await server.stop();
  };
  return {
    port: server.port,
    get stopping() {
      return stopping;
    },
    get running() {
      return streams.count;
    },
    async stop() {
      stopping = true;
      const done = finished();
      if (await within(done, drain)) return;
      streams.stopAll(new Failure("shutting_down", "This server is shutting down."));
      await within(done, LAST_WORDS_MS);
      await server.stop(true);
    },
  };
}

/** True if `promise` resolved within `ms`. */
async function within(promise: Promise<void>, ms: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), ms);
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
