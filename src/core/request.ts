import type { Dialect } from "./dialect.ts";
import type { EmbeddingInputs, Prompt } from "./prompt.ts";

export { type Dialect, DIALECTS } from "./dialect.ts";

/** What is asked of a model; each has a route of its own in every dialect. */
export type Operation = "chat" | "completions" | "embeddings";

/**
 * A JSON object just as the client sent it. The bytes are kept, so that a backend of the same dialect gets them again
 * with only the changed top-level fields replaced: key order, unknown fields and cache markers survive.
 */
export interface RawObject {
  readonly bytes: Uint8Array;
  /** Of all top-level fields, in the order of the body. */
  names(): Iterable<string>;
  has(name: string): boolean;
  /** What the field's value is, told without parsing it; undefined when absent. */
  kind(name: string): JsonKind | undefined;
  /** The parsed value of a top-level field, undefined when absent. Parsed on first use. */
  value(name: string): unknown;
  /** The bytes with some top-level fields replaced, added (a value) or removed (undefined), as pieces to send in order. */
  edit(changes: ReadonlyMap<string, unknown>): Uint8Array[];
}

/** The types of JSON. */
export type JsonKind = "object" | "array" | "string" | "number" | "boolean" | "null";

/** One request of a client, read just far enough to route it. */
export type ModelRequest = TextRequest | EmbeddingRequest;

interface AnyRequest {
  /** Our id of the request, also the `x-request-id` of the answer. */
  readonly id: string;
  /** The dialect of `body`. */
  readonly dialect: Dialect;
  /** The dialect that the client reads: that of the route it called, whatever it sent there. */
  readonly answerDialect: Dialect;
  /** The model's name as the client wrote it; empty when it named none. */
  readonly model: string;
  readonly body: RawObject;
  /** Whose it is: what is kept for one is given to nobody else. Left out where everybody is the same. */
  readonly owner?: string;
  /** Headers that mean something to backends of the client's own dialect alone (`anthropic-beta`), names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request for text. */
export interface TextRequest extends AnyRequest {
  readonly operation: "chat" | "completions";
  readonly stream: boolean;
  /** The client asked for a usage chunk at the end of its stream. */
  readonly includeUsage: boolean;
  /** The same in no dialect's words, for a backend of another one. Read at the first call; throws `invalid_request`. */
  prompt(): Prompt;
}

/** A request for vectors. */
export interface EmbeddingRequest extends AnyRequest {
  readonly operation: "embeddings";
  readonly stream: false;
  /** The same in no dialect's words. */
  inputs(): EmbeddingInputs;
}
