import type { Adapter } from "./adapter.ts";
import { type AnswerState, beginAnswer, isWhole, readDocument, readFrame } from "./gemini/answer.ts";
import { readEmbeddings } from "./gemini/embeddings.ts";
import { readGeminiFailure } from "./gemini/failure.ts";
import { readModels } from "./gemini/models.ts";
import { writeRequest } from "./gemini/request.ts";

/** Gemini's generateContent, as Google's developer API speaks it (`v1beta`). */
export const gemini: Adapter<AnswerState> = {
  dialect: "gemini",
  framing: "sse",
  operations: new Set(["chat", "completions", "embeddings"]),
  // The largest page there is: Google has some dozens of models.
  modelsPath: () => "/v1beta/models?pageSize=1000",
  headers: () => ({}),
  auth: (key) => ({ "x-goog-api-key": key }),
  write: writeRequest,
  begin: beginAnswer,
  step: readFrame,
  whole: readDocument,
  // Usage may follow the last reason to finish: the end is the connection's.
  ended: () => false,
  done: isWhole,
  failure: readGeminiFailure,
  models: readModels,
  embeddings: readEmbeddings,
};
