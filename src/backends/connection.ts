import { X509Certificate } from "node:crypto";
import type { Socket, TLSSocket } from "bun";
import { Failure } from "../core/failure.ts";
import { Exchange, type Line } from "./exchange.ts";
import type { UpstreamRequest } from "./transport.ts";

/** Bodies up to this size leave in one write together with their head. */
const JOIN_MAX = 16 * 1024;

export interface TlsOptions {
  /** PEM of the authorities to trust instead of the system's. */
  ca?: string | undefined;
  /** Base64 SHA-256 of the public keys (SPKI) one of which the server must show. Empty: any trusted one. */
  pinSha256: readonly string[];
}

export interface Address {
  hostname: string;
  port: number;
  /** Undefined: plain TCP. */
  tls: TlsOptions | undefined;
}

/** One TCP or TLS connection to a backend, carrying one exchange at a time. */
export class Connection implements Line {
  /** True from the second request on: a fault before any answer may then be the connection's age, not the backend's. */
  reused = false;
  /** When it was put back, on the monotonic clock, ms. */
  idleSince = 0;
  readonly #onIdle: (connection: Connection) => void;
  #socket: Socket | undefined;
  #exchange: Exchange | undefined;
  #unsent: Uint8Array[] = [];
  #ended = false;

  private constructor(onIdle: (connection: Connection) => void) {
    this.#onIdle = onIdle;
  }

  /**
   * Opens a connection, TLS included. Rejects with `upstream_unreachable`, `upstream_dns`, `upstream_tls`,
   * `upstream_connect_timeout` (after `timeout` ms, 0 = none) or `cancelled`. Not one byte of a request is sent before
   * the other side's certificate has been accepted.
   */
  static async open(
    address: Address,
    request: UpstreamRequest,
    onIdle: (c: Connection) => void,
  ): Promise<Connection> {
    const connection = new Connection(onIdle);
    const opened = Promise.withResolvers<void>();
    const give = (failure: Failure) => {
      opened.reject(failure);
      connection.drop();
    };
    const onAbort = () => give(new Failure("cancelled", "The client left."));
    const limit = request.timeouts.connect;
    const timer = limit > 0 ? setTimeout(() => give(connectTimeout(limit)), limit) : undefined;
    request.signal.addEventListener("abort", onAbort);
    try {
      connection.#connect(address, opened);
      await opened.promise;
      return connection;
    } finally {
      clearTimeout(timer);
      request.signal.removeEventListener("abort", onAbort);
    }
  }

  get usable(): boolean {
    return !this.#ended && this.#exchange === undefined;
  }

  /** Sends a request whose head is ready. The connection must be usable. */
  exchange(head: string, request: UpstreamRequest): Exchange {
    const exchange = new Exchange(this, request);
    this.#exchange = exchange;
    const body = request.body ?? [];
    const size = body.reduce((sum, piece) => sum + piece.length, 0);
    this.#unsent =
      size <= JOIN_MAX
        ? [Buffer.concat([Buffer.from(head, "latin1"), ...body])]
        : [Buffer.from(head, "latin1"), ...body];
    this.#flush();
    return exchange;
  }

  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  release(reusable: boolean): void {
    this.#exchange = undefined;
    // An answer that came before the request was sent whole leaves the rest of that request on the line.
    if (!reusable || this.#ended || this.#unsent.length > 0) return this.drop();
    this.reused = true;
    this.idleSince = performance.now();
    this.#onIdle(this);
  }

  drop(): void {
    this.#exchange = undefined;
    this.#unsent = [];
    this.#ended = true;
    this.#socket?.terminate();
  }

  #flush(): void {
    const socket = this.#socket;
    while (socket && this.#unsent.length > 0) {
      const [piece] = this.#unsent;
      if (!piece) break;
      const written = socket.write(piece);
      if (written < 0) return; // Closed: the close event tells the exchange.
      if (written < piece.length) {
        this.#unsent[0] = piece.subarray(written);
        return;
      }
      this.#unsent.shift();
    }
  }

