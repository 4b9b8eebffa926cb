import { describe, expect, test } from "bun:test";
import { readEmbeddings, writeEmbeddings } from "../../src/api/embeddings.ts";
import type { EmbeddingRequest } from "../../src/core/request.ts";
import type { Usage } from "../../src/core/usage.ts";
import { readObject } from "../../src/wire/json.ts";
import { parsed } from "./answers.ts";
import { expectSchema } from "./oracle.ts";

function asked(body: object): EmbeddingRequest {
  return readEmbeddings(readObject(Buffer.from(JSON.stringify({ model: "m", input: "hi", ...body }))), "1");
}

function written(
  vectors: readonly ArrayLike<number>[],
  body: object,
  usage: Usage = { input: 3, output: 0 },
) {
  return parsed(writeEmbeddings(vectors, usage, asked(body)));
}

/** As the openai SDKs decode it. */
function decoded(base64: unknown): Float32Array {
  const bytes = Buffer.from(String(base64), "base64");
  return new Float32Array(Uint8Array.from(bytes).buffer);
}

const VECTORS = [
  [0.5, -0.25, 1],
  [0, 1e-7, -3.5],
];
const floats = VECTORS.map((vector) => Float32Array.from(vector));
// A view into the middle of a larger block, as decoders hand them out.
const views = VECTORS.map((vector) => new Float32Array([9, ...vector, 9]).subarray(1, 4));

describe("vectors come in the encoding that the client asked for, whatever the backend sent", () => {
  test.each([
    ["numbers", VECTORS],
    ["32-bit floats", floats],
    ["views", views],
  ] as const)("%s as base64", (_, vectors) => {
    const data = written(vectors, { encoding_format: "base64" }).data as { embedding: unknown }[];
    expect(data.map(({ embedding }) => decoded(embedding))).toEqual(floats);
  });

  test.each([
    ["numbers", VECTORS],
    ["32-bit floats", floats],
    ["views", views],
  ] as const)("%s as numbers", (_, vectors) => {
    for (const encoding_format of ["float", null, undefined]) {
      const whole = written(vectors, { encoding_format });
      expectSchema("CreateEmbeddingResponse", whole);
      const data = whole.data as { embedding: number[] }[];
      expect(data.map(({ embedding }) => Float32Array.from(embedding))).toEqual(floats);
    }
  });
});

test("an answer has its vectors in order, the model as it was asked for, and no output tokens", () => {
  expect(written([[1], [2]], {})).toEqual({
    object: "list",
    data: [
      { object: "embedding", index: 0, embedding: [1] },
      { object: "embedding", index: 1, embedding: [2] },
    ],
    model: "m",
    usage: { prompt_tokens: 3, total_tokens: 3 },
  });
});

test("usage is the backend's own, or marked as an estimate", () => {
  const value = { prompt_tokens: 3, total_tokens: 4, cost: 1 };
  expect(written([[1]], {}, { input: 3, output: 1, native: { dialect: "openai", value } }).usage).toEqual(
    value,
  );
  expect(written([[1]], {}, { input: 3, output: 0, estimated: true }).x_fairlead).toEqual({
    usage: "estimated",
  });
});

describe("inputs", () => {
  test.each<[string, unknown]>([
    ["a text", "hi"],
    ["texts", ["a", "b"]],
    ["token numbers", [1, 2]],
    ["lists of them", [[1], [2, 3]]],
    ["2048 texts", Array(2048).fill("a")],
  ])("%s are taken", (_, input) => {
    expect(asked({ input })).toMatchObject({ operation: "embeddings", model: "m", stream: false });
  });

  test.each<[string, unknown, string]>([
    ["nothing", undefined, "input"],
    ["an empty text", "", "input"],
    ["an empty text among others", ["a", ""], "input"],
    ["an empty text among many", [...Array(600).fill("abc"), ""], "input"],
    ["an empty list", [], "input"],
    ["an empty list of tokens", [[1], []], "input[1]"],
    ["2049 texts", Array(2049).fill("a"), "input"],
    ["a fraction for a token", [1.5], "input[0]"],
    ["a number", 5, "input"],
    ["null", null, "input"],
  ])("%s are refused, like OpenAI does", (_, input, param) => {
    expect(() => asked({ input })).toThrow(
      expect.objectContaining({ code: "invalid_request", detail: { param } }),
    );
  });

  test("of more than 64 KiB are the backend's to judge, save their kind", () => {
    const long = "x".repeat(70_000);
    expect(asked({ input: [long, ""] }).model).toBe("m");
    expect(() => asked({ input: { long } })).toThrow(expect.objectContaining({ detail: { param: "input" } }));
  });

  test("an encoding that nobody knows is refused", () => {
    expect(() => asked({ encoding_format: "int8" })).toThrow(
      "Invalid value for 'encoding_format': expected 'float' or 'base64'.",
    );
  });
});
