import { isRecord, type JsonRecord } from "../../core/json.ts";
import { countOf, fieldsOf } from "../../core/lenient.ts";
import type { Usage } from "../../core/usage.ts";

/** Later counts replace earlier ones; a null says nothing. */
export function mergeUsage(known: JsonRecord, news: unknown): JsonRecord {
  if (!isRecord(news)) return known;
  const merged = { ...known };
  for (const [name, value] of Object.entries(news))
    if (value !== null || merged[name] === undefined) merged[name] = value;
  return merged;
}

/** Token counts. Anthropic counts what its cache holds beside the other input, everybody else counts it in. */
export function readUsage(native: JsonRecord): Usage | undefined {
  const read = countOf(native.cache_read_input_tokens);
  const written = countOf(native.cache_creation_input_tokens);
  const rest = countOf(native.input_tokens);
  if (rest === undefined && read === undefined && written === undefined) return undefined;
  const usage: Usage = {
    input: (rest ?? 0) + (read ?? 0) + (written ?? 0),
    output: countOf(native.output_tokens) ?? 0,
    native: { dialect: "anthropic", value: native },
  };
  if (read !== undefined) usage.cachedInput = read;
  if (written !== undefined) usage.cacheWrite = written;
  const thinking = countOf(fieldsOf(native.output_tokens_details).thinking_tokens);
  if (thinking !== undefined) usage.reasoning = thinking;
  return usage;
}
