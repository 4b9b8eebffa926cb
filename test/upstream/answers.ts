/**
 * Answers in OpenAI's shapes, built from what a model says. Every builder gives plain values, so that a test can bend
 * them before they go out: drop an index, double a finish, put a usage where none belongs.
 */

export interface Said {
  id?: string;
  model?: string;
  /** The choice these words belong to. */
  choice?: number;
  /** Pieces of text, one chunk each. */
  text?: readonly string[];
  reasoning?: readonly string[];
  /** The name the reasoning goes by: `reasoning_content` (llama.cpp, DeepSeek) or `reasoning` (vLLM, OpenRouter, Groq). */
  reasoningField?: "reasoning_content" | "reasoning";
  refusal?: readonly string[];
  tools?: readonly CalledTool[];
  /** Default: `tool_calls` when there are tools, otherwise `stop`. Null: the stream ends without one. */
  finish?: string | null;
  usage?: TokenUsage;
}

export interface CalledTool {
  id: string;
  name: string;
  /** Pieces of the arguments' JSON text, one chunk each. */
  args: readonly string[];
}

export interface TokenUsage {
  prompt: number;
  completion: number;
  cached?: number;
  reasoning?: number;
}

export type Chunk = Record<string, unknown>;

const CREATED = 1_790_000_000;

/**
 * A streamed chat answer, chunk by chunk: role, reasoning, text, refusal, tools, finish, and usage where one is given.
 * For more choices join the chunks of each, with the usage in the last.
 */
export function chatChunks(said: Said): Chunk[] {
  const chunk = (delta: object, finish: string | null = null): Chunk => ({
    ...envelope(said, "chatcmpl-1", "chat.completion.chunk"),
    choices: [{ index: said.choice ?? 0, delta, logprobs: null, finish_reason: finish }],
  });
  const tools = (said.tools ?? []).flatMap((tool, index) => toolDeltas(tool, index));
  const finish = finishOf(said);
  return [
    chunk({ role: "assistant", content: "", refusal: null }),
    ...(said.reasoning ?? []).map((piece) => chunk({ [said.reasoningField ?? "reasoning_content"]: piece })),
    ...(said.text ?? []).map((piece) => chunk({ content: piece })),
    ...(said.refusal ?? []).map((piece) => chunk({ refusal: piece })),
    ...tools.map((delta) => chunk({ tool_calls: [delta] })),
    ...(finish === null ? [] : [chunk({}, finish)]),
    ...(said.usage ? [usageChunk(said, "chatcmpl-1", "chat.completion.chunk")] : []),
  ];
}

/** The same as one document. */
export function chatCompletion(said: Said): Chunk {
  const tools = said.tools?.map(({ id, name, args }) => ({
    id,
    type: "function",
    function: { name, arguments: args.join("") },
  }));
  const message = {
    role: "assistant",
    content: said.text?.join("") ?? null,
    refusal: said.refusal?.join("") ?? null,
    ...(said.reasoning && { [said.reasoningField ?? "reasoning_content"]: said.reasoning.join("") }),
    ...(tools && { tool_calls: tools }),
  };
  return {
    ...envelope(said, "chatcmpl-1", "chat.completion"),
    choices: [{ index: said.choice ?? 0, message, logprobs: null, finish_reason: finishOf(said) }],
    ...(said.usage && { usage: usageObject(said.usage) }),
  };
}

/** A streamed answer of the legacy completions route. Reads text, finish and usage only. */
export function textChunks(said: Said): Chunk[] {
  const chunk = (text: string, finish: string | null): Chunk => ({
    ...envelope(said, "cmpl-1", "text_completion"),
    choices: [{ text, index: said.choice ?? 0, logprobs: null, finish_reason: finish }],
  });
  const finish = finishOf(said);
  return [
    ...(said.text ?? []).map((piece) => chunk(piece, null)),
    ...(finish === null ? [] : [chunk("", finish)]),
    ...(said.usage ? [usageChunk(said, "cmpl-1", "text_completion")] : []),
  ];
}

/** The same as one document. */
export function textCompletion(said: Said): Chunk {
  const choice = {
    text: said.text?.join("") ?? "",
    index: said.choice ?? 0,
    logprobs: null,
    finish_reason: finishOf(said),
  };
  return {
    ...envelope(said, "cmpl-1", "text_completion"),
    choices: [choice],
    ...(said.usage && { usage: usageObject(said.usage) }),
  };
}

/** Chunks as the payloads of an event stream, with the `[DONE]` that ends one. */
export function payloads(chunks: readonly Chunk[]): string[] {
  return [...chunks.map((chunk) => JSON.stringify(chunk)), "[DONE]"];
}

