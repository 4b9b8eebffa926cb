import { Failure } from "../core/failure.ts";
import { type JsonRecord, parseRecord } from "../core/json.ts";

/** The answer to a request for embeddings. Throws `upstream_bad_response` for what is no JSON object. */
export function embeddingsRecord(body: string): JsonRecord {
  const answer = parseRecord(body);
  if (answer) return answer;
  throw badEmbeddings("it is not a JSON object");
}

/** The vectors in a list, each where `vectorIn` finds it in its entry. Throws `upstream_bad_response`. */
export function vectorsOf(list: unknown, vectorIn: (entry: unknown) => unknown): number[][] {
  if (!Array.isArray(list)) throw badEmbeddings("it holds no list of vectors");
  return list.map((entry: unknown, i) => {
    const vector = vectorIn(entry);
    if (isVector(vector)) return vector;
    throw badEmbeddings(`entry ${i} is no vector`);
  });
}

/** Numbers, and nothing else. */
export function isVector(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every((entry) => typeof entry === "number");
}

/** Says how an answer makes no sense: "entry 3 is no vector". */
export function badEmbeddings(how: string): Failure {
  return new Failure("upstream_bad_response", `The backend's embeddings make no sense: ${how}.`);
}
