import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { accepts } from "../../src/backends/echo/accepts.ts";
import { Budget } from "../../src/backends/echo/budget.ts";
import { SchemaDocument } from "../../src/backends/echo/schema.ts";

/** A JSON file with the schemas of OpenAI's own OpenAPI document; without one there is nothing to hold answers against. */
const ORACLE = process.env.FAIRLEAD_ORACLE ?? "";

/** Fails where a value is not what OpenAI's document says of a schema of this name. */
export function expectSchema(name: string, value: unknown): void {
  if (ORACLE === "") return;
  const root = JSON.parse(readFileSync(ORACLE, "utf8"), nullable);
  const document = new SchemaDocument(root, new Budget(1e6));
  const follows = accepts({ $ref: `#/components/schemas/${name}` }, value, document);
  expect({ name, value, follows }).toEqual({ name, value, follows: true });
}

/** OpenAPI 3.0's `nullable` in the words of JSON Schema. */
function nullable(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("nullable" in value)) return value;
  return value.nullable === true ? { anyOf: [{ ...value, nullable: false }, { type: "null" }] } : value;
}
