import { isRecord, type JsonRecord } from "../../core/json.ts";
import { numberOf, present } from "../../core/lenient.ts";
import type { Sampling } from "../../core/prompt.ts";

/** How the words are chosen, in OpenAI's names and in those that engines added. */
export function samplingOf(body: JsonRecord): Sampling {
  const { logit_bias: bias } = body;
  return present({
    temperature: numberOf(body.temperature),
    topP: numberOf(body.top_p),
    topK: numberOf(body.top_k),
    minP: numberOf(body.min_p),
    seed: numberOf(body.seed) ?? numberOf(body.random_seed),
    stop: stopOf(body.stop),
    frequencyPenalty: numberOf(body.frequency_penalty),
    presencePenalty: numberOf(body.presence_penalty),
    repeatPenalty: numberOf(body.repeat_penalty) ?? numberOf(body.repetition_penalty),
    n: numberOf(body.n),
    logitBias: isRecord(bias) && Object.keys(bias).length > 0 ? bias : undefined,
    ...logprobsOf(body),
  });
}

/** The newer name counts; a negative number is how several clients say that there is no limit. */
export function maxOutputOf(body: JsonRecord): number | undefined {
  const limits = [body.max_completion_tokens, body.max_tokens, body.n_predict];
  const limit = limits.find((value) => typeof value === "number");
  return typeof limit === "number" && limit >= 0 ? limit : undefined;
}

/** Fields that these two read. */
export const SAMPLING_FIELDS: readonly string[] = [
  "temperature",
  "top_p",
  "top_k",
  "min_p",
  "seed",
  "random_seed",
  "stop",
  "frequency_penalty",
  "presence_penalty",
  "repeat_penalty",
  "repetition_penalty",
  "n",
  "logit_bias",
  "logprobs",
  "top_logprobs",
  "max_completion_tokens",
  "max_tokens",
  "n_predict",
];

function stopOf(stop: unknown): string[] | undefined {
  const texts = (Array.isArray(stop) ? stop : [stop]).filter(
    (text) => typeof text === "string" && text !== "",
  );
  return texts.length > 0 ? (texts as string[]) : undefined;
}

/** Chat says whether and how many, completions only how many. */
function logprobsOf({ logprobs, top_logprobs: top }: JsonRecord): Pick<Sampling, "logprobs" | "topLogprobs"> {
  if (typeof logprobs === "number") return { logprobs: true, topLogprobs: logprobs };
  if (logprobs !== true) return {};
  return { logprobs, ...present({ topLogprobs: numberOf(top) }) };
}
