import type { Failure, FailureCode } from "../../core/failure.ts";
import { type ErrorAnswer, errorHeaders } from "../error-answer.ts";

interface Row {
  status: number;
  type: string;
  /** Undefined: the failure's own code. */
  code?: string | null;
}

/** The whole answer, as long as nothing has been sent. */
export function openaiError(failure: Failure): ErrorAnswer {
  const { status } = rowOf(failure);
  return { status, body: errorBody(failure), headers: errorHeaders(failure, status) };
}

/** `{"error":{...}}`: also the one form of a failed stream that the openai and AI SDKs recognise. */
export function errorBody(failure: Failure): string {
  return JSON.stringify({ error: errorFields(failure) });
}

/** The four fields of OpenAI's error object, all of which clients read. */
export function errorFields(failure: Failure): ErrorFields {
  const { type, code: usual = failure.code } = rowOf(failure);
  const { param = null, apiCode = usual } = failure.detail;
  return { message: messageOf(failure), type, param, code: apiCode };
}

/** OpenAI's error object. */
export interface ErrorFields {
  message: string;
  type: string;
  param: string | null;
  code: string | null;
}

/** Of a prompt that is too long in OpenAI's own words, out of which agents read the numbers, if both are known. */
function messageOf({ code, message, detail }: Failure): string {
  const { promptTokens, contextTokens } = detail;
  if (code !== "context_length_exceeded") return message;
  // Clients that look at the words, as LangChain does, look for these.
  if (promptTokens === undefined || contextTokens === undefined)
    return /maximum context length/i.test(message)
      ? message
      : `The model's maximum context length is exceeded: ${message}`;
  return `This model's maximum context length is ${contextTokens} tokens. However, your messages resulted in ${promptTokens} tokens. Please reduce the length of the messages.`;
}

function rowOf(failure: Failure): Row {
  const row = TABLE[failure.code];
  const { status, upstreamType, upstreamCode } = failure.detail;
  if (failure.code === "upstream_rejected") {
    // The backend's own words about the caller's request, in the status it chose.
    return { status: status ?? row.status, type: upstreamType ?? row.type, code: upstreamCode ?? null };
  }
  if (failure.code === "upstream_error" && status !== undefined && status >= 500) return { ...row, status };
  return row;
}

/** The statuses and types of OpenAI's error reference; what OpenAI has no word for keeps the failure's code. */
const TABLE: Readonly<Record<FailureCode, Row>> = {
  invalid_request: { status: 400, type: "invalid_request_error", code: null },
  invalid_json: { status: 400, type: "invalid_request_error" },
  unsupported: { status: 400, type: "invalid_request_error", code: "unsupported_parameter" },
  unsupported_media_type: { status: 415, type: "invalid_request_error" },
  request_too_large: { status: 413, type: "invalid_request_error" },
  unauthorized: { status: 401, type: "invalid_request_error", code: "invalid_api_key" },
  forbidden_origin: { status: 403, type: "permission_error" },
  misdirected_host: { status: 421, type: "invalid_request_error" },
  not_found: { status: 404, type: "invalid_request_error", code: "unknown_url" },
  method_not_allowed: { status: 405, type: "invalid_request_error", code: "method_not_supported" },
  model_not_found: { status: 404, type: "invalid_request_error" },
  context_length_exceeded: { status: 400, type: "invalid_request_error" },
  upstream_rejected: { status: 400, type: "invalid_request_error" },
  // Not 401: the caller's own key is fine, and its client would ask the user for another.
  upstream_auth: { status: 502, type: "upstream_error", code: "upstream_auth_error" },
  rate_limited: { status: 429, type: "rate_limit_error", code: "rate_limit_exceeded" },
  insufficient_quota: { status: 429, type: "insufficient_quota", code: "insufficient_quota" },
  model_loading: { status: 503, type: "server_error" },
  overloaded: { status: 503, type: "server_error" },
  upstream_error: { status: 502, type: "upstream_error" },
  upstream_unreachable: { status: 502, type: "upstream_error" },
  upstream_dns: { status: 502, type: "upstream_error" },
  upstream_tls: { status: 502, type: "upstream_error" },
  upstream_connect_timeout: { status: 504, type: "upstream_error" },
  upstream_first_byte_timeout: { status: 504, type: "upstream_error" },
  upstream_idle_timeout: { status: 504, type: "upstream_error" },
  upstream_closed: { status: 502, type: "upstream_error" },
  upstream_protocol: { status: 502, type: "upstream_error" },
  upstream_redirect: { status: 502, type: "upstream_error" },
  upstream_bad_response: { status: 502, type: "upstream_error" },
  upstream_bad_frame: { status: 502, type: "upstream_error" },
  upstream_frame_too_large: { status: 502, type: "upstream_error" },
  upstream_truncated: { status: 502, type: "upstream_error" },
  // 499 is nginx's word for a client that left: nobody reads it but the log.
  cancelled: { status: 499, type: "server_error" },
  shutting_down: { status: 503, type: "server_error" },
  internal_error: { status: 500, type: "server_error" },
};
