import type { RawObject } from "../../core/request.ts";
import { type EchoAnswer, json } from "./answer.ts";
import { field, integer, invalid, modelName } from "./body.ts";
import { readInputs } from "./inputs.ts";
import { countWords } from "./words.ts";

const DIMENSIONS_DEFAULT = 64;
const DIMENSIONS_MAX = 4096;

/** Numbers in one answer: 2048 texts of 2048 dimensions, some 90 MB as text. More would fill the reader's memory. */
const NUMBERS_MAX = 2048 * 2048;

/**
 * Answers `POST /v1/embeddings`: a unit vector for each text, drawn from the text's SHA-256. The same text always has
 * the same one; those of different texts are about as far apart as chance makes them, however alike the texts are.
 */
export function embeddings(body: RawObject): EchoAnswer {
  const inputs = readInputs(field(body, "input"), "input");
  if (inputs.includes("")) throw invalid("'input' may not hold an empty string.", "input");
  const dimensions = integer(body, "dimensions", { min: 1, max: DIMENSIONS_MAX }) ?? DIMENSIONS_DEFAULT;
  if (inputs.length * dimensions > NUMBERS_MAX)
    throw invalid(`One request gets ${NUMBERS_MAX} numbers at most: send fewer texts.`, "input");
  const encode = encoder(field(body, "encoding_format") ?? "float");
  const tokens = inputs.reduce((sum, input) => sum + countWords([input]), 0);
  const tail = { model: modelName(body), usage: { prompt_tokens: tokens, total_tokens: tokens } };
  return json(reads(inputs, (input) => encode(unitVector(input, dimensions)), tail));
}

/** One vector per read: a long list keeps nobody else waiting. */
function* reads(
  inputs: readonly string[],
  embed: (input: string) => string | number[],
  tail: object,
): Generator<string> {
  for (const [index, input] of inputs.entries()) {
    const item = JSON.stringify({ object: "embedding", index, embedding: embed(input) });
    yield `${index === 0 ? '{"object":"list","data":[' : ","}${item}`;
  }
  yield `],${JSON.stringify(tail).slice(1)}`;
}

function encoder(format: unknown): (vector: Float32Array) => string | number[] {
  if (format === "float") return (vector) => Array.from(vector);
  if (format === "base64") return (vector) => Buffer.from(littleEndian(vector).buffer).toString("base64");
  throw invalid("'encoding_format' must be float or base64.", "encoding_format");
}

function littleEndian(vector: Float32Array): DataView {
  const view = new DataView(new ArrayBuffer(vector.length * 4));
  vector.forEach((number, i) => view.setFloat32(i * 4, number, true));
  return view;
}

function unitVector(text: string, dimensions: number): Float32Array {
  const draw = generator(text);
  const vector = Float64Array.from({ length: dimensions }, draw);
  const length = Math.sqrt(vector.reduce((sum, number) => sum + number * number, 0));
  return Float32Array.from(vector, (number) => number / length);
}

/** Numbers between -1 and 1, never 0: sfc32, a small generator known to be even, seeded with the text's hash. */
function generator(text: string): () => number {
  const { buffer, byteOffset } = new Bun.CryptoHasher("sha256").update(text).digest();
  const hash = new DataView(buffer, byteOffset);
  let [a, b, c, d] = [hash.getUint32(0), hash.getUint32(4), hash.getUint32(8), 1];
  const next = () => {
    const sum = (a + b + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum + 0.5) / 2 ** 31;
  };
  // Its first numbers still show the seed.
  for (let i = 0; i < 12; i++) next();
  return next;
}
