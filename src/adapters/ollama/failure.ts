import type { Failure } from "../../core/failure.ts";
import { parseRecord } from "../../core/json.ts";
import { readErrorField, readFailure } from "../failure.ts";

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
  const inner = typeof error === "string" ? parseRecord(error) : undefined;
  return readErrorField(inner?.error ?? inner ?? error);
}

/** Since 0.34 the text may be the whole error document of the llama-server inside, as a string. */
function unwrapped(body: string): string {
  const error = parseRecord(body)?.error;
  return typeof error === "string" && parseRecord(error) ? error : body;
}
