import { Type } from "@sinclair/typebox";
import type { Answer, AnswerChoice } from "../core/answer.ts";
import type { JsonRecord } from "../core/json.ts";
import type { ModelRequest, RawObject } from "../core/request.ts";
import type { TextApi } from "./api.ts";
import { BodyCheck } from "./body.ts";
import { loose, maybe, routingFields } from "./openai-fields.ts";
import { type ChunkShape, ChunkWriter, type StreamOptions, type StreamWriter } from "./openai-stream.ts";
import { usageMark, writeUsage } from "./openai-usage.ts";

const Prompt = Type.Union([
  Type.String(),
  Type.Array(Type.String(), { minItems: 1 }),
  Type.Array(Type.Integer(), { minItems: 1 }),
  Type.Array(Type.Array(Type.Integer()), { minItems: 1 }),
]);
/** `POST /v1/completions`, the older dialect of OpenAI that editors use for autocompletion. */
export const CompletionsBody = Type.Object(
  {
    model: maybe(Type.String()),
    prompt: Prompt,
    stream: maybe(Type.Boolean()),
    stream_options: maybe(Type.Object({}, loose)),
    max_tokens: maybe(Type.Integer()),
    n: maybe(Type.Integer({ minimum: 1, maximum: 128 })),
    best_of: maybe(Type.Integer({ minimum: 1, maximum: 128 })),
    stop: maybe(Type.String(), Type.Array(Type.String())),
    echo: maybe(Type.Boolean()),
    suffix: maybe(Type.String()),
  },
  { ...loose, description: "An OpenAI completion request; unknown fields are forwarded." },
);

const check = new BodyCheck(CompletionsBody, { prompt: ["string", "array"] });

export const completions: TextApi = {
  read: readCompletions,
  stream: completionsStream,
  answer: writeCompletionsAnswer,
};

/** Throws `invalid_json` or `invalid_request`. */
function readCompletions(body: RawObject, id: string): ModelRequest {
  check.check(body);
  return { id, operation: "completions", dialect: "openai", body, ...routingFields(body) };
}

function completionsStream(options: StreamOptions): StreamWriter {
  return new ChunkWriter(SHAPE, options);
}

/** The whole answer as one JSON document. `model`: the name the client asked for. */
function writeCompletionsAnswer(answer: Answer, model: string): string {
  const { id, created, usage, extra } = answer;
  const choices = answer.choices.map(writeChoice);
  return JSON.stringify({
    id,
    object: "text_completion",
    created,
    model,
    choices,
    usage: writeUsage(usage),
    ...extra,
    ...usageMark(usage),
  });
}

function writeChoice({ index, text, logprobs, finish, raw, extra }: AnswerChoice): JsonRecord {
  const reason = finish === "other" ? (raw ?? "stop") : finish;
  return { text, index, logprobs: logprobs ?? null, finish_reason: reason, ...extra };
}

const SHAPE: ChunkShape = {
  object: "text_completion",
  opening: undefined,
  words: (event) => (event.type === "text" ? `"text":${JSON.stringify(event.text)}` : undefined),
  silence: '"text":""',
  // A completion has no delta: its unknown fields stand in the choice.
  before: "",
  after: "",
  noLogprobs: ',"logprobs":null',
};
