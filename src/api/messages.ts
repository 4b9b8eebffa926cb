import { Type } from "@sinclair/typebox";
import { once } from "../core/once.ts";
import type { RawObject, TextRequest } from "../core/request.ts";
import { EVENT_STREAM, type TextApi } from "./api.ts";
import { BodyCheck } from "./body.ts";
import { writeMessage } from "./messages/answer.ts";
import { messagesPrompt } from "./messages/prompt.ts";
import { MessagesStream } from "./messages/stream.ts";
import { loose, modelField, optional } from "./schemas.ts";

/** Which blocks there are changes with every release of Anthropic's; the prompt's reader knows them. */
const block = Type.Object({}, loose);

const shape = {
  model: modelField,
  messages: Type.Array(
    Type.Object({ role: Type.String(), content: Type.Union([Type.String(), Type.Array(block)]) }, loose),
    { minItems: 1 },
  ),
  system: optional(Type.String(), Type.Array(block)),
  tools: optional(Type.Array(Type.Object({}, loose))),
  tool_choice: optional(Type.Object({ type: Type.String() }, loose)),
  thinking: optional(Type.Object({ type: Type.String() }, loose)),
  output_config: optional(Type.Object({}, loose)),
};

/** `POST /v1/messages`. Anthropic demands `max_tokens`; here its absence leaves the length to the backend. */
export const MessagesBody = Type.Object(
  {
    ...shape,
    max_tokens: optional(Type.Integer({ minimum: 0 })),
    stream: optional(Type.Boolean()),
    temperature: optional(Type.Number()),
    top_p: optional(Type.Number()),
    top_k: optional(Type.Integer()),
    stop_sequences: optional(Type.Array(Type.String())),
    metadata: optional(Type.Object({}, loose)),
  },
  { ...loose, description: "An Anthropic Messages request." },
);

/** `POST /v1/messages/count_tokens`. */
export const CountBody = Type.Object(shape, {
  ...loose,
  description: "An Anthropic Messages request whose tokens are to be counted.",
});

const HEAVY = {
  messages: ["array"],
  system: ["string", "array", "null"],
  tools: ["array", "null"],
  output_config: ["object", "null"],
} as const;
const check = new BodyCheck(MessagesBody, HEAVY);
const countCheck = new BodyCheck(CountBody, HEAVY);

/** Anthropic's Messages as an api. */
export const messages: TextApi = {
  streamType: EVENT_STREAM,
  read(body, id, headers) {
    check.check(body);
    return requestOf(body, id, headers);
  },
  stream: (options) => new MessagesStream(options),
  answer: writeMessage,
};

/** A request whose tokens are to be counted, and not answered. Throws `invalid_json` or `invalid_request`. */
export function readCount(body: RawObject, id: string, headers: Headers): TextRequest {
  countCheck.check(body);
  return { ...requestOf(body, id, headers), stream: false };
}

/** The answer to `POST /v1/messages/count_tokens`. */
export function writeCount({ tokens, estimated }: { tokens: number; estimated: boolean }): string {
  return JSON.stringify({
    input_tokens: tokens,
    ...(estimated ? { x_fairlead: { usage: "estimated" } } : {}),
  });
}

function requestOf(body: RawObject, id: string, headers: Headers): TextRequest {
  const stream = body.value("stream") === true;
  return {
    id,
    operation: "chat",
    dialect: "anthropic",
    answerDialect: "anthropic",
    model: String(body.value("model") ?? ""),
    body,
    headers: kept(headers),
    stream,
    // Every answer of this dialect tells its usage.
    includeUsage: stream,
    prompt: once(() => messagesPrompt(body)),
  };
}

/** Headers that change what a request means; a backend of Anthropic's gets them again. */
const MEANINGFUL = ["anthropic-version", "anthropic-beta"] as const;

function kept(headers: Headers): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of MEANINGFUL) {
    const value = headers.get(name);
    if (value !== null) found[name] = value;
  }
  return found;
}
