import { Failure, type FailureCode, type FailureDetail } from "../core/failure.ts";
import { isRecord, type JsonRecord } from "../core/json.ts";
import { contextTokens } from "./context-tokens.ts";

/** Longest error text handed on, characters: enough for any real message, too little for a page of HTML. */
const MESSAGE_MAX = 2000;

/**
 * An error answer of an OpenAI-compatible host. The body may be OpenAI's object, `{"error":"text"}` (Ollama, LM Studio),
 * `{"message":..}` (Mistral, older vLLM), `{"detail":..}` (FastAPI), a list of any of these (Gemini), HTML or nothing.
 */
export function readFailure(status: number, body: string, headers: ReadonlyMap<string, string>): Failure {
  const said = readErrorBody(body);
  const retryAfter = headers.get("retry-after");
  if (retryAfter !== undefined && /^[\w ,:.+-]{1,64}$/.test(retryAfter)) said.detail.retryAfter = retryAfter;
  said.message ||= `The backend answered with status ${status}.`;
  return failureOf(status, { ...said, detail: { status, ...said.detail } });
}

/** What error types mean as a status, for errors that name none: OpenAI's, and the usual ones of its kin. */
const STATUS_OF_TYPE: ReadonlyMap<string, number> = new Map([
  ["invalid_request_error", 400],
  ["authentication_error", 401],
  ["permission_error", 403],
  ["not_found_error", 404],
  ["rate_limit_error", 429],
  ["overloaded_error", 503],
]);

/** An error that arrived inside an answer whose status was already 200: an `error` field of any shape. */
export function readErrorField(error: unknown): Failure {
  const said = readErrorValue(error);
  const { upstreamCode, upstreamType = "" } = said.detail;
  const status = statusOf(upstreamCode) ?? STATUS_OF_TYPE.get(upstreamType);
  if (status !== undefined) said.detail.status = status;
  said.message ||= "The backend reported an error without a text.";
  return failureOf(status ?? 500, said);
}

function failureOf(status: number, { message, detail, fields }: Said): Failure {
  const code = classify(status, message, detail);
  // Hosts quote the key they refuse, or parts of it, and a redirect may carry one: neither is the caller's to read.
  if (code === "upstream_auth") return new Failure(code, refused(status), { status });
  if (code === "upstream_redirect") {
    return new Failure(code, `The backend sent a redirect (status ${status}), which is not followed.`, {
      status,
    });
  }
  if (code === "model_not_found") return new Failure(code, message, { param: "model", ...detail });
  if (code === "context_length_exceeded")
    return new Failure(code, message, { ...detail, ...contextTokens(message, fields) });
  return new Failure(code, message, detail);
}

function refused(status: number): string {
  return status === 401
    ? "The backend did not accept the key that is configured for it (status 401)."
    : `The backend does not allow this with the key that is configured for it (status ${status}).`;
}

function classify(status: number, message: string, detail: FailureDetail): FailureCode {
  const kind = `${detail.upstreamCode ?? ""} ${detail.upstreamType ?? ""}`.toLowerCase();
  const words = `${kind} ${message.toLowerCase()}`;
  if (status < 400) return "upstream_redirect";
  if (status === 401 || status === 403) return "upstream_auth";
  if (CONTEXT_OVERFLOW.some((text) => words.includes(text))) return "context_length_exceeded";
  if (status === 402 || words.includes("insufficient_quota")) return "insufficient_quota";
  if (status === 429 || kind.includes("rate_limit")) return "rate_limited";
  if (status === 503 && words.includes("loading model")) return "model_loading";
  if (status >= 500 && UNABLE.test(words)) return "unsupported";
  if (status >= 500 && MISTAKEN.test(words)) return "invalid_request";
  if (isOverloaded(status, kind, words)) return "overloaded";
  if (status === 404 && NO_SUCH_MODEL.test(words)) return "model_not_found";
  return status < 500 ? "upstream_rejected" : "upstream_error";
}

/** 498 is Groq's, 529 Anthropic's. */
function isOverloaded(status: number, kind: string, words: string): boolean {
  if (status === 498 || status === 503 || status === 529) return true;
  return (status < 500 ? kind : words).includes("overloaded");
}

/**
 * The caller asked for what the model cannot do; to ask again is no use. llama-server says 500 to a picture that it has no
 * eyes for and to a chat with an embedding model, and 501 to embeddings of a chat model.
 */
