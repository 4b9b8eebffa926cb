/**
 * The closed list of things that can go wrong. Each api has one table from these codes to its own dialect's status and
 * words; nothing else decides what a client reads.
 */
export type FailureCode =
  // the caller's side
  | "invalid_request"
  | "invalid_json"
  | "unsupported"
  | "unsupported_media_type"
  | "request_too_large"
  | "unauthorized"
  | "forbidden_origin"
  | "misdirected_host"
  | "not_found"
  | "method_not_allowed"
  | "model_not_found"
  | "context_length_exceeded"
  // the backend said no
  | "upstream_rejected"
  | "upstream_auth"
  | "rate_limited"
  | "insufficient_quota"
  | "model_loading"
  | "overloaded"
  | "upstream_error"
  // the way to the backend, or back
  | "upstream_unreachable"
  | "upstream_dns"
  | "upstream_tls"
  | "upstream_connect_timeout"
  | "upstream_first_byte_timeout"
  | "upstream_idle_timeout"
  | "upstream_closed"
  | "upstream_protocol"
  | "upstream_redirect"
  | "upstream_bad_response"
  | "upstream_bad_frame"
  | "upstream_frame_too_large"
  | "upstream_truncated"
  // ours
  | "cancelled"
  | "shutting_down"
  | "internal_error";

/** What a failure may carry beside its code: every field is safe to show to the caller. */
export interface FailureDetail {
  /** The caller's own field that is at fault, as a path in its body: `messages[3].content`. */
  param?: string;
  /** HTTP status the backend answered with, kept when it tells the caller more than our own would. */
  status?: number;
  /** The backend's own error type and code, when it sent some. */
  upstreamType?: string;
  upstreamCode?: string;
  /** Of `context_length_exceeded`, where the backend says so: tokens of the prompt, and tokens that there is room for. */
  promptTokens?: number;
  contextTokens?: number;
  /** The code that OpenAI's error object is to have, where OpenAI has a finer one than ours; null: it has none. */
  apiCode?: string | null;
  /** How long to wait before asking again, as the backend said it: the text of its `retry-after` header. */
  retryAfter?: string;
  /** For the log only: what really happened. Never written to a client. */
  cause?: unknown;
}

/** The only error that crosses a room. `message` is for the caller, `cause` for the log. */
export class Failure extends Error {
  readonly code: FailureCode;
  readonly detail: Omit<FailureDetail, "cause">;

  constructor(code: FailureCode, message: string, { cause, ...detail }: FailureDetail = {}) {
    super(message, { cause });
    this.name = "Failure";
    this.code = code;
    this.detail = detail;
  }

  /** Anything thrown, as a Failure: what nobody foresaw becomes `internal_error`, its text kept from the caller. */
  static from(thrown: unknown): Failure {
    if (thrown instanceof Failure) return thrown;
    return new Failure(
      "internal_error",
      "Fairlead failed while handling this request; its log has the details.",
      {
        cause: thrown,
      },
    );
  }
}

/** Nobody waits for the answer any more: what is done for it ends. Its words reach a log at most. */
export function clientLeft(cause?: unknown): Failure {
  return new Failure("cancelled", "The client left.", { cause });
}
