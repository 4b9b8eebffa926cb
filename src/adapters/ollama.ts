import type { Adapter } from "./adapter.ts";
import { beginOllama, type OllamaState, readDocument, readLine } from "./ollama/answer.ts";
import { readEmbeddings } from "./ollama/embeddings.ts";
import { readOllamaFailure } from "./ollama/failure.ts";
import { readModels } from "./ollama/models.ts";
import { writeOllamaRequest } from "./ollama/request.ts";

/**
 * Ollama's own API. Its /v1 has no tool_choice, no num_ctx and no max_completion_tokens, sets the temperature where nobody
 * did, and swallows errors in a stream; here all of that can be said and heard.
 */
export const ollama: Adapter<OllamaState> = {
  dialect: "ollama",
  framing: "ndjson",
  operations: new Set(["chat", "completions", "embeddings"]),
  modelsPath: () => "/api/tags",
  headers: () => ({}),
  // Ollama itself asks for no key; its cloud and the proxies that people put before it do.
  auth: (key) => ({ authorization: `Bearer ${key}` }),
  write: writeOllamaRequest,
  begin: beginOllama,
  step: readLine,
  whole: readDocument,
  ended: (state) => state.done,
  done: (state) => state.done,
  failure: readOllamaFailure,
  models: readModels,
  embeddings: readEmbeddings,
};
