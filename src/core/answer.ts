import type { FinishReason, ToolKind } from "./event.ts";
import type { JsonRecord } from "./json.ts";
import type { Usage } from "./usage.ts";

/** A whole answer: the events of one stream, folded. */
export interface Answer {
  id: string;
  /** Seconds since 1970. */
  created: number;
  choices: AnswerChoice[];
  usage: Usage;
  /** Unknown fields of the answer itself; only such as came in the client's own dialect. */
  extra: JsonRecord;
}

/** One of the answers to one request (`n`). */
export interface AnswerChoice {
  index: number;
  text: string;
  reasoning: string;
  refusal: string;
  toolCalls: AnswerToolCall[];
  logprobs: unknown;
  finish: FinishReason;
  /** The backend's own word, when `finish` is `other`. */
  raw?: string;
  /** Unknown fields of the choice, and of its message. */
  extra: JsonRecord;
  messageExtra: JsonRecord;
}

/** A whole tool call. */
export interface AnswerToolCall {
  id: string;
  name: string;
  kind: ToolKind;
  /** JSON text as the model wrote it, or the input of a custom tool. */
  args: string;
  extra?: JsonRecord;
}
