import { Type } from "@sinclair/typebox";
import { BodyCheck } from "./body.ts";
import { loose, optional } from "./openai-fields.ts";
import type { ChunkShape } from "./openai-stream.ts";
import { openaiText } from "./openai-text.ts";

const Prompt = Type.Union([
  Type.String(),
  Type.Array(Type.String(), { minItems: 1 }),
  Type.Array(Type.Integer(), { minItems: 1 }),
  Type.Array(Type.Array(Type.Integer()), { minItems: 1 }),
]);

/** `POST /v1/completions`, the older dialect of OpenAI that editors use for autocompletion. */
export const CompletionsBody = Type.Object(
  {
    model: optional(Type.String()),
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
  choice: ({ text, index }) => ({ text, index }),
  chunks,
});
