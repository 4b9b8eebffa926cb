import type { JsonRecord } from "../core/json.ts";
import { dropped, emulated } from "../core/note.ts";
import { fieldOf, type Wish, type Writing } from "./gemini-fields.ts";
import { nameOf } from "./gemini-models.ts";

/** Gemini's limit of `stopSequences`, and of `logprobs`. */
const STOP_MAX = 5;
const LOGPROBS_MAX = 20;

/** How the words are chosen, as `generationConfig`. */
export function writeSampling(writing: Writing): JsonRecord {
  const { temperature, topP, topK, n } = writing.prompt.sampling;
  const config: JsonRecord = { ...writeLimit(writing) };
  if (temperature !== undefined) config.temperature = temperature;
  if (topP !== undefined) config.topP = topP;
  if (topK !== undefined) config.topK = topK;
  if (n !== undefined && n !== 1) config.candidateCount = n;
  return {
    ...config,
    ...writeStop(writing),
    ...writeSeed(writing),
    ...writePenalties(writing),
    ...writeLogprobs(writing),
  };
}

/** More than a model can write is answered with 400. */
function writeLimit({ request, prompt: { maxOutput }, to, notes }: Writing): JsonRecord {
  if (maxOutput === undefined || maxOutput < 0) return {};
  const most = to.info?.maxOutputTokens;
  if (most === undefined || maxOutput <= most) return { maxOutputTokens: maxOutput };
  notes.push(
    emulated(
      fieldOf("maxOutput", request.dialect),
      `: this model writes ${most} tokens at most, which was sent`,
    ),
  );
  return { maxOutputTokens: most };
}

function writeStop({ request, prompt, notes }: Writing): JsonRecord {
  const stop = (prompt.sampling.stop ?? []).filter((text) => text !== "");
  if (stop.length === 0) return {};
  if (stop.length > STOP_MAX)
    notes.push(
      dropped(
        `${fieldOf("stop", request.dialect)}[${STOP_MAX}]`,
        `: Gemini takes ${STOP_MAX} stop sequences`,
      ),
    );
  return { stopSequences: stop.slice(0, STOP_MAX) };
}

/** Gemini's seed has 32 bits. */
function writeSeed({ request, prompt, notes }: Writing): JsonRecord {
  const { seed } = prompt.sampling;
  if (seed === undefined) return {};
  const short = seed | 0;
  if (short !== seed)
    notes.push(
      emulated(fieldOf("seed", request.dialect), `: ${short} was sent, for Gemini's seeds have 32 bits`),
    );
  return { seed: short };
}

/** Gemini 2.5 refuses both: "Penalty is not enabled for this model". */
function writePenalties({ request, prompt, to, notes }: Writing): JsonRecord {
  const { frequencyPenalty, presencePenalty } = prompt.sampling;
  const config: JsonRecord = {};
  const refused = nameOf(to.model).startsWith("gemini-2.5");
  for (const [wish, value] of Object.entries({ frequencyPenalty, presencePenalty }) as [
    Wish,
    number | undefined,
  ][]) {
    if (value === undefined || (refused && value === 0)) continue;
    if (refused) notes.push(dropped(fieldOf(wish, request.dialect), ": this model knows no penalties"));
    else config[wish] = value;
  }
  return config;
}

function writeLogprobs({ request, prompt, notes }: Writing): JsonRecord {
  const { logprobs, topLogprobs = 0 } = prompt.sampling;
  if (logprobs !== true) return {};
  if (topLogprobs > LOGPROBS_MAX)
    notes.push(
      dropped(fieldOf("topLogprobs", request.dialect), `: Gemini names ${LOGPROBS_MAX} alternatives at most`),
    );
  const others = Math.min(topLogprobs, LOGPROBS_MAX);
  return { responseLogprobs: true, ...(others > 0 ? { logprobs: others } : {}) };
}
