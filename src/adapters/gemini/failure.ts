import { Failure } from "../../core/failure.ts";
import { isRecord, type JsonRecord, parseJson } from "../../core/json.ts";
import { numberOf, textOf } from "../../core/lenient.ts";
import { readFailure } from "../failure.ts";

/** An error answer: `{error:{code,message,status,details}}`, or a list with one of those, or anything a proxy may send. */
export function readGeminiFailure(
  status: number,
  body: string,
  headers: ReadonlyMap<string, string>,
): Failure {
  const error = errorIn(body);
  return error ? failureOf(status, error, headers) : readFailure(status, body, headers);
}

/** An `error` inside an answer whose status was already 200. */
export function readErrorFrame(error: unknown): Failure {
  if (!isRecord(error)) return readFailure(500, JSON.stringify({ error }), new Map());
  const status = numberOf(error.code) ?? 500;
  return failureOf(status >= 400 && status <= 599 ? status : 500, error, new Map());
}

function errorIn(body: string): JsonRecord | undefined {
  try {
    const value = parseJson(body);
    const first: unknown = Array.isArray(value) ? value[0] : value;
    return isRecord(first) && isRecord(first.error) ? first.error : undefined;
  } catch {
    return undefined;
  }
}

/** Told in the words that all dialects share: which of them means what is decided in one place. */
function failureOf(status: number, error: JsonRecord, headers: ReadonlyMap<string, string>): Failure {
  const details = Array.isArray(error.details) ? error.details.filter(isRecord) : [];
  const reason = details.find((detail) => typeof detail.reason === "string")?.reason;
  const message = textOf(error.message) ?? "";
  // A wrong key is no 401 here. Its message, which may quote the key, stays where it is.
  if (reason === "API_KEY_INVALID" || /^API key (?:not valid|expired)/i.test(message)) {
    const words = `The backend did not accept the key that is configured for it (status ${status}).`;
    return new Failure("upstream_auth", words, { status });
  }
  const missing = status === 404 && /\bmodels\/\S+ is not (?:found|supported)/.test(message);
  const code = missing ? "model_not_found" : (reason ?? error.status ?? error.code);
  const wait = retryDelay(details);
  const known = new Map(wait === undefined ? headers : [["retry-after", wait], ...headers]);
  return readFailure(status, JSON.stringify({ error: { message, code } }), known);
}

/** `{"@type": "../google.rpc.RetryInfo", "retryDelay": "34.4s"}`, in whole seconds. */
function retryDelay(details: readonly JsonRecord[]): string | undefined {
  const delay = details.map((detail) => textOf(detail.retryDelay)).find((text) => text !== undefined);
  const seconds = /^(\d{1,9}(?:\.\d+)?)s$/.exec(delay ?? "")?.[1];
  return seconds === undefined ? undefined : String(Math.ceil(Number(seconds)));
}