const UNABLE = /input is not supported|does not support|requires --jinja|unsupported tool type/;

/** Mistakes in the request that llama-server answers with 500: broken arguments in the history, a picture it cannot get. */
const MISTAKEN = /failed to parse tool|failed to download image|cannot make get request|invalid base64 value/;

/** OpenAI's code, and the words of Ollama and of vLLM, whose code is the number 404: clients look for OpenAI's. */
const NO_SUCH_MODEL = /model_not_found|\bmodel\b.{0,200}? (?:not found|does not exist)/;

/** How hosts say that a prompt is too long, in lower case. */
const CONTEXT_OVERFLOW: readonly string[] = [
  // OpenAI, and most who copy it; its newer models; Groq and Cerebras
  "context_length_exceeded",
  "maximum context length",
  "exceeds the context window",
  "reduce the length of the messages",
  // llama.cpp; when a prompt does not fit in one batch (embeddings)
  "exceed_context_size",
  "exceeds the available context size",
  "too large to process. increase the physical batch size",
  // vLLM
  "maximum model length",
  // LM Studio, four releases
  "context the overflows",
  ">= n_ctx",
  "greater than the context length",
  "context size has been exceeded",
  // Ollama
  "max context length",
  "exceeds the context length",
  // Anthropic and Bedrock behind a gateway
  "prompt is too long",
  "exceed context limit",
  "input is too long",
  // Gemini; xAI; Moonshot; GLM; MiniMax
  "exceeds the maximum number of tokens",
  "maximum prompt length",
  "exceeded model token limit",
  "model_context_window_exceeded",
  "context window exceeds limit",
];

interface Said {
  message: string;
  detail: FailureDetail;
  /** The error's own object, where it is one. */
  fields?: JsonRecord;
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
  return readErrorValue(value.error || value);
}

function readErrorValue(error: unknown): Said {
  if (typeof error === "string") return { message: clip(error), detail: {} };
  if (!isRecord(error)) return { message: "", detail: {} };
  const detail: FailureDetail = {};
  if (typeof error.type === "string") detail.upstreamType = clip(error.type);
  if (typeof error.code === "string" || typeof error.code === "number")
    detail.upstreamCode = clip(String(error.code));
  if (typeof error.param === "string") detail.param = clip(error.param);
  const said = [textOf(error.message ?? error.detail)];
  // OpenRouter says "Provider returned error", and here what the provider returned.
  if (isRecord(error.metadata) && typeof error.metadata.raw === "string") said.push(clip(error.metadata.raw));
  return { message: clip(said.filter((text) => text !== "").join(": ")), detail, fields: error };
}

/** As deep and as long as lists of complaints really are: a backend must not keep us busy with its errors. */
const DEPTH_MAX = 4;
const ENTRIES_MAX = 20;

/** Mistral and FastAPI put objects and lists where a text belongs. */
function textOf(value: unknown, depth = 0): string {
  if (typeof value === "string") return clip(value);
  if (typeof value !== "object" || value === null) return String(value ?? "");
  if (depth > DEPTH_MAX) return "...";
  const said = isRecord(value) ? (value.msg ?? value.message ?? value.detail) : undefined;
  if (said !== undefined) return textOf(said, depth + 1);
  return Object.entries(value)
    .slice(0, ENTRIES_MAX)
    .map(([name, entry]) => `${Array.isArray(value) ? "" : `${name}: `}${textOf(entry, depth + 1)}`)
    .join("; ");
}

/** Each step reads the page once, whatever is in it. */
function plainText(body: string): string {
  if (!/^\s*</.test(body)) return clip(body);
  const visible = body
    .slice(0, 20 * MESSAGE_MAX)
    .split(/<(?=script\b|style\b)/i)
    .map((piece, i) => (i === 0 ? piece : piece.replace(/^[^]*?<\/(?:script|style)\b[^<>]*>/i, "")));
  return clip(visible.join(" ").replace(/<[^<>]*>/g, " "));
}

function clip(text: string): string {
  return text.replace(/\s+/g, " ").trim().slice(0, MESSAGE_MAX);
}

function statusOf(code: string | undefined): number | undefined {
  const status = Number(code);
  return status >= 400 && status <= 599 ? status : undefined;
}
