import { describe, expect, test } from "bun:test";
import { Elysia } from "elysia";
import type { EndpointConfig } from "../../src/config/config.ts";
import { endpointResponse, mountEndpoints } from "../../src/server/endpoints.ts";
import { openApiDocument } from "../../src/server/openapi.ts";
import { startServer } from "./running.ts";

const VERSION: EndpointConfig = {
  method: "GET",
  path: "/api/version",
  status: 200,
  headers: { "x-served-by": "me" },
  contentType: "application/json",
  body: '{"version":"1.0 é"}',
  description: "Which version runs here.",
};

function appWith(...endpoints: EndpointConfig[]) {
  // A hook that looks at the body makes Elysia read and parse it, for routes that do not say otherwise.
  const app = new Elysia().onBeforeHandle(({ body }) => void body);
  mountEndpoints(app, endpoints);
  const headers = { "content-type": "application/json" };
  return (method: string, path: string, body?: string) =>
    app.handle(
      new Request(`http://localhost${path}`, { method, headers, ...(body === undefined ? {} : { body }) }),
    );
}

describe("a custom endpoint", () => {
  test("answers with exactly the configured text, type, status and headers, every time", async () => {
    const ask = appWith({ ...VERSION, status: 203 });
    for (let round = 0; round < 2; round++) {
      const answer = await ask("GET", "/api/version");
      expect(answer.status).toBe(203);
      expect(answer.headers.get("content-type")).toBe("application/json");
      expect(answer.headers.get("x-served-by")).toBe("me");
      expect(await answer.text()).toBe(VERSION.body);
    }
  });

  test.each(["GET", "POST", "PUT", "PATCH", "DELETE"] as const)(
    "may be a %s, with any body sent to it",
    async (method) => {
      const ask = appWith({ ...VERSION, method });
      const answer = await ask(method, "/api/version", method === "GET" ? undefined : "{no json");
      expect(answer.status).toBe(200);
      expect(await answer.text()).toBe(VERSION.body);
    },
  );

  test("may have parameters in its path", async () => {
    const ask = appWith({ ...VERSION, path: "/users/:id/name" });
    expect((await ask("GET", "/users/17/name")).status).toBe(200);
    expect((await ask("GET", "/users/17")).status).toBe(404);
  });

  test.each([204, 205, 304])("with status %d has no body and no type", async (status) => {
    const answer = await appWith({ ...VERSION, status })("GET", "/api/version");
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toBeNull();
    expect(answer.headers.get("x-served-by")).toBe("me");
    expect(await answer.text()).toBe("");
  });

  test("cannot break the framing of the connection", async () => {
    const headers = {
      "Content-Length": "3",
      "Transfer-Encoding": "chunked",
      Connection: "close",
      "X-Ok": "1",
    };
    const answer = endpointResponse({ ...VERSION, headers })();
    expect(Object.fromEntries(answer.headers)).toEqual({ "content-type": "application/json", "x-ok": "1" });
  });

  test("takes a type from its headers before the one beside the body", async () => {
    const answer = endpointResponse({ ...VERSION, headers: { "Content-Type": "text/csv" } })();
    expect(answer.headers.get("content-type")).toBe("text/csv");
  });

  test.each([100, 103, 199, 600])(
    "cannot have status %d: said at the start, not to the first client",
    (status) => {
      expect(() => endpointResponse({ ...VERSION, status })).toThrow(RangeError);
    },
  );
});

test("custom endpoints are served over HTTP, HEAD included", async () => {
  const app = new Elysia();
  mountEndpoints(app, [VERSION, { ...VERSION, method: "DELETE", status: 204 }]);
  app.listen({ port: 0, hostname: "127.0.0.1", reusePort: false });
  const url = `http://127.0.0.1:${app.server?.port}/api/version`;
  try {
    expect(await (await fetch(url)).text()).toBe(VERSION.body);
    const head = await fetch(url, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    expect((await fetch(url, { method: "DELETE" })).status).toBe(204);
  } finally {
    await app.stop(true);
  }
});

test("custom endpoints appear in openapi.json under their own tag", () => {
  const app = new Elysia();
  mountEndpoints(app, [
    VERSION,
    { ...VERSION, method: "DELETE", path: "/x/:id", status: 204, description: undefined },
  ]);
  const document = openApiDocument(app, "1.0.0");
  expect(document).toHaveProperty(["paths", "/api/version", "get"], {
    tags: ["custom"],
    summary: "GET /api/version",
    description: "Which version runs here.",
    responses: {
      "200": { description: "Which version runs here.", content: { "application/json": { schema: {} } } },
    },
  });
  expect(document).toHaveProperty(["paths", "/x/{id}", "delete", "responses", "204", "description"]);
  expect(document).not.toHaveProperty(["paths", "/x/{id}", "delete", "responses", "204", "content"]);
});

describe("a custom endpoint of a running server", () => {
  const version = { ...VERSION, status: 201, headers: { "x-served-by": "me", "x-request-id": "theirs" } };

  test("answers as configured, with the request's id and its line in the log", async () => {
    const endpoints = [version, { ...version, method: "POST" as const, status: 204 }];
    await using server = await startServer({ endpoints, server: { corsOrigins: ["https://app.example"] } });
    const headers = { "x-request-id": "mine", origin: "https://app.example" };
    const caller = await server.caller();
    for (let round = 0; round < 2; round++) {
      const answer = await caller.ask("/api/version?x=1", { headers });
      expect([answer.status, answer.text]).toEqual([201, version.body]);
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        "x-served-by": "me",
        "x-request-id": "mine",
        "access-control-allow-origin": "https://app.example",
        "content-type": "application/json",
      });
    }
    const posted = await caller.ask("/api/version", {
      body: "{no json",
      headers: { "content-type": "text/plain" },
    });
    expect([posted.status, posted.text]).toEqual([204, ""]);
    expect((await caller.ask("/api/version", { method: "HEAD" })).status).toBe(201);
    expect((await caller.ask("/api/version", { method: "PUT" })).headers.get("allow")).toBe(
      "GET, POST, HEAD",
    );
    expect(
      server.lines.map(({ method, path, status, outcome, id }) => [method, path, status, outcome, id]),
    ).toEqual([
      ["GET", "/api/version", 201, "ok", "mine"],
      ["GET", "/api/version", 201, "ok", "mine"],
      ["POST", "/api/version", 204, "ok", expect.any(String)],
      ["HEAD", "/api/version", 201, "ok", expect.any(String)],
      ["PUT", "/api/version", 405, "rejected", expect.any(String)],
    ]);
  });

  test("may answer with an error status without being one in the log", async () => {
    await using server = await startServer({ endpoints: [{ ...version, status: 503 }] });
    expect((await server.get("/api/version")).status).toBe(503);
    expect(server.lines).toMatchObject([{ status: 503, level: "info" }]);
  });
});
