/**
 * Quirks of OpenAI-compatible hosts as data. The default is what OpenAI itself does; a profile names only differences,
 * and each flag's comment names a witness: a server that needs it.
 */
export interface Profile {
  /** Fields to send under another name. Mistral: `seed` is `random_seed`; Ollama's /v1 reads only `max_tokens`. */
  rename: Readonly<Record<string, string>>;
  /** Fields the host answers with an error, dropped with a note. Groq: `logit_bias`. Mistral refuses every unknown key. */
  drop: readonly string[];
  /** May `stream_options.include_usage` be sent? Mistral: no, its last chunk has the usage anyway. */
  streamUsage: boolean;
  /**
   * What `tool_choice` may be. llama.cpp ignores the object form and LM Studio refuses it (`strings`); Mistral says
   * `any` for `required` (`any`); Ollama's /v1 ignores all of it (`none`).
   */
  toolChoice: "openai" | "strings" | "any" | "none";
  /** Does the host know the role `developer`? Chat templates of local engines (llama.cpp, vLLM, Ollama) do not. */
  developerRole: boolean;
  /** LM Studio refuses `response_format: json_object`; a schema that allows any object says the same. */
  jsonObject: "native" | "schema";
  /** llama.cpp calls tools one at a time unless told otherwise; OpenAI's default is parallel. */
  parallelToolsDefault: boolean;
  /** Does the host honour `encoding_format: base64`? When not, floats are asked for and encoded here. LM Studio, Mistral. */
  base64Embeddings: boolean;
  /**
   * Ask for a stream even where the client wants none, and fold it here. llama-server notices that a caller left at once
   * only while it streams; an abandoned whole answer keeps its slot for seconds, beside other work to its end.
   */
  alwaysStream: boolean;
  /** llama-server counts each choice of a stream by itself: the sum is the answer's usage. Elsewhere the last count is. */
  usagePerChoice: boolean;
  /** May a stream end without finish_reason? Only then is `[DONE]` alone taken for a complete answer. */
  finishOptional: boolean;
}

/** OpenAI's own behaviour. */
export const PLAIN_PROFILE: Profile = Object.freeze({
  rename: Object.freeze({}),
  drop: Object.freeze([]),
  streamUsage: true,
  toolChoice: "openai",
  developerRole: true,
  jsonObject: "native",
  parallelToolsDefault: true,
  base64Embeddings: true,
  alwaysStream: false,
  usagePerChoice: false,
  finishOptional: false,
} satisfies Profile);
