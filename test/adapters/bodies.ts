import type { JsonRecord } from "../../src/core/json.ts";

const PIXEL = "iVBORw0KGgo=";
const SCHEMA = {
  type: "object",
  properties: { a: { type: ["string", "null"], maxLength: 3 } },
  required: ["a"],
};
/** State that some client kept, and that may come back as anything. */
const SEALED = `fl1.openai.encrypted.${Buffer.from("{").toString("base64url")}`;

const CHAT: JsonRecord = {
  model: "m",
  stream: true,
  messages: [
    { role: "developer", content: "Be brief.", name: "boss" },
    {
      role: "user",
      content: [
        { type: "text", text: "hi", cache_control: { type: "ephemeral", ttl: "1h" } },
        { type: "image_url", image_url: { url: `data:image/png;base64,${PIXEL}`, detail: "low" } },
        { type: "input_audio", input_audio: { data: "SUQz", format: "mp3" } },
        { type: "file", file: { file_data: "data:application/pdf;base64,JVBERi0=", filename: "a.pdf" } },
      ],
    },
    {
      role: "assistant",
      content: "x",
      reasoning_content: "hm",
      reasoning_details: [{ type: "reasoning.encrypted", data: SEALED, index: 0 }],
      tool_calls: [{ id: "a", type: "function", function: { name: "f", arguments: '{"a":1}' } }],
    },
    { role: "tool", tool_call_id: "a", content: [{ type: "text", text: "y" }] },
  ],
  tools: [
    { type: "function", function: { name: "f", description: "d", parameters: SCHEMA, strict: true } },
    {
      type: "custom",
      custom: { name: "c", format: { type: "grammar", grammar: { syntax: "lark", definition: "x" } } },
    },
    { type: "web_search" },
  ],
  tool_choice: { type: "function", function: { name: "f" } },
  parallel_tool_calls: false,
  reasoning_effort: "low",
  response_format: { type: "json_schema", json_schema: { name: "x", schema: SCHEMA } },
  temperature: 0.5,
  top_p: 0.9,
  stop: ["x"],
  logprobs: true,
  top_logprobs: 2,
  max_completion_tokens: 5,
  user: "u",
  service_tier: "auto",
  verbosity: "low",
  logit_bias: { a: 1 },
  metadata: { a: "b" },
  odd: { a: 1 },
};

const MESSAGES: JsonRecord = {
  model: "m",
  max_tokens: 50,
  system: [{ type: "text", text: "s", cache_control: { type: "ephemeral" } }],
  messages: [
    {
      role: "user",
      content: [
        { type: "text", text: "hi" },
        { type: "image", source: { type: "base64", media_type: "image/png", data: PIXEL } },
        { type: "document", source: { type: "text", data: "x" }, title: "t", citations: { enabled: true } },
        { type: "search_result", title: "t", source: "s", content: [{ type: "text", text: "x" }] },
      ],
    },
    {
      role: "assistant",
      content: [
        { type: "thinking", thinking: "t", signature: "s" },
        { type: "redacted_thinking", data: SEALED },
        { type: "tool_use", id: "a", name: "f", input: { a: 1 } },
      ],
    },
    {
      role: "user",
      content: [
        { type: "tool_result", tool_use_id: "a", content: [{ type: "text", text: "x" }], is_error: true },
      ],
    },
  ],
  tools: [
    { name: "f", input_schema: SCHEMA, strict: true },
    { type: "web_search_20250305", name: "web_search" },
  ],
  tool_choice: { type: "tool", name: "f", disable_parallel_tool_use: true },
  thinking: { type: "enabled", budget_tokens: 2000, display: "omitted" },
  output_config: { effort: "max", format: { type: "json_schema", schema: SCHEMA } },
  metadata: { user_id: "u" },
  stop_sequences: ["x"],
  service_tier: "standard_only",
  top_k: 3,
};

const RESPONSES: JsonRecord = {
  model: "m",
  instructions: "x",
  input: [
    {
      type: "message",
      role: "user",
      content: [
        { type: "input_text", text: "hi" },
        { type: "input_image", image_url: `data:;base64,${PIXEL}`, detail: "high" },
        { type: "input_file", file_data: "JVBERi0=", filename: "a.pdf" },
        { type: "input_audio", input_audio: { data: "aa", format: "wav" } },
      ],
    },
    {
      type: "reasoning",
      id: "r",
      summary: [{ type: "summary_text", text: "x" }],
      encrypted_content: SEALED,
    },
    { type: "function_call", call_id: "a", name: "g", namespace: "n", arguments: "{}" },
    { type: "function_call_output", call_id: "a", output: [{ type: "input_text", text: "x" }] },
    { type: "custom_tool_call", call_id: "b", name: "c", input: "x" },
    { type: "custom_tool_call_output", call_id: "b", output: "x" },
    { type: "item_reference", id: "r" },
    { type: "additional_tools", tools: [{ type: "function", name: "h" }] },
  ],
  tools: [
    { type: "function", name: "f", parameters: SCHEMA },
    { type: "custom", name: "c", format: { type: "text" } },
    { type: "namespace", name: "n", description: "d", tools: [{ type: "function", name: "g" }] },
    { type: "web_search" },
  ],
  tool_choice: {
    type: "allowed_tools",
    mode: "required",
    tools: [
      { type: "function", name: "f" },
      { type: "custom", name: "c" },
    ],
  },
  reasoning: { effort: "high", summary: "auto" },
  text: { format: { type: "json_schema", name: "x", schema: SCHEMA }, verbosity: "high" },
  include: ["reasoning.encrypted_content", "message.output_text.logprobs"],
  max_output_tokens: 5,
  prompt_cache_key: "k",
};

const OLLAMA = {
  model: "m",
  options: { temperature: 1, num_predict: 5, stop: ["x"], num_ctx: 4096, mirostat: 1, repeat_penalty: 1.1 },
  think: "high",
  format: SCHEMA,
  keep_alive: "5m",
  logprobs: true,
};

/** A body of each api with nearly everything in it that can be said there. */
export const BODIES: Readonly<Record<string, JsonRecord>> = {
  chat: CHAT,
  completions: {
    ...{ model: "m", prompt: "x", suffix: "y", logprobs: 3, stop: "a", best_of: 2, n: 1, echo: true },
    ...{ max_tokens: 5, temperature: 0.5, user: "u", frequency_penalty: 1 },
  },
  messages: MESSAGES,
  responses: RESPONSES,
  "ollama chat": {
    ...OLLAMA,
    messages: [
      { role: "user", content: "hi", images: [PIXEL] },
      {
        role: "assistant",
        thinking: "t",
        content: "",
        tool_calls: [{ function: { name: "f", arguments: { a: 1 } } }],
      },
      { role: "tool", tool_name: "f", content: "x" },
    ],
    tools: [{ type: "function", function: { name: "f", parameters: SCHEMA } }],
  },
  "ollama generate": { ...OLLAMA, prompt: "x", system: "s", images: [PIXEL], template: "t", context: [1] },
};
