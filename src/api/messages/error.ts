import type { Failure, FailureCode } from "../../core/failure.ts";
import { type Asker, type ErrorAnswer, errorHeaders } from "../error-answer.ts";

interface Row {
  status: number;
  type: string;
}

/** The whole answer, as long as nothing has been sent. */
export function anthropicError(failure: Failure, { id }: Asker): ErrorAnswer {
  const { status } = rowOf(failure);
  const headers = { ...errorHeaders(failure, status), "request-id": id };
  return { status, body: anthropicErrorBody(failure, id), headers };
}

/** Anthropic's error object: the answer of a failed request, and the last event of a failed stream. */
export function anthropicErrorBody(failure: Failure, requestId: string): string {
  const { type } = rowOf(failure);
  const error = { type, message: messageOf(failure), details: { error_code: failure.code } };
  return JSON.stringify({ type: "error", error, request_id: requestId });
}

/** Claude Code makes its conversation shorter when it reads these words. */
const TOO_LONG = "prompt is too long";

function messageOf({ code, message, detail }: Failure): string {
  if (code !== "context_length_exceeded") return message;
  const { promptTokens, contextTokens } = detail;
  if (promptTokens !== undefined && contextTokens !== undefined)
    return `${TOO_LONG}: ${promptTokens} tokens > ${contextTokens} maximum`;
  return message.toLowerCase().includes(TOO_LONG) ? message : `${TOO_LONG}: ${message}`;
}

function rowOf({ code, detail }: Failure): Row {
  const row = TABLE[code];
  const { status } = detail;
  if (status === undefined) return row;
  // The backend's own words about the caller's request, in the status it chose.
  if (code === "upstream_rejected") return { status, type: TYPES.get(status) ?? row.type };
  if (code === "upstream_error" && status >= 500) return { ...row, status };
  // Clients know this status of Anthropic's, which is in no standard.
  return code === "overloaded" && status === 529 ? { ...row, status } : row;
}

const INVALID = "invalid_request_error";
const API = "api_error";
const TIMEOUT = "timeout_error";
const OVERLOADED = "overloaded_error";

/** Types that Anthropic gives these statuses; every other one that is the caller's fault is an invalid request. */
const TYPES: ReadonlyMap<number, string> = new Map([
  [404, "not_found_error"],
  [409, "conflict_error"],
  [413, "request_too_large"],
]);

/** The statuses and types of Anthropic's error reference. */
const TABLE: Readonly<Record<FailureCode, Row>> = {
  invalid_request: { status: 400, type: INVALID },
  invalid_json: { status: 400, type: INVALID },
  unsupported: { status: 400, type: INVALID },
  unsupported_media_type: { status: 415, type: INVALID },
  request_too_large: { status: 413, type: "request_too_large" },
  unauthorized: { status: 401, type: "authentication_error" },
  forbidden_origin: { status: 403, type: "permission_error" },
  misdirected_host: { status: 421, type: INVALID },
  not_found: { status: 404, type: "not_found_error" },
  method_not_allowed: { status: 405, type: INVALID },
  model_not_found: { status: 404, type: "not_found_error" },
  context_length_exceeded: { status: 400, type: INVALID },
  upstream_rejected: { status: 400, type: INVALID },
  // Not 401: the caller's own key is fine, and its client would ask the user for another.
  upstream_auth: { status: 502, type: API },
  rate_limited: { status: 429, type: "rate_limit_error" },
  insufficient_quota: { status: 402, type: "billing_error" },
  model_loading: { status: 503, type: OVERLOADED },
  overloaded: { status: 503, type: OVERLOADED },
  upstream_error: { status: 502, type: API },
  upstream_unreachable: { status: 502, type: API },
  upstream_dns: { status: 502, type: API },
  upstream_tls: { status: 502, type: API },
  upstream_connect_timeout: { status: 504, type: TIMEOUT },
  upstream_first_byte_timeout: { status: 504, type: TIMEOUT },
  upstream_idle_timeout: { status: 504, type: TIMEOUT },
  upstream_closed: { status: 502, type: API },
  upstream_protocol: { status: 502, type: API },
  upstream_redirect: { status: 502, type: API },
  upstream_bad_response: { status: 502, type: API },
  upstream_bad_frame: { status: 502, type: API },
  upstream_frame_too_large: { status: 502, type: API },
  upstream_truncated: { status: 502, type: API },
  // 499 is nginx's word for a client that left: nobody reads it but the log.
  cancelled: { status: 499, type: API },
  shutting_down: { status: 503, type: OVERLOADED },
  internal_error: { status: 500, type: API },
};
