import { Type } from "@sinclair/typebox";
import { Failure } from "../core/failure.ts";
import { once } from "../core/once.ts";
import type { EmbeddingInputs } from "../core/prompt.ts";
import type { EmbeddingRequest, RawObject } from "../core/request.ts";
import type { Usage } from "../core/usage.ts";
import { PARSE_WHOLE_MAX } from "../wire/json.ts";
import { BodyCheck } from "./body.ts";
import { loose, modelField, optional } from "./schemas.ts";
import { usageMark } from "./usage-mark.ts";

/** OpenAI's limit of inputs in one request. */
const INPUTS_MAX = 2048;

const Input = Type.Union([
  Type.String(),
  Type.Array(Type.String(), { minItems: 1, maxItems: INPUTS_MAX }),
  Type.Array(Type.Integer(), { minItems: 1 }),
  Type.Array(Type.Array(Type.Integer(), { minItems: 1 }), { minItems: 1, maxItems: INPUTS_MAX }),
]);

/** `POST /v1/embeddings`. */
export const EmbeddingsBody = Type.Object(
  {
    model: modelField,
    input: Input,
    encoding_format: optional(Type.Literal("float"), Type.Literal("base64")),
    dimensions: optional(Type.Integer({ minimum: 1 })),
  },
  { ...loose, description: "An OpenAI embeddings request; unknown fields are forwarded." },
);

const check = new BodyCheck(EmbeddingsBody, { input: ["string", "array"] });

/** Throws `invalid_json` or `invalid_request`; like OpenAI it refuses an empty text. */
export function readEmbeddings(body: RawObject, id: string): EmbeddingRequest {
  check.check(body);
  const input = body.bytes.length > PARSE_WHOLE_MAX ? undefined : body.value("input");
  if (input === "" || (Array.isArray(input) && input.includes(""))) {
    throw new Failure("invalid_request", "Invalid value for 'input': it must not be an empty text.", {
      param: "input",
    });
  }
  const model = String(body.value("model") ?? "");
  const inputs = once(() => readInputs(body));
  return {
    id,
    operation: "embeddings",
    dialect: "openai",
    answerDialect: "openai",
    model,
    stream: false,
    body,
    inputs,
  };
}

function readInputs(body: RawObject): EmbeddingInputs {
  const input = body.value("input");
  const dimensions = body.value("dimensions");
  const user = body.value("user");
  return {
    inputs: listOf(input),
    ...(typeof dimensions === "number" ? { dimensions } : {}),
    ...(typeof user === "string" ? { user } : {}),
  };
}

/** A text or a list of tokens is one input, a list of either as many as it has entries. */
function listOf(input: unknown): (string | number[])[] {
  const inputs = Array.isArray(input) && typeof input[0] !== "number" ? input : [input];
  // Held against the schema, unless the body is large; what is neither is the backend's to judge.
  return inputs as (string | number[])[];
}

/**
 * The answer in the encoding the client asked for, whatever the backend sent: the openai SDKs ask for base64 behind
 * their user's back and read numbers as a vector of a quarter of the length.
 */
export function writeEmbeddings(
  vectors: readonly ArrayLike<number>[],
  usage: Usage,
  request: EmbeddingRequest,
): string {
  const encode = request.body.value("encoding_format") === "base64" ? toBase64 : toNumbers;
  const data = vectors.map((vector, index) => ({ object: "embedding", index, embedding: encode(vector) }));
  const native = usage.native?.dialect === "openai" ? usage.native.value : {};
  return JSON.stringify({
    ...usageMark(usage),
    object: "list",
    data,
    model: request.model,
    usage: { prompt_tokens: usage.input, total_tokens: usage.input + usage.output, ...native },
  });
}

function toNumbers(vector: ArrayLike<number>): number[] {
  return Array.from(vector);
}

/** 32-bit floats, little-endian as every machine is that Bun runs on. */
function toBase64(vector: ArrayLike<number>): string {
  const { buffer, byteOffset, byteLength } =
    vector instanceof Float32Array ? vector : Float32Array.from(vector);
  return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
}
