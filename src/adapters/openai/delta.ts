import type { Annotation, StreamEvent, ToolDelta } from "../../core/event.ts";
import { isRecord, type JsonRecord } from "../../core/json.ts";
import { fieldsOf } from "../../core/lenient.ts";
import type { Opaque } from "../../core/opaque.ts";
import { CallText } from "../call-text.ts";
import { unknownFields } from "../unknown-fields.ts";
import { detailState } from "./thoughts.ts";

/** What must be remembered between the deltas of one answer. */
export interface DeltaState {
  /** Of each choice: which thought the last state of `reasoning_details` belonged to. */
  readonly details: Map<number, unknown>;
  /** Of an answer whose text is a tool call: the text of each choice. */
  readonly callTexts: Map<number, CallText> | undefined;
}

/** What a choice says: a chunk's `delta`, or a document's `message`. */
export function readDelta(state: DeltaState, delta: JsonRecord, choice: number, out: StreamEvent[]): void {
  const { content, annotations } = delta;
  const cites = Array.isArray(annotations) && annotations.some(isRecord);
  const extra = unknownFields(delta, cites ? CITING_FIELDS : DELTA_FIELDS);
  if (extra) out.push({ type: "extra", choice, extra: { dialect: "openai", delta: extra } });
  readThoughts(state, delta, choice, out);
  if (typeof content === "string") {
    if (content !== "") readText(state, content, choice, out);
  } else if (Array.isArray(content)) readParts(state, content, choice, out);
  if (cites) readAnnotations(annotations, choice, out);
  if (typeof delta.refusal === "string" && delta.refusal !== "")
    out.push({ type: "refusal", choice, text: delta.refusal });
  if (Array.isArray(delta.tool_calls)) readToolCalls(delta.tool_calls, choice, out);
}

/** The text of a choice that was held to the schema of a tool call, as the call it means; any other text as it is. */
export function readTextCall({ callTexts }: DeltaState, choice: number, out: StreamEvent[]): void {
  const said = callTexts?.get(choice)?.end() ?? "";
  if (typeof said !== "string") out.push({ type: "tool-delta", choice, ...said, done: true });
  else if (said !== "") out.push({ type: "text", choice, text: said });
}

/** `reasoning_details` is not among them: a chat client gets it just as it came, state and all. */
const DELTA_FIELDS = new Set(["role", "content", "reasoning_content", "reasoning", "refusal", "tool_calls"]);
/** An empty list of sources, which OpenAI's messages have, says nothing and is kept. */
const CITING_FIELDS = new Set([...DELTA_FIELDS, "annotations"]);
const CALL_FIELDS = new Set(["index", "id", "type", "function", "custom"]);

function readText({ callTexts }: DeltaState, text: string, choice: number, out: StreamEvent[]): void {
  const said = callTexts ? callTextOf(callTexts, choice).push(text) : text;
  if (said !== "") out.push({ type: "text", choice, text: said });
}

function callTextOf(callTexts: Map<number, CallText>, choice: number): CallText {
  let held = callTexts.get(choice);
  if (!held) callTexts.set(choice, (held = new CallText()));
  return held;
}

function readThoughts(state: DeltaState, delta: JsonRecord, choice: number, out: StreamEvent[]): void {
  const { reasoning_details: details } = delta;
  // Hosts that send both names say the same thing twice.
  const reasoning = delta.reasoning_content || delta.reasoning;
  const said = typeof reasoning === "string" && reasoning !== "";
  if (said) out.push({ type: "reasoning", choice, text: reasoning });
  for (const entry of Array.isArray(details) ? details : []) {
    if (!isRecord(entry)) continue;
    const opaque = detailState(entry);
    const text = entry.text ?? entry.summary;
    if (opaque || typeof text === "string") enterDetail(state, entry.index, choice, out);
    if (!said && typeof text === "string" && text !== "") out.push({ type: "reasoning", choice, text });
    if (opaque) out.push({ type: "opaque", choice, opaque });
  }
}

/** State belongs to one thought: the next `index` is another. */
function enterDetail({ details }: DeltaState, index: unknown, choice: number, out: StreamEvent[]): void {
  if (details.has(choice) && details.get(choice) !== index) out.push({ type: "boundary", choice });
  details.set(choice, index);
}

/** Mistral's reasoning models send content as parts: `text`, and `thinking` that holds text parts again. */
function readParts(state: DeltaState, parts: unknown[], choice: number, out: StreamEvent[]): void {
  for (const part of parts) {
    if (!isRecord(part)) continue;
    if (part.type === "thinking" && Array.isArray(part.thinking)) {
      const text = part.thinking
        .map((inner) => (isRecord(inner) && typeof inner.text === "string" ? inner.text : ""))
        .join("");
      if (text !== "") out.push({ type: "reasoning", choice, text });
    } else if (typeof part.text === "string" && part.text !== "") readText(state, part.text, choice, out);
  }
}

/** OpenAI's `url_citation`, which OpenRouter and others send too; a list may hold other things, for the client to know. */
function readAnnotations(annotations: unknown[], choice: number, out: StreamEvent[]): void {
  for (const value of annotations) {
    if (!isRecord(value)) continue;
    const annotation: Annotation = { native: { dialect: "openai", value } };
    const { url, title, start_index: start, end_index: end, content } = fieldsOf(value.url_citation);
    if (typeof url === "string") annotation.url = url;
    if (typeof title === "string") annotation.title = title;
    if (typeof start === "number") annotation.start = start;
    if (typeof end === "number") annotation.end = end;
    if (typeof content === "string") annotation.cited = content;
    out.push({ type: "annotation", choice, annotation });
  }
}

function readToolCalls(calls: unknown[], choice: number, out: StreamEvent[]): void {
  calls.forEach((call, position) => {
    if (!isRecord(call)) return;
    const delta = readToolCall(call, choice);
    // Documents number no calls: their places in the list do.
    if (calls.length > 1 && delta.index === undefined && (delta.id || delta.name)) delta.index = position;
    out.push(delta);
  });
}

function readToolCall(call: JsonRecord, choice: number): ToolDelta {
  const delta: ToolDelta = { type: "tool-delta", choice };
  const body = isRecord(call.function) ? call.function : isRecord(call.custom) ? call.custom : undefined;
  if (typeof call.index === "number") delta.index = call.index;
  if (typeof call.id === "string") delta.id = call.id;
  if (call.type === "custom" || isRecord(call.custom)) delta.kind = "custom";
  if (typeof body?.name === "string") delta.name = body.name;
  const args = body?.arguments ?? body?.input;
  if (args !== undefined && args !== null) delta.args = args;
  const opaque = googleState(call);
  if (opaque) delta.opaque = [opaque];
  const fields = unknownFields(call, CALL_FIELDS);
  if (fields) delta.extra = { dialect: "openai", fields };
  return delta;
}

/** Gemini's signature of a call, where Google's compatible route puts it. */
function googleState({ extra_content: extra }: JsonRecord): Opaque | undefined {
  const signature = fieldsOf(fieldsOf(extra).google).thought_signature;
  return typeof signature === "string" ? { issuer: "openai", kind: "thought", data: signature } : undefined;
}
