import type { FinishReason, StreamEvent } from "../../core/event.ts";
import { isRecord, type JsonRecord } from "../../core/json.ts";
import { startOf } from "../answer-start.ts";
import { readErrorField } from "../failure.ts";
import { badDocument, documentRecord, frameRecord } from "../payload.ts";
import { unknownFields } from "../unknown-fields.ts";
import { BlockReader } from "./blocks.ts";
import { mergeUsage, readUsage } from "./usage.ts";

/** What must be remembered between the events of one message. */
export interface AnswerState {
  started: boolean;
  /** A `stop_reason` was seen. */
  finished: boolean;
  /** `message_stop` was seen. */
  stopped: boolean;
  readonly blocks: BlockReader;
  /** The counts so far: `message_start` has those of the prompt, `message_delta` those of the answer. */
  usage: JsonRecord;
}

/** Nothing was read yet. */
export function beginAnswer(): AnswerState {
  return { started: false, finished: false, stopped: false, blocks: new BlockReader(), usage: {} };
}

/** Nothing that follows counts. */
export function hasEnded({ stopped }: AnswerState): boolean {
  return stopped;
}

/** `message_stop` alone proves nothing: gateways send it after a fault too. */
export function isWhole({ stopped, finished }: AnswerState): boolean {
  return stopped && finished;
}

/** One event of a stream. Its type stands in the data too, which is all that is read. */
export function readEvent(state: AnswerState, payload: string, out: StreamEvent[]): void {
  // Some hosts that copy this dialect end with OpenAI's mark.
  if (payload.trim() === "[DONE]") return;
  const event = frameRecord(payload);
  switch (event.type) {
    case "content_block_delta":
      return state.blocks.delta(event, out);
    case "content_block_start":
      return state.blocks.start(event, out);
    case "content_block_stop":
      return state.blocks.stop(event.index, out);
    case "message_start":
      return isRecord(event.message) ? readStart(state, event.message, out) : undefined;
    case "message_delta":
      return readDelta(state, event, out);
    case "message_stop":
      state.blocks.stopAll(out);
      state.stopped = true;
      return;
    case "error":
      throw readErrorField(event.error ?? event);
    default:
      // `ping`, and what this program does not know. A gateway in between may answer in the form of chat.
      if (event.error) throw readErrorField(event.error);
  }
}

/** A whole message in one document. */
export function readMessage(state: AnswerState, payload: string, out: StreamEvent[]): void {
  const message = documentRecord(payload);
  if (message.type === "error" || message.error) throw readErrorField(message.error ?? message);
  if (!Array.isArray(message.content)) throw badDocument("it has no content");
  readStart(state, message, out);
  for (const block of message.content) if (isRecord(block)) state.blocks.whole(block, out);
  // A document cannot be cut after its content: one without a reason has ended all the same.
  readEnd(state, { ...message, stop_reason: message.stop_reason ?? "end_turn" }, out);
  readExtra(message, MESSAGE_FIELDS, out);
  state.stopped = true;
}

const MESSAGE_FIELDS = new Set([
  "id",
  "type",
  "role",
  "model",
  "content",
  "stop_reason",
  "stop_sequence",
  "usage",
]);
const DELTA_FIELDS = new Set(["type", "stop_reason", "stop_sequence", "delta", "usage"]);

/** Some gateways send it twice. */
function readStart(state: AnswerState, message: JsonRecord, out: StreamEvent[]): void {
  state.usage = mergeUsage(state.usage, message.usage);
  if (state.started) return;
  state.started = true;
  const { id, model } = message;
  out.push(startOf({ id, model, inputTokens: readUsage(state.usage)?.input }));
}

function readDelta(state: AnswerState, event: JsonRecord, out: StreamEvent[]): void {
  const delta = isRecord(event.delta) ? event.delta : {};
  readExtra(delta, DELTA_FIELDS, out);
  readExtra(event, DELTA_FIELDS, out);
  readEnd(state, { ...delta, usage: event.usage }, out);
}

/** What an end says, in an event or in a document. */
function readEnd(state: AnswerState, end: JsonRecord, out: StreamEvent[]): void {
  state.usage = mergeUsage(state.usage, end.usage);
  const usage = readUsage(state.usage);
  if (usage) out.push({ type: "usage", usage });
  const { stop_reason: raw, stop_sequence: stopSequence } = end;
  if (typeof raw !== "string" || raw === "") return;
  state.finished = true;
  const reason = REASONS.get(raw) ?? "other";
  out.push({
    type: "finish",
    choice: 0,
    reason,
    ...(reason === "other" ? { raw } : {}),
    ...(typeof stopSequence === "string" ? { stopSequence } : {}),
  });
}

const REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ["end_turn", "stop"],
  ["stop_sequence", "stop"],
  ["max_tokens", "length"],
  ["model_context_window_exceeded", "context"],
  ["tool_use", "tool_calls"],
  ["refusal", "refusal"],
  ["pause_turn", "pause"],
]);

/** `stop_details`, `container`, `context_management` and what comes after them. */
function readExtra(source: JsonRecord, known: ReadonlySet<string>, out: StreamEvent[]): void {
  const chunk = unknownFields(source, known);
  if (chunk) out.push({ type: "extra", choice: 0, extra: { dialect: "anthropic", chunk } });
}
