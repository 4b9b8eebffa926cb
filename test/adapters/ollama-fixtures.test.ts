import { expect, test } from "bun:test";
import { ollama } from "../../src/adapters/ollama.ts";
import { DIALECTS } from "./dialects.ts";
import { fixture, testFixtures } from "./fixtures.ts";

testFixtures(DIALECTS.ollama);

test("a list of models names those of its cloud too, and leaves out what has no name", () => {
  expect(ollama.models(JSON.parse(fixture(DIALECTS.ollama, "tags.models.json").toString()))).toEqual([
    {
      id: "llama3.2:3b",
      created: Date.UTC(2026, 1, 11, 7, 30) / 1000,
      ownedBy: "library",
      contextLength: 131072,
      contextLengthMax: 131072,
    },
    { id: "gpt-oss:120b-cloud", created: Date.UTC(2026, 2, 1) / 1000, ownedBy: "library" },
    { id: "named-by-model:latest", created: 0, ownedBy: "library" },
  ]);
});

test.each([{ models: null }, { models: [] }, {}, null, "no"])("%j is a list without models", (body) => {
  expect(ollama.models(body)).toEqual([]);
});

test("embeddings come with a count, and one by one from older releases", () => {
  const { vectors, usage } = ollama.embeddings(fixture(DIALECTS.ollama, "embed.embeddings.json").toString());
  expect(vectors).toEqual([
    [0.6, -0.8, 0],
    [0, 0.28, 0.96],
  ]);
  expect(usage).toMatchObject({ input: 6, output: 0, native: { dialect: "ollama" } });
  const older = ollama.embeddings(fixture(DIALECTS.ollama, "older.embeddings.json").toString());
  expect(older).toEqual({ vectors: [[0.6, -0.8, 0]], usage: undefined });
});

test.each(["", "[]", "{}", '{"embeddings":3}', '{"embeddings":[[]]}', '{"embeddings":[["1"]]}'])(
  "%j are no embeddings",
  (body) => {
    expect(() => ollama.embeddings(body)).toThrow("The backend's embeddings make no sense");
  },
);
