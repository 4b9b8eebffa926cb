import { X509Certificate } from "node:crypto";
import type { Socket, SocketHandler } from "bun";
import { isIP } from "node:net";
import { clientLeft, Failure } from "../core/failure.ts";
import type { ResponseHead } from "../wire/http1-head.ts";
import { Exchange, type Line } from "./exchange.ts";
import type { UpstreamRequest } from "./transport.ts";

/** Bodies up to this size leave in one write together with their head. */
const JOIN_MAX = 16 * 1024;

/** A connection that waits minutes for an answer is kept alive in the tables of the routers on its way, ms. */
const TCP_KEEP_ALIVE_MS = 60_000;

/** Whom to trust at the other end, beyond what the runtime checks by itself. */
export interface TlsOptions {
  /** PEM of the authorities to trust instead of the system's. */
  ca?: string | undefined;
  /** Base64 SHA-256 of the public keys (SPKI) one of which the server must show. Empty: any trusted one. */
  pinSha256: readonly string[];
}

/** The other end of a connection. */
export interface Peer {
  /** A name or an IP address, IPv6 without brackets. */
  hostname: string;
  port: number;
  /** Undefined: plain TCP. */
  tls: TlsOptions | undefined;
}

/** Where connections live between two requests. */
export interface Pool {
  /** The connection may carry another request. It drops itself when it cannot any more, and says so. */
  keep(connection: Connection, head: ResponseHead): void;
  /** A connection that was kept has ended. */
  lost(connection: Connection): void;
}

/** One TCP or TLS connection to a backend, carrying one exchange at a time. */
export class Connection implements Line {
  /** Until when it may wait in the pool, on the monotonic clock, ms. */
  idleUntil = 0;
  readonly #peer: Peer;
  readonly #pool: Pool;
  /** Undefined once it stands. */
  #opening: PromiseWithResolvers<void> | undefined;
  #socket: Socket<Connection> | undefined;
  #exchange: Exchange | undefined;
  #unsent: Uint8Array[] = [];
  #ended = false;

  private constructor(peer: Peer, pool: Pool) {
    this.#peer = peer;
    this.#pool = pool;
  }

  /**
   * Opens a connection, TLS included. Rejects with `upstream_unreachable`, `upstream_dns`, `upstream_tls`,
   * `upstream_connect_timeout` (after `timeouts.connect` ms, 0 = none) or `cancelled`. Not one byte of a request is sent
   * before the other side's certificate has been accepted.
   *
   * An attempt that was given up cannot be called off: the system goes on trying for a minute or two, then forgets it.
   */
  static async open(peer: Peer, request: UpstreamRequest, pool: Pool): Promise<Connection> {
    const connection = new Connection(peer, pool);
    const opening = Promise.withResolvers<void>();
    const give = (failure: Failure) => {
      opening.reject(failure);
      connection.drop();
    };
    const onAbort = () => give(clientLeft());
    const limit = request.timeouts.connect;
    const timer = limit > 0 ? setTimeout(() => give(connectTimeout(limit)), limit) : undefined;
    request.signal.addEventListener("abort", onAbort);
    try {
      connection.#connect(opening);
      await opening.promise;
    } finally {
      clearTimeout(timer);
      request.signal.removeEventListener("abort", onAbort);
    }
    if (!request.signal.aborted) return connection;
    connection.drop();
    throw clientLeft();
  }

