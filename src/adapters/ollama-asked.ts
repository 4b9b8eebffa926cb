import { dropped, type Note } from "../core/note.ts";
import type { Prompt } from "../core/prompt.ts";
import type { Dialect } from "../core/request.ts";
import type { Destination } from "./adapter.ts";
import { fieldIn, noteUnknown } from "./client-fields.ts";

/** What each part of a request is written from. */
export interface Asked {
  prompt: Prompt;
  to: Destination;
  notes: Note[];
  /** The client's: notes name its own fields. */
  dialect: Dialect;
}

/** Wishes that Ollama has no word for. Those that ask for what is so anyway lose nothing. */
export function noteLosses({ prompt, notes, dialect }: Asked): void {
  const { sampling, verbosity, user, metadata, serviceTier } = prompt;
  if (sampling.n !== undefined && sampling.n !== 1) notes.push(dropped("n", WHY));
  const { logitBias } = sampling;
  const wishes: readonly (readonly [string, unknown])[] = [
    ["logit_bias", logitBias && Object.keys(logitBias).length > 0 ? logitBias : undefined],
    ["verbosity", verbosity === "medium" ? undefined : verbosity],
    ["user", user],
    ["metadata", metadata],
    ["service_tier", serviceTier === "auto" || serviceTier === "default" ? undefined : serviceTier],
  ];
  for (const [wish, value] of wishes)
    if (value !== undefined) notes.push(dropped(fieldIn(dialect, wish), WHY));
  noteUnknown(prompt, WHY, notes);
}

const WHY = ": Ollama has no such field";
