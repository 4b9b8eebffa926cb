import { describe, expect, test } from "bun:test";
import { openai } from "../../src/adapters/openai.ts";
import { DIALECTS } from "./dialects.ts";
import { fixture, testFixtures } from "./fixtures.ts";

testFixtures(DIALECTS.openai);

describe("lists of models", () => {
  test.each([
    ["groq", "openai/gpt-oss-120b", 131_072],
    ["llamacpp", "qwen3-4b-q4_k_m.gguf", undefined],
    ["mistral", "mistral-small-latest", 131_072],
    ["openai", "gpt-5-mini", undefined],
    ["openrouter", "anthropic/claude-sonnet-4.5", 1_000_000],
    ["together", "meta-llama/Llama-3.3-70B-Instruct-Turbo", 131_072],
    ["vllm", "openai/gpt-oss-20b", 131_072],
  ])("%s lists %s and tells its context length where it knows it", (host, id, contextLength) => {
    const [model] = openai.models(read(`${host}.models.json`));
    expect([model?.id, model?.contextLength]).toEqual([id, contextLength]);
  });

  test("an empty list of Ollama's is null, and means none", () => {
    expect(openai.models(read("ollama-empty.models.json"))).toEqual([]);
  });
});

describe("embeddings", () => {
  test.each(["openai-base64", "llamacpp-float"])("%s gives the same vectors and a count", (name) => {
    const { vectors, usage } = openai.embeddings(JSON.stringify(read(`${name}.embeddings.json`)));
    expect(vectors.map((vector) => Float32Array.from(vector))).toEqual([
      Float32Array.of(0.6, -0.8, 0),
      Float32Array.of(0, 0.28, 0.96),
    ]);
    expect(usage).toMatchObject({ input: 6, output: 0 });
  });
});

function read(name: string): unknown {
  return JSON.parse(fixture(DIALECTS.openai, name).toString());
}
