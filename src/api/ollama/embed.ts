import { Type } from "@sinclair/typebox";
import { flagOf, numberOf, present } from "../../core/lenient.ts";
import { once } from "../../core/once.ts";
import type { EmbeddingInputs } from "../../core/prompt.ts";
import type { EmbeddingRequest, RawObject } from "../../core/request.ts";
import type { Usage } from "../../core/usage.ts";
import { BodyCheck, readObject } from "../body.ts";
import { keepAliveOf } from "../fields.ts";
import { modelIn } from "../ollama.ts";
import { loose, optional } from "../schemas.ts";
import { usageMark } from "../usage-mark.ts";
import type { Stopwatch } from "./time.ts";

const both = {
  model: optional(Type.String()),
  options: optional(Type.Object({}, loose)),
  keep_alive: optional(Type.Number(), Type.String()),
};

/** `POST /api/embed`. */
export const EmbedBody = Type.Object(
  {
    ...both,
    input: optional(Type.String(), Type.Array(Type.String())),
    truncate: optional(Type.Boolean()),
    dimensions: optional(Type.Integer({ minimum: 0 })),
  },
  { ...loose, description: "An Ollama embed request." },
);

/** `POST /api/embeddings`, the older route for one text. */
export const OldEmbeddingsBody = Type.Object(
  { ...both, prompt: optional(Type.String()) },
  { ...loose, description: "An Ollama embeddings request." },
);

const check = new BodyCheck(EmbedBody, { input: ["string", "array", "null"] });
const oldCheck = new BodyCheck(OldEmbeddingsBody, { prompt: ["string", "null"] });

/** Throws `invalid_json` or `invalid_request`. */
export function readEmbed(body: RawObject, id: string): EmbeddingRequest {
  check.check(body);
  return requestOf(body, id);
}

/** The older request in the words of the newer one, so that only this room knows of both. */
export function readOldEmbeddings(body: RawObject, id: string): EmbeddingRequest {
  oldCheck.check(body);
  const changes = new Map([
    ["prompt", undefined],
    ["input", body.value("prompt")],
  ]);
  return requestOf(readObject(Buffer.concat(body.edit(changes))), id);
}

/** Nothing is to be embedded: the model is only to be there, or gone. */
export function embedsNothing(request: EmbeddingRequest): boolean {
  return request.inputs().inputs.length === 0;
}

/** The answer to `/api/embed`. */
export function writeEmbed(
  vectors: readonly ArrayLike<number>[],
  usage: Usage,
  { request, watch }: { request: EmbeddingRequest; watch: Stopwatch },
): string {
  const { total_duration, load_duration, prompt_eval_count } = watch.ending(usage);
  return JSON.stringify({
    model: modelIn(request.body) || request.model,
    embeddings: vectors.map(numbers),
    total_duration,
    load_duration,
    prompt_eval_count,
    ...usageMark(usage),
  });
}

/** The answer to `/api/embeddings`. */
export function writeOldEmbeddings([vector = []]: readonly ArrayLike<number>[]): string {
  return JSON.stringify({ embedding: numbers(vector) });
}

function requestOf(body: RawObject, id: string): EmbeddingRequest {
  return {
    id,
    operation: "embeddings",
    dialect: "ollama",
    answerDialect: "ollama",
    model: modelIn(body),
    stream: false,
    body,
    inputs: once(() => inputsOf(body)),
  };
}

function inputsOf(body: RawObject): EmbeddingInputs {
  const input = body.value("input") ?? "";
  const dimensions = numberOf(body.value("dimensions"));
  // Held against the schema, unless the body is large; what is no text is then the backend's to judge.
  const inputs = (Array.isArray(input) ? input : input === "" ? [] : [input]) as string[];
  return {
    inputs,
    ...present({
      // Ollama: 0 is the length that the model has.
      dimensions: dimensions === 0 ? undefined : dimensions,
      truncate: flagOf(body.value("truncate")),
      keepAlive: keepAliveOf(body.value("keep_alive")),
    }),
  };
}

function numbers(vector: ArrayLike<number>): number[] {
  return Array.from(vector);
}
