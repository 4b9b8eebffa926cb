import { Failure } from "../core/failure.ts";
import { isRecord, type JsonRecord } from "../core/json.ts";
import type { ModelInfo } from "../core/model.ts";
import type { Adapter, Embeddings } from "./adapter.ts";
import { beginOllama, type OllamaState, readDocument, readLine } from "./ollama-answer.ts";
import { readOllamaFailure } from "./ollama-failure.ts";
import { writeOllamaRequest } from "./ollama-request.ts";
import { readOllamaUsage } from "./ollama-usage.ts";

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

/** `{models: [..]}`, models of its cloud among them; its entries may also come as a `data` list. */
function readModels(body: unknown): ModelInfo[] {
  const list: unknown = isRecord(body) ? (body.models ?? body.data) : body;
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry: unknown) => {
    const model = isRecord(entry) ? readModel(entry) : undefined;
    return model ? [model] : [];
  });
}

function readModel(entry: JsonRecord): ModelInfo | undefined {
  const id = entry.name || entry.model;
  if (typeof id !== "string" || id === "") return undefined;
  const { context_length: length } = isRecord(entry.details) ? entry.details : {};
  const model: ModelInfo = { id, created: secondsOf(entry.modified_at), ownedBy: "library" };
  if (typeof length === "number" && length > 0) {
    model.contextLength = length;
    model.contextLengthMax = length;
  }
  return model;
}

function secondsOf(time: unknown): number {
  return Math.max(0, Math.trunc(Date.parse(String(time)) / 1000)) || 0;
}

/** `{embeddings: [[..]]}`; releases before 0.3 answer with one `embedding`. */
function readEmbeddings(body: string): Embeddings {
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch (cause) {
    throw badEmbeddings("it is not JSON", cause);
  }
  if (!isRecord(answer)) throw badEmbeddings("it is not a JSON object");
  const list = answer.embeddings ?? (answer.embedding === undefined ? undefined : [answer.embedding]);
  if (!Array.isArray(list)) throw badEmbeddings("it holds no list of vectors");
  const vectors = list.map((vector: unknown, i) => {
    if (Array.isArray(vector) && vector.length > 0 && vector.every((entry) => typeof entry === "number"))
      return vector;
    throw badEmbeddings(`entry ${i} is no vector`);
  });
  return { vectors, usage: readOllamaUsage(answer) };
}

function badEmbeddings(how: string, cause?: unknown): Failure {
  return new Failure("upstream_bad_response", `The backend's embeddings make no sense: ${how}.`, { cause });
}
