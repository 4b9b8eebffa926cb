import { type Connection, type Ending, turn } from "./connection.ts";

/** Header fields to send, in order; the list form can repeat a name. */
export type Fields = Readonly<Record<string, string>> | readonly (readonly [name: string, value: string])[];

/**
 * The answering side of one request, as HTTP or as plain bytes. Nothing is added that the script did not ask for and
 * nothing is checked, so that every kind of nonsense can be sent. Each call is one write to the socket; it resolves to
 * true when the kernel has taken the bytes and to false when the connection is gone, and never rejects.
 */
export class Wire {
  readonly #connection: Connection;
  #done = Promise.withResolvers<void>();
  /** Body bytes still owed after a `content-length`; undefined when none was promised. */
  #owed: number | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
    void connection.ended.then(() => this.complete());
  }

  /** Resolves when the connection has ended, whoever ended it. */
  get peerClosed(): Promise<Ending> {
    return this.#connection.ended;
  }

  /** True when nothing can be sent any more. */
  get gone(): boolean {
    return this.#connection.closing;
  }

  /** Bytes of this connection that the kernel took. */
  get sent(): number {
    return this.#connection.sent;
  }

  /** Resolves when the answer is complete: after that the connection may carry the next request. */
  get completed(): Promise<void> {
    return this.#done.promise;
  }

  /** Bytes as they are. Completes the answer when they are the last that a `content-length` of `head` promised. */
  async raw(bytes: Uint8Array | string): Promise<boolean> {
    const data = bytesOf(bytes);
    const sent = await this.#connection.write(data);
    if (this.#owed !== undefined && (this.#owed -= data.length) <= 0) this.complete();
    return sent;
  }

  /** Status line and headers, exactly these. */
  async head(status: number, fields: Fields = {}): Promise<boolean> {
    const sent = await this.#connection.write(headBytes(status, fields));
    const length = pairsOf(fields).find(([name]) => name.toLowerCase() === "content-length")?.[1];
    if (length === undefined) return sent;
    this.#owed = Number(length);
    if (this.#owed === 0) this.complete();
    return sent;
  }

  /** One chunk of the chunked coding. */
  chunk(bytes: Uint8Array | string): Promise<boolean> {
    return this.raw(chunkBytes(bytes));
  }

  /** The chunk that says: this was all. */
  async lastChunk(): Promise<boolean> {
    const sent = await this.raw("0\r\n\r\n");
    this.complete();
    return sent;
  }

  /** Bytes in slices of `size`, each one a segment of its own; the client gets a turn to read between them. */
  async slices(bytes: Uint8Array | string, size: number, as: "raw" | "chunk" = "raw"): Promise<boolean> {
    const data = bytesOf(bytes);
    for (let at = 0; at < data.length; at += size) {
      if (!(await this[as](data.subarray(at, at + size)))) return false;
      await turn();
    }
    return true;
  }

  /** A whole JSON answer with its length; a string goes out as it is. */
  async json(
    status: number,
    value: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<boolean> {
    const body = bytesOf(typeof value === "string" ? value : JSON.stringify(value));
    const fields = {
      "content-type": "application/json",
      "content-length": String(body.length),
      ...headers,
    };
    return (await this.head(status, fields)) && (await this.raw(body));
  }

  /** The head of an event stream in chunked coding. */
  sseHead(headers: Readonly<Record<string, string>> = {}): Promise<boolean> {
    return this.head(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "transfer-encoding": "chunked",
      ...headers,
    });
  }

  /** A whole event stream: the head, one chunk per payload, the last chunk. */
  async sse(payloads: readonly string[], headers: Readonly<Record<string, string>> = {}): Promise<boolean> {
    await this.sseHead(headers);
    for (const payload of payloads) await this.chunk(sseFrame(payload));
    return this.lastChunk();
  }

  /** An orderly close, after everything sent before. After a whole answer it betrays the keep-alive HTTP promises. */
  fin(): Promise<void> {
    this.complete();
    return this.#connection.fin();
  }

  /** A reset of the connection (RST), at once. */
  reset(): void {
    this.#connection.reset();
  }

  /** Declares an answer complete that was sent as plain bytes. */
  complete(): void {
    this.#done.resolve();
  }
}

export function bytesOf(bytes: Uint8Array | string): Uint8Array {
  return typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
}

/** An event stream's frame as most servers write it. */
export function sseFrame(payload: string): string {
  return `data: ${payload}\n\n`;
}

/** One chunk of the chunked coding, its size line and ending included. */
export function chunkBytes(bytes: Uint8Array | string): Uint8Array {
  const data = bytesOf(bytes);
  return Buffer.concat([bytesOf(`${data.length.toString(16)}\r\n`), data, bytesOf("\r\n")]);
}

/** Status line and headers up to and including the empty line. */
export function headBytes(status: number, fields: Fields = {}): Uint8Array {
  const lines = pairsOf(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return bytesOf(`HTTP/1.1 ${status} ${REASONS[status] ?? "Unknown"}\r\n${lines.join("")}\r\n`);
}

function pairsOf(fields: Fields): readonly (readonly [string, string])[] {
  return Array.isArray(fields) ? fields : Object.entries(fields);
}

const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  302: "Found",
  307: "Temporary Redirect",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  422: "Unprocessable Entity",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};
