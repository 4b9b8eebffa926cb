import { isRecord } from "../../core/json.ts";
import type { Embeddings } from "../adapter.ts";
import { badEmbeddings, embeddingsRecord, isVector } from "../vectors.ts";
import { readUsage } from "./usage.ts";

/** `{data: [{index, embedding}]}`, in any order. */
export function readEmbeddings(body: string): Embeddings {
  const answer = embeddingsRecord(body);
  const { data } = answer;
  if (!Array.isArray(data)) throw badEmbeddings("it holds no list of vectors");
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
  if (isVector(value)) return value;
  if (typeof value !== "string") throw badEmbeddings(`entry ${i} is no vector`);
  const bytes = Buffer.from(value, "base64");
  if (bytes.length === 0 || bytes.length % 4 !== 0)
    throw badEmbeddings(`entry ${i} is no vector of 32-bit floats`);
  // A copy, because the bytes may begin anywhere in a pool. Every machine that Bun runs on is little-endian itself.
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}
