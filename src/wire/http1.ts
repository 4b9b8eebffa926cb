import type { Failure } from "../core/failure.ts";
import { checkBeginning, endOfHead, parseHead, protocol, type ResponseHead } from "./http1-head.ts";

/** Status line and headers together, bytes. Node, Bun and nginx stop between 8 and 32 KiB. */
const HEAD_BYTES_MAX = 64 * 1024;
/** A chunk's extensions, and all trailers after the last chunk, bytes: nobody reads them. */
const SMALL_BYTES_MAX = 8 * 1024;
/** Hexadecimal digits of a chunk's size: less than 4 GiB. */
const SIZE_DIGITS_MAX = 8;

const HT = 9;
const LF = 10;
const CR = 13;
const SP = 32;
const SEMICOLON = 59;

/** What the next byte belongs to. Numbers, because one is looked up several times for every chunk. */
const HEAD = 0;
const LENGTH = 1;
const UNTIL_CLOSE = 2;
const SIZE = 3;
const SIZE_SPACE = 4;
const EXTENSION = 5;
const SIZE_LF = 6;
const DATA = 7;
const DATA_CR = 8;
const DATA_LF = 9;
const TRAILER_START = 10;
const TRAILER = 11;
const TRAILER_LF = 12;
const LAST_LF = 13;
const COMPLETE = 14;

const NOTHING = new Uint8Array(0);

/**
 * One HTTP/1.1 answer, bytes in any slicing to a head and the body's bytes (RFC 9112). Strict where two readers could
 * disagree about where an answer ends: two lengths, unknown transfer codings, sizes that are not plain hex, line ends that
 * are not CR LF. Throws `upstream_protocol` then; whatever body bytes came before are in `body`.
 */
export class ResponseReader {
  head: ResponseHead | undefined;
  /** The body's bytes that the last `push` found, joined: a view into what was pushed. Empty if there were none. */
  body: Uint8Array = NOTHING;
  /** May the connection be used again? Only meaningful once `complete`. */
  keepAlive = false;
  #state = HEAD;
  /** Bytes that are still to come of a body or chunk; while a size is read: what its digits have said so far. */
  #left = 0;
  #digits = 0;
  /** Bytes of this chunk that nobody reads: its extensions, and all trailers after the last one. */
  #small = 0;
  /** The part of a head that came with earlier pushes. */
  #held: Uint8Array = NOTHING;
  #bytes: Uint8Array = NOTHING;
  #bodyFrom = 0;
  #bodyTo = 0;

  get complete(): boolean {
    return this.#state === COMPLETE;
  }

