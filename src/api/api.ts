import type { Answer } from "../core/answer.ts";
import type { StreamEvent } from "../core/event.ts";
import type { Failure } from "../core/failure.ts";
import type { RawObject, TextRequest } from "../core/request.ts";

/** One client dialect's way to ask for text: the mirror of an adapter. Pure functions over values. */
export interface TextApi {
  /** `content-type` of its streams. */
  readonly streamType: string;
  /** Their words to ours. `id` is the request's. Throws `invalid_json` or `invalid_request`. */
  read(body: RawObject, id: string, headers: Headers): TextRequest;
  /** Ours to theirs, as a stream. */
  stream(options: AnswerOptions): StreamWriter;
  /** Ours to theirs, as one JSON document. */
  answer(answer: Answer, options: AnswerOptions): string;
}

/** What an answer is written for. */
export interface AnswerOptions {
  /** The name to answer with: the one the client asked for. */
  model: string;
  request: TextRequest;
}

/** `content-type` of server-sent events. */
export const EVENT_STREAM = "text/event-stream; charset=utf-8";

/** A stream of one client dialect: events in, text to send out. */
export interface StreamWriter {
  /** Keeps a silent connection alive; every client of the dialect ignores it. */
  readonly comment: string;
  write(events: readonly StreamEvent[]): string;
  /** The last words of a stream that failed: no finish reason, no end mark. */
  error(failure: Failure): string;
}
