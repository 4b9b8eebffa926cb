import { isRecord, type JsonRecord } from "../core/json.ts";

/** `logprobsResult` in the shape of OpenAI's chat. */
export function chatLogprobs({ chosenCandidates, topCandidates }: JsonRecord): JsonRecord {
  const chosen: unknown[] = Array.isArray(chosenCandidates) ? chosenCandidates : [];
  const steps: unknown[] = Array.isArray(topCandidates) ? topCandidates : [];
  const content = chosen.filter(isRecord).map((one, i) => {
    const step = steps[i];
    const others: unknown[] = isRecord(step) && Array.isArray(step.candidates) ? step.candidates : [];
    return { ...entry(one), top_logprobs: others.filter(isRecord).map(entry) };
  });
  return { content, refusal: null };
}

/** A token of half a character has no text, and so no bytes. Google's JSON leaves out a 0, which is certainty. */
function entry({ token, logProbability }: JsonRecord): JsonRecord {
  const text = typeof token === "string" ? token : "";
  const logprob = typeof logProbability === "number" ? logProbability : 0;
  return { token: text, logprob, bytes: [...Buffer.from(text)] };
}