  #closed(error: Error | undefined): void {
    this.#ended = true;
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.onClosed(error);
  }

  #connect(address: Address, opened: PromiseWithResolvers<void>): void {
    const secure = address.tls !== undefined;
    const attempt = Bun.connect({
      hostname: address.hostname,
      port: address.port,
      ...(address.tls ? { tls: tlsOptions(address.hostname, address.tls) } : {}),
      socket: {
        open: (socket) => {
          this.#socket = socket;
          // Given up meanwhile (time over, client gone): nobody else would close it.
          if (this.#ended) return void socket.terminate();
          socket.setNoDelay(true);
          if (!secure) opened.resolve();
        },
        handshake: (socket, success, error) => {
          const failure =
            address.tls &&
            certificateFailure(
              socket,
              address.tls,
              success ? error : (error ?? new Error("handshake failed")),
            );
          if (!failure) return opened.resolve();
          opened.reject(failure);
          this.drop();
        },
        data: (_socket, bytes) => this.#onBytes(bytes),
        drain: () => this.#flush(),
        end: () => this.#closed(undefined),
        close: (_socket, error) => {
          opened.reject(connectFailure(error ?? new Error("closed while connecting"), secure));
          this.#closed(error instanceof Error ? error : undefined);
        },
        error: (_socket, error) => this.#closed(error),
        connectError: (_socket, error) => opened.reject(connectFailure(error, secure)),
      },
    });
    attempt.catch((error: unknown) => opened.reject(connectFailure(error, secure)));
  }

  #onBytes(bytes: Uint8Array): void {
    // Bytes nobody asked for: the connection is out of step and must not be used again.
    if (this.#exchange) this.#exchange.onData(bytes);
    else this.drop();
  }
}

function tlsOptions(hostname: string, tls: TlsOptions) {
  return { serverName: hostname, rejectUnauthorized: true, ...(tls.ca === undefined ? {} : { ca: tls.ca }) };
}

function certificateFailure(socket: Socket, tls: TlsOptions, error: Error | null): Failure | undefined {
  if (error) {
    return new Failure("upstream_tls", `The backend's TLS certificate was not accepted: ${error.message}.`, {
      cause: error,
    });
  }
  if (tls.pinSha256.length === 0) return undefined;
  const raw = peerCertificate(socket);
  if (raw && tls.pinSha256.includes(spkiSha256(raw))) return undefined;
  return new Failure("upstream_tls", "The backend's TLS key is none of the pinned ones.");
}

function peerCertificate(socket: Socket): Buffer | undefined {
  const certificate = (socket as TLSSocket).getPeerCertificate?.();
  return certificate && "raw" in certificate ? certificate.raw : undefined;
}

/** Base64 SHA-256 of a certificate's public key: the form of HTTP public key pinning (RFC 7469). */
export function spkiSha256(der: Buffer): string {
  const spki = new X509Certificate(der).publicKey.export({ type: "spki", format: "der" });
  return new Bun.CryptoHasher("sha256").update(spki).digest("base64");
}

function connectTimeout(limit: number): Failure {
  return new Failure(
    "upstream_connect_timeout",
    `The backend did not accept a connection within ${limit / 1000} s.`,
  );
}

function connectFailure(error: unknown, secure: boolean): Failure {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOTFOUND" || code.startsWith("EAI_") || code.startsWith("DNS_")) {
    return new Failure("upstream_dns", "The backend's host name could not be resolved.", { cause: error });
  }
  if (secure && code !== "ECONNREFUSED" && code !== "EHOSTUNREACH" && code !== "ENETUNREACH") {
    return new Failure("upstream_tls", "No TLS connection to the backend could be made.", { cause: error });
  }
  const what = code === "ECONNREFUSED" ? "refused the connection" : "could not be reached";
  return new Failure("upstream_unreachable", `The backend ${what}.`, { cause: error });
}
