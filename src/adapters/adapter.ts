import type { StreamEvent } from "../core/event.ts";
import type { Failure } from "../core/failure.ts";
import type { ModelInfo } from "../core/model.ts";
import type { Dialect, ModelRequest, Note, Operation } from "../core/request.ts";
import type { Usage } from "../core/usage.ts";
import type { Profile } from "./profile.ts";

/** Where a request goes, as far as an adapter needs to know. */
export interface Destination {
  /** The backend's own id of the model. */
  readonly model: string;
  readonly profile: Profile;
  /** Values for fields the client left out (the alias' `defaults`). */
  readonly defaults: Readonly<Record<string, unknown>>;
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
  /** Path below the backend's base URL (which never ends in `/v1` or `/`). */
  path(operation: Operation | "models"): string;
  /** Headers that carry the key. */
  auth(key: string): Record<string, string>;
  /** Our request in their words, as pieces to send in order. Says in `notes` what it dropped, renamed or emulated. */
  write(request: ModelRequest, to: Destination, notes: Note[]): Uint8Array[];
  /** A fresh accumulator, one per answer. */
  begin(profile: Profile): State;
  /** One frame's payload to the events it completes, pushed in order. Throws Failure if the frame makes no sense. */
  step(state: State, frame: string, out: StreamEvent[]): void;
  /** The same for an answer that came as one JSON document instead of a stream. */
  whole(state: State, body: string, out: StreamEvent[]): void;
  /** Did the dialect's own mark of the end come (`[DONE]`)? Nothing after it counts. */
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
