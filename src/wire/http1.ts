import { Failure } from "../core/failure.ts";

/** Status line and headers together, bytes. Node, Bun and nginx stop between 8 and 32 KiB. */
const HEAD_BYTES_MAX = 64 * 1024;
/** A chunk's size line with extensions, or the trailers after the last chunk, bytes. */
const SMALL_LINE_MAX = 8 * 1024;

const CR = 13;
const LF = 10;

export interface ResponseHead {
  status: number;
  /** Names in lower case; of a repeated header the values joined with `, `. */
  headers: ReadonlyMap<string, string>;
}

type Framing =
  "head" | "length" | "chunk-size" | "chunk-data" | "chunk-end" | "trailers" | "until-close" | "complete";

/**
 * One HTTP/1.1 answer, bytes in any slicing to a head and the body's bytes (RFC 9112). Strict where two readers could
 * disagree about where an answer ends: both lengths at once, unknown transfer codings, sizes that are not plain hex.
 * Throws `upstream_protocol` then; whatever body bytes came before are in `body`.
 */
export class ResponseReader {
  head: ResponseHead | undefined;
  /** Body pieces that `push` found, to be taken by the caller. Views into what was pushed. */
  body: Uint8Array[] = [];
  /** May the connection be used again? Only meaningful once `complete`. */
  keepAlive = false;
  #framing: Framing = "head";
  #left = 0;
  #held: Uint8Array = new Uint8Array(0);

  get complete(): boolean {
    return this.#framing === "complete";
  }

  /** Takes what one read brought. Bytes after the end of the answer are an error: nobody asked for them. */
  push(bytes: Uint8Array): void {
    let rest = bytes;
    while (rest.length > 0) {
      if (this.#framing === "complete") {
        this.keepAlive = false;
        return;
      }
      rest = this.#step(rest);
    }
  }

  /** The connection ended without a fault (FIN). True if that is a proper end of the answer. */
  endOfConnection(): boolean {
    if (this.#framing === "until-close") this.#framing = "complete";
    this.keepAlive = false;
    return this.complete;
  }

  #step(bytes: Uint8Array): Uint8Array {
    switch (this.#framing) {
      case "head":
        return this.#readHead(bytes);
      case "until-close":
        this.body.push(bytes);
        return bytes.subarray(bytes.length);
      case "length":
        return this.#take(bytes, "complete");
      case "chunk-data":
        return this.#take(bytes, "chunk-end");
      default:
        return this.#readLine(bytes);
    }
  }

  /** Body bytes of a known length; `then` once they are all there. */
  #take(bytes: Uint8Array, then: Framing): Uint8Array {
    const piece = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes;
    this.body.push(piece);
    this.#left -= piece.length;
    if (this.#left === 0) this.#framing = then;
    return bytes.subarray(piece.length);
  }

  /** The small lines of chunked coding: sizes, the empty line after each chunk, trailers. */
  #readLine(bytes: Uint8Array): Uint8Array {
    const end = bytes.indexOf(LF);
    const part = end === -1 ? bytes : bytes.subarray(0, end + 1);
    const line = this.#held.length > 0 ? Buffer.concat([this.#held, part]) : part;
    if (line.length > SMALL_LINE_MAX) throw protocol("a line of its chunked coding is too long");
    if (end === -1) {
      this.#held = line;
      return bytes.subarray(bytes.length);
    }
    this.#held = new Uint8Array(0);
    if (line[line.length - 2] !== CR) throw protocol("a line of its chunked coding does not end with CR LF");
    this.#onLine(latin1(line.subarray(0, line.length - 2)));
    return bytes.subarray(end + 1);
  }

  #onLine(line: string): void {
    if (this.#framing === "chunk-end") {
      if (line !== "") throw protocol("a chunk is longer than announced");
      this.#framing = "chunk-size";
    } else if (this.#framing === "trailers") {
      if (line === "") this.#framing = "complete";
    } else {
      this.#left = chunkSize(line);
      this.#framing = this.#left === 0 ? "trailers" : "chunk-data";
    }
  }

  #readHead(bytes: Uint8Array): Uint8Array {
    const before = this.#held.length;
    const held = before > 0 ? Buffer.concat([this.#held, bytes]) : bytes;
    const end = endOfHead(held, Math.max(0, before - 3));
    if ((end === -1 ? held.length : end) > HEAD_BYTES_MAX) throw protocol("its headers are too long");
    if (end === -1) {
      this.#held = held;
      return bytes.subarray(bytes.length);
    }
    this.#held = new Uint8Array(0);
    const head = parseHead(latin1(held.subarray(0, end - 4)));
    // 1xx is news on the way to the answer, not the answer.
    if (head.status >= 200) this.#begin(head);
    else if (head.status === 101) throw protocol("it switched protocols unasked");
    return held.subarray(end);
  }

  #begin(head: ResponseHead): void {
    this.head = head;
    const coding = head.headers.get("transfer-encoding")?.toLowerCase();
    const length = head.headers.get("content-length");
    const connection = head.headers.get("connection")?.toLowerCase() ?? "";
    this.keepAlive = !connection.includes("close");
    if (coding !== undefined && length !== undefined) throw protocol("it names two lengths for its body");
    if (head.status === 204 || head.status === 304) this.#framing = "complete";
    else if (coding !== undefined) {
      if (coding !== "chunked") throw protocol(`its transfer coding is unknown`);
      this.#framing = "chunk-size";
    } else if (length !== undefined) {
      this.#left = contentLength(length);
      this.#framing = this.#left === 0 ? "complete" : "length";
    } else this.#framing = "until-close";
  }
}

function parseHead(text: string): ResponseHead {
  const lines = text.split("\r\n");
  const status = /^HTTP\/1\.([01]) (\d{3})(?: |$)/.exec(lines[0] ?? "");
  if (!status) throw protocol("it does not speak HTTP/1.1");
  const headers = new Map<string, string>();
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(":");
    // A name followed by a space, or a folded line, is read differently by different readers: refused.
    if (colon < 1 || /[\s\0]/.test(line.slice(0, colon))) throw protocol("one of its headers is malformed");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const earlier = headers.get(name);
    headers.set(name, earlier === undefined ? value : `${earlier}, ${value}`);
  }
  if (status[1] === "0") headers.set("connection", "close");
  return { status: Number(status[2]), headers };
}

function endOfHead(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(LF, from); at !== -1; at = bytes.indexOf(LF, at + 1)) {
    if (at >= 3 && bytes[at - 1] === CR && bytes[at - 2] === LF && bytes[at - 3] === CR) return at + 1;
  }
  return -1;
}

function chunkSize(line: string): number {
  const extension = line.indexOf(";");
  const digits = (extension === -1 ? line : line.slice(0, extension)).trim();
  if (!/^[0-9a-fA-F]{1,8}$/.test(digits)) throw protocol("a chunk's size makes no sense");
  return Number.parseInt(digits, 16);
}

function contentLength(text: string): number {
  // Equal repeated values arrive joined with a comma; RFC 9112 6.3 allows to take them as one.
  const values = new Set(text.split(",").map((value) => value.trim()));
  const [value] = values;
  if (values.size !== 1 || value === undefined || !/^\d{1,15}$/.test(value))
    throw protocol("its content-length makes no sense");
  return Number(value);
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

function protocol(how: string): Failure {
  return new Failure("upstream_protocol", `The backend's answer is not proper HTTP: ${how}.`);
}
