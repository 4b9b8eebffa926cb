import type { Carried, Dialect } from "./dialect.ts";
import type { Failure } from "./failure.ts";
import type { JsonRecord } from "./json.ts";
import type { Opaque } from "./opaque.ts";
import type { Usage } from "./usage.ts";

/**
 * Why a choice ended. `refusal`: the model would not (Anthropic); `pause`: it wants to go on in another turn (Anthropic);
 * `context`: the context is full. `other` keeps the backend's own word in `raw`.
 */
export type FinishReason =
  | "stop"
  | "length"
  | "context"
  | "tool_calls"
  | "content_filter"
  | "refusal"
  | "pause"
  | "function_call"
  | "other";

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
 * Grammar of what leaves the pipeline: `start (part | logprobs | extra)* (finish* usage end | error)`, with one `finish`
 * per choice; or an `error` alone, where nothing came before it. A part is `part-start (words of its kind | annotation |
 * opaque)* part-end`, or `tool-start tool-args* part-end`, or one `foreign`; its number is unique in the stream and grows.
 * A choice has at most one part open that is no tool call; of those there may be several.
 *
 * An adapter reports what its wire says when it says it: usage more than once if need be, tool calls as `tool-delta` just
 * as they came, and a `boundary` where its wire begins another part of the same kind. The normaliser brings that into
 * order, numbers and closes the parts, makes one whole `tool-start` and then `tool-args` of each call, and says `end`. No
 * `tool-delta` and no `boundary` leaves it; no `part-start`, `tool-start`, `tool-args` or `part-end` goes in.
 */
export type StreamEvent =
  /** `inputTokens`: where the backend counts the prompt before it answers. */
  | { type: "start"; id: string; model: string; created: number; inputTokens?: number }
  | PartStart
  | { type: "text"; choice: number; text: string }
  | { type: "reasoning"; choice: number; text: string }
  | { type: "refusal"; choice: number; text: string }
  /** OpenAI's chat form: `{content: [{token, logprob, bytes, top_logprobs}], refusal}`. */
  | { type: "logprobs"; choice: number; logprobs: unknown }
  /** Of the open part. */
  | { type: "annotation"; choice: number; annotation: Annotation }
  /** Of the open part; where none is open it is a piece of reasoning without words. */
  | { type: "opaque"; choice: number; opaque: Opaque }
  | Boundary
  | ToolDelta
  | ToolStart
  /** A fragment of the arguments' JSON text, never parsed on the way through. */
  | { type: "tool-args"; choice: number; part: number; call: number; kind: ToolKind; json: string }
  /** `argsOk`, of a function call only: do its arguments parse as JSON? Undefined where they are too long to tell. */
  | { type: "part-end"; choice: number; part: number; argsOk?: boolean }
  | Foreign
  | { type: "extra"; choice: number; extra: Extra }
  /** Cumulative: the last one counts. After the normaliser there is one. */
  | { type: "usage"; usage: Usage }
  | Finish
  /** The answer is whole. Always last, unless `error` is. */
  | { type: "end" }
  | { type: "error"; failure: Failure };

/** What a part consists of, if it is no tool call. */
export type PartKind = "text" | "reasoning" | "refusal";

/** A part begins. */
export interface PartStart {
  type: "part-start";
  choice: number;
  part: number;
  kind: PartKind;
  /** The backend's own id of it (Responses). */
  id?: string;
  extra?: Carried;
}

/** What follows is another part, even if of the same kind. */
export interface Boundary {
  type: "boundary";
  choice: number;
  id?: string;
  extra?: Carried;
}

/** A whole block that only its own dialect can say (a search the vendor ran): for a client of the same one. */
export interface Foreign {
  type: "foreign";
  choice: number;
  /** Given by the normaliser. */
  part?: number;
  dialect: Dialect;
  value: JsonRecord;
}

/** A choice has ended. */
export interface Finish {
  type: "finish";
  choice: number;
  reason: FinishReason;
  raw?: string;
  /** Which of the client's stop sequences ended it, where the backend says so. */
  stopSequence?: string;
}

/** Where a statement comes from. `native`: the vendor's own object, for a client of the same dialect. */
export interface Annotation {
  url?: string;
  title?: string;
  /** Characters of the part's text that it belongs to. */
  start?: number;
  end?: number;
  /** The words that are quoted. */
  cited?: string;
  native: { dialect: Dialect; value: JsonRecord };
}

/** `custom` is OpenAI's free-text tool call, whose input is not JSON. */
export type ToolKind = "function" | "custom";

/** A tool call begins: its name and id are complete. */
export interface ToolStart {
  type: "tool-start";
  choice: number;
  part: number;
  /** 0, 1, 2 .. in each choice. */
  call: number;
  id: string;
  name: string;
  namespace?: string;
  kind: ToolKind;
  /** The backend's own id of the item that the call is (Responses). */
  itemId?: string;
  opaque?: Opaque[];
  extra?: Carried;
}

/** One tool call fragment as a backend sent it: anything may be missing, repeated or late. */
export interface ToolDelta {
  type: "tool-delta";
  choice: number;
  index?: number;
  id?: string;
  name?: string;
  namespace?: string;
  kind?: ToolKind;
  /** Argument text, or a whole object from backends that send one. */
  args?: unknown;
  itemId?: string;
  opaque?: Opaque[];
  /** The backend says that this call is complete. */
  done?: boolean;
  extra?: Carried;
}

/** One batch per network read: awaiting once per read, not once per token, is the pipeline's speed. */
export type EventStream = AsyncIterableIterator<StreamEvent[], void, void>;
