import type { JsonRecord } from "../../core/json.ts";
import type { Prompt, Sampling } from "../../core/prompt.ts";

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

/** The names that OpenAI's chat, and so an alias' defaults, have for Ollama's options. */
export const OPTION_NAMES: ReadonlyMap<string, string> = new Map([
  ["max_tokens", "num_predict"],
  ["max_completion_tokens", "num_predict"],
  ...["num_ctx", ...FIELDS.map(([, field]) => field)].map((name) => [name, name] as const),
]);
