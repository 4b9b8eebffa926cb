import { isRecord } from "../../core/json.ts";
import { countOf, fieldsOf } from "../../core/lenient.ts";
import type { Usage } from "../../core/usage.ts";

/** The token counts of a response; undefined where they are not whole. */
export function readUsage(native: unknown): Usage | undefined {
  if (!isRecord(native)) return undefined;
  const input = countOf(native.input_tokens);
  const output = countOf(native.output_tokens);
  if (input === undefined || output === undefined) return undefined;
  const usage: Usage = { input, output, native: { dialect: "openai-responses", value: native } };
  const ins = fieldsOf(native.input_tokens_details);
  const cached = countOf(ins.cached_tokens);
  const written = countOf(ins.cache_write_tokens);
  const reasoning = countOf(fieldsOf(native.output_tokens_details).reasoning_tokens);
  if (cached !== undefined) usage.cachedInput = cached;
  if (written !== undefined) usage.cacheWrite = written;
  if (reasoning !== undefined) usage.reasoning = reasoning;
  return usage;
}
