/**
 * What was done to a request that its client should know of. `dropped`: a field was left out, and what it asked for will
 * not happen. `emulated`: what it asked for is done by other means. `renamed`: it was sent under another name.
 */
export type NoteKind = "dropped" | "emulated" | "renamed";

/** One thing that was dropped, renamed or emulated for a request. */
export interface Note {
  readonly kind: NoteKind;
  /** The client's own field, as a path in its body. */
  readonly field: string;
  /** One sentence, for people. */
  readonly message: string;
}

/** A field that was left out; `why` goes on after "FIELD was dropped". */
export function dropped(field: string, why: string): Note {
  return { kind: "dropped", field, message: `${field} was dropped${why}` };
}

/** A field whose meaning is kept by other means; `how` goes on after "FIELD was emulated". */
export function emulated(field: string, how: string): Note {
  return { kind: "emulated", field, message: `${field} was emulated${how}` };
}

/** A field that is sent under another name. */
export function renamed(field: string, to: string): Note {
  return { kind: "renamed", field, message: `${field} was sent as ${to}` };
}

/** The short form for `x-fairlead-notes` and the log: `dropped:logprobs`. */
export function codeOf({ kind, field }: Note): string {
  return `${kind}:${field}`;
}
