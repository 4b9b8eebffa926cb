import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { accepts } from "../../src/backends/echo/accepts.ts";
import { Budget } from "../../src/backends/echo/budget.ts";
import { SchemaDocument } from "../../src/backends/echo/schema.ts";
import { ask, chunks } from "./echo-ask.ts";

/** A JSON file with the schemas of OpenAI's own OpenAPI document; without one there is nothing to hold answers against. */
const ORACLE = process.env["FAIRLEAD_ORACLE"] ?? "";

describe.skipIf(ORACLE === "")("OpenAI's own schemas", () => {
  const user = { messages: [{ role: "user", content: "one two" }], stream_options: { include_usage: true } };
  const tools = [
    { type: "function", function: { name: "clock", parameters: { type: "object", properties: {} } } },
  ];

  test.each([
    ["plain", {}],
    ["several", { n: 3 }],
    ["cut", { max_tokens: 1 }],
    ["a call", { tools, tool_choice: "required" }],
    ["JSON", { response_format: { type: "json_object" } }],
  ])("hold for a chat answer and each of its chunks: %s", async (_, more) => {
    const { json } = await ask("/v1/chat/completions", { ...user, ...more });
    expect(follows("CreateChatCompletionResponse", json)).toBe(true);
    for (const chunk of await chunks("/v1/chat/completions", { ...user, ...more }))
      expect({ chunk, follows: follows("CreateChatCompletionStreamResponse", chunk) }).toEqual({
        chunk,
        follows: true,
      });
  });

  test.each([
    ["CreateCompletionResponse", "/v1/completions", { prompt: ["a b", "c"], n: 2, echo: true }],
    ["CreateEmbeddingResponse", "/v1/embeddings", { input: ["a", "b"] }],
    ["ListModelsResponse", "/v1/models", undefined],
    ["ErrorResponse", "/v1/chat/completions", {}],
    ["ErrorResponse", "/v1/nothing", {}],
  ])("hold for a %s", async (name, path, body) => {
    expect(follows(name, (await ask(path, body)).json)).toBe(true);
  });

  test("do not hold for an answer that lacks something", async () => {
    const { json } = await ask("/v1/completions", { prompt: "a" });
    expect(follows("CreateCompletionResponse", { ...Object(json), created: "now" })).toBe(false);
    expect(follows("CreateChatCompletionResponse", json)).toBe(false);
  });
});

function follows(name: string, answer: unknown): boolean {
  const root = JSON.parse(readFileSync(ORACLE, "utf8"), nullable);
  return accepts({ $ref: `#/components/schemas/${name}` }, answer, new SchemaDocument(root, new Budget(1e6)));
}

/** OpenAPI 3.0's `nullable` in the words of JSON Schema. */
function nullable(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("nullable" in value)) return value;
  return value.nullable === true ? { anyOf: [{ ...value, nullable: false }, { type: "null" }] } : value;
}
