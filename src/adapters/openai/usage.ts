import { isRecord, type JsonRecord } from "../../core/json.ts";
import { countOf, entriesOf, fieldsOf } from "../../core/lenient.ts";
import type { Usage } from "../../core/usage.ts";

/** The token counts of a chunk or an answer. Most hosts: `usage`; Groq: `x_groq.usage`; Moonshot: `choices[0].usage`. */
export function readUsage(chunk: JsonRecord): Usage | undefined {
  const usage = chunk.usage ?? fieldsOf(chunk.x_groq).usage ?? fieldsOf(entriesOf(chunk.choices)[0]).usage;
  return isRecord(usage) ? toUsage(usage) : undefined;
}

/** Two counts of one answer's choices as one: the prompt was read once, the outputs add up. */
export function addUsage(before: Usage | undefined, next: Usage): Usage {
  if (!before) return next;
  const input = Math.max(before.input, next.input);
  const output = before.output + next.output;
  const sum: Usage = { ...next, input, output };
  const counts = { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
  if (next.native) sum.native = { ...next.native, value: { ...next.native.value, ...counts } };
  return sum;
}

function toUsage(native: JsonRecord): Usage | undefined {
  const input = countOf(native.prompt_tokens);
  const total = countOf(native.total_tokens);
  // Embeddings have no completion_tokens; some hosts leave out what can be computed.
  const rest = Math.max(0, (total ?? input ?? 0) - (input ?? 0));
  // xAI counts reasoning beside the completion, not in it: only the total knows.
  const output = Math.max(countOf(native.completion_tokens) ?? rest, rest);
  if (input === undefined && total === undefined) return undefined;
  const usage: Usage = {
    input: input ?? Math.max(0, (total ?? 0) - output),
    output,
    native: { dialect: "openai", value: native },
  };
  const prompt = fieldsOf(native.prompt_tokens_details);
  const cached =
    countOf(prompt.cached_tokens) ?? countOf(native.prompt_cache_hit_tokens) ?? countOf(native.cached_tokens);
  const reasoning = countOf(fieldsOf(native.completion_tokens_details).reasoning_tokens);
  const cacheWrite = countOf(prompt.cache_write_tokens);
  if (cacheWrite !== undefined) usage.cacheWrite = cacheWrite;
  if (cached !== undefined) usage.cachedInput = cached;
  if (reasoning !== undefined) usage.reasoning = reasoning;
  return usage;
}
