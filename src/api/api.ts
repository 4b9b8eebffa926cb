import type { Answer } from "../core/answer.ts";
import type { ModelRequest, RawObject } from "../core/request.ts";
import type { StreamOptions, StreamWriter } from "./openai-stream.ts";

/** One client dialect's way to ask for text: the mirror of an adapter. Pure functions over values. */
export interface TextApi {
  /** Their words to ours. `id` is the request's. Throws `invalid_json` or `invalid_request`. */
  read(body: RawObject, id: string): ModelRequest;
  /** Ours to theirs, as a stream. */
  stream(options: StreamOptions): StreamWriter;
  /** Ours to theirs, as one JSON document. `model`: the name the client asked for. */
  answer(answer: Answer, model: string): string;
}
