import { expect, test } from "bun:test";
import type { EmbeddingInputs } from "../../src/core/prompt.ts";
import type { EmbeddingRequest } from "../../src/core/request.ts";
import { readObject } from "../../src/wire/json.ts";
import { type To, type Written, written } from "./ollama-written.ts";

function embed(inputs: EmbeddingInputs, to?: To, own?: object): Written {
  const request: EmbeddingRequest = {
    id: "1",
    operation: "embeddings",
    dialect: own ? "ollama" : "openai",
    answerDialect: own ? "ollama" : "openai",
    model: "m",
    stream: false,
    body: readObject(new TextEncoder().encode(JSON.stringify(own ?? {}))),
    inputs: () => inputs,
  };
  return written(request, to);
}

test("texts are embedded whole or not at all", () => {
  const { path, json, notes } = embed({ inputs: ["a", "b"], dimensions: 64, user: "u", keepAlive: "1m" });
  expect([path, json]).toEqual([
    "/api/embed",
    { model: "theirs", input: ["a", "b"], truncate: false, dimensions: 64, keep_alive: "1m" },
  ]);
  expect(notes).toEqual(["dropped:user"]);
  expect(embed({ inputs: ["a"], truncate: true }).json.truncate).toBe(true);
});

test("the context is as long as the longest text needs, and no longer than it can be", () => {
  const inputs = { inputs: ["a", "x".repeat(15_000), "b"] };
  expect(embed(inputs).json.options).toEqual({ num_ctx: 8192 });
  const short = { info: { contextLength: 2048, contextLengthMax: 2048, loaded: false } };
  expect(embed(inputs, short).json.options).toEqual({ num_ctx: 2048 });
  expect(embed({ inputs: ["a".repeat(3000), "a".repeat(3000)] }).json).not.toHaveProperty("options");
});

test("lists of tokens are the client's mistake: Ollama cannot read them", () => {
  expect(() => embed({ inputs: ["a", [1, 2]] })).toThrow(
    expect.objectContaining({ code: "invalid_request", detail: { param: "input" } }),
  );
});

test("a body of Ollama's own keeps what it says, its default to cut included", () => {
  const own = { model: "m", input: "a", options: { top_k: 1 }, new: 1 };
  expect(embed({ inputs: ["a"] }, {}, own).json).toEqual({ ...own, model: "theirs" });
  const long = "x".repeat(30_000);
  expect(embed({ inputs: [long] }, {}, { ...own, input: long }).json.options).toEqual({
    top_k: 1,
    num_ctx: 16_384,
  });
});

test("a body of Ollama's older route is written anew", () => {
  const { path, json } = embed({ inputs: ["a"], truncate: true }, {}, { model: "m", prompt: "a" });
  expect([path, json]).toEqual(["/api/embed", { model: "theirs", input: ["a"], truncate: true }]);
});
