import type { JsonRecord } from "../../core/json.ts";
import { dropped, type Note } from "../../core/note.ts";
import type { Sampling } from "../../core/prompt.ts";
import type { Destination } from "../adapter.ts";
import type { Profile } from "../profile.ts";
import { isReasoner } from "../reasoners.ts";

/** How the words are chosen, in the fields that this host and this model take. */
export function writeSampling(sampling: Sampling, to: Destination, notes: Note[]): JsonRecord {
  const { fields } = to.profile;
  const refused = refusedFields(to);
  const written: JsonRecord = {};
  for (const [name, value] of Object.entries(candidates(sampling, to.profile, notes))) {
    if (value === undefined) continue;
    const why = refused.includes(name)
      ? REFUSED
      : EXTENSIONS.has(name) && !fields.includes(name)
        ? ": this backend is not known to take it"
        : undefined;
    if (why === undefined) written[name] = value;
    else if (value !== USUAL.get(name)) notes.push(dropped(name, why));
  }
  return written;
}

/** Fields of chat that the model answers with an error, if it is one that reasons. */
export function refusedFields(to: Destination): readonly string[] {
  return isReasoner(to) ? to.profile.reasonersRefuse : [];
}

/** Why they are not sent. */
export const REFUSED = ": models that reason refuse it here";

/** All that there is in chat's names. */
function candidates(sampling: Sampling, { fields, stopMax }: Profile, notes: Note[]): JsonRecord {
  const { stop, topLogprobs, logprobs } = sampling;
  if (stop && stop.length > stopMax) notes.push(dropped("stop", `: this backend takes ${stopMax} of them`));
  return {
    temperature: sampling.temperature,
    top_p: sampling.topP,
    top_k: sampling.topK,
    min_p: sampling.minP,
    seed: sampling.seed,
    stop: stop?.slice(0, stopMax),
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
    // vLLM's name, or llama.cpp's.
    [fields.includes("repetition_penalty") ? "repetition_penalty" : "repeat_penalty"]: sampling.repeatPenalty,
    n: sampling.n,
    logprobs,
    top_logprobs: logprobs ? topLogprobs : undefined,
    logit_bias: sampling.logitBias,
  };
}

/** OpenAI has none of these. */
const EXTENSIONS: ReadonlySet<string> = new Set(["top_k", "min_p", "repetition_penalty", "repeat_penalty"]);

/** Values that say what is true without them. */
const USUAL: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["temperature", 1],
  ["top_p", 1],
  ["min_p", 0],
  ["repeat_penalty", 1],
  ["repetition_penalty", 1],
  ["presence_penalty", 0],
  ["frequency_penalty", 0],
  ["logprobs", false],
]);
