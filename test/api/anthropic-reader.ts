import { isRecord, type JsonRecord } from "../../src/core/json.ts";

/** What a Messages stream says to a client that reads all of it. */
export interface Message {
  /** The message as it began, with what its end said of it. */
  message: JsonRecord;
  /** The blocks, put together. */
  content: JsonRecord[];
  /** Every frame's type, in order. */
  types: string[];
  frames: JsonRecord[];
  comments: number;
  /** `message_stop` came. */
  stopped: boolean;
  /** The whole error event, if one came. */
  error: JsonRecord | undefined;
}

/** Reads a stream as strictly as Anthropic documents it: whatever is out of order throws. */
export function readMessage(text: string): Message {
  if (text !== "" && !text.endsWith("\n\n")) throw new Error("the stream ends within a frame");
  const reader = new Reader();
  for (const frame of text.split("\n\n").slice(0, -1)) {
    if (frame.startsWith(":")) reader.said.comments++;
    else reader.frame(frame);
  }
  return reader.said;
}

/** Deltas, the type of block they belong to, and the field they add to. */
const DELTAS: Readonly<Record<string, readonly [block: RegExp, from: string, to: string]>> = {
  text_delta: [/^text$/, "text", "text"],
  thinking_delta: [/^thinking$/, "thinking", "thinking"],
  signature_delta: [/^thinking$/, "signature", "signature"],
  input_json_delta: [/tool_use$/, "partial_json", "json"],
};

class Reader {
  readonly said: Message = {
    message: {},
    content: [],
    types: [],
    frames: [],
    comments: 0,
    stopped: false,
    error: undefined,
  };
  #open: JsonRecord | undefined;

  frame(frame: string): void {
    const [, event = "", json = ""] = /^event: (\w+)\ndata: ([^\n]+)$/.exec(frame) ?? [];
    const data = JSON.parse(json || "null") as unknown;
    if (!isRecord(data) || data.type !== event) throw new Error(`no frame: ${frame}`);
    const { said } = this;
    if (said.stopped || said.error) throw new Error(`${event} after the end`);
    if (event !== "error" && (said.types.length === 0) !== (event === "message_start"))
      throw new Error(`${event} at ${said.types.length}`);
    said.types.push(event);
    said.frames.push(data);
    this.#read(event, data);
  }

  #read(event: string, data: JsonRecord): void {
    const { said } = this;
    switch (event) {
      case "message_start":
        said.message = { ...(data.message as JsonRecord) };
        return;
      case "content_block_start":
        if (this.#open || data.index !== said.content.length) throw new Error(`block ${String(data.index)}`);
        this.#open = { ...(data.content_block as JsonRecord) };
        said.content.push(this.#open);
        return;
      case "content_block_delta":
        return this.#delta(data);
      case "content_block_stop":
        if (!this.#open || data.index !== said.content.length - 1) throw new Error("stop of no block");
        if (typeof this.#open.json === "string" && this.#open.json !== "")
          this.#open.input = parse(this.#open.json);
        delete this.#open.json;
        this.#open = undefined;
        return;
      case "message_delta":
        if (this.#open) throw new Error("the end within a block");
        Object.assign(said.message, data.delta, { usage: data.usage });
        return;
      case "message_stop":
        if (said.message.stop_reason === null) throw new Error("stopped without a reason");
        said.stopped = true;
        return;
      case "error":
        said.error = data;
        return;
      case "ping":
        return;
      default:
        throw new Error(`Anthropic knows no ${event}`);
    }
  }

  #delta({ index, delta }: JsonRecord): void {
    const open = this.#open;
    if (!open || index !== this.said.content.length - 1 || !isRecord(delta)) throw new Error("no such block");
    if (delta.type === "citations_delta") {
      if (open.type !== "text") throw new Error("a citation of no text");
      open.citations = [...((open.citations as unknown[] | undefined) ?? []), delta.citation];
      return;
    }
    const [block, from, to] = DELTAS[String(delta.type)] ?? [/^$/, "", ""];
    if (!block.test(String(open.type))) throw new Error(`${String(delta.type)} in ${String(open.type)}`);
    open[to] = `${String(open[to] ?? "")}${String(delta[from])}`;
  }
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return `no JSON: ${json}`;
  }
}
