import { Type } from "@sinclair/typebox";
import { type AnswerChoice, type AnswerToolCall, callsOf, wordsOf } from "../core/answer.ts";
import type { JsonRecord } from "../core/json.ts";
import { once } from "../core/once.ts";
import type { RawObject, TextRequest } from "../core/request.ts";
import type { AnswerOptions, TextApi } from "./api.ts";
import { BodyCheck } from "./body.ts";
import { chatPrompt } from "./chat/prompt.ts";
import {
  annotationsOf,
  callFields,
  chatFinish,
  ChatWords,
  detailsOf,
  readsFunctionCall,
} from "./chat/words.ts";
import { invalid } from "./fields.ts";
import { routingFields } from "./openai/routing.ts";
import { openaiText } from "./openai/text.ts";
import { responsesPrompt } from "./responses/prompt.ts";
import { loose, modelField, optional } from "./schemas.ts";

/** `POST /v1/chat/completions`: what must be right before a backend is asked. Every other field is forwarded as it came. */
export const ChatBody = Type.Object(
  {
    model: modelField,
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

const own = openaiText({
  operation: "chat",
  check,
  prompt: chatPrompt,
  object: "chat.completion",
  choice,
  chunks: ({ request }) => new ChatWords(request),
});

/** Chat completions as an api. */
export const chat: TextApi = {
  ...own,
  // Cursor posts the body of a Responses request here, and reads a chat.
  read: (body, id, headers) =>
    body.has("input") && !body.has("messages") ? responsesBody(body, id) : own.read(body, id, headers),
};

/** The path decides how a request is answered, the body what it says. */
function responsesBody(body: RawObject, id: string): TextRequest {
  const kind = body.kind("input");
  if (kind !== "string" && kind !== "array") {
    throw invalid("input", "string or array");
  }
  return {
    id,
    operation: "chat",
    dialect: "openai-responses",
    answerDialect: "openai",
    body,
    ...routingFields(body),
    prompt: once(() => responsesPrompt(body)),
  };
}

/** The whole message; `content` is null where OpenAI says nothing rather than an empty text. */
function choice(answered: AnswerChoice, { request }: AnswerOptions): JsonRecord {
  const { index, messageExtra } = answered;
  const oldStyle = readsFunctionCall(request);
  const text = wordsOf(answered, "text");
  const refusal = wordsOf(answered, "refusal");
  const calls = callsOf(answered);
  const silent =
    text === "" && (calls.length > 0 || refusal !== "" || messageExtra.function_call !== undefined);
  const message = {
    role: "assistant",
    content: silent ? null : text,
    refusal: refusal || null,
    ...besideWords(answered),
    ...messageExtra,
    ...(oldStyle ? functionCall(calls) : toolCalls(calls)),
  };
  return { index, message, finish_reason: chatFinish({ ...answered, reason: answered.finish }, oldStyle) };
}

/** What stands in a message beside its text, where there is any of it. */
function besideWords(answered: AnswerChoice): JsonRecord {
  const reasoning = wordsOf(answered, "reasoning");
  const details = detailsOf(answered);
  const annotations = annotationsOf(answered);
  return {
    ...(reasoning === "" ? {} : { reasoning_content: reasoning }),
    ...(details.length === 0 ? {} : { reasoning_details: details }),
    ...(annotations.length === 0 ? {} : { annotations }),
  };
}

function toolCalls(calls: readonly AnswerToolCall[]): JsonRecord {
  return calls.length > 0 ? { tool_calls: calls.map(writeToolCall) } : {};
}

function writeToolCall(made: AnswerToolCall): JsonRecord {
  const { id, name, tool, args } = made;
  const call =
    tool === "custom" ? { custom: { name, input: args } } : { function: { name, arguments: args } };
  return { id, type: tool, ...call, ...callFields(made) };
}

/** OpenAI's older form has room for one call. */
function functionCall([call]: readonly AnswerToolCall[]): JsonRecord {
  return call ? { function_call: { name: call.name, arguments: call.args } } : {};
}
