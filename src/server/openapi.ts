import type { AnyElysia } from "elysia";
import { isRecord, type JsonRecord } from "../core/json.ts";

/** What a route with a body says of itself; `body` is its JSON Schema. */
export function withBody(detail: { summary: string; tags: string[]; body: object }) {
  const { body, ...rest } = detail;
  return { ...rest, requestBody: { required: true, content: { "application/json": { schema: body } } } };
}

/**
 * The OpenAPI 3.1 document of an app's routes. Its schemas are the TypeBox ones that requests are held against: 3.1 is
 * the first version whose schemas are plain JSON Schema, so they go in as they are.
 */
export function openApiDocument(app: AnyElysia, version: string): JsonRecord {
  const paths: Record<string, JsonRecord> = {};
  for (const { method, path, hooks } of app.routes) {
    const detail: unknown = hooks?.detail;
    if (!isRecord(detail)) continue;
    const operation = describe(path, detail);
    const template = template31(path);
    paths[template] = { ...paths[template], [method.toLowerCase()]: operation };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Fairlead",
      version,
      description:
        "The OpenAI API in front of every model you have. Unknown fields of requests are forwarded.",
      license: { name: "MIT", identifier: "MIT" },
    },
    paths,
    components: { securitySchemes: { key: { type: "http", scheme: "bearer" } } },
    security: [{ key: [] }, {}],
  };
}

function describe(path: string, detail: JsonRecord): JsonRecord {
  const { responses, ...rest } = detail;
  const parameters = parametersOf(path);
  return {
    ...rest,
    ...(parameters.length > 0 ? { parameters } : {}),
    responses: responses ?? { 200: { description: "The answer." }, default: ERROR },
  };
}

const ERROR = {
  description: "OpenAI's error object.",
  content: {
    "application/json": {
      schema: {
        type: "object",
        required: ["error"],
        properties: {
          error: {
            type: "object",
            required: ["message", "type", "param", "code"],
            properties: {
              message: { type: "string" },
              type: { type: "string" },
              param: { type: ["string", "null"] },
              code: { type: ["string", "null"] },
            },
          },
        },
      },
    },
  },
};

/** `:name` and `*` as OpenAPI writes them. */
function template31(path: string): string {
  return path.replace(/:(\w+)/g, "{$1}").replace("*", "{id}");
}

function parametersOf(path: string): JsonRecord[] {
  const names = [...template31(path).matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  return names.map((name) => ({ name, in: "path", required: true, schema: { type: "string" } }));
}
