/** The protocols spoken on either side. */
export type Dialect = "openai";

/** What is asked of a model; each has a route of its own in every dialect. */
export type Operation = "chat" | "completions" | "embeddings";

/**
 * A JSON object just as the client sent it. The bytes are kept, so that a backend of the same dialect gets them again
 * with only the changed top-level fields replaced: key order, unknown fields and cache markers survive.
 */
export interface RawObject {
  readonly bytes: Uint8Array;
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

/** One sentence on what was dropped, renamed or emulated for this request; goes out in `x-fairlead-notes`. */
export type Note = string;

/** One request of a client, read just far enough to route it. */
export interface ModelRequest {
  /** Our id of the request, also the `x-request-id` of the answer. */
  readonly id: string;
  readonly operation: Operation;
  /** The dialect of `body`. */
  readonly dialect: Dialect;
  /** The model's name as the client wrote it; empty when it named none. */
  readonly model: string;
  readonly stream: boolean;
  /** The client asked for a usage chunk at the end of its stream. */
  readonly includeUsage: boolean;
  readonly body: RawObject;
}
