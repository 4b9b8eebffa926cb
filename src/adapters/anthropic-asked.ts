import type { Note } from "../core/note.ts";
import type { Prompt } from "../core/prompt.ts";
import type { TextRequest } from "../core/request.ts";
import type { Destination } from "./adapter.ts";
import { fieldIn } from "./client-fields.ts";
import { type Abilities, abilitiesOf } from "./anthropic-models.ts";

/** One request of another dialect on its way to Anthropic. */
export interface Asked {
  prompt: Prompt;
  to: Destination;
  can: Abilities;
  notes: Note[];
  /** What the client's dialect calls a field of OpenAI's chat, for notes. */
  named(field: string): string;
}

/** A request with what is known of the model that is to answer it. */
export function askedOf(request: TextRequest, to: Destination, notes: Note[]): Asked {
  return {
    prompt: request.prompt(),
    to,
    can: abilitiesOf(to),
    notes,
    named: (field) => fieldIn(request.dialect, field),
  };
}
