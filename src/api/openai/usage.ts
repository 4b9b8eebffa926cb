import type { JsonRecord } from "../../core/json.ts";
import type { Usage } from "../../core/usage.ts";

/** Usage as OpenAI's dialects write it: the backend's own object where it spoke the same dialect. */
export function writeUsage(usage: Usage): JsonRecord {
  const { input, output, cachedInput, cacheWrite, reasoning, native } = usage;
  const counts = { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
  if (native?.dialect === "openai") return { ...counts, ...native.value };
  const prompt = {
    ...(cachedInput === undefined ? {} : { cached_tokens: cachedInput }),
    ...(cacheWrite === undefined ? {} : { cache_write_tokens: cacheWrite }),
  };
  return {
    ...counts,
    ...(Object.keys(prompt).length === 0 ? {} : { prompt_tokens_details: prompt }),
    ...(reasoning === undefined ? {} : { completion_tokens_details: { reasoning_tokens: reasoning } }),
  };
}
