import { Failure, type FailureCode, type FailureDetail } from "../core/failure.ts";
import { isRecord } from "../core/json.ts";

/** Longest error text handed on, characters: enough for any real message, too little for a page of HTML. */
const MESSAGE_MAX = 2000;

/**
 * An error answer of an OpenAI-compatible host. The body may be OpenAI's object, `{"error":"text"}` (Ollama, LM Studio),
 * `{"message":..}` (Mistral, older vLLM), `{"detail":..}` (FastAPI), a list of any of these (Gemini), HTML or nothing.
 */
export function readFailure(status: number, body: string, headers: ReadonlyMap<string, string>): Failure {
  const said = readErrorBody(body);
  const message = said.message || `The backend answered with status ${status}.`;
  const detail: FailureDetail = { status, ...said.detail };
  const retryAfter = headers.get("retry-after");
  if (retryAfter !== undefined && /^[\w ,:.+-]{1,64}$/.test(retryAfter)) detail.retryAfter = retryAfter;
  return new Failure(classify(status, message, detail), message, detail);
}

/** An error that arrived inside an answer whose status was already 200: an `error` field of any shape. */
export function readErrorField(error: unknown): Failure {
  const said = readErrorValue(error);
  const message = said.message || "The backend reported an error without a text.";
  const status = statusOf(said.detail.upstreamCode);
  const detail: FailureDetail = status === undefined ? said.detail : { status, ...said.detail };
  return new Failure(classify(status ?? 500, message, detail), message, detail);
}

function classify(
  status: number,
  message: string,
  { upstreamCode = "", upstreamType = "" }: FailureDetail,
): FailureCode {
  const words = `${upstreamCode} ${upstreamType} ${message}`.toLowerCase();
  if (status >= 300 && status < 400) return "upstream_redirect";
  if (CONTEXT_OVERFLOW.some((text) => words.includes(text))) return "context_length_exceeded";
  if (status === 401 || status === 403) return "upstream_auth";
  if (words.includes("insufficient_quota") || status === 402) return "insufficient_quota";
  if (status === 429 || words.includes("rate_limit_exceeded")) return "rate_limited";
  if (status === 503 && words.includes("loading model")) return "model_loading";
  if (status === 503 || status === 529 || words.includes("overloaded")) return "overloaded";
  return status >= 400 && status < 500 ? "upstream_rejected" : "upstream_error";
}

/** How hosts say that a prompt is too long: OpenAI, llama.cpp, vLLM, Anthropic-like hosts, Gemini, LM Studio. */
const CONTEXT_OVERFLOW = [
  "context_length_exceeded",
  "exceed_context_size",
  "maximum context length",
  "exceeds the available context size",
  "prompt is too long",
  "exceeds the maximum number of tokens",
  "greater than the context length",
  "exceeds the context window",
];

interface Said {
  message: string;
  detail: FailureDetail;
}

function readErrorBody(body: string): Said {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return { message: plainText(body), detail: {} };
  }
  if (Array.isArray(value)) value = value[0];
  if (!isRecord(value)) return { message: typeof value === "string" ? clip(value) : "", detail: {} };
  // A flat object is its own error: {"message":"..","type":"..","code":404} (vLLM before 0.9, Mistral).
  return readErrorValue(value.error ?? value);
}

function readErrorValue(error: unknown): Said {
  if (typeof error === "string") return { message: clip(error), detail: {} };
  if (!isRecord(error)) return { message: "", detail: {} };
  const detail: FailureDetail = {};
  if (typeof error.type === "string") detail.upstreamType = clip(error.type);
  if (typeof error.code === "string" || typeof error.code === "number")
    detail.upstreamCode = clip(String(error.code));
  if (typeof error.param === "string") detail.param = clip(error.param);
  return { message: textOf(error.message ?? error.detail), detail };
}

/** Mistral and FastAPI put objects and lists where a text belongs. */
function textOf(value: unknown): string {
  if (typeof value === "string") return clip(value);
  if (value === undefined || value === null) return "";
  if (Array.isArray(value)) {
    return clip(
      value
        .map((entry) =>
          isRecord(entry) && typeof entry.msg === "string" ? entry.msg : JSON.stringify(entry),
        )
        .join("; "),
    );
  }
  return clip(JSON.stringify(value));
}

function plainText(body: string): string {
  if (!/^\s*</.test(body)) return clip(body);
  const short = body.slice(0, 20 * MESSAGE_MAX);
  return clip(short.replace(/<(script|style)\b[^]*?<\/\1>/gi, " ").replace(/<[^>]*>/g, " "));
}

function clip(text: string): string {
  return text.replace(/\s+/g, " ").trim().slice(0, MESSAGE_MAX);
}

function statusOf(code: string | undefined): number | undefined {
  const status = Number(code);
  return status >= 400 && status <= 599 ? status : undefined;
}
