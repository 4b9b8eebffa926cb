import type { Adapter } from "./adapter.ts";
import { readFailure } from "./failure.ts";
import {
  beginResponse,
  hasEnded,
  readResponse,
  readResponseEvent,
  type ResponseState,
} from "./openai-responses/answer.ts";
import { writeResponsesRequest } from "./openai-responses/request.ts";
import { openai } from "./openai.ts";

/**
 * OpenAI's Responses, for models that exist nowhere else, and for clients that speak it themselves. Nothing is kept at the
 * vendor: the whole conversation is sent each time, with the encrypted reasoning of earlier turns.
 */
export const openaiResponses: Adapter<ResponseState> = {
  dialect: "openai-responses",
  framing: "sse",
  operations: new Set(["chat", "completions"]),
  modelsPath: openai.modelsPath,
  headers: openai.headers,
  auth: openai.auth,
  write: writeResponsesRequest,
  begin: beginResponse,
  step: readResponseEvent,
  whole: readResponse,
  ended: hasEnded,
  done: hasEnded,
  failure: readFailure,
  models: openai.models,
  embeddings: openai.embeddings,
};
