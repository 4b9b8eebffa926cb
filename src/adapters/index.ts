import type { Dialect } from "../core/request.ts";
import type { Adapter } from "./adapter.ts";
import { anthropic } from "./anthropic.ts";
import { gemini } from "./gemini.ts";
import { ollama } from "./ollama.ts";
import { openaiResponses } from "./openai-responses.ts";
import { openai } from "./openai.ts";

/** Every upstream dialect: the whole list. */
export const ADAPTERS: Readonly<Record<Dialect, Adapter>> = {
  openai: openai as Adapter,
  "openai-responses": openaiResponses as Adapter,
  anthropic: anthropic as Adapter,
  gemini: gemini as Adapter,
  ollama: ollama as Adapter,
};
