import type { JsonRecord } from "../../core/json.ts";
import { dropped, emulated } from "../../core/note.ts";
import { effortFor } from "../effort.ts";
import type { AskedOfModel } from "./asked.ts";
import { isPrefilled, lacksThoughts, type Message } from "./conversation.ts";

/** How a model is asked to think. */
export interface Thinking {
  /** The field `thinking`; undefined: it is not sent. */
  field: JsonRecord | undefined;
  /** For `output_config.effort`. */
  effort?: string;
  /** Tokens to think with, of a model that is told how many. */
  budget?: number;
  /** Thinking was asked for: sampling parameters are then refused. */
  on: boolean;
}

const NOT_ASKED: Thinking = { field: undefined, on: false };

/**
 * The client's wish in the words that the model knows: newer ones decide how much to think and are told how hard
 * (adaptive), earlier ones are told how many tokens (manual). `forced`: the model must call a tool.
 */
export function writeThinking(asked: AskedOfModel, messages: readonly Message[], forced: boolean): Thinking {
  const { can, notes, prompt } = asked;
  const { enabled, effort, budget } = prompt.reasoning;
  const field = asked.named("reasoning_effort");
  if (enabled === false || effort === "none") return notThinking(asked);
  if (enabled === undefined && effort === undefined && budget === undefined) return NOT_ASKED;
  if (!can.adaptive && !can.budget) {
    notes.push(dropped(field, ": this model does not think"));
    return NOT_ASKED;
  }
  const byBudget = can.budget && budget !== undefined && effort === undefined;
  const unsigned = lacksThoughts(messages);
  const manual = !can.adaptive || (byBudget && !unsigned);
  const obstacle = forced
    ? "does not think when it must call a tool"
    : isPrefilled(messages)
      ? "does not think when its answer is begun for it"
      : manual && unsigned
        ? "does not think in a turn whose earlier thoughts are not there"
        : undefined;
  if (obstacle !== undefined) {
    notes.push(dropped(field, `: this model ${obstacle}`));
    return can.adaptive && can.disabled ? { field: { type: "disabled" }, on: false } : NOT_ASKED;
  }
  return manual ? manually(asked) : adaptively(asked);
}

function notThinking({ can, notes, named }: AskedOfModel): Thinking {
  const field = named("reasoning_effort");
  if (can.disabled)
    return can.adaptive || can.budget ? { field: { type: "disabled" }, on: false } : NOT_ASKED;
  notes.push(emulated(field, ": this model always thinks, and was asked to think least"));
  if (can.betweenTools) return { field: { type: "between_tools" }, on: true };
  return { field: undefined, on: true, ...(can.efforts.includes("low") ? { effort: "low" } : {}) };
}

/** Anthropic's least, tokens. */
export const BUDGET_MIN = 1024;
const BUDGET_USUAL = 8192;

/** What others think with at an effort of that name, roughly. */
const BUDGETS: ReadonlyMap<string, number> = new Map([
  ["minimal", BUDGET_MIN],
  ["low", 2048],
  ["medium", BUDGET_USUAL],
  ["high", 24_576],
  ["xhigh", 32_768],
  ["max", 32_768],
]);

function manually({ prompt, notes, named }: AskedOfModel): Thinking {
  const { effort, budget: wanted } = prompt.reasoning;
  const known = BUDGETS.get(effort ?? "") ?? BUDGET_USUAL;
  const budget = Math.max(BUDGET_MIN, wanted ?? known);
  const field = named("reasoning_effort");
  if (wanted === undefined && effort !== undefined)
    notes.push(emulated(field, `: effort ${effort} was sent as a budget of ${budget} tokens`));
  else if (wanted !== undefined && wanted < budget)
    notes.push(emulated(field, `: no budget is smaller than ${budget} tokens`));
  return { field: { type: "enabled", budget_tokens: budget }, budget, on: true };
}

function adaptively(asked: AskedOfModel): Thinking {
  const { summary } = asked.prompt.reasoning;
  // Left to themselves the newest models keep their thoughts to themselves.
  const display = summary === "omitted" ? "omitted" : "summarized";
  const effort = effortOf(asked);
  return {
    field: { type: "adaptive", display },
    on: true,
    ...(effort === undefined ? {} : { effort }),
  };
}

/** The word for how hard to think, as near to the client's as the model knows. */
function effortOf({ prompt, can, notes, named }: AskedOfModel): string | undefined {
  const { effort, budget } = prompt.reasoning;
  const field = named("reasoning_effort");
  const wanted = effort ?? (budget === undefined ? undefined : effortFor(budget));
  if (wanted === undefined) return undefined;
  const word = [wanted, NEAREST.get(wanted)].find((name) => name !== undefined && can.efforts.includes(name));
  if (word === undefined) notes.push(dropped(field, `: this model knows no effort "${wanted.slice(0, 32)}"`));
  else if (effort === undefined)
    notes.push(emulated(field, `: a budget of ${budget} tokens was sent as effort ${word}`));
  else if (word !== effort) notes.push(emulated(field, `: effort ${effort} was sent as ${word}`));
  return word;
}

const NEAREST: ReadonlyMap<string, string> = new Map([
  ["minimal", "low"],
  ["xhigh", "high"],
  ["max", "high"],
]);
