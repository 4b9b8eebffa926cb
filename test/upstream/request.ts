/** Request line and headers, before anything of the body was read. */
export interface RequestHead {
  /** Which connection brought it, counted from 0 in the order they were opened. */
  readonly connection: number;
  /** Its place on that connection, from 0; above 0 the client used the connection again. */
  readonly turn: number;
  readonly method: string;
  /** Path and query, just as they stood in the request line. */
  readonly path: string;
  readonly version: string;
  /** Names and values as received: in order, in the client's own spelling, repeated ones repeated. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The value of a header, its name in any case; of a repeated one the values joined with `, `. */
  header(name: string): string | undefined;
}

export interface ReceivedRequest extends RequestHead {
  /** Free of any chunked coding; the bytes are otherwise as received. */
  readonly body: Uint8Array;
  text(): string;
  json(): unknown;
}

/** The request head that arrives next; undefined when the client closed instead. Throws if it is not HTTP. */
export async function readHead(
  intake: Intake,
  place: { connection: number; turn: number },
): Promise<RequestHead | undefined> {
  const first = await intake.line();
  if (first === undefined) return undefined;
  const [method, path, version] = first.split(" ");
  if (!method || !path || !version?.startsWith("HTTP/")) throw new Error(`not a request line: ${first}`);
  const headers: [string, string][] = [];
  for (;;) {
    const line = await intake.line();
    if (line === undefined) return undefined;
    if (line === "") break;
    const colon = line.indexOf(":");
    if (colon < 1) throw new Error(`not a header: ${line}`);
    headers.push([line.slice(0, colon), line.slice(colon + 1).trim()]);
  }
  return {
    ...place,
    method,
    path,
    version,
    headers,
    header(name) {
      const values = headers.filter(([known]) => known.toLowerCase() === name.toLowerCase());
      return values.length === 0 ? undefined : values.map(([, value]) => value).join(", ");
    },
  };
}

/** The body that belongs to a head; undefined when the client closed in the middle of it. */
export async function readBody(intake: Intake, head: RequestHead): Promise<ReceivedRequest | undefined> {
  const chunked = head.header("transfer-encoding")?.toLowerCase().includes("chunked") ?? false;
  const length = Number(head.header("content-length") ?? 0);
  if (!Number.isSafeInteger(length) || length < 0) throw new Error("content-length is not a length");
  const body = chunked ? await readChunks(intake) : await intake.exactly(length);
  if (body === undefined) return undefined;
  const text = (): string => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  return { ...head, body, text, json: () => JSON.parse(text()) as unknown };
}

async function readChunks(intake: Intake): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  for (;;) {
    const line = await intake.line();
    if (line === undefined) return undefined;
    const size = Number.parseInt(line, 16);
    if (Number.isNaN(size)) throw new Error(`not a chunk size: ${line}`);
    if (size === 0) break;
    const chunk = await intake.exactly(size);
    const ending = await intake.line();
    if (chunk === undefined || ending === undefined) return undefined;
    if (ending !== "") throw new Error("a chunk is longer than it said");
    chunks.push(chunk);
  }
  for (;;) {
    const trailer = await intake.line();
    if (trailer === undefined) return undefined;
    if (trailer === "") return Buffer.concat(chunks);
  }
}

const LF = 0x0a;

/** Bytes of one connection, pushed as they arrive, asked for by line or by number. One reader at a time. */
export class Intake {
  #pieces: Uint8Array[] = [];
  #size = 0;
  #closed = false;
  #wake: (() => void) | undefined;

  push(bytes: Uint8Array): void {
    this.#pieces.push(bytes);
    this.#size += bytes.length;
    this.#wake?.();
  }

  /** Nothing more will come: whoever waits gets undefined. */
  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  /** The next line without its ending. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const held = this.#joined();
      const end = held.indexOf(LF);
      if (end >= 0)
        return this.#take(end + 1)
          .toString("latin1")
          .replace(/\r?\n$/, "");
      if (!(await this.#more())) return undefined;
    }
  }

  async exactly(size: number): Promise<Buffer | undefined> {
    while (this.#size < size) {
      if (!(await this.#more())) return undefined;
    }
    return this.#take(size);
  }

  #take(size: number): Buffer {
    const held = this.#joined();
    this.#pieces = held.length > size ? [held.subarray(size)] : [];
    this.#size -= size;
    return held.subarray(0, size);
  }

  #joined(): Buffer {
    const held = Buffer.concat(this.#pieces);
    this.#pieces = [held];
    return held;
  }

  async #more(): Promise<boolean> {
    if (this.#closed) return false;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    await promise;
    this.#wake = undefined;
    return !this.#closed;
  }
}
