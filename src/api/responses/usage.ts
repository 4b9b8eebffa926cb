import type { JsonRecord } from "../../core/json.ts";
import { fieldsOf } from "../../core/lenient.ts";
import type { Usage } from "../../core/usage.ts";

/**
 * Usage as Responses writes it. All three totals always: Codex takes an answer without one for a broken stream and asks
 * for the whole turn again.
 */
export function writeResponseUsage({
  input,
  output,
  cachedInput = 0,
  cacheWrite = 0,
  reasoning = 0,
  native,
}: Usage): JsonRecord {
  const own = native?.dialect === "openai-responses" ? native.value : {};
  return {
    input_tokens: input,
    output_tokens: output,
    total_tokens: input + output,
    ...own,
    input_tokens_details: {
      cached_tokens: cachedInput,
      cache_write_tokens: cacheWrite,
      ...fieldsOf(own.input_tokens_details),
    },
    output_tokens_details: { reasoning_tokens: reasoning, ...fieldsOf(own.output_tokens_details) },
  };
}
