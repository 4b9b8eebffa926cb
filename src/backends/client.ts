import { clientLeft, Failure } from "../core/failure.ts";
import { FRAMING_HEADERS } from "../core/headers.ts";
import type { ResponseHead } from "../wire/http1-head.ts";
import { type Peer, Connection, type Pool, type TlsOptions } from "./connection.ts";
import type { Transport, UpstreamRequest, UpstreamResponse } from "./transport.ts";

/**
 * The HTTP/1.1 client for backends, on Bun's sockets. Chosen over fetch by measurement (`docs/client.md`): fetch loses
 * bytes that arrived just before a cut, fails streams to servers that promise keep-alive and then close, and lets one hung
 * backend block every other at 256 requests; node:http has none of these faults and costs twice as much.
 */
export interface HttpTransportOptions {
  /** Base URL without `/v1` and without a trailing slash. */
  url: string;
  tls?: TlsOptions | undefined;
  /**
   * ms; default 1,000. A used connection that closes without one byte of an answer within this time had died before it was
   * used: the request is sent once more on a new one. Later than this the backend may have been working on it, and nothing
   * is repeated.
   */
  staleAfter?: number;
  /** ms; default 4,000 for http and 30,000 for https. The longest that an unused connection is kept. */
  idleLimit?: number;
}

/** Unused connections kept per backend. */
const IDLE_MAX = 256;
/** uvicorn and llama-server close an idle connection after 5 s; a second earlier nobody is surprised. */
const IDLE_LOCAL_MS = 4_000;
/** Load balancers in front of remote hosts wait 60 s and longer. */
const IDLE_REMOTE_MS = 30_000;
/** How much earlier than a server says it closes idle connections we do it: it may have begun to count before us. */
const IDLE_MARGIN_MS = 1_000;
const STALE_MS = 1_000;

/** Opens no connection before the first request. */
export function httpTransport(options: HttpTransportOptions): Transport {
  return new HttpTransport(options);
}

class HttpTransport implements Transport, Pool {
  readonly #peer: Peer;
  readonly #base: string;
  /** The headers that are the same for every request. */
  readonly #fixed: string;
  readonly #idleLimit: number;
  readonly #staleAfter: number;
  /** The connection used last is used first, so that those that are not needed grow old. */
  #idle: Connection[] = [];
  #sweep: Timer | undefined;
  #closed = false;
  /** The text of the headers sent last. Those of a backend are one frozen object for all its requests. */
  #lastHeaders: HeaderText | undefined;

