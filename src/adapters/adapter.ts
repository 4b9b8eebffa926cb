import type { StreamEvent } from "../core/event.ts";
import type { Failure } from "../core/failure.ts";
import type { ModelInfo } from "../core/model.ts";
import type { Note } from "../core/note.ts";
import type { Dialect, ModelRequest, Operation } from "../core/request.ts";
import type { Usage } from "../core/usage.ts";
import type { Profile } from "./profile.ts";

/** Where a request goes, as far as an adapter needs to know. */
export interface Destination {
  /** The backend's own id of the model. */
  readonly model: string;
  readonly profile: Profile;
  /** Values for fields the client left out (the alias' `defaults`), under the names of OpenAI's chat. */
  readonly defaults: Readonly<Record<string, unknown>>;
  /** What is known of the model, as the backend lists it. */
  readonly info: ModelInfo | undefined;
  /** Tokens that the user wants the model to have room for (the alias' `context_window`). */
  readonly contextWindow: number | undefined;
}

/** A request in a backend's words. */
export interface Written {
  /** Below the backend's base URL (which never ends in `/v1` or `/`). */
  path: string;
  /** Pieces to send in order. */
  body: Uint8Array[];
  /** Beside the backend's own. */
  headers?: Readonly<Record<string, string>>;
  /** For `begin`. */
  hints?: Hints;
}

/** What an answer can only be read with: what the request did to get it. */
export interface Hints {
  /** A tool call was forced by a schema: the text is `{"name": .., "arguments": {..}}`, and means a call. */
  callAsText?: boolean;
  /** The client reads log-probabilities in the shape of OpenAI's completions. */
  completion?: boolean;
  /** Tokens of the prompt, guessed, and how many the engine was told to make room for (Ollama's `num_ctx`), if it was. */
  context?: { tokens: number; room: number | undefined };
}

/** Vectors in the order of the inputs. */
export interface Embeddings {
  vectors: ArrayLike<number>[];
  usage: Usage | undefined;
}

/**
 * One upstream dialect as pure functions over values: an adapter never fetches, waits, logs or reads config.
 * `State` is what it must remember between the frames of one answer.
 */
export interface Adapter<State = unknown> {
  readonly dialect: Dialect;
  /** How a stream is cut into frames: server-sent events, or one JSON document per line. */
  readonly framing: "sse" | "ndjson";
  /** What it has a route for. */
  readonly operations: ReadonlySet<Operation>;
  /** Path of the model list below the backend's base URL; undefined: there is none. */
  modelsPath(profile: Profile): string | undefined;
  /** Headers of every request, whether there is a key or not. */
  headers(profile: Profile): Record<string, string>;
  /** Headers that carry the key. */
  auth(key: string, profile: Profile): Record<string, string>;
  /**
   * A request in their words: of the same dialect with as few of the client's bytes changed as can be, of another one from
   * its prompt. Says in `notes` what it dropped, renamed or emulated. Throws `invalid_request` or `unsupported`.
   */
  write(request: ModelRequest, to: Destination, notes: Note[]): Written;
  /** A fresh accumulator, one per answer. */
  begin(profile: Profile, hints?: Hints): State;
  /** One frame's payload to the events it completes, pushed in order. Throws Failure if the frame makes no sense. */
  step(state: State, frame: string, out: StreamEvent[]): void;
  /** The same for an answer that came as one JSON document instead of a stream. */
  whole(state: State, body: string, out: StreamEvent[]): void;
  /** Did the dialect's own mark of the end come (`[DONE]`, `message_stop`)? Nothing after it counts. */
  ended(state: State): boolean;
  /** The wire closed, or `ended`: did the dialect say that the answer was complete? */
  done(state: State): boolean;
  /** An answer with an error status. `body` may be anything: JSON of any shape, HTML, nothing. */
  failure(status: number, body: string, headers: ReadonlyMap<string, string>): Failure;
  /** Their model list to ours; entries that make no sense are left out. */
  models(body: unknown): ModelInfo[];
  /** Their embeddings answer to ours. Throws Failure if it makes no sense. */
  embeddings(body: string): Embeddings;
}
