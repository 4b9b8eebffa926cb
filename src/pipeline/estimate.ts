import { isRecord } from "../core/json.ts";
import type { ModelRequest } from "../core/request.ts";
import type { Usage } from "../core/usage.ts";

/** English text averages four characters a token in the usual vocabularies. */
const CHARACTERS_PER_TOKEN = 4;
/** What a chat template adds around each message. */
const TOKENS_PER_MESSAGE = 4;

/** A guess at the tokens of a request and an answer of `characters`, for backends that do not count. Marked as such. */
export function estimateUsage({ body, operation }: ModelRequest, characters: number): Usage {
  const asked = operation === "chat" ? body.value("messages") : (body.value("prompt") ?? body.value("input"));
  const messages = operation === "chat" && Array.isArray(asked) ? asked.length * TOKENS_PER_MESSAGE : 0;
  return {
    input: tokensIn(asked) + messages,
    output: Math.ceil(characters / CHARACTERS_PER_TOKEN),
    estimated: true,
  };
}

function tokensIn(value: unknown): number {
  if (typeof value === "string") return Math.ceil(value.length / CHARACTERS_PER_TOKEN);
  // A prompt of token numbers counts itself.
  if (typeof value === "number") return 1;
  if (Array.isArray(value)) return value.reduce<number>((sum, entry) => sum + tokensIn(entry), 0);
  // A message, or a text part of one. Images and files are left out: no rule of thumb fits them.
  return isRecord(value) ? tokensIn(value.content ?? value.text) : 0;
}
