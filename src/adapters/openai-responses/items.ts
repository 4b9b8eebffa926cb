import type { StreamEvent, ToolDelta } from "../../core/event.ts";
import { isRecord, type JsonRecord } from "../../core/json.ts";

/** An output item under way. */
interface OpenItem {
  /** Something of it was read from a delta: its text, its arguments. */
  spoke: boolean;
  over: boolean;
}

/**
 * The output items of one response, by `output_index`. Events bring them in pieces; what no piece brought is read from the
 * whole item, which comes at its end and again at the end of the response.
 */
export class ItemReader {
  readonly #items = new Map<number, OpenItem>();

  /** An event about an item. One that this program does not know says nothing. */
  event(event: JsonRecord, out: StreamEvent[]): void {
    const index = typeof event.output_index === "number" ? event.output_index : 0;
    const { type, delta } = event;
    if (type === "response.output_item.added" && isRecord(event.item))
      return this.#open(event.item, index, out);
    if (type === "response.output_item.done" && isRecord(event.item))
      return this.whole(event.item, index, out);
    if (type === "response.output_text.annotation.added") return readAnnotation(event.annotation, out);
    if (type === "response.reasoning_summary_part.added" && this.#items.get(index)?.spoke) {
      // The parts of a summary are paragraphs.
      out.push({ type: "reasoning", choice: 0, text: "\n\n" });
      return;
    }
    if (typeof delta !== "string" || delta === "" || typeof type !== "string") return;
    const read = DELTAS.get(type);
    if (!read) return;
    this.#of(index).spoke = true;
    if (Array.isArray(event.logprobs) && event.logprobs.length > 0)
      out.push({ type: "logprobs", choice: 0, logprobs: { content: event.logprobs } });
    out.push(read(delta, index));
  }

  /** A whole item: what its events have not said yet. */
  whole(item: JsonRecord, index: number, out: StreamEvent[]): void {
    const known = this.#items.get(index);
    if (known?.over) return;
    if (!known) this.#open(item, index, out);
    const open = this.#of(index);
    open.over = true;
    const read = ITEMS.get(item.type);
    if (read) read(item, { index, spoke: open.spoke }, out);
    else out.push({ type: "foreign", choice: 0, dialect: "openai-responses", value: item });
  }

  #open(item: JsonRecord, index: number, out: StreamEvent[]): void {
    if (this.#items.has(index)) return;
    this.#of(index);
    if (item.type === "function_call" || item.type === "custom_tool_call") out.push(beginCall(item, index));
    else if (item.type === "message" || item.type === "reasoning") out.push(beginWords(item));
  }

  #of(index: number): OpenItem {
    let item = this.#items.get(index);
    if (!item) {
      item = { spoke: false, over: false };
      this.#items.set(index, item);
    }
    return item;
  }
}

const words =
  (type: "text" | "reasoning" | "refusal") =>
  (text: string): StreamEvent => ({
    type,
    choice: 0,
    text,
  });

const args =
  (kind: "function" | "custom") =>
  (delta: string, index: number): ToolDelta => ({
    type: "tool-delta",
    choice: 0,
    index,
    kind,
    args: delta,
  });

type DeltaReader = (delta: string, index: number) => StreamEvent;

const DELTAS: ReadonlyMap<string, DeltaReader> = new Map<string, DeltaReader>([
  ["response.output_text.delta", words("text")],
  ["response.refusal.delta", words("refusal")],
  ["response.reasoning_summary_text.delta", words("reasoning")],
  ["response.reasoning_text.delta", words("reasoning")],
  ["response.function_call_arguments.delta", args("function")],
  ["response.custom_tool_call_input.delta", args("custom")],
]);

interface Place {
  index: number;
  /** Deltas brought its words. */
  spoke: boolean;
}

type WholeReader = (item: JsonRecord, place: Place, out: StreamEvent[]) => void;

/** By the type of the item. */
const ITEMS: ReadonlyMap<unknown, WholeReader> = new Map<unknown, WholeReader>([
  ["message", readMessage],
  ["reasoning", readReasoning],
  ["function_call", readCall],
  ["custom_tool_call", readCall],
]);

function readMessage({ content }: JsonRecord, { spoke }: Place, out: StreamEvent[]): void {
  if (spoke || !Array.isArray(content)) return;
  for (const part of content) {
    if (!isRecord(part)) continue;
    if (typeof part.refusal === "string" && part.refusal !== "") out.push(words("refusal")(part.refusal));
    if (typeof part.text !== "string" || part.text === "") continue;
    if (Array.isArray(part.logprobs) && part.logprobs.length > 0)
      out.push({ type: "logprobs", choice: 0, logprobs: { content: part.logprobs } });
    out.push(words("text")(part.text));
    if (Array.isArray(part.annotations))
      for (const annotation of part.annotations) readAnnotation(annotation, out);
  }
}

function readReasoning(item: JsonRecord, { spoke }: Place, out: StreamEvent[]): void {
  if (!spoke) {
    const summary = pieces(item.summary);
    const texts = summary.length > 0 ? summary : pieces(item.content);
    if (texts.length > 0) out.push(words("reasoning")(texts.join("\n\n")));
  }
  const { encrypted_content: data } = item;
  if (typeof data === "string" && data !== "") {
    const opaque = { issuer: "openai-responses", kind: "encrypted", data } as const;
    out.push({ type: "opaque", choice: 0, opaque });
  }
}

function pieces(parts: unknown): string[] {
  if (!Array.isArray(parts)) return [];
  return parts.flatMap((part) => (isRecord(part) && typeof part.text === "string" ? [part.text] : []));
}

function readCall(item: JsonRecord, { index, spoke }: Place, out: StreamEvent[]): void {
  const said = item.type === "custom_tool_call" ? item.input : item.arguments;
  const delta: ToolDelta = { type: "tool-delta", choice: 0, index, done: true };
  if (!spoke && typeof said === "string" && said !== "") delta.args = said;
  out.push(delta);
}

function beginCall(item: JsonRecord, index: number): ToolDelta {
  const delta: ToolDelta = { type: "tool-delta", choice: 0, index };
  delta.kind = item.type === "custom_tool_call" ? "custom" : "function";
  if (typeof item.call_id === "string") delta.id = item.call_id;
  if (typeof item.name === "string") delta.name = item.name;
  if (typeof item.namespace === "string") delta.namespace = item.namespace;
  if (typeof item.id === "string") delta.itemId = item.id;
  return delta;
}

function beginWords(item: JsonRecord): StreamEvent {
  const { id, phase } = item;
  return {
    type: "boundary",
    choice: 0,
    ...(typeof id === "string" ? { id } : {}),
    ...(typeof phase === "string"
      ? { extra: { dialect: "openai-responses" as const, fields: { phase } } }
      : {}),
  };
}

function readAnnotation(annotation: unknown, out: StreamEvent[]): void {
  if (!isRecord(annotation)) return;
  const { url, title, start_index: start, end_index: end } = annotation;
  out.push({
    type: "annotation",
    choice: 0,
    annotation: {
      ...(typeof url === "string" ? { url } : {}),
      ...(typeof title === "string" ? { title } : {}),
      ...(typeof start === "number" ? { start } : {}),
      ...(typeof end === "number" ? { end } : {}),
      native: { dialect: "openai-responses", value: annotation },
    },
  });
}
