import { isRecord } from "../../core/json.ts";
import { fieldsOf } from "../../core/lenient.ts";
import type { Embeddings } from "../adapter.ts";
import { embeddingsRecord, vectorsOf } from "../vectors.ts";
import { readUsage } from "./usage.ts";

/** `{embeddings:[{values}]}`, or `{embedding:{values}}` of one text alone. */
export function readEmbeddings(body: string): Embeddings {
  const { embeddings, embedding, usageMetadata } = embeddingsRecord(body);
  return {
    vectors: vectorsOf(embeddings ?? [embedding], (entry) => fieldsOf(entry).values),
    usage: isRecord(usageMetadata) ? readUsage(usageMetadata) : undefined,
  };
}
