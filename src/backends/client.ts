import { Failure } from "../core/failure.ts";
import { type Address, Connection, type TlsOptions } from "./connection.ts";
import type { Transport, UpstreamRequest, UpstreamResponse } from "./transport.ts";

/**
 * The HTTP/1.1 client for backends, on Bun's sockets. Chosen over fetch by measurement (`bun run bench:client`): fetch
 * loses bytes that arrived just before a cut, fails 1-5 % of back-to-back streams to servers that promise keep-alive and
 * then close, and lets one hung backend block every other at 256 requests; node:http has none of these faults and costs
 * twice as much.
 */
export interface HttpTransportOptions {
  /** Base URL without `/v1` and without a trailing slash. */
  url: string;
  tls?: TlsOptions | undefined;
}

/** Idle connections kept per backend. */
const IDLE_MAX = 64;
/** uvicorn and llama-server close an idle connection after 5 s; a second earlier nobody is surprised. */
const IDLE_LOCAL_MS = 4_000;
/** Load balancers in front of remote hosts wait 60 s and longer. */
const IDLE_REMOTE_MS = 30_000;
/**
 * A used connection that closes without one byte of an answer within this time of sending had died before: the request
 * is sent once more on a fresh one. Later than this the backend may have been working on it, and nothing is repeated.
 */
const STALE_MS = 1_000;

export function httpTransport(options: HttpTransportOptions): Transport {
  return new HttpTransport(options);
}

class HttpTransport implements Transport {
  readonly #address: Address;
  readonly #base: string;
  readonly #host: string;
  readonly #idleLimit: number;
  #idle: Connection[] = [];
  #closed = false;

  constructor({ url, tls }: HttpTransportOptions) {
    const { protocol, hostname, host, port, pathname } = new URL(url);
    const secure = protocol === "https:";
    this.#address = {
      hostname: hostname.replace(/^\[(.*)\]$/, "$1"),
      port: Number(port) || (secure ? 443 : 80),
      tls: secure ? (tls ?? { pinSha256: [] }) : undefined,
    };
    this.#base = pathname.replace(/\/$/, "");
    this.#host = host;
    this.#idleLimit = secure ? IDLE_REMOTE_MS : IDLE_LOCAL_MS;
  }

  async send(request: UpstreamRequest): Promise<UpstreamResponse> {
    if (request.signal.aborted) throw new Failure("cancelled", "The client left.");
    const head = this.#head(request);
    const kept = this.#takeIdle();
    if (kept) {
      const began = performance.now();
      const exchange = kept.exchange(head, request);
      try {
        return await exchange.response;
      } catch (error) {
        if (exchange.answered || !isClosed(error) || performance.now() - began > STALE_MS) throw error;
      }
    }
    const fresh = await Connection.open(this.#address, request, this.#keep);
    return fresh.exchange(head, request).response;
  }

  close(): void {
    this.#closed = true;
    for (const connection of this.#idle.splice(0)) connection.drop();
  }

  #takeIdle(): Connection | undefined {
    const now = performance.now();
    for (let connection = this.#idle.pop(); connection; connection = this.#idle.pop()) {
      if (connection.usable && now - connection.idleSince < this.#idleLimit) return connection;
      connection.drop();
    }
    return undefined;
  }

  readonly #keep = (connection: Connection): void => {
    if (this.#closed || this.#idle.length >= IDLE_MAX) return connection.drop();
    this.#idle.push(connection);
    if (this.#idle.length === 1) this.#scheduleSweep();
  };

  /** Connections that nobody takes again are closed, not only skipped: a server counts them too. */
  #scheduleSweep(): void {
    setTimeout(() => {
      const now = performance.now();
      this.#idle = this.#idle.filter((connection) => {
        if (connection.usable && now - connection.idleSince < this.#idleLimit) return true;
        connection.drop();
        return false;
      });
      if (this.#idle.length > 0) this.#scheduleSweep();
    }, this.#idleLimit).unref();
  }

  #head({ method, path, headers, body }: UpstreamRequest): string {
    const length = body?.reduce((sum, piece) => sum + piece.length, 0) ?? 0;
    // Compressed answers could grow without bound and delay tokens: none is wanted.
    let head = `${method} ${this.#base}${path} HTTP/1.1\r\nhost: ${this.#host}\r\nuser-agent: fairlead\r\naccept-encoding: identity\r\n`;
    if (body) head += `content-type: application/json\r\ncontent-length: ${length}\r\n`;
    for (const [name, value] of Object.entries(headers)) head += `${name}: ${value}\r\n`;
    if (/[\r\n\0]/.test(head.replaceAll("\r\n", "")))
      throw new Failure("internal_error", "A header for the backend holds a line break.");
    return `${head}\r\n`;
  }
}

function isClosed(error: unknown): boolean {
  return error instanceof Failure && error.code === "upstream_closed";
}
