import { Type } from "@sinclair/typebox";
import { Failure } from "../core/failure.ts";
import type { ModelRequest, RawObject } from "../core/request.ts";
import type { Usage } from "../core/usage.ts";
import { PARSE_WHOLE_MAX } from "../wire/json.ts";
import { BodyCheck } from "./body.ts";
import { loose, optional } from "./openai-fields.ts";
import { usageMark } from "./openai-usage.ts";

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
    model: optional(Type.String()),
    input: Input,
    encoding_format: optional(Type.Literal("float"), Type.Literal("base64")),
    dimensions: optional(Type.Integer({ minimum: 1 })),
  },
  { ...loose, description: "An OpenAI embeddings request; unknown fields are forwarded." },
);

const check = new BodyCheck(EmbeddingsBody, { input: ["string", "array"] });

/** Throws `invalid_json` or `invalid_request`; like OpenAI it refuses an empty text. */
export function readEmbeddings(body: RawObject, id: string): ModelRequest {
  check.check(body);
  const input = body.bytes.length > PARSE_WHOLE_MAX ? undefined : body.value("input");
  if (input === "" || (Array.isArray(input) && input.includes(""))) {
    throw new Failure("invalid_request", "Invalid value for 'input': it must not be an empty text.", {
      param: "input",
    });
  }
  const model = String(body.value("model") ?? "");
  return { id, operation: "embeddings", dialect: "openai", model, stream: false, includeUsage: false, body };
}

/**
 * The answer in the encoding the client asked for, whatever the backend sent: the openai SDKs ask for base64 behind
 * their user's back and read numbers as a vector of a quarter of the length.
 */
export function writeEmbeddings(
  vectors: readonly ArrayLike<number>[],
  usage: Usage,
  request: ModelRequest,
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
