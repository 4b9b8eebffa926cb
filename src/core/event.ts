import type { Failure } from "./failure.ts";
import type { JsonRecord } from "./json.ts";
import type { Dialect } from "./request.ts";
import type { Usage } from "./usage.ts";

/** Why a choice ended. `other` keeps the backend's own word in `raw`. */
export type FinishReason = "stop" | "length" | "tool_calls" | "content_filter" | "function_call" | "other";

/**
 * Fields this program does not know, carried by the dialect that sent them and written again only to a client of the
 * same dialect, at the same level (llama.cpp's `timings`, vLLM's `token_ids`, OpenRouter's `provider` ...).
 */
export interface Extra {
  dialect: Dialect;
  chunk?: JsonRecord;
  choice?: JsonRecord;
  delta?: JsonRecord;
}

/**
 * What a model says, in the order it says it. Adapters read their wire into this, apis write theirs from it, nothing
 * else crosses the pipeline.
 *
 * Grammar of what leaves the pipeline: `start (text | reasoning | refusal | logprobs | tool-start | tool-args | extra)*
 * (finish* usage end | error)`, with one `finish` per choice; or an `error` alone, where nothing came before it. An adapter
 * reports what its wire says when it says it, usage more than once if need be, and tool calls as `tool-delta`, just as they
 * came; the normaliser brings that into order, makes one whole `tool-start` and then `tool-args` of each call, and says
 * `end`. No `tool-delta` leaves it.
 */
export type StreamEvent =
  | { type: "start"; id: string; model: string; created: number }
  | { type: "text"; choice: number; text: string }
  | { type: "reasoning"; choice: number; text: string }
  | { type: "refusal"; choice: number; text: string }
  | { type: "logprobs"; choice: number; logprobs: unknown }
  | ToolDelta
  | {
      type: "tool-start";
      choice: number;
      call: number;
      id: string;
      name: string;
      kind: ToolKind;
      extra?: JsonRecord;
    }
  /** A fragment of the arguments' JSON text, never parsed on the way through. */
  | { type: "tool-args"; choice: number; call: number; kind: ToolKind; json: string }
  | { type: "extra"; choice: number; extra: Extra }
  /** Cumulative: the last one counts. After the normaliser there is one. */
  | { type: "usage"; usage: Usage }
  | { type: "finish"; choice: number; reason: FinishReason; raw?: string }
  /** The answer is whole. Always last, unless `error` is. */
  | { type: "end" }
  | { type: "error"; failure: Failure };

/** `custom` is OpenAI's free-text tool call, whose input is not JSON. */
export type ToolKind = "function" | "custom";

/** One tool call fragment as a backend sent it: anything may be missing, repeated or late. */
export interface ToolDelta {
  type: "tool-delta";
  choice: number;
  index?: number;
  id?: string;
  name?: string;
  kind?: ToolKind;
  /** Argument text, or a whole object from backends that send one. */
  args?: unknown;
  /** Fields of the call that this program does not know, in the backend's dialect. */
  extra?: JsonRecord;
}

/** One batch per network read: awaiting once per read, not once per token, is the pipeline's speed. */
export type EventStream = AsyncIterableIterator<StreamEvent[], void, void>;
