import { Type } from "@sinclair/typebox";
import { textOf } from "../core/lenient.ts";
import { once } from "../core/once.ts";
import type { Prompt } from "../core/prompt.ts";
import type { RawObject, TextRequest } from "../core/request.ts";
import { PARSE_WHOLE_MAX } from "../wire/json.ts";
import type { TextApi } from "./api.ts";
import { BodyCheck } from "./body.ts";
import { writeAnswer, writeErrand } from "./ollama/answer.ts";
import { CHAT_LINES, GENERATE_LINES, type LineShape } from "./ollama/lines.ts";
import { generatePrompt, isCompletion, ollamaChatPrompt } from "./ollama/prompt.ts";
import { OllamaStream } from "./ollama/stream.ts";
import { type Clock, clock, Stopwatch } from "./ollama/time.ts";
import { loose, optional } from "./schemas.ts";

const both = {
  model: optional(Type.String({ description: "A model's name, with or without `:latest`." })),
  stream: optional(Type.Boolean({ description: "True where it is left out." })),
  format: optional(Type.String(), Type.Object({}, loose)),
  options: optional(Type.Object({}, loose)),
  keep_alive: optional(Type.Number(), Type.String()),
  think: optional(Type.Boolean(), Type.String()),
  logprobs: optional(Type.Boolean()),
  top_logprobs: optional(Type.Integer()),
};

/** `POST /api/chat`. */
export const OllamaChatBody = Type.Object(
  {
    ...both,
    messages: optional(Type.Array(Type.Object({ role: Type.String() }, loose))),
    tools: optional(Type.Array(Type.Object({}, loose))),
  },
  { ...loose, description: "An Ollama chat request; unknown fields reach backends that are Ollama's." },
);

/** `POST /api/generate`. */
export const GenerateBody = Type.Object(
  {
    ...both,
    prompt: optional(Type.String()),
    suffix: optional(Type.String()),
    system: optional(Type.String()),
    template: optional(Type.String()),
    raw: optional(Type.Boolean()),
    images: optional(Type.Array(Type.String())),
  },
  { ...loose, description: "An Ollama generate request; unknown fields reach backends that are Ollama's." },
);

/** What a request asks for that asks for no words: that the model is brought into memory, or out of it. */
export type Errand = "load" | "unload";

/** Chat or generate, for one request: what it writes tells how long that took since it was made. */
export interface OllamaApi extends TextApi {
  /** Undefined: the client wants words. */
  errand(request: TextRequest): Errand | undefined;
  /** The answer to an errand that somebody has done. */
  done(errand: Errand, request: TextRequest): string;
}

/** `/api/chat`. */
export function ollamaChat(now: Clock = clock): OllamaApi {
  return ollamaApi(CHAT, now);
}

/** `/api/generate`: for other backends a chat of one question, or where it is `raw` or has a `suffix`, a completion. */
export function ollamaGenerate(now: Clock = clock): OllamaApi {
  return ollamaApi(GENERATE, now);
}

/** The name of the model in a body; `name` is what older clients call it. Empty when there is none. */
export function modelIn(body: RawObject): string {
  return textOf(body.value("model")) ?? textOf(body.value("name")) ?? "";
}

/** What the two routes do differently. */
interface Route {
  check: BodyCheck;
  shape: LineShape;
  operation(body: RawObject): TextRequest["operation"];
  prompt(body: RawObject): Prompt;
  /** The field that the answer is to: without it a request is an errand. */
  question: "messages" | "prompt";
}

const CHAT: Route = {
  check: new BodyCheck(OllamaChatBody, {
    messages: ["array", "null"],
    tools: ["array", "null"],
    format: ["string", "object", "null"],
  }),
  shape: CHAT_LINES,
  operation: () => "chat",
  prompt: ollamaChatPrompt,
  question: "messages",
};

const GENERATE: Route = {
  check: new BodyCheck(GenerateBody, {
    prompt: ["string", "null"],
    images: ["array", "null"],
    format: ["string", "object", "null"],
  }),
  shape: GENERATE_LINES,
  operation: (body) => (isCompletion(body) ? "completions" : "chat"),
  prompt: generatePrompt,
  question: "prompt",
};

function ollamaApi(route: Route, now: Clock): OllamaApi {
  const watch = new Stopwatch(now);
  const { shape } = route;
  // A name that was asked for with `:latest` is answered with it.
  const form = (model: string, { body }: TextRequest) => ({ shape, model: modelIn(body) || model, watch });
  return {
    streamType: "application/x-ndjson",
    read: (body, id) => readRequest(body, id, route),
    stream: ({ model, request }) => new OllamaStream(shape, form(model, request).model, watch),
    answer: (answer, { model, request }) => writeAnswer(answer, form(model, request)),
    errand: ({ body }) => errandOf(body, route.question),
    done: (errand, request) => writeErrand(errand, form(request.model, request)),
  };
}

function readRequest(body: RawObject, id: string, { check, operation, prompt }: Route): TextRequest {
  check.check(body);
  const stream = body.value("stream") !== false;
  return {
    id,
    operation: operation(body),
    dialect: "ollama",
    answerDialect: "ollama",
    model: modelIn(body),
    body,
    stream,
    // The last line of every stream tells the usage.
    includeUsage: stream,
    prompt: once(() => prompt(body)),
  };
}

function errandOf(body: RawObject, question: Route["question"]): Errand | undefined {
  if (asks(body, question)) return undefined;
  return isNow(body.value("keep_alive")) ? "unload" : "load";
}

function asks(body: RawObject, question: Route["question"]): boolean {
  const kind = body.kind(question);
  if (kind === undefined || kind === "null") return false;
  // A large body has a question in it: not parsed only to see that.
  if (body.bytes.length > PARSE_WHOLE_MAX) return true;
  const value = body.value(question);
  return Array.isArray(value) ? value.length > 0 : value !== "";
}

/** How long to keep the model: no time at all, as a number of seconds or a duration of Go's (`0`, `0s`, `0m0s`). */
function isNow(keepAlive: unknown): boolean {
  if (typeof keepAlive === "number") return keepAlive === 0;
  return (
    typeof keepAlive === "string" && /^[+-]?0+(?:\.0*)?(?:[a-zµμ]+0+(?:\.0*)?)*[a-zµμ]*$/.test(keepAlive)
  );
}
