import type { JsonRecord } from "../../core/json.ts";
import { dropped, emulated, type Note } from "../../core/note.ts";
import type { ReasoningWish } from "../../core/prompt.ts";
import type { Destination } from "../adapter.ts";
import { effortFor } from "../effort.ts";
import { nameOf, thinkerOf } from "./models.ts";

/**
 * A wish to think as `thinkingConfig`. Thoughts are always asked for, unless the client wants none: without being asked a
 * model keeps them to itself. Undefined: nothing can be said to this model.
 */
export function writeThinking(
  wish: ReasoningWish,
  to: Destination,
  { field, notes }: { field: string; notes: Note[] },
): JsonRecord | undefined {
  const thinker = thinkerOf(to);
  const off = wish.enabled === false || wish.effort === "none" || wish.budget === 0;
  const chosen = wish.effort !== undefined || wish.budget !== undefined;
  if (thinker === "none") {
    if (!off && (chosen || wish.enabled === true)) notes.push(dropped(field, ": this model does not think"));
    return undefined;
  }
  // Anthropic's word for "do not show it".
  const shown = !off && wish.summary !== "omitted" && wish.summary !== "none";
  const thoughts = shown ? { includeThoughts: true } : {};
  if (thinker === "fixed") {
    if (off || chosen) notes.push(dropped(field, ": this model thinks as much as it likes"));
    return shown ? thoughts : undefined;
  }
  const say = (how: string) => notes.push(emulated(field, how));
  const name = nameOf(to.model);
  const config = thinker === "level" ? level(wish, off, name, say) : budget(wish, off, name, say);
  if (config === undefined) notes.push(dropped(field, ": this model does not know this effort"));
  return { ...config, ...thoughts };
}

type Say = (how: string) => void;

/** Gemini 3: levels. It cannot be kept from thinking. */
function level(
  { effort, budget }: ReasoningWish,
  off: boolean,
  name: string,
  say: Say,
): JsonRecord | undefined {
  const least = LEAST_IS_LOW.some((pattern) => pattern.test(name)) ? "low" : "minimal";
  if (off) {
    say(`: this model always thinks; it was asked for as little as it can (${least})`);
    return { thinkingLevel: least };
  }
  const wanted = effort ?? (budget === undefined || budget < 0 ? undefined : effortFor(budget));
  if (wanted === undefined) return {};
  const nearest = nearestLevel(wanted, least, name);
  if (nearest !== undefined && (effort === undefined || nearest !== effort))
    say(
      effort === undefined
        ? `: a budget of ${budget} tokens was sent as ${nearest}`
        : `: ${effort} was sent as ${nearest}`,
    );
  return nearest === undefined ? undefined : { thinkingLevel: nearest };
}

function nearestLevel(wanted: string, least: string, name: string): string | undefined {
  if (wanted === "minimal") return least;
  if (wanted === "xhigh" || wanted === "max") return "high";
  // The first Gemini 3 Pro knows two levels.
  if (wanted === "medium" && name.startsWith("gemini-3-pro")) return "high";
  return ["low", "medium", "high"].includes(wanted) ? wanted : undefined;
}

/** Models that answer `minimal` with an error: those called pro, and later flash ones. */
const LEAST_IS_LOW = [
  /^gemini-[\d.]+-pro(?:-|$)/,
  /^gemini-(?:pro|flash)-latest$/,
  /^gemini-(?:3\.[7-9]|[4-9])[\d.]*-flash(?!-lite)/,
];

/** Gemini 2.5: tokens, 0 for none, -1 for as many as it thinks fit. */
function budget(
  { effort, budget: tokens, enabled }: ReasoningWish,
  off: boolean,
  name: string,
  say: Say,
): JsonRecord | undefined {
  const pro = name.includes("-pro");
  const least = pro ? 128 : name.includes("-lite") ? 512 : 1;
  const most = pro ? 32_768 : 24_576;
  if (off && pro) say(`: this model always thinks; it was asked for as little as it can (${least} tokens)`);
  if (off) return { thinkingBudget: pro ? least : 0 };
  if (tokens !== undefined) {
    const held = tokens < 0 ? -1 : Math.min(Math.max(Math.trunc(tokens), least), most);
    if (tokens >= 0 && held !== tokens)
      say(`: this model thinks with ${least} to ${most} tokens, so ${held} were sent`);
    return { thinkingBudget: held };
  }
  if (effort === undefined) return enabled === true ? { thinkingBudget: -1 } : {};
  const wanted = effort === "xhigh" || effort === "max" ? most : TOKENS.get(effort);
  return wanted === undefined ? undefined : { thinkingBudget: wanted };
}

/** What Google's own OpenAI route makes of the words. */
const TOKENS: ReadonlyMap<string, number> = new Map([
  ["minimal", 512],
  ["low", 1024],
  ["medium", 8192],
  ["high", 24_576],
]);
