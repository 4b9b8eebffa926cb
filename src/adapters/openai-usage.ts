import { isRecord, type JsonRecord } from "../core/json.ts";
import type { Usage } from "../core/usage.ts";

/** The token counts of a chunk or an answer. Most hosts: `usage`; Groq: `x_groq.usage`; Moonshot: `choices[0].usage`. */
export function readUsage(chunk: JsonRecord): Usage | undefined {
  const usage =
    chunk.usage ?? (isRecord(chunk.x_groq) ? chunk.x_groq.usage : undefined) ?? choiceUsage(chunk.choices);
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
  const input = count(native.prompt_tokens);
  const total = count(native.total_tokens);
  // Embeddings have no completion_tokens; some hosts leave out what can be computed.
  const rest = Math.max(0, (total ?? input ?? 0) - (input ?? 0));
  // xAI counts reasoning beside the completion, not in it: only the total knows.
  const output = Math.max(count(native.completion_tokens) ?? rest, rest);
  if (input === undefined && total === undefined) return undefined;
  const usage: Usage = {
    input: input ?? Math.max(0, (total ?? 0) - output),
    output,
    native: { dialect: "openai", value: native },
  };
  const cached =
    detail(native.prompt_tokens_details, "cached_tokens") ??
    count(native.prompt_cache_hit_tokens) ??
    count(native.cached_tokens);
  const reasoning = detail(native.completion_tokens_details, "reasoning_tokens");
  const cacheWrite = detail(native.prompt_tokens_details, "cache_write_tokens");
  if (cacheWrite !== undefined) usage.cacheWrite = cacheWrite;
  if (cached !== undefined) usage.cachedInput = cached;
  if (reasoning !== undefined) usage.reasoning = reasoning;
  return usage;
}

function choiceUsage(choices: unknown): unknown {
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined;
  return isRecord(first) ? first.usage : undefined;
}

function detail(details: unknown, name: string): number | undefined {
  return isRecord(details) ? count(details[name]) : undefined;
}

function count(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}
