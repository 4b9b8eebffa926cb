import type { FailureDetail } from "../core/failure.ts";
import type { JsonRecord } from "../core/json.ts";

/** What a host says of a prompt that is too long: how long it is, and how long it may be. Either may be missing. */
export type ContextTokens = Pick<FailureDetail, "promptTokens" | "contextTokens">;

/** The two numbers from the words of an error, or from its own fields (llama.cpp). */
export function contextTokens(
  message: string,
  { n_prompt_tokens: prompt, n_ctx: context }: JsonRecord = {},
): ContextTokens {
  if (typeof prompt === "number" && typeof context === "number")
    return { promptTokens: prompt, contextTokens: context };
  // A host may say both in one sentence or in two: each expression names what it has seen.
  const tokens: ContextTokens = {};
  for (const words of WORDINGS) {
    const { asked, more, limit } = words.exec(message)?.groups ?? {};
    // What is asked for is the prompt and the room for its answer, where a host adds them up.
    if (asked !== undefined)
      tokens.promptTokens ??= numberOf(asked) + (more === undefined ? 0 : numberOf(more));
    if (limit !== undefined) tokens.contextTokens ??= numberOf(limit);
  }
  return tokens;
}

/** Each with the host that says so. A number may have commas. */
const WORDINGS: readonly RegExp[] = [
  // Anthropic; what it says when prompt and answer together are too long.
  /prompt is too long: (?<asked>[\d,]{1,12}) tokens > (?<limit>[\d,]{1,12})/i,
  /exceed context limit: (?<asked>[\d,]{1,12}) \+ (?<more>[\d,]{1,12}) > (?<limit>[\d,]{1,12})/i,
  // vLLM, which names the answer's share apart; its newer and its older words.
  /passed (?<asked>[\d,]{1,12}) input tokens and requested (?<more>[\d,]{1,12}) output tokens/i,
  /decoder prompt \(length (?<asked>[\d,]{1,12})\)/i,
  /maximum model length of (?<limit>[\d,]{1,12})/i,
  /is too large: (?<more>[\d,]{1,12})\..{0,200}?has (?<asked>[\d,]{1,12}) input tokens/i,
  // OpenAI, vLLM, Mistral, OpenRouter
  /(?:resulted in|you requested(?: about)?|prompt contains) (?<asked>[\d,]{1,12}) tokens/i,
  /(?:maximum )?context length is (?:only )?(?<limit>[\d,]{1,12})/i,
  /model with (?<limit>[\d,]{1,12}) maximum context length/i,
  // llama.cpp; its embeddings
  /(?:request|input) \((?<asked>[\d,]{1,12}) tokens\)/i,
  /available context size \((?<limit>[\d,]{1,12}) tokens\)/i,
  /current batch size: (?<limit>[\d,]{1,12})/i,
  // LM Studio, three releases
  /keep the first (?<asked>[\d,]{1,12}) tokens/i,
  /context length of (?:only )?(?<limit>[\d,]{1,12})/i,
  /n_keep:? \(?(?<asked>[\d,]{1,12})\)?\s*>= n_ctx:? \(?(?<limit>[\d,]{1,12})/i,
  // Gemini
  /token count \(?(?<asked>[\d,]{1,12})\)? exceeds/i,
  /number of tokens allowed \(?(?<limit>[\d,]{1,12})/i,
  // Ollama
  /(?:input|prompt) length \(?(?<asked>[\d,]{1,12})(?: tokens)?\)? exceeds/i,
  /context length \(?(?<limit>[\d,]{1,12})/i,
  // xAI; Cerebras and Groq; Moonshot; MiniMax
  /prompt length is (?<limit>[\d,]{1,12}) but the request contains (?<asked>[\d,]{1,12})/i,
  /current length is (?<asked>[\d,]{1,12}) while limit is (?<limit>[\d,]{1,12})/i,
  /exceeded model token limit: (?<limit>[\d,]{1,12})/i,
  /context window exceeds limit \(?(?<limit>[\d,]{1,12})/i,
];

function numberOf(digits: string): number {
  return Number(digits.replaceAll(",", ""));
}
