import { type Carried, fieldsFrom } from "../../core/dialect.ts";
import type { Annotation, PartKind, StreamEvent, ToolKind } from "../../core/event.ts";
import { isRecord, type JsonRecord } from "../../core/json.ts";
import { textOf } from "../../core/lenient.ts";
import type { Opaque } from "../../core/opaque.ts";
import { citation, redactedBlock, signature } from "./words.ts";

/** One frame of a Messages stream: clients skip a frame without its event's name. `data` is JSON. */
export function messageFrame(type: string, data: string): string {
  return `event: ${type}\ndata: ${data}\n\n`;
}

/**
 * The content blocks of one streamed message, numbered from 0 without gaps, one open at a time: takes the events of one
 * part after the other (serial.ts). A block begins with its first words, so that none is ever empty.
 */
export class Blocks {
  /** A refusal was among the words. */
  refused = false;
  #count = 0;
  #part: PartKind | ToolKind | undefined;
  /** Unknown fields of the part, for its first block. */
  #fields: JsonRecord = {};
  /** A block is open on the wire, and each of its deltas begins so: what is missing is a JSON text and the end. */
  #delta: string | undefined;
  /** Of the thinking block, written at its end. */
  #signature: Opaque | undefined;
  /** Sources that came before the words they belong to. */
  #sources: JsonRecord[] = [];

  write(event: StreamEvent): string {
    switch (event.type) {
      case "text":
        return this.#words(TEXT, event.text);
      case "reasoning":
        return this.#words(THINKING, event.text);
      case "refusal":
        this.refused = true;
        return this.#words(TEXT, event.text);
      case "tool-args":
        return this.#args(event.json);
      case "part-start":
        return this.#enter(event.kind, event.extra);
      case "tool-start": {
        const { id, name, kind, extra } = event;
        this.#enter(kind, extra);
        const begun = this.#begin({ type: "tool_use", id, name, input: {} }, ARGS);
        // A free text is no JSON: it becomes the one argument of the call.
        return kind === "custom" ? begun + this.#say('{"input":"') : begun;
      }
      case "annotation":
        return this.#source(event.annotation);
      case "opaque":
        return this.#opaque(event.opaque);
      case "foreign":
        return event.dialect === "anthropic" ? this.#whole(event.value) : "";
      case "part-end":
        return this.#end();
      default:
        return "";
    }
  }

  #enter(part: PartKind | ToolKind, extra: Carried | undefined): string {
    this.#part = part;
    this.#fields = fieldsFrom(extra, "anthropic") ?? {};
    return "";
  }

  #words(kind: DeltaKind, text: string): string {
    if (text === "") return "";
    const begun = this.#delta === undefined ? this.#begin(kind.block, kind) + this.#flushSources() : "";
    return begun + this.#say(text);
  }

  #args(json: string): string {
    return this.#say(this.#part === "custom" ? JSON.stringify(json).slice(1, -1) : json);
  }

  #begin(block: JsonRecord, kind: DeltaKind): string {
    const index = this.#count++;
    this.#delta = `event: content_block_delta\ndata: {"type":"content_block_delta","index":${index},"delta":${kind.head}`;
    const content = { ...this.#fields, ...block };
    this.#fields = {};
    return messageFrame(
      "content_block_start",
      JSON.stringify({ type: "content_block_start", index, content_block: content }),
    );
  }

  #say(text: string): string {
    return `${this.#delta}${JSON.stringify(text)}}}\n\n`;
  }

  #stop(): string {
    this.#delta = undefined;
    return messageFrame("content_block_stop", `{"type":"content_block_stop","index":${this.#count - 1}}`);
  }

  #end(): string {
    const part = this.#part;
    this.#part = undefined;
    this.#fields = {};
    this.#sources = [];
    if (part === "reasoning") return this.#endThinking();
    if (this.#delta === undefined) return "";
    return part === "custom" ? this.#say('"}') + this.#stop() : this.#stop();
  }

  /** Thinking that has a signature and no words is a block too: the signature must come back. */
  #endThinking(): string {
    if (this.#delta === undefined && this.#signature === undefined) return "";
    const begun = this.#delta === undefined ? this.#begin(THINKING.block, THINKING) : "";
    const sealed = this.#deltaFrame({ type: "signature_delta", signature: signature(this.#signature) });
    this.#signature = undefined;
    return begun + sealed + this.#stop();
  }

  #deltaFrame(delta: JsonRecord): string {
    const index = this.#count - 1;
    return messageFrame("content_block_delta", JSON.stringify({ type: "content_block_delta", index, delta }));
  }

  #source(annotation: Annotation): string {
    const source = citation(annotation);
    if (!source || this.#part === "reasoning") return "";
    this.#sources.push(source);
    return this.#delta === undefined ? "" : this.#flushSources();
  }

  #flushSources(): string {
    return this.#sources
      .splice(0)
      .map((source) => this.#deltaFrame({ type: "citations_delta", citation: source }))
      .join("");
  }

  /** Only thinking has a place for a vendor's state. */
  #opaque(opaque: Opaque): string {
    if (this.#part !== "reasoning") return "";
    if (opaque.kind === "redacted") return this.#endThinking() + this.#whole(redactedBlock(opaque));
    const ended = this.#signature === undefined ? "" : this.#endThinking();
    this.#signature = opaque;
    return ended;
  }

  /** A block that came as one. What Anthropic's own tools are called with is streamed like any call. */
  #whole(value: JsonRecord): string {
    const { input } = value;
    if (!isRecord(input) || !textOf(value.type)?.endsWith("tool_use")) {
      return this.#begin(value, TEXT) + this.#stop();
    }
    return this.#begin({ ...value, input: {} }, ARGS) + this.#say(JSON.stringify(input)) + this.#stop();
  }
}

interface DeltaKind {
  /** The block it adds to, as it begins. */
  block: JsonRecord;
  /** JSON up to its text. */
  head: string;
}

const TEXT: DeltaKind = { block: { type: "text", text: "" }, head: '{"type":"text_delta","text":' };
const THINKING: DeltaKind = {
  block: { type: "thinking", thinking: "", signature: "" },
  head: '{"type":"thinking_delta","thinking":',
};
const ARGS: DeltaKind = { block: {}, head: '{"type":"input_json_delta","partial_json":' };
