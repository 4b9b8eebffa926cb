import { Failure } from "../core/failure.ts";
import { isRecord, type JsonRecord, parseJson } from "../core/json.ts";

/** One frame of a stream as JSON. Throws `upstream_bad_frame` for what is none. */
export function parseFrame(payload: string): unknown {
  return parsed(payload, badFrame);
}

/** One frame that must be an object. Throws `upstream_bad_frame`. */
export function frameRecord(payload: string): JsonRecord {
  return recordOr(parseFrame(payload), badFrame);
}

/** A whole answer as JSON. Throws `upstream_bad_response` for what is none. */
export function parseDocument(payload: string): unknown {
  return parsed(payload, badDocument);
}

/** A whole answer that must be an object. Throws `upstream_bad_response`. */
export function documentRecord(payload: string): JsonRecord {
  return recordOr(parseDocument(payload), badDocument);
}

/** Says how a frame makes no sense: "it is not JSON". */
export function badFrame(how: string, cause?: unknown): Failure {
  return new Failure("upstream_bad_frame", `The backend sent a frame that makes no sense: ${how}.`, {
    cause,
  });
}

/** The same of a whole answer. */
export function badDocument(how: string, cause?: unknown): Failure {
  return new Failure("upstream_bad_response", `The backend's answer makes no sense: ${how}.`, { cause });
}

type Bad = (how: string, cause?: unknown) => Failure;

function parsed(payload: string, bad: Bad): unknown {
  try {
    return parseJson(payload);
  } catch (cause) {
    throw bad("it is not JSON", cause);
  }
}

function recordOr(value: unknown, bad: Bad): JsonRecord {
  if (isRecord(value)) return value;
  throw bad("it is not a JSON object");
}
