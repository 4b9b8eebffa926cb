import type { Embeddings } from "../adapter.ts";
import { embeddingsRecord, vectorsOf } from "../vectors.ts";
import { readOllamaUsage } from "./usage.ts";

/** `{embeddings: [[..]]}`; releases before 0.3 answer with one `embedding`. */
export function readEmbeddings(body: string): Embeddings {
  const answer = embeddingsRecord(body);
  const list = answer.embeddings ?? (answer.embedding === undefined ? undefined : [answer.embedding]);
  return { vectors: vectorsOf(list, (vector) => vector), usage: readOllamaUsage(answer) };
}
