import type { FinishReason, StreamEvent } from "../core/event.ts";
import { Failure } from "../core/failure.ts";
import { isRecord, type JsonRecord } from "../core/json.ts";
import { BlockReader } from "./anthropic-blocks.ts";
import { readErrorField } from "./failure.ts";
import { mergeUsage, readUsage } from "./anthropic-usage.ts";

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
  const event = parse(payload, badFrame);
  if (!isRecord(event)) throw badFrame("it is not a JSON object");
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
  const message = parse(payload, badDocument);
  if (!isRecord(message)) throw badDocument("it is not a JSON object");
  if (message.type === "error" || message.error) throw readErrorField(message.error ?? message);
  if (!Array.isArray(message.content)) throw badDocument("it has no content");
  readStart(state, message, out);
  for (const block of message.content) if (isRecord(block)) state.blocks.whole(block, out);
  // A document cannot be cut after its content: one without a reason has ended all the same.
  readEnd(state, { ...message, stop_reason: message.stop_reason ?? "end_turn" }, out);
  readExtra(message, MESSAGE_FIELDS, out);
  state.stopped = true;
}

function parse(payload: string, bad: (how: string, cause: unknown) => Failure): unknown {
  try {
    return JSON.parse(payload);
  } catch (cause) {
    throw bad("it is not JSON", cause);
  }
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
  const usage = readUsage(state.usage);
  const { id, model } = message;
  out.push({
    type: "start",
    id: typeof id === "string" ? id : "",
    model: typeof model === "string" ? model : "",
    created: 0,
    ...(usage ? { inputTokens: usage.input } : {}),
  });
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
  const fields = Object.entries(source).filter(([name, value]) => !known.has(name) && value !== null);
  if (fields.length === 0) return;
  out.push({ type: "extra", choice: 0, extra: { dialect: "anthropic", chunk: Object.fromEntries(fields) } });
}

function badFrame(how: string, cause?: unknown): Failure {
  return new Failure("upstream_bad_frame", `The backend sent a frame that makes no sense: ${how}.`, {
    cause,
  });
}

function badDocument(how: string, cause?: unknown): Failure {
  return new Failure("upstream_bad_response", `The backend's answer makes no sense: ${how}.`, { cause });
}
