import { expect, test } from "bun:test";
import { gemini } from "../../src/adapters/gemini.ts";
import { DIALECTS } from "./dialects.ts";
import { fixture, testFixtures } from "./fixtures.ts";

testFixtures(DIALECTS.gemini);

test("a list of models leaves out those that are asked in other ways", () => {
  const list: unknown = JSON.parse(fixture(DIALECTS.gemini, "gemini.models.json").toString());
  expect(gemini.models(list)).toEqual([
    {
      id: "gemini-3-flash-preview",
      created: 0,
      ownedBy: "google",
      contextLength: 1_048_576,
      maxOutputTokens: 65_536,
      capabilities: { streaming: true, embeddings: false, reasoning: true },
    },
    {
      id: "gemini-2.0-flash",
      created: 0,
      ownedBy: "google",
      contextLength: 1_048_576,
      maxOutputTokens: 8192,
      capabilities: { streaming: true, embeddings: false, reasoning: false },
    },
    expect.objectContaining({
      id: "gemini-embedding-001",
      contextLength: 2048,
      capabilities: expect.objectContaining({ embeddings: true, streaming: false, tools: false }),
    }),
  ]);
});

test.each([{ models: null }, { models: [] }, {}, null, "no"])("%j is a list without models", (body) => {
  expect(gemini.models(body)).toEqual([]);
});

test("embeddings come with a count where Gemini sends one", () => {
  const { vectors, usage } = gemini.embeddings(fixture(DIALECTS.gemini, "batch.embeddings.json").toString());
  expect(vectors).toEqual([
    [0.6, -0.8, 0],
    [0, 0.28, 0.96],
  ]);
  expect(usage).toMatchObject({ input: 6, output: 0, native: { dialect: "gemini" } });
  expect(gemini.embeddings('{"embedding":{"values":[1]}}')).toEqual({ vectors: [[1]], usage: undefined });
});

test.each(["", "[]", "{}", '{"embeddings":3}', '{"embeddings":[{}]}', '{"embeddings":[{"values":["1"]}]}'])(
  "%j are no embeddings",
  (body) => {
    expect(() => gemini.embeddings(body)).toThrow("make no sense");
  },
);
