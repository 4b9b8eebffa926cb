import type { Annotation, StreamEvent, ToolDelta } from "../../core/event.ts";
import { isRecord, type JsonRecord, parseRecord } from "../../core/json.ts";
import { badFrame } from "../payload.ts";
import { carriedFrom } from "../unknown-fields.ts";

/** A block under way that is more than words. */
interface OpenBlock {
  /** As it began: of a call its input, of any other kind all of it. */
  begun: JsonRecord;
  call: boolean;
  /** JSON text of its input, where deltas brought some. */
  json: string;
  /** Characters that deltas brought. */
  size: number;
}

/** Characters of a block that goes out whole: a bound for what a broken backend may make us hold. */
const HELD_MAX = 16 * 1024 * 1024;

/**
 * The content blocks of one message, by `index`. Words, thoughts and calls go out as they come; a block of any other kind
 * (a search that Anthropic ran) is put together and goes out whole.
 */
export class BlockReader {
  readonly #open = new Map<unknown, OpenBlock>();

  /** `content_block_start`. */
  start({ index, content_block: block }: JsonRecord, out: StreamEvent[]): void {
    if (isRecord(block)) this.#begin(block, index, out);
  }

  /** `content_block_delta`. */
  delta({ index, delta }: JsonRecord, out: StreamEvent[]): void {
    if (!isRecord(delta)) return;
    const open = this.#open.get(index);
    if (open) return extend(open, delta, index, out);
    switch (delta.type) {
      case "text_delta":
        return say("text", delta.text, out);
      case "thinking_delta":
        return say("reasoning", delta.thinking, out);
      case "signature_delta":
        return sign("signature", delta.signature, out);
      case "citations_delta":
        return cite(delta.citation, out);
      default:
    }
  }

  /** `content_block_stop`. */
  stop(index: unknown, out: StreamEvent[]): void {
    if (this.#open.has(index)) this.#end(index, out);
    else out.push({ type: "boundary", choice: 0 });
  }

  /** The message is over: so are blocks whose end was not said. */
  stopAll(out: StreamEvent[]): void {
    for (const index of [...this.#open.keys()]) this.#end(index, out);
  }

  /** A block of a document. */
  whole(block: JsonRecord, out: StreamEvent[]): void {
    // Documents number no blocks; a call is told from the next one by its end.
    this.#begin(block, undefined, out);
    this.stop(undefined, out);
  }

  #end(index: unknown, out: StreamEvent[]): void {
    const open = this.#open.get(index);
    if (!open) return;
    this.#open.delete(index);
    if (open.call) return endCall(open, index, out);
    const value = { ...open.begun };
    if (open.json !== "") value.input = parseRecord(open.json) ?? value.input;
    out.push({ type: "foreign", choice: 0, dialect: "anthropic", value });
  }

  #begin(block: JsonRecord, index: unknown, out: StreamEvent[]): void {
    // A block that has begun twice is over once.
    this.#end(index, out);
    switch (block.type) {
      case "text":
        out.push({ type: "boundary", choice: 0, ...carriedFrom("anthropic", block, TEXT_FIELDS) });
        say("text", block.text, out);
        if (Array.isArray(block.citations)) for (const citation of block.citations) cite(citation, out);
        return;
      case "thinking":
        out.push({ type: "boundary", choice: 0, ...carriedFrom("anthropic", block, THINKING_FIELDS) });
        say("reasoning", block.thinking, out);
        return sign("signature", block.signature, out);
      case "redacted_thinking":
        out.push({ type: "boundary", choice: 0 });
        return sign("redacted", block.data, out);
      case "tool_use":
        this.#open.set(index, { begun: block, call: true, json: "", size: 0 });
        out.push(beginCall(block, index));
        return;
      default:
        this.#open.set(index, { begun: { ...block }, call: false, json: "", size: 0 });
    }
  }
}

const TEXT_FIELDS = new Set(["type", "text", "citations"]);
const THINKING_FIELDS = new Set(["type", "thinking", "signature"]);
const CALL_FIELDS = new Set(["type", "id", "name", "input"]);

function say(type: "text" | "reasoning", text: unknown, out: StreamEvent[]): void {
  if (typeof text === "string" && text !== "") out.push({ type, choice: 0, text });
}

/** An empty signature is none: engines that copy this dialect send it. */
function sign(kind: "signature" | "redacted", data: unknown, out: StreamEvent[]): void {
  if (typeof data !== "string" || data === "") return;
  out.push({ type: "opaque", choice: 0, opaque: { issuer: "anthropic", kind, data } });
}

/** The places that Anthropic names are in what it quotes, not in its answer: they stay with the vendor's own object. */
function cite(citation: unknown, out: StreamEvent[]): void {
  if (!isRecord(citation)) return;
  const { url, source, title, document_title: document, cited_text: cited } = citation;
  const annotation: Annotation = { native: { dialect: "anthropic", value: citation } };
  const address = url ?? source;
  if (typeof address === "string" && /^https?:/.test(address)) annotation.url = address;
  const name = title ?? document;
  if (typeof name === "string") annotation.title = name;
  if (typeof cited === "string") annotation.cited = cited;
  out.push({ type: "annotation", choice: 0, annotation });
}

function beginCall(block: JsonRecord, index: unknown): ToolDelta {
  const delta: ToolDelta = { type: "tool-delta", choice: 0, ...carriedFrom("anthropic", block, CALL_FIELDS) };
  if (typeof index === "number") delta.index = index;
  if (typeof block.id === "string") delta.id = block.id;
  if (typeof block.name === "string") delta.name = block.name;
  return delta;
}

/** Arguments come in deltas, or else stand in the block that began; `{}` there says that deltas will bring them. */
function endCall({ begun, json }: OpenBlock, index: unknown, out: StreamEvent[]): void {
  const delta: ToolDelta = { type: "tool-delta", choice: 0, done: true };
  if (typeof index === "number") delta.index = index;
  const { input } = begun;
  if (json === "" && input !== undefined && input !== null && input !== "" && !isEmpty(input))
    delta.args = input;
  out.push(delta);
}

function isEmpty(input: unknown): boolean {
  return isRecord(input) && Object.keys(input).length === 0;
}

function extend(open: OpenBlock, delta: JsonRecord, index: unknown, out: StreamEvent[]): void {
  if (delta.type === "input_json_delta") {
    const { partial_json: json } = delta;
    if (typeof json !== "string" || json === "") return;
    if (!open.call) {
      open.json += held(open, json);
      return;
    }
    // That there were some is all that is asked at the end.
    open.json = "{";
    const args: ToolDelta = { type: "tool-delta", choice: 0, args: json };
    if (typeof index === "number") args.index = index;
    out.push(args);
  } else if (delta.type === "citations_delta") {
    const { citations } = open.begun;
    if (Array.isArray(citations)) citations.push(delta.citation);
    else open.begun.citations = [delta.citation];
  } else if (!open.call) append(open, delta);
}

/** What every kind of delta so far means: texts go on, everything else is replaced. */
function append(open: OpenBlock, delta: JsonRecord): void {
  const block = open.begun;
  for (const [name, value] of Object.entries(delta)) {
    if (name === "type") continue;
    const before = block[name];
    block[name] =
      typeof before === "string" && typeof value === "string" ? before + held(open, value) : value;
  }
}

function held(open: OpenBlock, text: string): string {
  open.size += text.length;
  if (open.size > HELD_MAX) throw badFrame("a block is too long to be held");
  return text;
}
