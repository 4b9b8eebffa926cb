import { LineReader } from "./lines.ts";

/**
 * A stream of JSON documents, one per line, as Ollama sends it (`application/x-ndjson`). Blank lines say nothing; the
 * last line may lack its end.
 */
export class NdjsonReader {
  readonly #lines = new LineReader();
  #fault: unknown;

  /**
   * The lines this read completes, in order. Throws `upstream_frame_too_large` for one over the limit of `LineReader`;
   * when the same read completed lines before, they are returned and the next call throws.
   */
  push(bytes: Uint8Array): string[] {
    if (this.#fault !== undefined) throw this.#fault;
    const frames: string[] = [];
    try {
      this.#lines.push(bytes, (line) => {
        if (line.trim() !== "") frames.push(line);
      });
    } catch (thrown) {
      this.#fault = thrown;
      if (frames.length === 0) throw thrown;
    }
    return frames;
  }

  /** The line that the body ended in. */
  end(): string[] {
    if (this.#fault !== undefined) throw this.#fault;
    const rest = this.#lines.rest();
    return rest.trim() === "" ? [] : [rest];
  }
}
