import { describe, expect, test } from "bun:test";
import type { Prompt } from "../../src/core/prompt.ts";
import type { EmbeddingRequest, ModelRequest, Operation, TextRequest } from "../../src/core/request.ts";
import { estimateUsage } from "../../src/pipeline/estimate.ts";
import { readObject } from "../../src/wire/json.ts";
import { calls, functionTool, promptOf, says } from "./prompts.ts";

function request(operation: Operation, body: string | object): ModelRequest {
  const bytes = new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
  const shared = { id: "1", dialect: "openai", answerDialect: "openai", model: "m", stream: false } as const;
  const made = { ...shared, body: readObject(bytes) };
  // Nothing of these is read for a body of OpenAI's own.
  if (operation === "embeddings") return { ...made, operation, inputs: never };
  return { ...made, operation, includeUsage: false, prompt: never };
}

function never(): never {
  throw new Error("read in vain");
}

const input = (operation: Operation, body: string | object) =>
  estimateUsage(request(operation, body), 0).input;

test("an estimate says that it is one, and counts four characters a token, rounded up", () => {
  expect(estimateUsage(request("completions", { prompt: "12345" }), 9)).toEqual({
    input: 2,
    output: 3,
    estimated: true,
  });
});

test("messages cost their text and a little for each: plain, in parts, or absent", () => {
  const text = { type: "text", text: "12345678" };
  const image = { type: "image_url", image_url: { url: `data:image/png;base64,${"A".repeat(4000)}` } };
  const messages = [
    { role: "user", content: "1234" },
    { role: "user", content: [text, image] },
    { role: "assistant", content: null },
  ];
  expect(input("chat", { messages })).toBe(1 + 2 + 3 * 4);
});

test.each<[string, Operation, object, number]>([
  ["a text", "embeddings", { input: "12345678" }, 2],
  ["texts", "embeddings", { input: ["1234", "1234"] }, 2],
  ["token numbers count themselves", "completions", { prompt: [1, 2, 3] }, 3],
  ["lists of them too", "embeddings", { input: [[1, 2], [3]] }, 3],
  ["nothing", "completions", {}, 0],
])("%s", (_, operation, body, tokens) => {
  expect(input(operation, body)).toBe(tokens);
});

test("a body that only the backend could read does not spoil the answer it gave", () => {
  const body = `{"messages":[${"x".repeat(80_000)}]}`;
  expect(input("chat", body)).toBe(Math.ceil(body.length / 4));
});

describe("a body of another dialect", () => {
  const asked = { ...request("chat", "{}"), dialect: "anthropic" } as TextRequest;

  test("is counted as what it means: words, calls and tools", () => {
    const said = (text: string) => promptOf({ items: [says("user", text)] });
    const inputOf = (prompt: Prompt) => estimateUsage({ ...asked, prompt: () => prompt }, 0).input;
    const [short, long] = [inputOf(said("a".repeat(40))), inputOf(said("a".repeat(4000)))];
    expect(short).toBeGreaterThanOrEqual(10);
    expect(long).toBeGreaterThanOrEqual(1000);
    expect(long).toBeLessThan(2000);
    const tools = [functionTool("now", { description: "x".repeat(400) })];
    expect(inputOf({ ...said("a"), tools })).toBeGreaterThan(100);
    expect(inputOf(promptOf({ items: [calls({ args: "x".repeat(400) })] }))).toBeGreaterThan(100);
  });

  test("for vectors is counted by its inputs", () => {
    const inputs = () => ({ inputs: ["12345678", [1, 2]] });
    const vectors = { ...request("embeddings", "{}"), dialect: "ollama", inputs } as EmbeddingRequest;
    expect(estimateUsage(vectors, 0).input).toBe(4);
  });
});
