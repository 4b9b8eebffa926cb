import { isRecord, type JsonRecord } from "../../core/json.ts";
import { entriesOf, fieldsOf } from "../../core/lenient.ts";

/** `logprobsResult` in the shape of OpenAI's chat. */
export function chatLogprobs({ chosenCandidates, topCandidates }: JsonRecord): JsonRecord {
  const steps = entriesOf(topCandidates);
  const content = entriesOf(chosenCandidates).map((one, i) => {
    const others = entriesOf(fieldsOf(steps[i]).candidates);
    return { ...entry(fieldsOf(one)), top_logprobs: others.filter(isRecord).map(entry) };
  });
  return { content, refusal: null };
}

/** A token of half a character has no text, and so no bytes. Google's JSON leaves out a 0, which is certainty. */
function entry({ token, logProbability }: JsonRecord): JsonRecord {
  const text = typeof token === "string" ? token : "";
  const logprob = typeof logProbability === "number" ? logProbability : 0;
  return { token: text, logprob, bytes: [...Buffer.from(text)] };
}
