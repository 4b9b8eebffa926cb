import { Failure } from "../core/failure.ts";

const LF = 10;
const CR = 13;

/** Longest frame we hold for a backend, bytes. Far above any real chunk; an endless line must not fill the memory. */
export const FRAME_BYTES_MAX = 1024 * 1024;

// The mark is kept: mid-stream it is a character like any other.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Bytes in any slicing to whole lines of text. Ends of line are LF, CRLF and lone CR (the three that the server-sent
 * events standard names), also when a CRLF is split over two reads.
 *
 * The unfinished rest is kept as fragments and joined once, when its line ends: joining at every read would be
 * quadratic for a long line in small slices. Cutting only after an end of line also keeps UTF-8 characters whole, since
 * those two bytes never occur inside one.
 */
export class LineReader {
  #fragments: Uint8Array[] = [];
  #held = 0;
  #skipLf = false;

  /** The lines this read completes. Throws `upstream_frame_too_large` once an unfinished line passes the limit. */
  push(bytes: Uint8Array): string[] {
    let start = 0;
    if (this.#skipLf && bytes.length > 0) {
      this.#skipLf = false;
      if (bytes[0] === LF) start = 1;
    }
    const end = Math.max(bytes.lastIndexOf(LF), bytes.lastIndexOf(CR)) + 1;
    if (end <= start) {
      this.#hold(bytes.subarray(start));
      return [];
    }
    const text = this.#take(bytes.subarray(start, end));
    this.#skipLf = bytes[end - 1] === CR;
    this.#hold(bytes.subarray(end));
    return splitLines(text);
  }

  /** What stands after the last end of line: the last line of a body that ended without one. */
  rest(): string {
    return this.#take(new Uint8Array(0));
  }

  #hold(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#held += bytes.length;
    if (this.#held > FRAME_BYTES_MAX) throw frameTooLarge();
    this.#fragments.push(bytes);
  }

  #take(tail: Uint8Array): string {
    if (this.#held === 0) return decoder.decode(tail);
    if (this.#held + tail.length > FRAME_BYTES_MAX && tail.indexOf(LF) > FRAME_BYTES_MAX)
      throw frameTooLarge();
    this.#fragments.push(tail);
    const text = decoder.decode(Buffer.concat(this.#fragments));
    this.#fragments = [];
    this.#held = 0;
    return text;
  }
}

export function frameTooLarge(): Failure {
  return new Failure(
    "upstream_frame_too_large",
    `The backend sent a frame of more than ${FRAME_BYTES_MAX} bytes.`,
  );
}

/** `text` ends with an end of line, so the last piece of the split is always empty. */
function splitLines(text: string): string[] {
  const lines = text.includes("\r") ? text.split(/\r\n|\n|\r/) : text.split("\n");
  lines.pop();
  return lines;
}
