import { PLAIN_PROFILE, type Profile } from "../adapters/profile.ts";

/** Chat templates of open models know no `developer`: vLLM and llama.cpp answer "Unexpected message role". */
const TEMPLATED = { ...PLAIN_PROFILE, developerRole: false } satisfies Profile;

/** Local engines read OpenAI's deprecated way of calling functions without an error, and without calling any. */
const ENGINE = { ...TEMPLATED, drop: ["functions", "function_call"] } satisfies Profile;

/** Each flag that differs from OpenAI's own behaviour, with the behaviour that makes it necessary. */
export const PROFILES = Object.freeze({
  openai: PLAIN_PROFILE,

  generic: {
    ...TEMPLATED,
    // Every host sends floats; which of the unknown ones can send base64 nobody knows.
    base64Embeddings: false,
  },

  llamacpp: {
    ...ENGINE,
    // llama-server reads tool_choice as a string: the object form counts as "auto", without an error.
    toolChoice: "strings",
    // Its own default for parallel_tool_calls was false for long; newer builds take what the template can.
    parallelToolsDefault: false,
    // A caller that leaves is noticed at once only while the answer streams, and only streams count every choice of n.
    alwaysStream: true,
    usagePerChoice: true,
  },

  lmstudio: {
    ...ENGINE,
    // LM Studio answers the object form with an error.
    toolChoice: "strings",
    // `json_object` is refused: "'response_format.type' must be 'json_schema' or 'text'".
    jsonObject: "schema",
    // LM Studio sends floats whatever encoding_format says.
    base64Embeddings: false,
  },

  ollama: {
    ...ENGINE,
    // Ollama's /v1 does not read max_completion_tokens: the answer would be unbounded.
    rename: { max_completion_tokens: "max_tokens" },
    // Ollama's /v1 has no tool_choice at all.
    toolChoice: "none",
    // Older releases know no encoding_format.
    base64Embeddings: false,
  },

  vllm: ENGINE,

  groq: {
    ...PLAIN_PROFILE,
    // Groq's list of unsupported fields: each is a 400.
    drop: ["logit_bias", "logprobs", "top_logprobs"],
    // Groq has no embeddings of its own; floats are the safe thing to ask for.
    base64Embeddings: false,
  },

  mistral: {
    ...TEMPLATED,
    // Mistral's own names.
    rename: { seed: "random_seed", max_completion_tokens: "max_tokens" },
    // Mistral answers a field it does not know with 422 "Extra inputs are not permitted": what OpenAI clients send most.
    drop: [
      "audio",
      "function_call",
      "functions",
      "logit_bias",
      "logprobs",
      "modalities",
      "prompt_cache_key",
      "prompt_cache_retention",
      "safety_identifier",
      "service_tier",
      "store",
      "top_logprobs",
      "user",
      "verbosity",
      "web_search_options",
    ],
    streamUsage: false,
    toolChoice: "any",
    base64Embeddings: false,
  },

  deepseek: {
    ...TEMPLATED,
    // DeepSeek documents max_tokens alone.
    rename: { max_completion_tokens: "max_tokens" },
  },
} satisfies Record<string, Profile>);

/** The name of one of them. */
export type ProfileName = keyof typeof PROFILES;
