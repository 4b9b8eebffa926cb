import { Failure } from "../core/failure.ts";
import { isRecord } from "../core/json.ts";
import type { Adapter, Embeddings } from "./adapter.ts";
import { type AnswerState, beginAnswer, isWhole, readDocument, readFrame } from "./gemini-answer.ts";
import { readGeminiFailure } from "./gemini-failure.ts";
import { readModels } from "./gemini-models.ts";
import { writeRequest } from "./gemini-request.ts";
import { readUsage } from "./gemini-usage.ts";

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

/** `{embeddings:[{values}]}`, or `{embedding:{values}}` of one text alone. */
function readEmbeddings(body: string): Embeddings {
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch (cause) {
    throw badEmbeddings("it is not JSON", cause);
  }
  const list: unknown = isRecord(answer) ? (answer.embeddings ?? [answer.embedding]) : undefined;
  if (!isRecord(answer) || !Array.isArray(list)) throw badEmbeddings("it holds no list of vectors");
  const vectors = list.map((entry: unknown, i) => {
    const values: unknown = isRecord(entry) ? entry.values : undefined;
    if (Array.isArray(values) && values.every((value) => typeof value === "number")) return values;
    throw badEmbeddings(`entry ${i} is no vector`);
  });
  const { usageMetadata } = answer;
  return { vectors, usage: isRecord(usageMetadata) ? readUsage(usageMetadata) : undefined };
}

function badEmbeddings(how: string, cause?: unknown): Failure {
  return new Failure("upstream_bad_response", `The backend's embeddings make no sense: ${how}.`, { cause });
}
