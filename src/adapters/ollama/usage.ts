import type { JsonRecord } from "../../core/json.ts";
import { countOf } from "../../core/lenient.ts";
import type { Usage } from "../../core/usage.ts";

/** What Ollama counts and times, in nanoseconds; it leaves out what is zero. */
export const COUNTERS: ReadonlySet<string> = new Set([
  "total_duration",
  "load_duration",
  "prompt_eval_count",
  "prompt_eval_duration",
  "eval_count",
  "eval_duration",
]);

/**
 * The counts of an answer's last line. A prompt that was cached whole goes uncounted: then `tokensAsked`, a guess, stands
 * for it, and the count is marked as estimated. Undefined where nothing at all was counted.
 */
export function readOllamaUsage(line: JsonRecord, tokensAsked = 0): Usage | undefined {
  const input = countOf(line.prompt_eval_count);
  const output = countOf(line.eval_count);
  if (input === undefined && output === undefined) return undefined;
  const native = Object.fromEntries(Object.entries(line).filter(([name]) => COUNTERS.has(name)));
  const usage: Usage = {
    input: input ?? tokensAsked,
    output: output ?? 0,
    native: { dialect: "ollama", value: native },
  };
  if (input === undefined) usage.estimated = true;
  return usage;
}
