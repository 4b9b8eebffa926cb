import type { Note } from "../../core/note.ts";
import type { TextRequest } from "../../core/request.ts";
import type { Destination } from "../adapter.ts";
import { type Asked, askedOf } from "../asked.ts";
import { type Abilities, abilitiesOf } from "./abilities.ts";

/** One request of another dialect, with what is known of the model of Anthropic's that is to answer it. */
export interface AskedOfModel extends Asked {
  can: Abilities;
}

/** Throws `invalid_request` for a body that makes no sense. */
export function askedOfModel(request: TextRequest, to: Destination, notes: Note[]): AskedOfModel {
  return { ...askedOf(request, to, notes), can: abilitiesOf(to) };
}
