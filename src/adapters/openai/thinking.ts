import type { JsonRecord } from "../../core/json.ts";
import { dropped, emulated, type Note } from "../../core/note.ts";
import type { ReasoningWish } from "../../core/prompt.ts";
import type { Destination } from "../adapter.ts";
import { effortFor } from "../effort.ts";
import { isReasoner } from "../reasoners.ts";

/** A wish to think in the fields that the host has for it. */
export function writeThinking(wish: ReasoningWish, to: Destination, notes: Note[]): JsonRecord {
  const { budget } = wish;
  if (!isWish(wish)) return {};
  const off = isOff(wish);
  const noted = { field: FIELD, notes };
  switch (to.profile.reasoning) {
    case "effort": {
      const effort = openaiEffort(wish, isReasoner(to), noted);
      return effort === undefined ? {} : { reasoning_effort: effort };
    }
    case "template":
      return { chat_template_kwargs: { enable_thinking: !off }, ...templateEffort(wish, noted) };
    case "object":
      return { reasoning: reasoningObject(wish) };
    case "thinking":
      if (!off) noteCoarse(wish, notes);
      return { thinking: { type: off ? "disabled" : "enabled" } };
    case "switch":
      if (!off && budget === undefined) noteCoarse(wish, notes);
      return { enable_thinking: !off, ...(off || budget === undefined ? {} : { thinking_budget: budget }) };
    case "none":
      if (!off || isReasoner(to)) notes.push(dropped(FIELD, ": nobody can tell this backend how to think"));
      return {};
  }
}

/** Where notes go, and the field that they name. */
interface Noted {
  field: string;
  notes: Note[];
}

const FIELD = "reasoning_effort";

/** OpenAI's own word, where the model `reasons`: all others answer it with an error. Undefined: nothing is sent. */
export function openaiEffort(
  wish: ReasoningWish,
  reasons: boolean,
  { field, notes }: Noted,
): string | undefined {
  if (!isWish(wish)) return undefined;
  const off = isOff(wish);
  if (!reasons) {
    if (!off) notes.push(dropped(field, ": this model is not known to reason"));
    return undefined;
  }
  if (!off) return effortOf(wish, { field, notes });
  if (wish.effort === "none") return "none";
  // Each generation has another word for less than low, and refuses those of the others.
  notes.push(emulated(field, ": low effort is the nearest to none that every model takes"));
  return "low";
}

function isWish({ enabled, effort, budget }: ReasoningWish): boolean {
  return enabled !== undefined || effort !== undefined || budget !== undefined;
}

function isOff({ enabled, effort }: ReasoningWish): boolean {
  return enabled === false || effort === "none";
}

/** Templates know three words. */
function templateEffort(wish: ReasoningWish, noted: Noted): JsonRecord {
  const effort = isOff(wish) ? undefined : effortOf(wish, noted);
  if (effort === undefined) return {};
  const known = effort === "minimal" ? "low" : effort === "xhigh" || effort === "max" ? "high" : effort;
  return { reasoning_effort: known };
}

function reasoningObject(wish: ReasoningWish): JsonRecord {
  const { effort, budget, summary } = wish;
  if (isOff(wish)) return { enabled: false };
  // It refuses both at once.
  const amount =
    budget === undefined ? (effort === undefined ? { enabled: true } : { effort }) : { max_tokens: budget };
  return { ...amount, ...(summary === "omitted" ? { exclude: true } : {}) };
}

/** The effort that was asked for, or the one nearest to a budget of tokens. */
function effortOf({ effort, budget }: ReasoningWish, { field, notes }: Noted): string | undefined {
  if (effort !== undefined || budget === undefined) return effort;
  const nearest = effortFor(budget);
  notes.push(emulated(field, `: a budget of ${budget} tokens was sent as effort ${nearest}`));
  return nearest;
}

function noteCoarse({ effort, budget }: ReasoningWish, notes: Note[]): void {
  if (effort === undefined && budget === undefined) return;
  notes.push(emulated(FIELD, ": this backend can be told to think, and not how much"));
}
