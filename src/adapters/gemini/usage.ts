import type { JsonRecord } from "../../core/json.ts";
import { countOf } from "../../core/lenient.ts";
import type { Usage } from "../../core/usage.ts";

/** `usageMetadata`, which counts from the beginning of the answer. Undefined while it counts nothing (Vertex' first frames). */
export function readUsage(native: JsonRecord): Usage | undefined {
  const prompt = countOf(native.promptTokenCount);
  const total = countOf(native.totalTokenCount);
  if (prompt === undefined && total === undefined) return undefined;
  // What a tool of Google's own read for the model is not in the prompt's count.
  const input = (prompt ?? 0) + (countOf(native.toolUsePromptTokenCount) ?? 0);
  const words = countOf(native.candidatesTokenCount);
  const thoughts = countOf(native.thoughtsTokenCount);
  const counted = words === undefined && thoughts === undefined ? undefined : (words ?? 0) + (thoughts ?? 0);
  const usage: Usage = {
    input,
    output: counted ?? Math.max(0, (total ?? input) - input),
    native: { dialect: "gemini", value: native },
  };
  const cached = countOf(native.cachedContentTokenCount);
  if (cached !== undefined) usage.cachedInput = cached;
  if (thoughts !== undefined) usage.reasoning = thoughts;
  return usage;
}
