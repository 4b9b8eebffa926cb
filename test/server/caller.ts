import { dial, type Line } from "../upstream/dial.ts";

export interface Asked {
  method?: string;
  headers?: Readonly<Record<string, string>>;
  /** Sent as JSON unless it is text already. */
  body?: unknown;
}

export interface Head {
  status: number;
  headers: ReadonlyMap<string, string>;
}

export interface Answer extends Head {
  text: string;
  /** The body ended as HTTP says it does; false: the connection was cut. */
  whole: boolean;
}

/** A client on a connection of its own, without a library that could repair, retry or hide anything. */
export class Caller {
  /** The connection itself, for what is not HTTP. */
  readonly line: Line;
  #method = "";
  #chunked = false;
  #left = 0;

  private constructor(line: Line) {
    this.line = line;
  }

  static async dial(port: number): Promise<Caller> {
    return new Caller(await dial(port));
  }

  /** Sends a request; its body with a length. */
  send(path: string, { method, headers = {}, body }: Asked = {}): void {
    const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    const fields: Record<string, string> = { host: "127.0.0.1", ...headers };
    if (text !== undefined) {
      fields["content-type"] ??= "application/json";
      fields["content-length"] ??= String(Buffer.byteLength(text));
    }
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    this.#method = method ?? (text === undefined ? "GET" : "POST");
    this.line.send(`${this.#method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${text ?? ""}`);
  }

  /** Status and headers of the next answer. Rejects when the connection ends first. */
  async head(): Promise<Head> {
    const first = await this.line.line();
    if (first === undefined) throw new Error("the connection ended without an answer");
    const headers = new Map<string, string>();
    for (;;) {
      const line = await this.line.line();
      if (line === undefined) throw new Error("the connection ended within the head");
      if (line === "") break;
      const colon = line.indexOf(":");
      headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
    }
    const bare = this.#method === "HEAD";
    this.#chunked = !bare && headers.get("transfer-encoding") === "chunked";
    this.#left = bare ? 0 : Number(headers.get("content-length") ?? 0);
    return { status: Number(first.split(" ")[1]), headers };
  }

  /** The next piece of the body; `end` after the last one, `cut` when the connection ended before it. */
  async piece(): Promise<{ text: string } | "end" | "cut"> {
    if (!this.#chunked) return this.#rest();
    const size = Number.parseInt((await this.line.line()) ?? "", 16);
    if (Number.isNaN(size)) return "cut";
    const text = await this.line.bytes(size);
    const ending = await this.line.line();
    if (text === undefined || ending !== "") return "cut";
    return size === 0 ? "end" : { text: utf8(text) };
  }

  /** The text of the next piece. Rejects when there is none. */
  async more(): Promise<string> {
    const piece = await this.piece();
    if (typeof piece === "string") throw new Error(`no more of the body: ${piece}`);
    return piece.text;
  }

  /** The rest of the body. */
  async body(): Promise<{ text: string; whole: boolean }> {
    let text = "";
    for (;;) {
      const piece = await this.piece();
      if (typeof piece === "string") return { text, whole: piece === "end" };
      text += piece.text;
    }
  }

  async answer(): Promise<Answer> {
    const head = await this.head();
    return { ...head, ...(await this.body()) };
  }

  /** One request and its answer. */
  ask(path: string, asked?: Asked): Promise<Answer> {
    this.send(path, asked);
    return this.answer();
  }

  async #rest(): Promise<{ text: string } | "end" | "cut"> {
    if (this.#left === 0) return "end";
    const text = await this.line.bytes(this.#left);
    this.#left = 0;
    return text === undefined ? "cut" : { text: utf8(text) };
  }
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString("utf8");
}
