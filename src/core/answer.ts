import type { Carried, Dialect } from "./dialect.ts";
import type { Annotation, FinishReason, PartKind, ToolKind } from "./event.ts";
import type { JsonRecord } from "./json.ts";
import type { Opaque } from "./opaque.ts";
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
  /** In the order the model said them. */
  parts: AnswerPart[];
  logprobs: unknown;
  finish: FinishReason;
  /** The backend's own word, when `finish` is `other`. */
  raw?: string;
  stopSequence?: string;
  /** Unknown fields of the choice, and of its message. */
  extra: JsonRecord;
  messageExtra: JsonRecord;
}

/** One piece of an answer. */
export type AnswerPart =
  WordsPart | AnswerToolCall | { kind: "foreign"; dialect: Dialect; value: JsonRecord };

/** Words, thoughts or a refusal. */
export interface WordsPart {
  kind: PartKind;
  text: string;
  annotations: Annotation[];
  opaque: Opaque[];
  id?: string;
  extra?: Carried;
}

/** A whole tool call. */
export interface AnswerToolCall {
  kind: "tool";
  tool: ToolKind;
  id: string;
  name: string;
  namespace?: string;
  /** JSON text as the model wrote it, or the input of a custom tool. */
  args: string;
  opaque: Opaque[];
  itemId?: string;
  extra?: Carried;
}

/** A choice that nothing is known of yet. */
export function emptyChoice(index: number): AnswerChoice {
  return { index, parts: [], logprobs: undefined, finish: "stop", extra: {}, messageExtra: {} };
}

/** All words of one kind in a choice, joined. */
export function wordsOf({ parts }: Pick<AnswerChoice, "parts">, kind: PartKind): string {
  return parts.map((part) => (part.kind === kind ? part.text : "")).join("");
}

/** The tool calls of a choice, in order. */
export function callsOf({ parts }: Pick<AnswerChoice, "parts">): AnswerToolCall[] {
  return parts.filter((part) => part.kind === "tool");
}
