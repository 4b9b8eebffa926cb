import type { Failure } from "../core/failure.ts";
import { isRecord } from "../core/json.ts";
import { readErrorField, readFailure } from "./failure.ts";

/** An error answer: `{"error": "text"}`. */
export function readOllamaFailure(
  status: number,
  body: string,
  headers: ReadonlyMap<string, string>,
): Failure {
  return readFailure(status, unwrapped(body), headers);
}

/** An error that arrived as a line of an answer. */
export function readLineFailure(error: unknown): Failure {
  const inner = typeof error === "string" ? parse(error) : error;
  return readErrorField(isRecord(inner) ? (inner.error ?? inner) : error);
}

/** Since 0.34 the text may be the whole error document of the llama-server inside, as a string. */
function unwrapped(body: string): string {
  const outer = parse(body);
  if (!isRecord(outer) || typeof outer.error !== "string") return body;
  return isRecord(parse(outer.error)) ? outer.error : body;
}

function parse(text: string): unknown {
  if (!text.trimStart().startsWith("{")) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
