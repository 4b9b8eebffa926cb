/**
 * Quirks of OpenAI-compatible hosts as data. The default is what OpenAI itself does; a profile names only differences,
 * and each flag's comment names a witness: a server that needs it.
 */
export interface Profile {
  /** Between the base address and `/chat/completions`. GLM's address has a version of its own. */
  root: "/v1" | "" | "/openai/v1";
  /** The header that carries the key. Azure's is `api-key`. */
  keyHeader: "authorization" | "api-key";
  /** Does the host list its models? Azure lists what could be deployed, and not what is. */
  modelList: boolean;
  /** Fields to send under another name. Mistral: `seed` is `random_seed`; Ollama's /v1 reads only `max_tokens`. */
  rename: Readonly<Record<string, string>>;
  /** Fields the host answers with an error, dropped with a note. Groq: `logit_bias`. Mistral refuses every unknown key. */
  drop: readonly string[];
  /** May `stream_options.include_usage` be sent? Mistral: no, its last chunk has the usage anyway. */
  streamUsage: boolean;
  /**
   * What `tool_choice` may be. OpenAI alone knows a list of allowed tools (vLLM: `named`); llama.cpp ignores objects and
   * LM Studio refuses them (`strings`); Mistral says `any` for `required` (`any`); Ollama's /v1 ignores all of it (`none`).
   */
  toolChoice: "openai" | "named" | "strings" | "any" | "none";
  /** Forms of tools the host knows: all but OpenAI's own know functions alone; only Responses has namespaces. */
  tools: "functions" | "custom" | "namespaces";
  /** Does the host know OpenAI's deprecated `functions`? Others read them without an error, and call none: they get tools. */
  functions: boolean;
  /** Ids that tool calls may have. Mistral takes exactly nine letters and digits. */
  toolIds: "any" | "nine";
  /** May a call in the history have no text for arguments? Ollama's /v1 answers `""` with 400. */
  emptyArguments: boolean;
  /** Fields of messages that the host answers with an error. Mistral refuses every one it does not know, Groq `name`. */
  messageDrop: readonly string[];
  /**
   * Does `<think>..</think>` at the beginning of the text hold reasoning? LM Studio leaves it there unless told otherwise
   * (`whole`). Some chat templates open the tag in the prompt, so that the text begins in the thoughts (`opened`): looking
   * for that holds words back, so it is done where somebody says so.
   */
  thinkTags: "none" | "whole" | "opened";
  /** Does the host know the role `developer`? Chat templates of local engines (llama.cpp, vLLM, Ollama) do not. */
  developerRole: boolean;
  /** LM Studio refuses `response_format: json_object`; a schema that allows any object says the same. */
  jsonObject: "native" | "schema";
  /** Can an answer be held to a schema? DeepSeek knows `json_object` alone: the model is told of the schema then. */
  jsonSchema: "native" | "object";
  /** llama.cpp calls tools one at a time unless told otherwise; OpenAI's default is parallel. */
  parallelToolsDefault: boolean;
  /** Do its completions read `suffix`? llama-server ignores it (its way to fill in is another), vLLM answers it with 400. */
  fillsIn: boolean;
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
  // What follows decides how a request of another dialect is written; one of this dialect says what its client meant it to.
  /** The name of the limit of tokens: OpenAI's newer models refuse `max_tokens`, older engines know nothing else. */
  limit: "max_completion_tokens" | "max_tokens";
  /** Most stop sequences; more are OpenAI's 400. Engines take any number. */
  stopMax: number;
  /** Fields that the host takes and not all do: vLLM's `top_k`, OpenAI's `verbosity`. What is not here is not sent. */
  fields: readonly string[];
  /** What its models may be sent beside pictures, if they can read it: `audio`, `file`, or by address (vLLM, OpenRouter). */
  media: readonly ("audio" | "audio_url" | "file" | "video_url")[];
  /** Are Anthropic's cache marks of use? OpenRouter hands them on. */
  cacheMarks: boolean;
  /**
   * The version of the API to ask for, where the configuration names one: Anthropic's `anthropic-version`; Azure's
   * `api-version`, which older deployments need, and then the model stands in the path.
   */
  apiVersion?: string;
  /** Must instructions stand before everything else? The templates of most open models refuse a later `system`. */
  systemFirst: boolean;
  /**
   * How the host is told to think: OpenAI's `reasoning_effort`; `chat_template_kwargs` (llama.cpp, vLLM); OpenRouter's
   * `reasoning` object; DeepSeek's `thinking` object; `enable_thinking` (DashScope, `switch`); not at all.
   */
  reasoning: "effort" | "template" | "object" | "thinking" | "switch" | "none";
  /**
   * Does it want earlier thoughts back? Never (OpenAI); as `reasoning_content` (llama.cpp, Kimi, GLM); under `both` names
   * (vLLM, whose templates differ); with every message of a turn with `tools`, empty if need be, and with no other
   * (DeepSeek answers 400 to both mistakes); with their state as `details` (OpenRouter).
   */
  reasoningBack: "none" | "reasoning_content" | "both" | "tools" | "details";
  /** Fields that its reasoning models answer with an error. OpenAI: temperatures; xAI: stop sequences. */
  reasonersRefuse: readonly string[];
}

/** Fields that OpenAI's chat has and hardly anybody else's. */
const OPENAI_FIELDS: readonly string[] = Object.freeze([
  "verbosity",
  "service_tier",
  "safety_identifier",
  "prompt_cache_key",
  "prompt_cache_options",
  "prompt_cache_retention",
]);

/** OpenAI's own behaviour. */
export const PLAIN_PROFILE: Profile = Object.freeze({
  root: "/v1",
  keyHeader: "authorization",
  modelList: true,
  rename: Object.freeze({}),
  drop: Object.freeze([]),
  streamUsage: true,
  toolChoice: "openai",
  tools: "functions",
  functions: true,
  toolIds: "any",
  emptyArguments: true,
  messageDrop: Object.freeze([]),
  thinkTags: "none",
  developerRole: true,
  jsonObject: "native",
  jsonSchema: "native",
  parallelToolsDefault: true,
  fillsIn: true,
  base64Embeddings: true,
  alwaysStream: false,
  usagePerChoice: false,
  finishOptional: false,
  limit: "max_completion_tokens",
  stopMax: 4,
  fields: OPENAI_FIELDS,
  media: Object.freeze(["audio", "file"] as const),
  cacheMarks: false,
  systemFirst: false,
  reasoning: "effort",
  reasoningBack: "none",
  reasonersRefuse: Object.freeze([
    "temperature",
    "top_p",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
    "logprobs",
    "top_logprobs",
  ]),
} satisfies Profile);
