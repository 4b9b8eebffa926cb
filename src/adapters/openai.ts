import type { Adapter } from "./adapter.ts";
import { readFailure } from "./failure.ts";
import {
  type AnswerState,
  beginAnswer,
  isWhole,
  readChunk,
  readDocument,
  readDoneMark,
} from "./openai/answer.ts";
import { readEmbeddings } from "./openai/embeddings.ts";
import { readModels } from "./openai/models.ts";
import { writeRequest } from "./openai/request.ts";

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
