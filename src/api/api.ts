import type { Answer } from "../core/answer.ts";
import type { StreamEvent } from "../core/event.ts";
import type { Failure } from "../core/failure.ts";
import type { ModelRequest, RawObject } from "../core/request.ts";

/** One client dialect's way to ask for text: the mirror of an adapter. Pure functions over values. */
export interface TextApi {
  /** Their words to ours. `id` is the request's. Throws `invalid_json` or `invalid_request`. */
  read(body: RawObject, id: string): ModelRequest;
  /** Ours to theirs, as a stream. */
  stream(options: StreamOptions): StreamWriter;
  /** Ours to theirs, as one JSON document. `model`: the name the client asked for. */
  answer(answer: Answer, model: string): string;
}
/** How a client wants its stream. */
export interface StreamOptions {
  /** The name to answer with: the one the client asked for. */
  model: string;
  includeUsage: boolean;
}

/** A stream of one client dialect: events in, text to send out. */
export interface StreamWriter {
  /** Keeps a silent connection alive; every client of the dialect ignores it. */
  readonly comment: string;
  write(events: readonly StreamEvent[]): string;
  /** The last words of a stream that failed: no finish reason, no end mark. */
  error(failure: Failure): string;
}
