import { describe, expect, test } from "bun:test";
import { type JsonRecord, isRecord } from "../../src/core/json.ts";
import { BUILT_IN_ROUTES } from "../../src/core/built-in-routes.ts";
import type { EndpointConfig } from "../../src/config/config.ts";
import { createApp } from "../../src/server/app.ts";
import { Underway } from "../../src/server/underway.ts";
import { assemble, type Parts, startServer } from "./running.ts";

const CUSTOM: EndpointConfig[] = [
  {
    method: "GET",
    path: "/api/things/:id",
    status: 203,
    headers: {},
    contentType: "text/plain; charset=utf-8",
    body: "a thing",
    description: "One thing.",
  },
  {
    method: "DELETE",
    path: "/api/things/:id",
    status: 204,
    headers: {},
    contentType: "text/plain",
    body: "",
    description: undefined,
  },
];

function routesOf(parts: Parts): string[] {
  const { monitor: _, ...whole } = assemble(parts, () => {});
  const app = createApp({ ...whole, underway: new Underway(), accepting: () => true });
  return app.routes.map(({ method, path }) => `${method} ${path}`).sort();
}

const builtIn = BUILT_IN_ROUTES.map(({ method, path }) => `${method} ${path}`).sort();

async function documentOf(parts: Parts): Promise<JsonRecord> {
  await using server = await startServer(parts);
  const answer = await server.get("/openapi.json");
  expect(answer.headers.get("content-type")).toBe("application/json");
  expect(answer.headers.get("x-request-id")).toMatch(/./);
  return (await answer.json()) as JsonRecord;
}

function pathsOf(document: JsonRecord): Record<string, Record<string, JsonRecord>> {
  return document.paths as Record<string, Record<string, JsonRecord>>;
}

test("the routes that are listed as built in are the ones that are there", () => {
  expect(routesOf({})).toEqual(builtIn);
});

test("a route that yields is not there beside an endpoint of the user's that answers the same", () => {
  const [custom] = CUSTOM;
  if (!custom) throw new Error("no custom endpoint");
  const given = BUILT_IN_ROUTES.filter(({ yields }) => yields);
  for (const { method, path } of given) {
    const routes = routesOf({ endpoints: [{ ...custom, method, path }] });
    expect(routes).toEqual(builtIn);
  }
  const wide = { ...custom, path: "/api/:what" };
  expect(routesOf({ endpoints: [wide] })).toEqual(
    [...builtIn.filter((route) => !route.startsWith("GET /api/")), "GET /api/:what"].sort(),
  );
});

