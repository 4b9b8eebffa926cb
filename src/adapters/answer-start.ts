import type { StreamEvent } from "../core/event.ts";
import { countOf, secondsOf, textOf } from "../core/lenient.ts";

/** What a backend says of an answer before anything else; any of it may be missing. */
export interface Beginning {
  id?: unknown;
  model?: unknown;
  /** A time in any form. */
  created?: unknown;
  /** Tokens of the prompt. */
  inputTokens?: unknown;
}

/** The event that begins an answer. What the backend does not say stays empty, for the normaliser to fill in. */
export function startOf({ id, model, created, inputTokens }: Beginning): StreamEvent {
  const input = countOf(inputTokens);
  return {
    type: "start",
    id: textOf(id) ?? "",
    model: textOf(model) ?? "",
    created: secondsOf(created),
    ...(input === undefined ? {} : { inputTokens: input }),
  };
}
