import { Failure } from "../core/failure.ts";
import type { UpstreamResponse } from "./transport.ts";

const utf8 = new TextDecoder("utf-8");

/** A body collected as text, up to a limit in bytes. */
export class BodyText {
  readonly #limit: number;
  readonly #pieces: Uint8Array[] = [];
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Throws `upstream_bad_response` beyond the limit. */
  push(bytes: Uint8Array): void {
    this.#size += bytes.length;
    if (this.#size > this.#limit) {
      throw new Failure("upstream_bad_response", `The backend's answer is longer than ${this.#limit} bytes.`);
    }
    this.#pieces.push(bytes);
  }

  text(): string {
    return utf8.decode(this.#pieces.length === 1 ? this.#pieces[0] : Buffer.concat(this.#pieces));
  }
}

/** The whole body as text. Throws `upstream_bad_response` beyond `limit` bytes, and what the body throws. */
export async function readBodyText({ body }: UpstreamResponse, limit: number): Promise<string> {
  const collected = new BodyText(limit);
  for await (const bytes of body) collected.push(bytes);
  return collected.text();
}
