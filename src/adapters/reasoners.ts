import type { Destination } from "./adapter.ts";

/**
 * Does the model think before it answers? Models that do not answer a wish about their thoughts with an error, so that it
 * must be known before; hosts that do not say it leave only the name.
 */
export function isReasoner({ model, info }: Pick<Destination, "model" | "info">): boolean {
  return info?.capabilities?.reasoning ?? (REASONERS.test(model) && !PLAIN.test(model));
}

/** Is it known that it does not? Of a name that says nothing, such as a deployment's, neither is known. */
export function isPlain({ model, info }: Pick<Destination, "model" | "info">): boolean {
  const reasons = info?.capabilities?.reasoning ?? undefined;
  return reasons === undefined ? PLAIN.test(model) || OLDER.test(model) : !reasons;
}

/** OpenAI's models before those that reason. */
const OLDER = /(?:^|\/)(?:chatgpt-|gpt-[34](?!\d))/i;

/** Names of model families, behind a vendor's name or at the beginning. */
const REASONERS =
  /(?:^|\/)(?:o\d|gpt-(?:[5-9]|oss)|codex|computer-use|qwen-?3|qwq|grok-(?:3-mini|[4-9])|glm-[4-9]\.[5-9]|kimi-k2|magistral|minimax-m[1-9])|deepseek-(?:r1|reasoner|v[4-9])|thinking|reason/i;

/** Their sisters that do not. */
const PLAIN = /(?:^|\/)gpt-5(?:\.\d)?-chat|non-reasoning|-instruct/i;
