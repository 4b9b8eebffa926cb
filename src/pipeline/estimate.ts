import { estimateTokens } from "../core/prompt-tokens.ts";
import { isRecord } from "../core/json.ts";
import type { ModelRequest } from "../core/request.ts";
import type { Usage } from "../core/usage.ts";

/** English text averages four characters a token in the usual vocabularies. */
const CHARACTERS_PER_TOKEN = 4;
/** What a chat template adds around each message. */
const TOKENS_PER_MESSAGE = 4;

/** A guess at the tokens of a request and an answer of `characters`, for backends that do not count. Marked as such. */
export function estimateUsage(request: ModelRequest, characters: number): Usage {
  return {
    input: tokensAsked(request),
    output: Math.ceil(characters / CHARACTERS_PER_TOKEN),
    estimated: true,
  };
}

function tokensAsked(request: ModelRequest): number {
  const { body, operation, dialect } = request;
  try {
    if (dialect !== "openai")
      return operation === "embeddings"
        ? tokensIn(request.inputs().inputs)
        : estimateTokens(request.prompt());
    if (operation !== "chat") return tokensIn(body.value("prompt") ?? body.value("input"));
    const messages = body.value("messages");
    return tokensIn(messages) + (Array.isArray(messages) ? messages.length * TOKENS_PER_MESSAGE : 0);
  } catch {
    // The inside of a large body is the backend's to judge. This one was content with what is no JSON.
    return Math.ceil(body.bytes.length / CHARACTERS_PER_TOKEN);
  }
}

function tokensIn(value: unknown): number {
  if (typeof value === "string") return Math.ceil(value.length / CHARACTERS_PER_TOKEN);
  // A prompt of token numbers counts itself.
  if (typeof value === "number") return 1;
  if (Array.isArray(value)) return value.reduce<number>((sum, entry) => sum + tokensIn(entry), 0);
  // A message, or a text part of one. Images and files are left out: no rule of thumb fits them.
  return isRecord(value) ? tokensIn(value.content ?? value.text) : 0;
}
