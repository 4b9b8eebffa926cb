import type { JsonRecord } from "./json.ts";
import type { Dialect } from "./dialect.ts";

/** Tokens of one answer. The backend's own count, unless `estimated`. */
export interface Usage {
  /** All prompt tokens, cached ones included (the meaning OpenAI and Gemini use). */
  input: number;
  /** All generated tokens, reasoning included. */
  output: number;
  cachedInput?: number;
  /** Tokens of the input that were written into the vendor's cache (Anthropic). */
  cacheWrite?: number;
  reasoning?: number;
  /** True when the backend sent no count and this one is ours. */
  estimated?: boolean;
  /** The backend's own usage object, replayed untouched to a client of the same dialect. */
  native?: { dialect: Dialect; value: JsonRecord };
}
