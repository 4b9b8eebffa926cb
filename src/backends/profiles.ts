import { PLAIN_PROFILE, type Profile } from "../adapters/profile.ts";

/** A host that is compatible with OpenAI's chat as far as everybody is, and no further. */
const COMPATIBLE = {
  ...PLAIN_PROFILE,
  // OpenAI itself gave both up for newer forms, which all the others know.
  functions: false,
  toolChoice: "named",
  limit: "max_tokens",
  stopMax: Number.POSITIVE_INFINITY,
  fields: [],
  media: [],
  reasonersRefuse: [],
} satisfies Profile;

/** Chat templates of open models know no `developer`: vLLM and llama.cpp answer "Unexpected message role". */
const TEMPLATED = {
  ...COMPATIBLE,
  developerRole: false,
  systemFirst: true,
  // Templates parse the arguments of earlier calls.
  emptyArguments: false,
} satisfies Profile;

/**
 * OpenAI refuses fields of messages that it does not know. Other hosts' thoughts, which clients give back with the rest of
 * a conversation, are of no use to it.
 */
const OPENAI = {
  ...PLAIN_PROFILE,
  tools: "custom",
  messageDrop: ["extra_content", "reasoning", "reasoning_content", "reasoning_details"],
} satisfies Profile;

/** Each flag that differs from OpenAI's own behaviour, with the behaviour that makes it necessary. */
export const PROFILES = Object.freeze({
  openai: OPENAI,

  azure: { ...OPENAI, root: "/openai/v1", keyHeader: "api-key", modelList: false },

  generic: {
    ...TEMPLATED,
    // Every host sends floats; which of the unknown ones can send base64 nobody knows.
    base64Embeddings: false,
  },

  llamacpp: {
    ...TEMPLATED,
    // Its way to fill in is /infill.
    fillsIn: false,
    // llama-server reads tool_choice as a string: the object form counts as "auto", without an error.
    toolChoice: "strings",
    // Its own default for parallel_tool_calls was false for long; newer builds take what the template can.
    parallelToolsDefault: false,
    // A caller that leaves is noticed at once only while the answer streams, and only streams count every choice of n.
    alwaysStream: true,
    usagePerChoice: true,
    // Its samplers; a sound if the model's projector can hear.
    fields: ["top_k", "min_p", "repeat_penalty"],
    media: ["audio"],
    reasoning: "template",
    reasoningBack: "reasoning_content",
  },

  lmstudio: {
    ...TEMPLATED,
    // LM Studio answers the object form with an error.
    toolChoice: "strings",
    // `json_object` is refused: "'response_format.type' must be 'json_schema' or 'text'".
    jsonObject: "schema",
    // Its own setting "separate reasoning_content" is off unless somebody turned it on.
    thinkTags: "whole",
    // LM Studio sends floats whatever encoding_format says.
    base64Embeddings: false,
    // Of its documented parameters.
    fields: ["top_k", "repeat_penalty"],
  },

  // Dialects of their own: what their hosts know is in their adapters, and none of OpenAI's quirks matter.
  own: PLAIN_PROFILE,

  vllm: {
    ...TEMPLATED,
    // "suffix is not currently supported"
    fillsIn: false,
    fields: ["top_k", "min_p", "repetition_penalty"],
    media: ["audio", "audio_url", "video_url"],
    reasoning: "template",
    // vLLM reads `reasoning` and hands it to templates, some of which look for the other name.
    reasoningBack: "both",
  },

  openrouter: {
    ...COMPATIBLE,
    fields: ["top_k", "min_p", "repetition_penalty", "verbosity"],
    media: ["audio", "file", "video_url"],
    cacheMarks: true,
    reasoning: "object",
    reasoningBack: "details",
  },

  groq: {
    ...COMPATIBLE,
    // Groq's list of unsupported fields: each is a 400.
    drop: ["logit_bias", "logprobs", "top_logprobs"],
    messageDrop: ["name", "reasoning_content", "reasoning_details", "annotations"],
    // Groq has no embeddings of its own; floats are the safe thing to ask for.
    base64Embeddings: false,
    fields: ["service_tier"],
  },

  mistral: {
    ...TEMPLATED,
    // Mistral's own names.
    rename: { seed: "random_seed", max_completion_tokens: "max_tokens" },
    // Mistral answers a field it does not know with 422 "Extra inputs are not permitted": what OpenAI clients send most.
    drop: [
      "audio",
      "logit_bias",
      "logprobs",
      "modalities",
      "prompt_cache_key",
      "prompt_cache_retention",
      "reasoning_effort",
      "safety_identifier",
      "service_tier",
      "store",
      "top_logprobs",
      "user",
      "verbosity",
      "web_search_options",
    ],
    messageDrop: [
      "annotations",
      "audio",
      "extra_content",
      "function_call",
      "parsed",
      "reasoning",
      "reasoning_content",
      "reasoning_details",
      "refusal",
    ],
    streamUsage: false,
    toolChoice: "any",
    // "Tool call id was .. but must be a-z, A-Z, 0-9, with a length of 9."
    toolIds: "nine",
    base64Embeddings: false,
    reasoning: "none",
  },

  deepseek: {
    ...TEMPLATED,
    // DeepSeek documents max_tokens alone.
    rename: { max_completion_tokens: "max_tokens" },
    // "This response_format type is unavailable now" is its answer to json_schema.
    jsonSchema: "object",
    reasoning: "thinking",
    reasoningBack: "tools",
  },

  xai: {
    ...COMPATIBLE,
    // Its reasoning models answer each of them with 400.
    reasonersRefuse: ["stop", "presence_penalty", "frequency_penalty"],
  },

  cerebras: {
    ...COMPATIBLE,
    // Cerebras' list of unsupported fields: each is a 400.
    drop: ["frequency_penalty", "logit_bias", "presence_penalty"],
    limit: "max_completion_tokens",
    base64Embeddings: false,
  },

  moonshot: {
    ...TEMPLATED,
    // Kimi documents json_object alone.
    jsonSchema: "object",
    reasoning: "thinking",
    // Its thoughts of a tool loop must come back with it.
    reasoningBack: "reasoning_content",
  },

  zai: {
    ...TEMPLATED,
    // Its address ends in a version, and not in /v1.
    root: "",
    // GLM documents "auto" alone, and json_object alone.
    toolChoice: "none",
    jsonSchema: "object",
    reasoning: "thinking",
    // GLM keeps thinking between calls if it gets its thoughts back.
    reasoningBack: "reasoning_content",
  },

  minimax: {
    ...TEMPLATED,
    // M2 writes its thoughts into the text.
    thinkTags: "whole",
    jsonSchema: "object",
    reasoning: "none",
    reasoningBack: "reasoning_content",
  },

  dashscope: {
    ...TEMPLATED,
    // "parameter.enable_thinking must be set to false for non-streaming calls": Qwen thinks only in streams.
    alwaysStream: true,
    // DashScope documents json_object for all of its models, json_schema for few.
    jsonSchema: "object",
    base64Embeddings: false,
    fields: ["top_k", "repetition_penalty", "thinking_budget"],
    reasoning: "switch",
    reasoningBack: "reasoning_content",
  },

  cohere: {
    ...COMPATIBLE,
    // Cohere's list of unsupported fields.
    drop: ["logit_bias", "metadata", "n", "parallel_tool_calls", "service_tier", "store", "top_logprobs"],
    // It knows REQUIRED and NONE, and no single tool.
    toolChoice: "strings",
  },

  nvidia: {
    ...TEMPLATED,
    // NIM answers what it does not know with 400 "Extra inputs are not permitted".
    drop: ["metadata", "parallel_tool_calls", "store", "user"],
    base64Embeddings: false,
    reasoning: "template",
  },

  sambanova: {
    ...TEMPLATED,
    // Of SambaNova's list of unsupported fields.
    drop: ["logit_bias", "metadata", "n", "presence_penalty", "store"],
    base64Embeddings: false,
  },
} satisfies Record<string, Profile>);

/** The name of one of them. */
export type ProfileName = keyof typeof PROFILES;
