import { Failure } from "../core/failure.ts";
import { isRecord } from "../core/json.ts";
import type { ModelInfo } from "../core/model.ts";
import type { Adapter, Embeddings } from "./adapter.ts";
import {
  type AnswerState,
  beginAnswer,
  isWhole,
  readChunk,
  readDocument,
  readDoneMark,
} from "./openai-answer.ts";
import { readFailure } from "./failure.ts";
import { writeRequest } from "./openai-request.ts";
import { readUsage } from "./openai-usage.ts";

/**
 * OpenAI's Chat Completions, Completions, Embeddings and Models, as OpenAI itself and every host compatible with it
 * speak them: llama.cpp, LM Studio, vLLM, Ollama's /v1 and the rest. What they do differently is in their profile.
 */
export const openai: Adapter<AnswerState> = {
  dialect: "openai",
  framing: "sse",
  operations: new Set(["chat", "completions", "embeddings"]),
  modelsPath: ({ root, modelList }) => (modelList ? `${root}/models` : undefined),
  headers: () => ({}),
  auth: (key, { keyHeader }) =>
    keyHeader === "authorization" ? { authorization: `Bearer ${key}` } : { [keyHeader]: key },
  write: writeRequest,
  begin: beginAnswer,
  step(state, frame, out) {
    if (frame.trim() === "[DONE]") readDoneMark(state, out);
    else readChunk(state, frame, out);
  },
  whole: readDocument,
  ended: (state) => state.doneMark,
  done: isWhole,
  failure: readFailure,
  models: readModels,
  embeddings: readEmbeddings,
};

/** `{data:[..]}`; Together answers with the bare list. */
function readModels(body: unknown): ModelInfo[] {
  const list: unknown = isRecord(body) ? (body.data ?? body.models) : body;
  if (!Array.isArray(list)) return [];
  const models: ModelInfo[] = [];
  for (const entry of list) {
    if (!isRecord(entry) || typeof entry.id !== "string" || entry.id === "") continue;
    const model: ModelInfo = {
      id: entry.id,
      created: Math.trunc(Number(entry.created)) || 0,
      ownedBy: typeof entry.owned_by === "string" ? entry.owned_by : "",
    };
    const context = CONTEXT_FIELDS.map((name) => entry[name]).find(
      (value) => typeof value === "number" && value > 0,
    );
    if (typeof context === "number") model.contextLength = context;
    models.push(model);
  }
  return models;
}

/** vLLM, OpenRouter, Groq, Mistral: four names of one number. */
const CONTEXT_FIELDS = ["max_model_len", "context_length", "context_window", "max_context_length"];

function readEmbeddings(body: string): Embeddings {
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch (cause) {
    throw badEmbeddings("it is not JSON", cause);
  }
  const data: unknown = isRecord(answer) ? answer.data : undefined;
  if (!isRecord(answer) || !Array.isArray(data)) throw badEmbeddings("it holds no list of vectors");
  const vectors: ArrayLike<number>[] = [];
  data.forEach((entry: unknown, i) => {
    if (!isRecord(entry)) throw badEmbeddings(`entry ${i} is not an object`);
    const at = typeof entry.index === "number" ? entry.index : i;
    if (at < 0 || at >= data.length || !Number.isInteger(at) || vectors[at])
      throw badEmbeddings(`entry ${i} has a wrong index`);
    vectors[at] = readVector(entry.embedding, i);
  });
  return { vectors, usage: readUsage(answer) };
}

/** Numbers, or base64 of little-endian 32-bit floats. */
function readVector(value: unknown, i: number): ArrayLike<number> {
  if (Array.isArray(value) && value.every((entry) => typeof entry === "number")) return value;
  if (typeof value !== "string") throw badEmbeddings(`entry ${i} is no vector`);
  const bytes = Buffer.from(value, "base64");
  if (bytes.length === 0 || bytes.length % 4 !== 0)
    throw badEmbeddings(`entry ${i} is no vector of 32-bit floats`);
  // A copy, because the bytes may begin anywhere in a pool. Every machine that Bun runs on is little-endian itself.
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

function badEmbeddings(how: string, cause?: unknown): Failure {
  return new Failure("upstream_bad_response", `The backend's embeddings make no sense: ${how}.`, { cause });
}
