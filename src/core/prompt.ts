import type { Carried, Dialect } from "./dialect.ts";
import type { ToolKind } from "./event.ts";
import type { JsonRecord } from "./json.ts";
import type { Note } from "./note.ts";
import type { Opaque } from "./opaque.ts";

export type { Carried } from "./dialect.ts";

/**
 * What a model is asked, in no dialect's words: an api reads it from a client's body, an adapter of another dialect writes
 * its own body from it. A field that is undefined was not sent, or was null.
 */
export interface Prompt {
  /** In the order of the conversation; a turn of the model may be several (reasoning, text, calls). */
  items: Item[];
  tools: Tool[];
  /** Undefined: the backend's default, which is `auto` with tools. */
  toolChoice?: ToolChoice;
  /** May the model make several calls in one turn? */
  parallelTools?: boolean;
  /** Most tokens to generate, reasoning included. */
  maxOutput?: number;
  sampling: Sampling;
  format: OutputFormat;
  verbosity?: "low" | "medium" | "high";
  reasoning: ReasoningWish;
  /** Who the client says its user is. */
  user?: string;
  metadata?: JsonRecord;
  serviceTier?: string;
  /** A text completion: what follows the text to write. Undefined for a conversation. */
  suffix?: string;
  /** A text completion: no chat template, the text is continued just as it stands. */
  completion?: boolean;
  /** How long an engine should keep the model loaded: seconds, or a duration such as "5m" (Ollama's words). */
  keepAlive?: number | string;
  /** Top-level fields that this program does not know, in the client's dialect. */
  carried?: Carried;
  /** What was dropped or changed in reading. */
  notes: Note[];
}

/** One thing in a conversation. `at` is the place in the client's body, for errors: `messages[3]`. */
export type Item = MessageItem | ReasoningItem | CallItem | ResultItem;

/** Something said. Instructions are `system`; OpenAI's later `developer` means the same and is read as it. */
export interface MessageItem {
  type: "message";
  role: "system" | "user" | "assistant";
  parts: Part[];
  /** Of a participant, where the client gave one. */
  name?: string;
  at: string;
}

/** What the model thought, before what follows in the same turn. */
export interface ReasoningItem {
  type: "reasoning";
  text: string;
  opaque: Opaque[];
  /** The id that its vendor gave it. */
  id?: string;
  at: string;
}

/** A tool call the model made. */
export interface CallItem {
  type: "call";
  id: string;
  name: string;
  /** Responses: the group that the tool belongs to. */
  namespace?: string;
  kind: ToolKind;
  /** JSON text as the model wrote it, or the free text of a custom tool. May be empty, may be no JSON. */
  args: string;
  opaque: Opaque[];
  at: string;
}

/** What a tool answered. */
export interface ResultItem {
  type: "result";
  /** The call's id. */
  id: string;
  /** The tool's name, where the client repeats it. */
  name?: string;
  parts: Part[];
  isError: boolean;
  kind: ToolKind;
  at: string;
}

/** A piece of a message or a result. */
export type Part = TextPart | MediaPart | RefusalPart;

/** Words. `cache`: the client wants the prompt cached up to here. */
export interface TextPart {
  type: "text";
  text: string;
  cache?: CacheMark;
}

/** A picture, a sound, or a document. */
export interface MediaPart {
  type: "image" | "audio" | "file";
  source: MediaSource;
  /** Such as `image/png`; empty where nobody said it. */
  mime: string;
  name?: string;
  /** OpenAI's `low`, `high` or `auto`. */
  detail?: string;
  cache?: CacheMark;
}

/** Where its bytes are: in base64 (standard alphabet, no line breaks), at a URL, or in the vendor's own store. */
export type MediaSource = { base64: string } | { url: string } | { fileId: string; issuer: Dialect };

/** The model would not answer, in an earlier turn. */
export interface RefusalPart {
  type: "refusal";
  text: string;
}

/** Anthropic's mark: cache what stands before it, for 5 minutes unless `ttl` says otherwise. */
export interface CacheMark {
  ttl?: string;
}

/** A tool the model may call. */
export type Tool = FunctionTool | CustomTool | HostedTool;

/** A function with JSON arguments. */
export interface FunctionTool {
  type: "function";
  name: string;
  /** Responses: the group that it belongs to. */
  namespace?: string;
  description?: string;
  /** JSON Schema of the arguments; undefined: it takes none. */
  parameters?: JsonRecord;
  strict?: boolean;
  cache?: CacheMark;
  at: string;
}

/** OpenAI's tool whose input is free text, perhaps of a grammar. */
export interface CustomTool {
  type: "custom";
  name: string;
  namespace?: string;
  description?: string;
  format?: JsonRecord;
  at: string;
}

/** A tool that its vendor runs itself (web search, code interpreter): nobody else can. */
export interface HostedTool {
  type: "hosted";
  /** The vendor's word for it. */
  name: string;
  dialect: Dialect;
  value: JsonRecord;
  at: string;
}

/** `required`: some tool; `named`: this one; `allowed`: one of these, if any (`auto`) or surely (`required`). */
export type ToolChoice =
  | { mode: "none" | "auto" | "required" }
  | { mode: "named"; name: string; namespace?: string }
  | { mode: "allowed"; names: string[]; required: boolean };

/** How the words are chosen. */
export interface Sampling {
  temperature?: number;
  topP?: number;
  topK?: number;
  minP?: number;
  seed?: number;
  stop?: string[];
  frequencyPenalty?: number;
  presencePenalty?: number;
  repeatPenalty?: number;
  /** Answers to one request. */
  n?: number;
  logprobs?: boolean;
  topLogprobs?: number;
  logitBias?: JsonRecord;
}

/** What the answer must look like. `schema` undefined: any JSON object. */
export type OutputFormat =
  | { type: "text" }
  | { type: "json"; schema?: JsonRecord; name?: string; description?: string; strict?: boolean };

/** How much the client wants the model to think. */
export interface ReasoningWish {
  /** False: not at all. True: as it thinks fit. */
  enabled?: boolean;
  /** OpenAI's words: none, minimal, low, medium, high, xhigh, max. */
  effort?: string;
  /** Most tokens to think with. */
  budget?: number;
  /** Does the client want to see it? OpenAI: auto, concise or detailed; Anthropic: summarized or omitted. */
  summary?: string;
}

/** What is to become vectors. */
export interface EmbeddingInputs {
  /** Texts, or lists of tokens, which only the model they were made for understands. */
  inputs: (string | number[])[];
  dimensions?: number;
  user?: string;
  /** Ollama: cut what is too long instead of answering with an error. */
  truncate?: boolean;
  keepAlive?: number | string;
}
