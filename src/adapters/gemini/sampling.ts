import type { JsonRecord } from "../../core/json.ts";
import { present } from "../../core/lenient.ts";
import { dropped, emulated } from "../../core/note.ts";
import type { Asked } from "../asked.ts";
import { noteLosses } from "../losses.ts";
import { nameOf } from "./models.ts";

/** Gemini's limit of `stopSequences`, and of `logprobs`. */
const STOP_MAX = 5;
const LOGPROBS_MAX = 20;

/** How the words are chosen, as `generationConfig`. */
export function writeSampling(asked: Asked): JsonRecord {
  const { temperature, topP, topK, n } = asked.prompt.sampling;
  const config: JsonRecord = { ...writeLimit(asked) };
  if (temperature !== undefined) config.temperature = temperature;
  if (topP !== undefined) config.topP = topP;
  if (topK !== undefined) config.topK = topK;
  if (n !== undefined && n !== 1) config.candidateCount = n;
  return {
    ...config,
    ...writeStop(asked),
    ...writeSeed(asked),
    ...writePenalties(asked),
    ...writeLogprobs(asked),
  };
}

/** More than a model can write is answered with 400. */
function writeLimit({ prompt: { maxOutput }, to, notes, named }: Asked): JsonRecord {
  if (maxOutput === undefined || maxOutput < 0) return {};
  const most = to.info?.maxOutputTokens;
  if (most === undefined || maxOutput <= most) return { maxOutputTokens: maxOutput };
  notes.push(emulated(named("max_tokens"), `: this model writes ${most} tokens at most, which was sent`));
  return { maxOutputTokens: most };
}

function writeStop({ prompt, notes, named }: Asked): JsonRecord {
  const stop = (prompt.sampling.stop ?? []).filter((text) => text !== "");
  if (stop.length === 0) return {};
  if (stop.length > STOP_MAX)
    notes.push(dropped(`${named("stop")}[${STOP_MAX}]`, `: Gemini takes ${STOP_MAX} stop sequences`));
  return { stopSequences: stop.slice(0, STOP_MAX) };
}

/** Gemini's seed has 32 bits. */
function writeSeed({ prompt, notes, named }: Asked): JsonRecord {
  const { seed } = prompt.sampling;
  if (seed === undefined) return {};
  const short = seed | 0;
  if (short !== seed)
    notes.push(emulated(named("seed"), `: ${short} was sent, for Gemini's seeds have 32 bits`));
  return { seed: short };
}

/** Gemini 2.5 refuses both: "Penalty is not enabled for this model". */
function writePenalties(asked: Asked): JsonRecord {
  if (nameOf(asked.to.model).startsWith("gemini-2.5")) {
    noteLosses(asked, ["frequency_penalty", "presence_penalty"], ": this model knows no penalties");
    return {};
  }
  const { frequencyPenalty, presencePenalty } = asked.prompt.sampling;
  return present({ frequencyPenalty, presencePenalty });
}

function writeLogprobs({ prompt, notes, named }: Asked): JsonRecord {
  const { logprobs, topLogprobs = 0 } = prompt.sampling;
  if (logprobs !== true) return {};
  if (topLogprobs > LOGPROBS_MAX)
    notes.push(dropped(named("top_logprobs"), `: Gemini names ${LOGPROBS_MAX} alternatives at most`));
  const others = Math.min(topLogprobs, LOGPROBS_MAX);
  return { responseLogprobs: true, ...(others > 0 ? { logprobs: others } : {}) };
}
