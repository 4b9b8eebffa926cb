import { Type } from "@sinclair/typebox";
import type { AnswerChoice, AnswerToolCall } from "../core/answer.ts";
import type { StreamEvent } from "../core/event.ts";
import type { JsonRecord } from "../core/json.ts";
import { BodyCheck } from "./body.ts";
import { loose, optional } from "./openai-fields.ts";
import type { ChunkShape } from "./openai-stream.ts";
import { openaiText } from "./openai-text.ts";

/** `POST /v1/chat/completions`: what must be right before a backend is asked. Every other field is forwarded as it came. */
export const ChatBody = Type.Object(
  {
    model: optional(Type.String({ description: "A model's name: an alias, `backend/id`, or a plain id." })),
    messages: Type.Array(Type.Object({ role: Type.String() }, loose), { minItems: 1 }),
    stream: optional(Type.Boolean()),
    stream_options: optional(Type.Object({ include_usage: optional(Type.Boolean()) }, loose)),
    max_completion_tokens: optional(Type.Integer()),
    max_tokens: optional(Type.Integer()),
    temperature: optional(Type.Number()),
    top_p: optional(Type.Number()),
    // OpenAI's own limit; without one a single request could ask an engine for a million answers.
    n: optional(Type.Integer({ minimum: 1, maximum: 128 })),
    stop: optional(Type.String(), Type.Array(Type.String())),
    seed: optional(Type.Integer()),
    logprobs: optional(Type.Boolean()),
    top_logprobs: optional(Type.Integer({ minimum: 0 })),
    tools: optional(Type.Array(Type.Object({}, loose))),
    tool_choice: optional(Type.String(), Type.Object({}, loose)),
    parallel_tool_calls: optional(Type.Boolean()),
    response_format: optional(Type.Object({ type: Type.String() }, loose)),
  },
  { ...loose, description: "An OpenAI chat completion request; unknown fields are forwarded." },
);

const check = new BodyCheck(ChatBody, {
  messages: ["array"],
  tools: ["array", "null"],
  response_format: ["object", "null"],
});

/** The whole message; `content` is null where OpenAI says nothing rather than an empty text. */
function choice({ index, text, reasoning, refusal, toolCalls, messageExtra }: AnswerChoice): JsonRecord {
  const silent =
    text === "" && (toolCalls.length > 0 || refusal !== "" || messageExtra.function_call !== undefined);
  const message: JsonRecord = {
    role: "assistant",
    content: silent ? null : text,
    refusal: refusal || null,
    ...messageExtra,
  };
  if (reasoning !== "") message.reasoning_content = reasoning;
  if (toolCalls.length > 0) message.tool_calls = toolCalls.map(writeToolCall);
  return { index, message };
}

function writeToolCall({ id, name, kind, args, extra }: AnswerToolCall): JsonRecord {
  const call =
    kind === "custom" ? { custom: { name, input: args } } : { function: { name, arguments: args } };
  return { id, type: kind, ...call, ...extra };
}

function words(event: StreamEvent): string | undefined {
  switch (event.type) {
    case "text":
      return `"content":${JSON.stringify(event.text)}`;
    case "reasoning":
      return `"reasoning_content":${JSON.stringify(event.text)}`;
    case "refusal":
      return `"refusal":${JSON.stringify(event.text)}`;
    case "tool-start": {
      const { call: index, id, name, kind, extra } = event;
      const call =
        kind === "custom" ? { custom: { name, input: "" } } : { function: { name, arguments: "" } };
      return `"tool_calls":[${JSON.stringify({ ...extra, index, id, type: kind, ...call })}]`;
    }
    case "tool-args": {
      const inner = event.kind === "custom" ? `"custom":{"input":` : `"function":{"arguments":`;
      return `"tool_calls":[{"index":${event.call},${inner}${JSON.stringify(event.json)}}}]`;
    }
    default:
      return undefined;
  }
}

const chunks: ChunkShape = {
  object: "chat.completion.chunk",
  // Null before a call, as OpenAI says it: the deltas then add up to the message that a whole answer has.
  opening: (first) =>
    `"role":"assistant","content":${first.startsWith('"tool_calls"') ? "null" : '""'},"refusal":null`,
  words,
  silence: "",
  before: '"delta":{',
  after: "}",
  noLogprobs: "",
};

/** Chat completions as an api. */
export const chat = openaiText({ operation: "chat", check, object: "chat.completion", choice, chunks });
