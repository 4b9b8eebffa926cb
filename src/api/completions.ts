import { Type } from "@sinclair/typebox";
import { BodyCheck } from "./body.ts";
import { loose, maybe } from "./openai-fields.ts";
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

export const completions = openaiText({
  operation: "completions",
  check,
  object: "text_completion",
  choice: ({ text, index }) => ({ text, index }),
  chunks,
});
