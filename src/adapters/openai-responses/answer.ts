import type { FinishReason, StreamEvent } from "../../core/event.ts";
import { Failure } from "../../core/failure.ts";
import { isRecord, type JsonRecord } from "../../core/json.ts";
import { entriesOf } from "../../core/lenient.ts";
import { startOf } from "../answer-start.ts";
import { readErrorField } from "../failure.ts";
import { badDocument, badFrame, documentRecord, frameRecord } from "../payload.ts";
import { ItemReader } from "./items.ts";
import { readUsage } from "./usage.ts";

/** What must be remembered between the events of one response. */
export interface ResponseState {
  started: boolean;
  /** `response.completed` or `response.incomplete` came. */
  ended: boolean;
  readonly items: ItemReader;
}

/** Nothing was read yet. */
export function beginResponse(): ResponseState {
  return { started: false, ended: false, items: new ItemReader() };
}

/** Did the host say that the response is over? Its stream has no other mark of the end. */
export function hasEnded({ ended }: ResponseState): boolean {
  return ended;
}

/** One event of a stream. Its type stands in the data too, which is all that is read. */
export function readResponseEvent(state: ResponseState, payload: string, out: StreamEvent[]): void {
  // Some hosts end with OpenAI's older mark.
  if (payload.trim() === "[DONE]") return;
  const event = frameRecord(payload);
  const { type } = event;
  if (type === "error") throw readErrorField(isRecord(event.error) ? event.error : event);
  // A gateway in between answers in the form of chat.
  if (type === undefined && event.error) throw readErrorField(event.error);
  switch (type) {
    case "response.created":
    case "response.in_progress":
      return readStart(state, event.response, out);
    case "response.completed":
    case "response.incomplete":
    case "response.failed":
    case "response.cancelled":
      if (!isRecord(event.response)) throw badFrame("it has no response");
      return readEnd(state, event.response, out);
    default:
      state.items.event(event, out);
  }
}

/** A whole response in one document. */
export function readResponse(state: ResponseState, payload: string, out: StreamEvent[]): void {
  const response = documentRecord(payload);
  if (response.error && !response.output) throw readErrorField(response.error);
  if (typeof response.status !== "string") throw badDocument("it has no status");
  readStart(state, response, out);
  readEnd(state, response, out);
}

function readStart(state: ResponseState, response: unknown, out: StreamEvent[]): void {
  if (state.started || !isRecord(response)) return;
  state.started = true;
  const { id, model, created_at: created } = response;
  out.push(startOf({ id, model, created }));
}

/** The last event holds the whole response: items of which no event spoke are read from it. */
function readEnd(state: ResponseState, response: JsonRecord, out: StreamEvent[]): void {
  if (response.status === "failed") throw failed(response.error);
  const reason = reasonOf(response);
  if (reason === undefined)
    throw new Failure("upstream_truncated", "The backend's answer ended before the model had finished.");
  readStart(state, response, out);
  entriesOf(response.output).forEach((item, index) => {
    if (isRecord(item)) state.items.whole(item, index, out);
  });
  const usage = readUsage(response.usage);
  if (usage) out.push({ type: "usage", usage });
  if (typeof response.service_tier === "string") {
    const chunk = { service_tier: response.service_tier };
    out.push({ type: "extra", choice: 0, extra: { dialect: "openai-responses", chunk } });
  }
  out.push({ type: "finish", choice: 0, reason });
  state.ended = true;
}

/** Undefined: the response is not over. */
function reasonOf({ status, incomplete_details: details }: JsonRecord): FinishReason | undefined {
  if (status === "completed") return "stop";
  if (status !== "incomplete") return undefined;
  return isRecord(details) && details.reason === "content_filter" ? "content_filter" : "length";
}

function failed(error: unknown): Failure {
  return isRecord(error)
    ? readErrorField(error)
    : new Failure("upstream_error", "The backend's response failed without saying why.");
}
