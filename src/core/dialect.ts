import type { JsonRecord } from "./json.ts";

/**
 * The protocols spoken on either side. `openai` is Chat Completions, Completions and Embeddings; `openai-responses` is
 * OpenAI's newer Responses.
 */
export const DIALECTS = ["openai", "openai-responses", "anthropic", "gemini", "ollama"] as const;

/** One of them. */
export type Dialect = (typeof DIALECTS)[number];

/** Fields that this program does not know, with the dialect that sent them: written again only in the same one. */
export interface Carried {
  readonly dialect: Dialect;
  readonly fields: JsonRecord;
}

/** Those that came in this dialect; none of what came in any other. */
export function fieldsFrom(carried: Carried | undefined, dialect: Dialect): JsonRecord | undefined {
  return carried?.dialect === dialect ? carried.fields : undefined;
}