/** An embeddings answer; `base64` packs little-endian 32-bit floats, as OpenAI does. */
export function embeddings(
  vectors: readonly (readonly number[])[],
  encoding: "float" | "base64" = "float",
): Chunk {
  const data = vectors.map((vector, index) => ({
    object: "embedding",
    index,
    embedding: encoding === "float" ? vector : littleEndian(vector).toString("base64"),
  }));
  const tokens = vectors.length * 3;
  return {
    object: "list",
    data,
    model: "test-embed",
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

/** A model list; an entry is an id or an object whose fields win over the usual ones. */
export function models(entries: readonly (string | ({ id: string } & Record<string, unknown>))[]): Chunk {
  const data = entries.map((entry) => ({
    object: "model",
    created: CREATED,
    owned_by: "test",
    ...(typeof entry === "string" ? { id: entry } : entry),
  }));
  return { object: "list", data };
}

export interface ErrorAnswer {
  contentType: string;
  body: string;
}

/** The error bodies that backends really send: every shape says the same message (save the last, which says nothing). */
export const ERROR_BODIES = {
  /** OpenAI, and most who copy it. */
  openai: (message) => json({ error: { message, type: "invalid_request_error", param: null, code: null } }),
  /** llama.cpp: the code is the HTTP status, as a number. */
  llamacpp: (message) => json({ error: { code: 503, message, type: "unavailable_error" } }),
  /** OpenRouter: as above, and what the real provider said in `metadata`. */
  openrouter: (message) => json({ error: { message, code: 502, metadata: { provider_name: "Test" } } }),
  /** LM Studio and Ollama: the error is a string. */
  string: (message) => json({ error: message }),
  /** Older vLLM, and Mistral: without the outer object. */
  flat: (message) => json({ object: "error", message, type: "BadRequestError", param: null, code: 400 }),
  /** Mistral, some gateways. */
  message: (message) => json({ message }),
  /** FastAPI's own errors (vLLM, LiteLLM, most Python servers). */
  detail: (message) => json({ detail: message }),
  /** FastAPI's validation: a list, each entry with the place of the fault. */
  detailList: (message) =>
    json({ detail: [{ loc: ["body", "messages"], msg: message, type: "value_error" }] }),
  /** Google's OpenAI-compatible route wraps its error into a list. */
  list: (message) => json([{ error: { code: 400, message, status: "INVALID_ARGUMENT" } }]),
  /** A proxy in front of the server. */
  html: (message) => ({
    contentType: "text/html",
    body: `<html>\r\n<head><title>${message}</title></head>\r\n<body><center><h1>${message}</h1></center></body>\r\n</html>`,
  }),
  text: (message) => ({ contentType: "text/plain", body: message }),
  empty: () => ({ contentType: "text/plain", body: "" }),
} satisfies Record<string, (message: string) => ErrorAnswer>;

export type ErrorShape = keyof typeof ERROR_BODIES;

/** OpenAI's error object, whole. */
export function errorObject(
  message: string,
  { type = "server_error", param = null, code = null }: ErrorFields = {},
): Chunk {
  return { error: { message, type, param, code } };
}

export interface ErrorFields {
  type?: string;
  param?: string | null;
  code?: string | number | null;
}

function json(value: unknown): ErrorAnswer {
  return { contentType: "application/json", body: JSON.stringify(value) };
}

function envelope(said: Said, id: string, object: string): Chunk {
  return { id: said.id ?? id, object, created: CREATED, model: said.model ?? "test-model" };
}

function finishOf(said: Said): string | null {
  return said.finish === undefined ? (said.tools?.length ? "tool_calls" : "stop") : said.finish;
}

/** A tool call as OpenAI streams it: the first delta has everything but the arguments, the others nothing else. */
function toolDeltas({ id, name, args }: CalledTool, index: number): Chunk[] {
  return [
    { index, id, type: "function", function: { name, arguments: "" } },
    ...args.map((piece) => ({ index, function: { arguments: piece } })),
  ];
}

function usageChunk(said: Said, id: string, object: string): Chunk {
  return { ...envelope(said, id, object), choices: [], usage: said.usage && usageObject(said.usage) };
}

/** Token counts as OpenAI writes them; the details only where there is something to say. */
export function usageObject({ prompt, completion, cached, reasoning }: TokenUsage): Chunk {
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    ...(cached !== undefined && { prompt_tokens_details: { cached_tokens: cached } }),
    ...(reasoning !== undefined && { completion_tokens_details: { reasoning_tokens: reasoning } }),
  };
}

function littleEndian(vector: readonly number[]): Buffer {
  const bytes = Buffer.alloc(vector.length * 4);
  vector.forEach((number, index) => bytes.writeFloatLE(number, index * 4));
  return bytes;
}
