import { isRecord } from "../../core/json.ts";
import type { Destination } from "../adapter.ts";

/** English text has about four bytes a token, code and most other languages fewer: rather too many tokens than too few. */
const BYTES_PER_TOKEN = 3;
/** What a chat template writes around a message, and a schema around a field. */
const TOKENS_AROUND = 2;
/** Of an image: between 250 and 1500 in the usual models. */
const TOKENS_PER_IMAGE = 1000;
/** Deeper than any message or schema. */
const DEPTH_MAX = 200;

/** A guess at the tokens of messages, tools or a text, on the safe side. `images` are counted by their number. */
export function tokensIn(value: unknown, depth = 0): number {
  if (typeof value === "string") return Math.ceil(Buffer.byteLength(value) / BYTES_PER_TOKEN);
  if (typeof value !== "object" || value === null) return value === undefined ? 0 : 1;
  if (depth > DEPTH_MAX) return 0;
  let sum = 0;
  for (const [name, entry] of Object.entries(value) as [string, unknown][]) {
    const images = name === "images" && Array.isArray(entry) ? entry.length : undefined;
    sum += TOKENS_AROUND + (images === undefined ? tokensIn(entry, depth + 1) : images * TOKENS_PER_IMAGE);
  }
  return sum;
}

/** Room kept for an answer, tokens: where the client sets no limit, and where it sets one that few answers reach. */
const OUTPUT_USUAL = 2048;
const OUTPUT_MAX = 8192;

/** Tokens that a prompt and its answer need together. `maxOutput` below one means no limit. */
export function tokensNeeded(prompt: number, maxOutput: unknown): number {
  const limit = typeof maxOutput === "number" && maxOutput > 0 ? maxOutput : OUTPUT_USUAL;
  return prompt + Math.min(limit, OUTPUT_MAX);
}

/** The smallest context that Ollama gives a model by itself; with much video memory it gives more. */
const CONTEXT_USUAL = 4096;
/** Where nobody knows the longest one that the model can have. */
const CONTEXT_MAX = 131_072;

/**
 * The context to ask for (`num_ctx`), tokens; undefined leaves it to Ollama. The user's own word counts first. Else a
 * model that is loaded keeps what it has, since another number would load it anew; and one that does not fit its prompt
 * gets the next power of two that does, up to the longest it was made for.
 */
export function contextFor({ info, contextWindow }: Destination, needed: number): number | undefined {
  const longest = info?.contextLengthMax;
  if (contextWindow !== undefined) return Math.min(contextWindow, longest ?? contextWindow);
  const loaded = info?.loaded === true ? info.contextLength : undefined;
  const present = loaded ?? configured(info) ?? CONTEXT_USUAL;
  if (needed <= present) return loaded;
  const grown = 2 ** Math.ceil(Math.log2(needed));
  return Math.max(Math.min(grown, longest ?? CONTEXT_MAX), loaded ?? 0);
}

/** What its Modelfile says: where that is silent, the list tells the longest. */
function configured(info: Destination["info"]): number | undefined {
  const { contextLength, contextLengthMax } = info ?? {};
  if (contextLength === undefined || contextLengthMax === undefined) return undefined;
  return contextLength < contextLengthMax ? contextLength : undefined;
}

/** A number of the client's own, from options that may be anything. */
export function ownContext(options: unknown): number | undefined {
  const own: unknown = isRecord(options) ? options.num_ctx : undefined;
  return typeof own === "number" && own > 0 ? own : undefined;
}
