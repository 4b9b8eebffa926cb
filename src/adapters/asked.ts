import type { Note } from "../core/note.ts";
import type { Prompt } from "../core/prompt.ts";
import type { TextRequest } from "../core/request.ts";
import type { Destination } from "./adapter.ts";
import { fieldIn } from "./client-fields.ts";

/** One request of another dialect on its way to a backend: what each part of the body is written from. */
export interface Asked {
  prompt: Prompt;
  to: Destination;
  /** Filled with what was dropped, renamed or emulated. */
  notes: Note[];
  /** What the client's dialect calls a field of OpenAI's chat, for notes. */
  named(field: string): string;
}

/** Throws `invalid_request` for a body that makes no sense. */
export function askedOf(request: TextRequest, to: Destination, notes: Note[]): Asked {
  return { prompt: request.prompt(), to, notes, named: (field) => fieldIn(request.dialect, field) };
}