describe("the description of the API", () => {
  test("is a valid document of OpenAPI 3.1", async () => {
    expect(faultsOf(await documentOf({ endpoints: CUSTOM }))).toEqual([]);
  });

  test("names every route, and no other", async () => {
    const described = Object.entries(pathsOf(await documentOf({ endpoints: CUSTOM }))).flatMap(
      ([path, operations]) => Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const written = routesOf({ endpoints: CUSTOM }).map((route) =>
      route.replace("*", "{id}").replace(/:(\w+)/, "{$1}"),
    );
    expect(described.sort()).toEqual(written.sort());
    expect(written).toHaveLength(BUILT_IN_ROUTES.length + CUSTOM.length);
  });

  test("shows the schemas that requests are held against", async () => {
    const { "/v1/chat/completions": chat } = pathsOf(await documentOf({}));
    expect(chat).toHaveProperty("post.requestBody.content.application/json.schema.properties.messages");
    expect(chat).toHaveProperty("post.requestBody.content.application/json.schema.required", ["messages"]);
  });

  test("tells of the user's own routes what their configuration says", async () => {
    const { "/api/things/{id}": thing } = pathsOf(await documentOf({ endpoints: CUSTOM }));
    expect(thing?.get).toMatchObject({
      tags: ["custom"],
      description: "One thing.",
      parameters: [{ name: "id", in: "path", required: true }],
      responses: { "203": { content: { "text/plain": {} } } },
    });
    expect(thing?.delete).toMatchObject({ responses: { "204": { description: expect.any(String) } } });
  });

  test("says that being alive may be asked without a key, and nothing else", async () => {
    const open = Object.entries(pathsOf(await documentOf({}))).flatMap(([path, operations]) =>
      Object.values(operations).some(({ security }) => security !== undefined) ? [path] : [],
    );
    expect(open.sort()).toEqual(["/health", "/health/ready"]);
  });
});

test.each<[string, JsonRecord]>([
  [
    "a path without its parameter",
    { paths: { "/a/{id}": { get: { responses: { 200: { description: "x" } } } } } },
  ],
  ["an operation without answers", { paths: { "/a": { get: {} } } }],
  ["an answer without words", { paths: { "/a": { get: { responses: { 200: {} } } } } }],
  [
    "a schema that is none",
    { paths: { "/a": { get: { requestBody: { content: { "a/b": { schema: { type: "text" } } } } } } } },
  ],
  ["an old version", { openapi: "3.0.0" }],
])("the check of a document finds %s", (_, part) => {
  const sound = { openapi: "3.1.0", info: { title: "t", version: "1" }, paths: {} };
  expect(faultsOf(sound)).toEqual([]);
  expect(faultsOf({ ...sound, ...part })).not.toEqual([]);
});

/** What the specification (OpenAPI 3.1.0, sections 4.8) demands, as far as such a document uses it. */
function faultsOf(document: JsonRecord): string[] {
  const faults: string[] = [];
  const { info, paths } = document;
  if (document.openapi !== "3.1.0") faults.push("version");
  if (!isRecord(info) || typeof info.title !== "string" || typeof info.version !== "string")
    faults.push("info");
  for (const [path, operations] of Object.entries(isRecord(paths) ? paths : {})) {
    if (!path.startsWith("/")) faults.push(`${path}: begins without a slash`);
    for (const [method, operation] of Object.entries(isRecord(operations) ? operations : {})) {
      if (!METHODS.has(method)) faults.push(`${path}: ${method} is no method`);
      if (isRecord(operation))
        faults.push(...operationFaults(path, operation).map((f) => `${method} ${path}: ${f}`));
    }
  }
  return faults;
}

const METHODS = new Set(["get", "put", "post", "delete", "options", "head", "patch", "trace"]);

function operationFaults(
  path: string,
  { parameters = [], responses, requestBody, security }: JsonRecord,
): string[] {
  const faults: string[] = [];
  const names = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name);
  const given = (parameters as JsonRecord[]).map(({ name, in: where, required, schema }) =>
    where === "path" && required === true && isRecord(schema) ? name : "?",
  );
  if (names.join() !== given.join()) faults.push(`parameters ${given.join()}, not ${names.join()}`);
  if (!isRecord(responses) || Object.keys(responses).length === 0) faults.push("no answers");
  for (const [status, answer] of Object.entries(isRecord(responses) ? responses : {})) {
    if (!/^([1-5]\d\d|default)$/.test(status)) faults.push(`status ${status}`);
    if (!isRecord(answer) || typeof answer.description !== "string") faults.push(`${status} without words`);
    else faults.push(...contentFaults(answer.content));
  }
  if (isRecord(requestBody)) faults.push(...contentFaults(requestBody.content));
  if (security !== undefined && !Array.isArray(security)) faults.push("security");
  return faults;
}

function contentFaults(content: unknown): string[] {
  if (!isRecord(content)) return [];
  return Object.entries(content).flatMap(([type, media]) => [
    ...(/^[\w.+-]+\/[\w.+-]+$/.test(type) ? [] : [`media type ${type}`]),
    ...(isRecord(media) ? schemaFaults(media.schema) : ["no media"]),
  ]);
}

const TYPES = new Set(["null", "boolean", "object", "array", "number", "string", "integer"]);

function schemaFaults(schema: unknown): string[] {
  if (!isRecord(schema)) return ["a schema that is no object"];
  const types = [schema.type ?? []].flat();
  const parts = [
    ...Object.values(isRecord(schema.properties) ? schema.properties : {}),
    ...(Array.isArray(schema.anyOf) ? schema.anyOf : []),
    ...(schema.items === undefined ? [] : [schema.items]),
  ];
  const odd = types.filter((type) => !TYPES.has(String(type))).map((type) => `type ${String(type)}`);
  return [...odd, ...("$ref" in schema ? ["$ref"] : []), ...parts.flatMap(schemaFaults)];
}
