import type { JsonRecord } from "../core/json.ts";
import { dropped, emulated } from "../core/note.ts";
import type { Prompt, Sampling } from "../core/prompt.ts";
import { fieldIn } from "./client-fields.ts";
import type { Asked } from "./ollama-asked.ts";

/** How the words are chosen, and how many: Ollama's `options`. What nobody set is as the model's Modelfile says. */
export function writeOptions({ sampling, maxOutput }: Prompt): JsonRecord {
  const options: JsonRecord = {};
  if (maxOutput !== undefined) options.num_predict = maxOutput;
  for (const [name, field] of FIELDS) if (sampling[name] !== undefined) options[field] = sampling[name];
  return options;
}

const FIELDS: readonly (readonly [keyof Sampling, string])[] = [
  ["temperature", "temperature"],
  ["topP", "top_p"],
  ["topK", "top_k"],
  ["minP", "min_p"],
  ["seed", "seed"],
  ["stop", "stop"],
  ["repeatPenalty", "repeat_penalty"],
  ["presencePenalty", "presence_penalty"],
  ["frequencyPenalty", "frequency_penalty"],
];

/** Log-probabilities stand beside the options. */
export function writeLogprobs({ logprobs, topLogprobs }: Sampling): JsonRecord {
  if (logprobs !== true) return {};
  return { logprobs, ...(topLogprobs === undefined ? {} : { top_logprobs: topLogprobs }) };
}

/**
 * `think`, where the client said something about it: a model that thinks does so unless told otherwise, and one that does
 * not answers `true` with an error. Only gpt-oss has levels, and it cannot be kept from thinking.
 */
export function writeThink({
  prompt: { reasoning },
  to,
  notes,
  dialect,
}: Pick<Asked, "to" | "notes" | "dialect"> & { prompt: Pick<Prompt, "reasoning"> }): JsonRecord {
  const field = fieldIn(dialect, "reasoning_effort");
  const { enabled, effort, budget } = reasoning;
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
  const level = effort ?? (budget === undefined ? undefined : levelOf(budget));
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

function levelOf(budget: number): string {
  if (budget <= 4096) return "low";
  return budget <= 16_384 ? "medium" : "high";
}

/** The names that OpenAI's chat, and so an alias' defaults, have for Ollama's options. */
export const OPTION_NAMES: ReadonlyMap<string, string> = new Map([
  ["max_tokens", "num_predict"],
  ["max_completion_tokens", "num_predict"],
  ...["num_ctx", ...FIELDS.map(([, field]) => field)].map((name) => [name, name] as const),
]);
