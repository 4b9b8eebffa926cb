import { isRecord, type JsonRecord } from "../../core/json.ts";

/**
 * Log-probabilities of a completion in the shape of that api: llama-server sends a chat's. `places` keeps where in its
 * text each choice is, in characters; tokens are counted, because a host may hold back half a character of the text.
 */
export function completionLogprobs(
  said: JsonRecord,
  choice: number,
  places: Map<number, number>,
): JsonRecord {
  if (!Array.isArray(said.content)) return said;
  const tokens: string[] = [];
  const chances: (number | null)[] = [];
  const others: JsonRecord[] = [];
  const offsets: number[] = [];
  let place = places.get(choice) ?? 0;
  for (const entry of said.content as unknown[]) {
    if (!isRecord(entry)) continue;
    const token = typeof entry.token === "string" ? entry.token : "";
    tokens.push(token);
    chances.push(typeof entry.logprob === "number" ? entry.logprob : null);
    others.push(alternatives(entry.top_logprobs));
    offsets.push(place);
    for (const _ of token) place++;
  }
  places.set(choice, place);
  return { tokens, token_logprobs: chances, top_logprobs: others, text_offset: offsets };
}

/** Token to log-probability. */
function alternatives(list: unknown): JsonRecord {
  const entries = Array.isArray(list) ? list.filter(isRecord) : [];
  return Object.fromEntries(
    entries.flatMap(({ token, logprob }) =>
      typeof token === "string" && typeof logprob === "number" ? [[token, logprob]] : [],
    ),
  );
}
