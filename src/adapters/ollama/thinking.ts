import type { JsonRecord } from "../../core/json.ts";
import { dropped, emulated, type Note } from "../../core/note.ts";
import type { ReasoningWish } from "../../core/prompt.ts";
import type { Destination } from "../adapter.ts";
import { effortFor } from "../effort.ts";

/**
 * `think`, where the client said something about it: a model that thinks does so unless told otherwise, and one that does
 * not answers `true` with an error. Only gpt-oss has levels, and it cannot be kept from thinking.
 */
export function writeThink(
  { enabled, effort, budget }: ReasoningWish,
  to: Destination,
  { field, notes }: { field: string; notes: Note[] },
): JsonRecord {
  const off = enabled === false || effort === "none";
  if (!off && enabled === undefined && effort === undefined && budget === undefined) return {};
  if (to.info?.capabilities?.reasoning === false) {
    if (!off) notes.push(dropped(field, ": this model does not think"));
    return {};
  }
  const leveled = /gpt-?oss/i.test(to.model);
  if (off) {
    if (!leveled) return { think: false };
    notes.push(emulated(field, ": this model always thinks, and was told to think little"));
    return { think: "low" };
  }
  const level = effort ?? (budget === undefined ? undefined : effortFor(budget));
  if (!leveled || level === undefined) {
    if (level !== undefined)
      notes.push(emulated(field, ": this model was told to think, which it does as long as it likes"));
    return { think: true };
  }
  const think = LEVELS.get(level) ?? true;
  if (effort === undefined)
    notes.push(emulated(field, `: a budget of ${budget} tokens was sent as level ${level}`));
  else if (think !== effort) notes.push(emulated(field, `: effort ${effort} was sent as ${think}`));
  return { think };
}

/** OpenAI's words in those that gpt-oss was made with. */
const LEVELS: ReadonlyMap<string, string> = new Map([
  ["minimal", "low"],
  ["low", "low"],
  ["medium", "medium"],
  ["high", "high"],
  ["xhigh", "high"],
  ["max", "high"],
]);
