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

  /** The payloads this read completes, in order. Throws `upstream_frame_too_large` beyond the limit. */
  push(bytes: Uint8Array): string[] {
    const payloads: string[] = [];
    for (const line of this.#lines.push(bytes)) this.#line(line, payloads);
    return payloads;
  }

  /** The body ended as it should: a last event that lacks its blank line still counts. */
  end(): string[] {
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
    else if (text.startsWith("error:")) payloads.push(`{"error":${afterColon(text, 6)}}`);
  }

  #add(value: string): void {
    this.#size += value.length;
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

function afterColon(line: string, at: number): string {
  return line.charCodeAt(at) === 32 ? line.slice(at + 1) : line.slice(at);
}
