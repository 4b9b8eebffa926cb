import { Type } from "@sinclair/typebox";
import { wordsOf } from "../core/answer.ts";
import { BodyCheck } from "./body.ts";
import { completionPrompt } from "./openai/completion-prompt.ts";
import { type ChunkShape, finishWord } from "./openai/stream.ts";
import { openaiText } from "./openai/text.ts";
import { loose, modelField, optional } from "./schemas.ts";

const Prompt = Type.Union([
  Type.String(),
  Type.Array(Type.String(), { minItems: 1 }),
  Type.Array(Type.Integer(), { minItems: 1 }),
  Type.Array(Type.Array(Type.Integer()), { minItems: 1 }),
]);

/** `POST /v1/completions`, the older dialect of OpenAI that editors use for autocompletion. */
export const CompletionsBody = Type.Object(
  {
    model: modelField,
    prompt: Prompt,
    stream: optional(Type.Boolean()),
    stream_options: optional(Type.Object({}, loose)),
    max_tokens: optional(Type.Integer()),
    n: optional(Type.Integer({ minimum: 1, maximum: 128 })),
    best_of: optional(Type.Integer({ minimum: 1, maximum: 128 })),
    stop: optional(Type.String(), Type.Array(Type.String())),
    echo: optional(Type.Boolean()),
    suffix: optional(Type.String()),
  },
  { ...loose, description: "An OpenAI completion request; unknown fields are forwarded." },
);

const check = new BodyCheck(CompletionsBody, { prompt: ["string", "array"] });

const chunks: ChunkShape = {
  object: "text_completion",
  opening: undefined,
  finish: ({ reason, raw }) => finishWord(reason, raw),
  words: (event) => (event.type === "text" ? `"text":${JSON.stringify(event.text)}` : undefined),
  silence: '"text":""',
  // A completion has no delta: its unknown fields stand in the choice.
  before: "",
  after: "",
  noLogprobs: ',"logprobs":null',
};

/** Completions as an api. */
export const completions = openaiText({
  operation: "completions",
  check,
  object: "text_completion",
  prompt: completionPrompt,
  choice: (choice) => ({
    text: wordsOf(choice, "text"),
    index: choice.index,
    finish_reason: finishWord(choice.finish, choice.raw),
  }),
  chunks: () => chunks,
});
