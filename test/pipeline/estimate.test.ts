import { expect, test } from "bun:test";
import type { ModelRequest, Operation } from "../../src/core/request.ts";
import { estimateUsage } from "../../src/pipeline/estimate.ts";
import { readObject } from "../../src/wire/json.ts";

function request(operation: Operation, body: string | object): ModelRequest {
  const bytes = new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
  return {
    id: "1",
    operation,
    dialect: "openai",
    model: "m",
    stream: false,
    includeUsage: false,
    body: readObject(bytes),
  };
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