  /** Sends a request whose head is ready. The connection must be a new one, or one that the pool has just given out. */
  exchange(head: string, request: UpstreamRequest): Exchange {
    const exchange = new Exchange(this, request);
    this.#exchange = exchange;
    this.#socket?.ref();
    this.#unsent = requestPieces(head, request.body ?? []);
    this.#flush();
    return exchange;
  }

  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  release(keepAlive: boolean, head: ResponseHead): void {
    this.#exchange = undefined;
    if (this.#ended) return;
    // An answer that came before the request was sent whole leaves the rest of that request on the line.
    if (this.#unsent.length > 0) return this.drop();
    if (!keepAlive) return this.retire();
    // Waiting for a next request is no reason for the process to live.
    this.#socket?.unref();
    this.#pool.keep(this, head);
  }

  /** Closes in order: all is said. */
  retire(): void {
    this.#ended = true;
    this.#socket?.end();
  }

  /** Closes at once, with a reset: the other side is to stop what it does. */
  drop(): void {
    this.#exchange = undefined;
    this.#unsent = [];
    this.#ended = true;
    this.#socket?.terminate();
  }

  #flush(): void {
    const socket = this.#socket;
    for (let piece = this.#unsent[0]; socket && piece; piece = this.#unsent[0]) {
      const written = socket.write(piece);
      if (written < 0) return; // Closed: the close event tells the exchange.
      if (written < piece.length) {
        this.#unsent[0] = piece.subarray(written);
        return;
      }
      this.#unsent.shift();
    }
  }

  #connect(opening: PromiseWithResolvers<void>): void {
    this.#opening = opening;
    const { hostname, port, tls } = this.#peer;
    const secure = tls ? { tls: tlsOptions(hostname, tls) } : {};
    Bun.connect<Connection>({ hostname, port, ...secure, data: this, socket: Connection.#handlers }).catch(
      (error: unknown) => this.#onClosed(error),
    );
  }

  /** One set for all connections; each finds its own through the socket's `data`. */
  static readonly #handlers: SocketHandler<Connection> = {
    open: (socket) => socket.data.#onOpen(socket),
    handshake: (socket, success, error) => socket.data.#onHandshake(success, error),
    data: ({ data }, bytes) => data.#onBytes(bytes),
    drain: ({ data }) => {
      if (data.#unsent.length === 0) return;
      data.#flush();
      data.#exchange?.onSent();
    },
    end: ({ data }) => data.#onClosed(undefined),
    // After a FIN or an end of our own nobody waits any more; without one, something was lost.
    close: ({ data }, error) => data.#onClosed(error ?? new Error("the connection was lost")),
    error: ({ data }, error) => {
      data.#onClosed(error);
      data.drop();
    },
    connectError: ({ data }, error) => data.#onClosed(error),
  };

  #onOpen(socket: Socket<Connection>): void {
    this.#socket = socket;
    // Given up meanwhile (time over, client gone): nobody else would close it.
    if (this.#ended) return void socket.terminate();
    socket.setNoDelay(true);
    socket.setKeepAlive(true, TCP_KEEP_ALIVE_MS);
    if (!this.#peer.tls) this.#stands();
  }

  /** The runtime has checked the chain, the dates and the host's name; it leaves the verdict to us. */
  #onHandshake(success: boolean, error: Error | null): void {
    const { tls } = this.#peer;
    const socket = this.#socket;
    if (!tls || !socket) return;
    const isTrusted = success && !error && socket.authorized;
    const failure = isTrusted ? pinFailure(socket, tls) : distrust(error);
    if (!failure) return this.#stands();
    this.#opening?.reject(failure);
    this.drop();
  }

  #stands(): void {
    this.#opening?.resolve();
    this.#opening = undefined;
  }

  #onBytes(bytes: Uint8Array): void {
    // Bytes nobody asked for: the connection is out of step and must not be used again.
    if (this.#exchange) return this.#exchange.onData(bytes);
    this.drop();
    this.#pool.lost(this);
  }

  /**
   * The end of the connection, a FIN when `error` is undefined. Called up to three times for one end: by the error or the
   * FIN, by the close, by the rejected promise.
   */
  #onClosed(error: unknown): void {
    this.#opening?.reject(this.#connectFailure(error));
    const exchange = this.#exchange;
    const wasKept = !this.#ended && !this.#opening;
    this.#exchange = undefined;
    this.#ended = true;
    if (exchange) exchange.onClosed(error instanceof Error ? error : undefined);
    else if (wasKept) this.#pool.lost(this);
  }

  #connectFailure(error: unknown): Failure {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (this.#socket && this.#peer.tls) {
      return new Failure("upstream_tls", "No TLS connection to the backend could be made.", { cause: error });
    }
    if (code === "ENOTFOUND" || code.startsWith("EAI_") || code.startsWith("DNS_")) {
      return new Failure("upstream_dns", "The backend's host name could not be resolved.", { cause: error });
    }
    const what = code === "ECONNREFUSED" ? "refused the connection" : "could not be reached";
    return new Failure("upstream_unreachable", `The backend ${what}.`, { cause: error });
  }
}

function requestPieces(head: string, body: readonly Uint8Array[]): Uint8Array[] {
  const size = body.reduce((sum, piece) => sum + piece.length, 0);
  if (size > JOIN_MAX) return [Buffer.from(head, "latin1"), ...body];
  const whole = Buffer.allocUnsafe(head.length + size);
  let at = whole.write(head, "latin1");
  for (const piece of body) {
    whole.set(piece, at);
    at += piece.length;
  }
  return [whole];
}

function tlsOptions(hostname: string, { ca }: TlsOptions) {
  return {
    // An address is no server name (RFC 6066); the certificate is checked against it all the same.
    serverName: isIP(hostname) ? "" : hostname,
    rejectUnauthorized: true,
    ...(ca === undefined ? {} : { ca }),
  };
}

function pinFailure(socket: Socket<Connection>, { pinSha256 }: TlsOptions): Failure | undefined {
  if (pinSha256.length === 0) return undefined;
  const { raw } = socket.getPeerCertificate();
  if (raw && pinSha256.includes(spkiSha256(raw))) return undefined;
  return new Failure("upstream_tls", "The backend's TLS key is none of the pinned ones.");
}

/** Base64 SHA-256 of a certificate's public key: the form of HTTP public key pinning (RFC 7469). */
function spkiSha256(der: Buffer): string {
  const spki = new X509Certificate(der).publicKey.export({ type: "spki", format: "der" });
  return new Bun.CryptoHasher("sha256").update(spki).digest("base64");
}

function distrust(cause: Error | null): Failure {
  const why = cause?.message ?? "the handshake failed";
  return new Failure("upstream_tls", `The backend's TLS certificate was not accepted: ${why}.`, { cause });
}

function connectTimeout(limit: number): Failure {
  const message = `The backend did not accept a connection within ${limit / 1000} s.`;
  return new Failure("upstream_connect_timeout", message);
}
