import { ADAPTERS } from "../../../src/adapters/index.ts";
import type { Means } from "../../../src/backends/means.ts";
import type { Transport, UpstreamRequest, UpstreamResponse } from "../../../src/backends/transport.ts";
import { Failure } from "../../../src/core/failure.ts";
import { type Asked, bodyOf, list, replyOf, type Script, script } from "./engines.ts";

/** A request as a server of the scene saw it. */
export interface Seen extends Asked {
  url: string;
}

const ECHO = script({ "/v1/models": list([{ id: "echo", owned_by: "fairlead" }]) });

/** Servers in memory, by address: reached at once, refused where nobody is. */
export class Network {
  readonly seen: Seen[] = [];
  readonly #servers = new Map<string, Script | "hangs">();
  readonly means: Means = {
    adapters: ADAPTERS,
    http: ({ url }) => this.#transport(url),
    echo: () => this.#transport("echo:"),
  };

  constructor(servers: Record<string, Script | "hangs"> = {}) {
    this.#servers.set("echo:", ECHO);
    for (const [url, server] of Object.entries(servers)) this.put(url, server);
  }

  put(url: string, server: Script | "hangs"): void {
    this.#servers.set(url, server);
  }

  remove(url: string): void {
    this.#servers.delete(url);
  }

  /** How often a path was asked for at an address. */
  asked(url: string, path: string): number {
    return this.seen.filter((one) => one.url === url && one.path === path).length;
  }

  /** Resolves when nothing happens any more unless time moves. */
  readonly quiet = async (): Promise<void> => {
    for (let seen = -1; seen !== this.seen.length;) {
      seen = this.seen.length;
      for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
  };

  #transport(url: string): Transport {
    return { send: (request) => this.#send(url, request), close: () => {} };
  }

  async #send(url: string, request: UpstreamRequest): Promise<UpstreamResponse> {
    const body = request.body?.length
      ? (JSON.parse(Buffer.concat([...request.body]).toString()) as unknown)
      : undefined;
    const asked = { url, path: request.path, body, headers: new Headers(request.headers) };
    this.seen.push(asked);
    const server = this.#servers.get(url);
    if (request.signal.aborted) throw new Failure("cancelled", "Aborted.");
    if (server === undefined) throw new Failure("upstream_unreachable", `Nobody listens at ${url}.`);
    if (server === "hangs") return aborted(request.signal);
    const reply = replyOf(server, asked);
    return {
      status: reply.status ?? 200,
      headers: new Map(Object.entries(reply.headers ?? {})),
      body: pieces(bodyOf(reply)),
    };
  }
}

async function* pieces(text: string): AsyncGenerator<Uint8Array> {
  if (text !== "") yield new TextEncoder().encode(text);
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(new Failure("cancelled", "Aborted.")));
  });
}
