import { FRAME_BYTES_MAX, frameTooLarge, LineReader } from "./lines.ts";

/**
 * Server-sent events, bytes to payloads (WHATWG HTML, section 9.2): comments, ids, event names and retry hints are
 * dropped, since every model dialect says everything in `data`. Two things beyond the standard, both seen from engines:
 * a bare JSON line (Ollama's `{"error":"..."}`) is a payload of its own, and so is what follows `error: ` (older
 * llama.cpp), wrapped as `{"error":...}`.
 */
export class SseReader {
  #lines = new LineReader();
  #data: string[] = [];
  #size = 0;
  #atStart = true;
  #fault: unknown;

  /**
   * The payloads this read completes, in order. Throws `upstream_frame_too_large` beyond the limit; when the same read
   * completed payloads before, they are returned and the next call throws.
   */
  push(bytes: Uint8Array): string[] {
    if (this.#fault !== undefined) throw this.#fault;
    const payloads: string[] = [];
    try {
      this.#lines.push(bytes, (line) => this.#line(line, payloads));
    } catch (thrown) {
      if (payloads.length === 0) throw thrown;
      this.#fault = thrown;
    }
    return payloads;
  }

  /** The body ended as it should: a last event that lacks its blank line still counts. */
  end(): string[] {
    if (this.#fault !== undefined) throw this.#fault;
    const payloads: string[] = [];
    const rest = this.#lines.rest();
    if (rest !== "") this.#line(rest, payloads);
    this.#dispatch(payloads);
    return payloads;
  }

  #line(line: string, payloads: string[]): void {
    let text = line;
    if (this.#atStart) {
      this.#atStart = false;
      if (text.startsWith("\uFEFF")) text = text.slice(1);
    }
    if (text === "") return this.#dispatch(payloads);
    if (text.startsWith("data:")) return this.#add(afterColon(text, 5));
    if (text.startsWith("{")) payloads.push(text);
    else if (text.startsWith("error:")) payloads.push(errorPayload(afterColon(text, 6)));
    else if (text === "data") this.#add("");
  }

  #add(value: string): void {
    // One more for the line itself: empty lines without an end would fill the memory too.
    this.#size += value.length + 1;
    if (this.#size > FRAME_BYTES_MAX) throw frameTooLarge();
    this.#data.push(value);
  }

  #dispatch(payloads: string[]): void {
    if (this.#data.length === 0) return;
    const payload = this.#data.length === 1 ? (this.#data[0] ?? "") : this.#data.join("\n");
    this.#data = [];
    this.#size = 0;
    if (payload !== "") payloads.push(payload);
  }
}

/** One event of one line: payloads are JSON text, which never holds a raw end of line. */
export function sseFrame(payload: string): string {
  return `data: ${payload}\n\n`;
}

/** A comment: the only form of keep-alive that every measured client library ignores. */
export const SSE_COMMENT = ": ok\n\n";

/** Usually a JSON object follows; bare words are made a JSON text. */
function errorPayload(value: string): string {
  return `{"error":${value.startsWith("{") ? value : JSON.stringify(value)}}`;
}

function afterColon(line: string, at: number): string {
  return line.charCodeAt(at) === 32 ? line.slice(at + 1) : line.slice(at);
}