  constructor({ url, tls, staleAfter, idleLimit }: HttpTransportOptions) {
    const { protocol, hostname, host, port, pathname } = new URL(url);
    const secure = protocol === "https:";
    this.#peer = {
      hostname: hostname.replace(/^\[(.*)\]$/, "$1"),
      port: Number(port) || (secure ? 443 : 80),
      tls: secure ? (tls ?? { pinSha256: [] }) : undefined,
    };
    this.#base = pathname.replace(/\/$/, "");
    this.#fixed = ` HTTP/1.1\r\nhost: ${host}\r\naccept-encoding: identity\r\n`;
    this.#idleLimit = idleLimit ?? (secure ? IDLE_REMOTE_MS : IDLE_LOCAL_MS);
    this.#staleAfter = staleAfter ?? STALE_MS;
  }

  async send(request: UpstreamRequest): Promise<UpstreamResponse> {
    if (request.signal.aborted) throw clientLeft();
    const head = this.#head(request);
    const kept = request.keepAlive === false ? undefined : this.#takeIdle();
    if (kept) {
      const began = performance.now();
      try {
        return await kept.exchange(head, request).response;
      } catch (thrown) {
        const died = thrown instanceof Failure && thrown.code === "upstream_closed";
        if (!died || performance.now() - began >= this.#staleAfter) throw thrown;
      }
    }
    const fresh = await Connection.open(this.#peer, request, this);
    return fresh.exchange(head, request).response;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#sweep);
    for (const connection of this.#idle.splice(0)) connection.retire();
  }

  keep(connection: Connection, { headers }: ResponseHead): void {
    const told = /\btimeout=(\d{1,6})/i.exec(headers.get("keep-alive") ?? "")?.[1];
    const limit = told ? Math.min(this.#idleLimit, Number(told) * 1000 - IDLE_MARGIN_MS) : this.#idleLimit;
    if (this.#closed || limit <= 0 || this.#idle.length >= IDLE_MAX) return connection.retire();
    connection.idleUntil = performance.now() + limit;
    this.#idle.push(connection);
    this.#sweep ??= this.#scheduleSweep();
  }

  lost(connection: Connection): void {
    const at = this.#idle.indexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
  }

  #takeIdle(): Connection | undefined {
    const now = performance.now();
    for (let connection = this.#idle.pop(); connection; connection = this.#idle.pop()) {
      if (now < connection.idleUntil) return connection;
      connection.retire();
    }
    return undefined;
  }

  /** Connections that nobody takes again are closed, not only skipped: a server counts them too. */
  #scheduleSweep(): Timer {
    return setTimeout(() => {
      const now = performance.now();
      const isOld = ({ idleUntil }: Connection) => idleUntil <= now;
      for (const connection of this.#idle) if (isOld(connection)) connection.retire();
      this.#idle = this.#idle.filter((connection) => !isOld(connection));
      this.#sweep = this.#idle.length > 0 ? this.#scheduleSweep() : undefined;
    }, this.#idleLimit).unref();
  }

  #head({ method, path, headers, body, keepAlive }: UpstreamRequest): string {
    if (!/^\/[\x21-\x7e]*$/.test(path)) throw notSendable("path");
    const { text, typed } = this.#headerText(headers);
    let head = `${method} ${this.#base}${path}${this.#fixed}${text}`;
    if (keepAlive === false) head += "connection: close\r\n";
    if (body && !typed) head += "content-type: application/json\r\n";
    if (body || method === "POST") head += `content-length: ${byteLength(body)}\r\n`;
    return `${head}\r\n`;
  }

  #headerText(headers: Readonly<Record<string, string>>): HeaderText {
    if (headers === this.#lastHeaders?.source) return this.#lastHeaders;
    const written = writeHeaders(headers);
    if (Object.isFrozen(headers)) this.#lastHeaders = written;
    return written;
  }
}

interface HeaderText {
  source: Readonly<Record<string, string>>;
  /** Whole lines. */
  text: string;
  /** They name a content type. */
  typed: boolean;
}

/** Set by the client itself; a second opinion would break the message's framing. */
const FRAMING: ReadonlySet<string> = new Set(["host", ...FRAMING_HEADERS]);

function writeHeaders(source: Readonly<Record<string, string>>): HeaderText {
  let text = "";
  const names = new Set<string>();
  for (const [name, value] of Object.entries(source)) {
    const lower = name.toLowerCase();
    // Latin-1 is what goes out: of a character beyond it only the lower bits would, and those may be a line break.
    const isPlain = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
    if (!isPlain || FRAMING.has(lower)) throw notSendable("header");
    names.add(lower);
    // Compressed answers could grow without bound and delay tokens: none is wanted, whatever the configuration says.
    if (lower !== "accept-encoding") text += `${name}: ${value}\r\n`;
  }
  if (!names.has("user-agent")) text += "user-agent: fairlead\r\n";
  return { source, text, typed: names.has("content-type") };
}

function byteLength(body: readonly Uint8Array[] | undefined): number {
  return body?.reduce((sum, piece) => sum + piece.length, 0) ?? 0;
}

/** Not with its text: that may be a key. */
function notSendable(what: string): Failure {
  return new Failure(
    "internal_error",
    `A ${what} for the backend holds a character that has no place there.`,
  );
}
