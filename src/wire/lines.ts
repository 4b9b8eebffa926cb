import { Failure } from "../core/failure.ts";

const LF = 10;
const CR = 13;

/** Longest frame we hold for a backend, bytes. Far above any real chunk; an endless line must not fill the memory. */
export const FRAME_BYTES_MAX = 1024 * 1024;

/** Room for an unfinished line that is kept for the next one, bytes. */
const ROOM_KEPT = 16 * 1024;

// The mark is kept: mid-stream it is a character like any other.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Bytes in any slicing to whole lines of text. Ends of line are LF, CRLF and lone CR (the three that the server-sent
 * events standard names), also when a CRLF is split over two reads.
 *
 * The unfinished rest is copied into a room that doubles when it is full, and decoded once, when its line ends: joining or
 * decoding at every read would be quadratic for a long line in small slices. Cutting only after an end of line also keeps
 * UTF-8 characters whole, since those two bytes never occur inside one.
 */
export class LineReader {
  #room: Uint8Array = new Uint8Array(0);
  #held = 0;
  #skipLf = false;

  /**
   * Hands the lines this read completes to `take`, in order. Throws `upstream_frame_too_large` once a line, finished or
   * not, passes the limit, after the lines before it.
   */
  push(bytes: Uint8Array, take: (line: string) => void): void {
    if (bytes.length === 0) return;
    const start = this.#skipLf && bytes[0] === LF ? 1 : 0;
    this.#skipLf = false;
    const end = endOfLastLine(bytes);
    if (end <= start) return this.#hold(bytes.subarray(start));
    eachLine(this.#take(bytes.subarray(start, end)), take);
    if (end < bytes.length) this.#hold(bytes.subarray(end));
    else this.#skipLf = bytes[end - 1] === CR;
  }

  /** What stands after the last end of line: the last line of a body that ended without one. */
  rest(): string {
    return this.#take(new Uint8Array(0));
  }

  #hold(bytes: Uint8Array): void {
    const held = this.#held + bytes.length;
    if (held > FRAME_BYTES_MAX) throw frameTooLarge();
    if (held > this.#room.length) {
      const larger = new Uint8Array(Math.max(held, 2 * this.#room.length));
      larger.set(this.#room.subarray(0, this.#held));
      this.#room = larger;
    }
    this.#room.set(bytes, this.#held);
    this.#held = held;
  }

  #take(tail: Uint8Array): string {
    if (this.#held === 0) return decoder.decode(tail);
    const text = decoder.decode(Buffer.concat([this.#room.subarray(0, this.#held), tail]));
    this.#held = 0;
    if (this.#room.length > ROOM_KEPT) this.#room = new Uint8Array(0);
    return text;
  }
}

/** The Failure for a frame over FRAME_BYTES_MAX. */
export function frameTooLarge(): Failure {
  return new Failure(
    "upstream_frame_too_large",
    `The backend sent a frame of more than ${FRAME_BYTES_MAX} bytes.`,
  );
}

/** Where the rest begins that belongs to the next line; 0 if no line ends here. */
function endOfLastLine(bytes: Uint8Array): number {
  const lf = bytes.lastIndexOf(LF) + 1;
  // Only what follows the last LF can hold a later end: usually nothing, which makes a search for CR cheap.
  if (lf === bytes.length) return lf;
  return lf + bytes.subarray(lf).lastIndexOf(CR) + 1;
}

/** `text` ends with an end of line, so the last piece of the split is always empty. */
function eachLine(text: string, take: (line: string) => void): void {
  const lines = text.includes("\r") ? text.split(/\r\n|\n|\r/) : text.split("\n");
  lines.pop();
  for (const line of lines) {
    if (line.length > FRAME_BYTES_MAX) throw frameTooLarge();
    take(line);
  }
}
