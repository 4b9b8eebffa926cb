import type { JsonRecord } from "../../core/json.ts";
import { dropped, emulated } from "../../core/note.ts";
import type { Sampling } from "../../core/prompt.ts";
import type { Destination } from "../adapter.ts";
import type { Asked } from "../asked.ts";
import { noteLosses } from "../losses.ts";
import { type Abilities, abilitiesOf } from "./abilities.ts";

/** From this version on the API has no sampling parameters. */
const WITHOUT_SAMPLING = "2026-10-21";

/** The least `top_p` that is taken while the model thinks. */
const THINKING_TOP_P_MIN = 0.95;

/** How the words are chosen. Of a value that is the default anyway nothing is lost. */
export function writeSampling(asked: Asked, thinking: boolean): JsonRecord {
  const { prompt, notes, named, to } = asked;
  const { sampling } = prompt;
  noteLosses(asked, LOST, ": Anthropic has no such field");
  const drop = (field: string, why: string) => notes.push(dropped(named(field), why));
  const fields: JsonRecord = { ...writeStop(asked) };
  const rule = samplingRule(to);
  const why =
    rule === "none"
      ? ": this model takes no sampling parameters"
      : thinking
        ? ": it is not taken while the model thinks"
        : undefined;
  const { temperature, topP, topK } = effective(sampling);
  const thoughtful = rule !== "none" && thinking && topP !== undefined && topP >= THINKING_TOP_P_MIN;
  if (why !== undefined) {
    if (temperature !== undefined) drop("temperature", why);
    if (topP !== undefined && !thoughtful) drop("top_p", why);
    if (topK !== undefined) drop("top_k", why);
    return thoughtful ? { ...fields, top_p: topP } : fields;
  }
  if (temperature !== undefined) {
    fields.temperature = Math.min(temperature, 1);
    if (temperature > 1) notes.push(emulated(named("temperature"), ": Anthropic takes no more than 1"));
  }
  if (topP !== undefined) {
    if (temperature !== undefined && rule === "one")
      drop("top_p", ": this model takes it or temperature, not both");
    else fields.top_p = topP;
  }
  if (topK !== undefined) fields.top_k = topK;
  return fields;
}

/** Which sampling parameters may be sent there. */
export function samplingRule(to: Destination): Abilities["sampling"] {
  const { apiVersion } = to.profile;
  return apiVersion !== undefined && apiVersion >= WITHOUT_SAMPLING ? "none" : abilitiesOf(to).sampling;
}

/** Without what Anthropic does anyway. */
function effective({ temperature, topP, topK }: Sampling): Pick<Sampling, "temperature" | "topP" | "topK"> {
  return {
    ...(temperature === undefined || temperature === 1 ? {} : { temperature }),
    ...(topP === undefined || topP >= 1 ? {} : { topP }),
    ...(topK === undefined || topK <= 0 ? {} : { topK }),
  };
}

/** "each stop sequence must contain non-whitespace" */
function writeStop({ prompt, notes, named }: Asked): JsonRecord {
  const { stop = [] } = prompt.sampling;
  const kept = stop.filter((text) => text.trim() !== "");
  if (kept.length < stop.length)
    notes.push(dropped(named("stop"), ": Anthropic does not stop at white space alone"));
  return kept.length > 0 ? { stop_sequences: kept } : {};
}

const LOST = [
  "n",
  "seed",
  "logprobs",
  "frequency_penalty",
  "presence_penalty",
  "repeat_penalty",
  "min_p",
  "logit_bias",
] as const;