  /**
   * Takes what one read brought, for good: the body's bytes are moved together inside it, over the sizes between them.
   * Bytes after the end of the answer are not body: nobody asked for them, and the connection is not to be used again.
   */
  push(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#bodyFrom = 0;
    this.#bodyTo = 0;
    this.body = NOTHING;
    try {
      let at = 0;
      while (at < this.#bytes.length) {
        if (this.#state === COMPLETE) {
          this.keepAlive = false;
          return;
        }
        at = this.#step(at);
      }
    } finally {
      if (this.#bodyTo > this.#bodyFrom) this.body = this.#bytes.subarray(this.#bodyFrom, this.#bodyTo);
      this.#bytes = NOTHING;
    }
  }

  /** The connection ended without a fault (FIN). True if that is a proper end of the answer. */
  endOfConnection(): boolean {
    if (this.#state === UNTIL_CLOSE) this.#state = COMPLETE;
    this.keepAlive = false;
    return this.complete;
  }

  /** Reads on from `at`; returns where it stopped, always further on. */
  #step(at: number): number {
    const bytes = this.#bytes;
    switch (this.#state) {
      case HEAD:
        return this.#readHead(at);
      case UNTIL_CLOSE:
        return this.#take(at, bytes.length);
      case LENGTH:
      case DATA: {
        const end = Math.min(bytes.length, at + this.#left);
        this.#left -= end - at;
        if (this.#left === 0) this.#state = this.#state === DATA ? DATA_CR : COMPLETE;
        return this.#take(at, end);
      }
      case SIZE:
        return this.#readSize(at);
      case TRAILER_START:
        if (bytes[at] === CR) {
          this.#state = LAST_LF;
          return at + 1;
        }
        this.#state = TRAILER;
        return this.#readSmall(at, TRAILER_LF);
      case TRAILER:
        return this.#readSmall(at, TRAILER_LF);
      case EXTENSION:
        return this.#readSmall(at, SIZE_LF);
      default:
        return this.#readMark(at);
    }
  }

  /** Body bytes, moved next to those that this push has already brought. */
  #take(from: number, to: number): number {
    if (this.#bodyTo === this.#bodyFrom) {
      this.#bodyFrom = from;
      this.#bodyTo = to;
    } else {
      this.#bytes.copyWithin(this.#bodyTo, from, to);
      this.#bodyTo += to - from;
    }
    return to;
  }

  #readSize(from: number): number {
    const bytes = this.#bytes;
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0;
      const digit = hexDigit(byte);
      if (digit < 0) {
        if (this.#digits === 0) throw badSize();
        return this.#endSize(byte, at + 1);
      }
      if (++this.#digits > SIZE_DIGITS_MAX) throw badSize();
      this.#left = this.#left * 16 + digit;
    }
    return bytes.length;
  }

  /** The byte after a size's digits. Some servers pad them with spaces. */
  #endSize(byte: number, next: number): number {
    if (byte === CR) this.#state = SIZE_LF;
    else if (byte === SEMICOLON) this.#state = EXTENSION;
    else if (byte === SP || byte === HT) this.#state = SIZE_SPACE;
    else throw badSize();
    return next;
  }

  /** A line that nobody reads: skipped up to its CR. */
  #readSmall(from: number, then: number): number {
    const bytes = this.#bytes;
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at];
      if (byte === CR) {
        this.#state = then;
        return at + 1;
      }
      if (byte === LF || byte === 0) throw protocol("a line of its chunked coding is malformed");
      if (++this.#small > SMALL_BYTES_MAX) throw protocol("a line of its chunked coding is too long");
    }
    return bytes.length;
  }

  /** The single bytes of chunked coding: what must stand here, or nothing may. */
  #readMark(at: number): number {
    const byte = this.#bytes[at] ?? 0;
    switch (this.#state) {
      case SIZE_SPACE:
        if (byte !== SP && byte !== HT) return this.#endSize(byte, at + 1);
        if (++this.#small > SMALL_BYTES_MAX) throw badSize();
        break;
      case SIZE_LF:
        expectByte(byte, LF, "a line of its chunked coding does not end with CR LF");
        this.#state = this.#left === 0 ? TRAILER_START : DATA;
        break;
      case DATA_CR:
        expectByte(byte, CR, "a chunk is longer than announced");
        this.#state = DATA_LF;
        break;
      case DATA_LF:
        expectByte(byte, LF, "a chunk is longer than announced");
        this.#beginChunk();
        break;
      case TRAILER_LF:
        expectByte(byte, LF, "a trailer does not end with CR LF");
        this.#state = TRAILER_START;
        break;
      default:
        expectByte(byte, LF, "its last chunk does not end with CR LF");
        this.#state = COMPLETE;
    }
    return at + 1;
  }

  #beginChunk(): void {
    this.#state = SIZE;
    this.#left = 0;
    this.#digits = 0;
    this.#small = 0;
  }

  #readHead(at: number): number {
    const before = this.#held.length;
    const bytes = before > 0 ? Buffer.concat([this.#held, this.#bytes.subarray(at)]) : this.#bytes;
    const start = before > 0 ? 0 : at;
    checkBeginning(bytes, start);
    const end = endOfHead(bytes, start, before);
    if ((end === -1 ? bytes.length : end) - start > HEAD_BYTES_MAX)
      throw protocol("its headers are too long");
    if (end === -1) {
      this.#held = bytes.subarray(start);
      return this.#bytes.length;
    }
    this.#held = NOTHING;
    this.#bytes = bytes;
    const { head, keepAlive } = parseHead(bytes.subarray(start, end - 2));
    // 1xx is news on the way to the answer, not the answer.
    if (head.status >= 200) this.#begin(head, keepAlive);
    else if (head.status === 101) throw protocol("it switched protocols unasked");
    return end;
  }

  #begin(head: ResponseHead, keepAlive: boolean): void {
    const coding = head.headers.get("transfer-encoding");
    const length = head.headers.get("content-length");
    if (coding !== undefined && length !== undefined) throw protocol("it names two lengths for its body");
    if (coding !== undefined && coding.toLowerCase() !== "chunked")
      throw protocol("its transfer coding is unknown");
    // The digits of one length: repeated headers arrive joined with a comma.
    if (length !== undefined && !/^\d{1,15}$/.test(length))
      throw protocol("its content-length makes no sense");
    this.head = head;
    this.keepAlive = keepAlive;
    if (head.status === 204 || head.status === 304) this.#state = COMPLETE;
    else if (coding !== undefined) this.#beginChunk();
    else if (length === undefined) this.#state = UNTIL_CLOSE;
    else {
      this.#left = Number(length);
      this.#state = this.#left === 0 ? COMPLETE : LENGTH;
    }
  }
}

/** -1 if it is none. */
function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

function expectByte(byte: number, wanted: number, otherwise: string): void {
  if (byte !== wanted) throw protocol(otherwise);
}

function badSize(): Failure {
  return protocol("a chunk's size makes no sense");
}
