import type { Backend } from "../../src/backends/backend.ts";
import type { Means } from "../../src/backends/means.ts";
import { openBackends } from "../../src/backends/open.ts";
import type { Registry } from "../../src/backends/registry.ts";
import type {
  BackendConfig,
  EndpointConfig,
  ResponsesConfig,
  ServerConfig,
} from "../../src/config/config.ts";
import type { Failure } from "../../src/core/failure.ts";
import type { ModelAlias } from "../../src/core/model.ts";
import { Pipeline } from "../../src/pipeline/pipeline.ts";
import { Resolver } from "../../src/pipeline/resolve.ts";
import { listen } from "../../src/server/listen.ts";
import { createLog } from "../../src/server/log.ts";
import { ResponseStore } from "../../src/store/responses.ts";
import { backendTable } from "../backends/scene/config.ts";
import type { Upstream } from "../upstream/scripted.ts";
import { Caller } from "./caller.ts";

export interface Parts {
  backends?: BackendConfig[];
  server?: Partial<ServerConfig>;
  models?: ModelAlias[];
  defaultModel?: string;
  endpoints?: EndpointConfig[];
  /** What is kept of responses, which is nothing unless this says so; in `stateDir`, or in memory. */
  responses?: Partial<ResponsesConfig>;
  stateDir?: string;
  /** Look at every backend once before the test begins. Otherwise none is ever looked at. */
  look?: boolean;
  /** What a request for an unknown model waits for. */
  firstRound?: Promise<void>;
  /** How backends are reached; by default over the network. */
  means?: Means;
}

/** One line of the log, as JSON. */
export type LogLine = Readonly<Record<string, unknown>>;

/** A whole server that listens, from socket to socket, in this process. */
export interface Running extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly registry: Registry;
  /** Model requests under way. */
  readonly running: number;
  /** The lines of finished requests, so far. */
  readonly lines: readonly LogLine[];
  /** Everything that was logged, as it was written. */
  readonly written: readonly string[];
  /** The next line of a finished request that nobody has taken with this function yet. */
  nextLine(): Promise<LogLine>;
  /** A connection of its own to the server. */
  caller(): Promise<Caller>;
  /** A request with a JSON body, on a connection of the runtime's. */
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  stop(): Promise<void>;
}

/** A `[backends.NAME]` table for a scripted upstream that serves the model `m`. */
export function backendAt(
  upstream: Pick<Upstream, "url">,
  parts: Partial<BackendConfig> = {},
): BackendConfig {
  const { name = "up", type = "openai" } = parts;
  return backendTable(name, type, { url: upstream.url, models: ["m"], ...parts });
}

/** All that `fairlead serve` puts together, on port 0. No backend is asked anything that the test does not ask. */
export async function startServer(parts: Parts = {}): Promise<Running> {
  const written: string[] = [];
  const lines = new Lines();
  const write = (line: string) => {
    written.push(line);
    lines.add(JSON.parse(line) as LogLine);
  };
  const { monitor, ...whole } = assemble(parts, write);
  const listener = listen(whole);
  if (parts.look) {
    monitor.start();
    await monitor.settled;
  }
  const { port } = listener;
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    await listener.stop();
    monitor.stop();
  };
  return {
    port,
    url,
    registry: whole.registry,
    lines: lines.all,
    written,
    get running() {
      return listener.running;
    },
    nextLine: () => lines.next(),
    caller: () => Caller.dial(port),
    post: (path, body, headers = {}) =>
      fetch(url + path, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: typeof body === "string" ? body : JSON.stringify(body),
      }),
    get: (path, headers = {}) => fetch(url + path, { headers }),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** What a server listens with. */
export function assemble(parts: Parts, write: (line: string) => void) {
  const config = configOf(parts);
  const log = createLog({ level: "debug", json: true, write });
  const { registry, monitor } = openBackends(
    config,
    {},
    {
      clock: STOPPED,
      ...(parts.means ? { means: parts.means } : {}),
    },
  );
  const resolver = new Resolver(registry, config);
  const witness = {
    succeeded: (backend: Backend) => monitor.noteSuccess(backend),
    failed: (backend: Backend, failure: Failure) => monitor.noteFailure(backend, failure),
  };
  const pipeline = new Pipeline(resolver, witness, config.server);
  const responses = new ResponseStore({
    directory: config.stateDir,
    limits: config.responses,
    warn: log.warn,
  });
  const { firstRound = Promise.resolve() } = parts;
  return { config, registry, resolver, pipeline, responses, log, firstRound, version: "0.0.0-test", monitor };
}

/** Time in which no look at a backend is ever due. */
const STOPPED = { now: Date.now, after: () => () => {} };

function configOf(parts: Parts) {
  const { backends = [], server, models = [], defaultModel, endpoints = [], responses, stateDir } = parts;
  return {
    defaultModel,
    stateDir,
    server: {
      host: "127.0.0.1",
      port: 0,
      apiKeys: [],
      corsOrigins: [],
      allowedHosts: [],
      bodyMax: 1024 * 1024,
      strict: false,
      drain: 0,
      heartbeat: 0,
      ...server,
    },
    responses: { store: false, ttl: 3_600_000, sizeMax: 1024 * 1024, ...responses },
    discovery: { enabled: false },
    logLevel: "debug" as const,
    backends,
    models,
    endpoints,
  };
}

/** Lines of requests in the order they were written, to be had as they come. */
class Lines {
  readonly all: LogLine[] = [];
  #taken = 0;
  #wake: (() => void)[] = [];

  add(line: LogLine): void {
    if (line.message !== "request") return;
    this.all.push(line);
    for (const wake of this.#wake.splice(0)) wake();
  }

  async next(): Promise<LogLine> {
    const at = this.#taken++;
    for (;;) {
      const line = this.all[at];
      if (line) return line;
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }
}
