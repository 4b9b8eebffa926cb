/**
 * How a request reaches a backend: over the network (client.ts) or inside this process (echo/transport.ts). Everything above sees
 * the same three things: a status, headers, and the body's bytes as they arrive.
 */
export interface Transport {
  /**
   * Sends one request and resolves when the answer's head is there. Rejects with a Failure (`upstream_unreachable`,
   * `upstream_connect_timeout`, `upstream_first_byte_timeout` ...) or, when `signal` fired, with Failure `cancelled`.
   */
  send(request: UpstreamRequest): Promise<UpstreamResponse>;
  /** Closes idle connections; running answers go on. */
  close(): void;
}

/** One request as the pipeline, or a look at a backend, wants it sent. */
export interface UpstreamRequest {
  method: "GET" | "POST";
  /** Path and query, below the backend's base URL: `/v1/chat/completions`. */
  path: string;
  headers: Readonly<Record<string, string>>;
  /** Sent in order, without being joined. */
  body?: readonly Uint8Array[];
  /** False: a connection of its own, closed after the answer, and the backend is told so. Default: true. */
  keepAlive?: boolean;
  /** Aborting closes the connection at once, in every phase. */
  signal: AbortSignal;
  timeouts: UpstreamTimeouts;
}

/** Milliseconds; 0 means no limit. */
export interface UpstreamTimeouts {
  /** Until the connection stands, TLS included. */
  connect: number;
  /** From the request sent to the first byte of the answer's body. */
  firstByte: number;
  /** Longest silence between two reads after that. */
  idle: number;
}

/** The head of an answer, and its body on the way. */
export interface UpstreamResponse {
  status: number;
  /** Names in lower case; of a repeated header the values joined with `, `. */
  headers: ReadonlyMap<string, string>;
  /**
   * The body, one item per network read. Ends when the answer is complete; throws a Failure (`upstream_truncated`,
   * `upstream_idle_timeout` ...) after everything that arrived before the fault. Whoever leaves the loop early gives the body a
   * moment to end, which makes the connection worth keeping; then it is closed.
   */
  body: AsyncIterable<Uint8Array>;
}
