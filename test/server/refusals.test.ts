import { describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { BUILT_IN_ROUTES } from "../../src/core/built-in-routes.ts";
import { chatCompletion } from "../upstream/answers.ts";
import { type Script, startUpstream } from "../upstream/scripted.ts";
import type { Asked, Caller } from "./caller.ts";
import { CHAT, question } from "./questions.ts";
import { backendAt, type Parts, startServer } from "./running.ts";
import { errorOf } from "./said.ts";

const answers: Script = (_, wire) => wire.json(200, chatCompletion({ text: ["hi"] }));
const EMBED = "/v1/embeddings";
const json = { "content-type": "application/json" };

/** What is wrong, the request, and the answer to it. */
type Row = [what: string, path: string, asked: Asked, status: number, error: object];

const ROWS: Row[] = [
  ["no JSON", CHAT, { body: "{oops" }, 400, { code: "invalid_json" }],
  ["half a JSON", CHAT, { body: '{"model":"m","messages":[' }, 400, { code: "invalid_json" }],
  ["no object", CHAT, { body: "[1]" }, 400, { type: "invalid_request_error" }],
  ["nothing", CHAT, { method: "POST", headers: json }, 400, { type: "invalid_request_error" }],
  ["the model twice", CHAT, { body: '{"model":"a","model":"b"}' }, 400, { message: /model/ }],
  ["no messages", CHAT, { body: { model: "m" } }, 400, { param: "messages", message: /Missing/ }],
  ["an empty list of messages", CHAT, { body: question({ messages: [] }) }, 400, { param: "messages" }],
  ["a message that is none", CHAT, { body: question({ messages: [3] }) }, 400, { param: "messages[0]" }],
  [
    "a message without a role",
    CHAT,
    { body: question({ messages: [{}] }) },
    400,
    { param: "messages[0].role" },
  ],
  ["a warm temperature", CHAT, { body: question({ temperature: "hot" }) }, 400, { param: "temperature" }],
  ["no answer", CHAT, { body: question({ n: 0 }) }, 400, { param: "n" }],
  ["a million answers", CHAT, { body: question({ n: 1_000_000 }) }, 400, { param: "n" }],
  ["a model that is a number", CHAT, { body: question({ model: 3 }) }, 400, { param: "model" }],
  ["an empty text", EMBED, { body: { model: "m", input: "" } }, 400, { param: "input" }],
  ["no texts", EMBED, { body: { model: "m", input: [] } }, 400, { param: "input" }],
  ["an odd encoding", EMBED, { body: { input: "a", encoding_format: "hex" } }, 400, { param: /encoding/ }],
  ["no prompt", "/v1/completions", { body: { model: "m" } }, 400, { param: "prompt" }],
  ["no model where none is the default", CHAT, { body: question({ model: "" }) }, 400, { param: "model" }],
  [
    "a model that nobody has",
    CHAT,
    { body: question({ model: "lama-3" }) },
    404,
    { code: "model_not_found", param: "model" },
  ],
  [
    "a file type",
    CHAT,
    { body: "a=b", headers: { "content-type": "text/plain" } },
    415,
    { message: /content-type/ },
  ],
  [
    "a form",
    CHAT,
    { body: "a=b", headers: { "content-type": "application/x-www-form-urlencoded" } },
    415,
    {},
  ],
  [
    "an unknown coding",
    CHAT,
    { body: "{}", headers: { "content-encoding": "compress" } },
    415,
    { message: /gzip/ },
  ],
  [
    "damaged gzip",
    CHAT,
    { body: "{}", headers: { "content-encoding": "gzip" } },
    400,
    { message: /content-encoding/ },
  ],
  ["too much", CHAT, { body: question({ user: "x".repeat(4000) }) }, 413, { code: "request_too_large" }],
  ["the wrong method", CHAT, {}, 405, { code: "method_not_supported", message: /POST, not GET/ }],
  ["OPTIONS outside CORS", CHAT, { method: "OPTIONS" }, 405, { code: "method_not_supported" }],
  ["an unknown address", "/v1/nothing", {}, 404, { code: "unknown_url", message: /\/v1\/nothing/ }],
  ["a base URL without /v1", "/models", {}, 404, { message: /Did you mean \/v1\/models\?/ }],
  ["an address that is no text", "/%ff/%zz?key=1", {}, 404, { code: "unknown_url" }],
  ["an unknown model's card", "/v1/models/nope", {}, 404, { code: "model_not_found" }],
  ["a foreign host", "/health", { headers: { host: "evil.example" } }, 421, { code: "misdirected_host" }],
  [
    "a foreign page",
    "/v1/models",
    { headers: { origin: "https://evil.example" } },
    403,
    { code: "forbidden_origin" },
  ],
];

describe("a request that is refused", () => {
  test.each(ROWS)("for %s is told why, in OpenAI's words, and reaches no backend", async (_, ...row) => {
    const [path, asked, status, error] = row;
    await using upstream = await startUpstream(answers);
    const backends = [backendAt(upstream, { models: ["m", "llama-3"] })];
    await using server = await startServer({ backends, server: { bodyMax: 2_000 } });
    const answer = await (await server.caller()).ask(path, asked);
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    const expected = Object.fromEntries(
      Object.entries(error).map(([name, value]: [string, unknown]) => [
        name,
        value instanceof RegExp ? expect.stringMatching(value) : value,
      ]),
    );
    expect(errorOf(answer)).toMatchObject(expected);
    expect(await server.nextLine()).toMatchObject({ status, outcome: "rejected" });
    expect(upstream.connections.opened).toBe(0);
  });

  test("leaves its connection good for the next one", async () => {
    await using upstream = await startUpstream(answers);
    await using server = await startServer({ backends: [backendAt(upstream)], server: { bodyMax: 2_000 } });
    const caller = await server.caller();
    for (const [what, path, asked, status] of ROWS) {
      expect([what, (await caller.ask(path, asked)).status]).toEqual([what, status]);
      expect([what, (await caller.ask(CHAT, { body: question() })).status]).toEqual([what, 200]);
    }
    expect(server.lines).toHaveLength(2 * ROWS.length);
  });
});

describe("a body", () => {
  const bodyMax = 2_000;
  const send = async (caller: Caller, headers: Record<string, string>, bytes: Uint8Array) => {
    const fields = Object.entries({ host: "localhost", ...json, ...headers });
    const head = `POST ${CHAT} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
    caller.line.send(Buffer.concat([Buffer.from(head), bytes]));
    return caller.answer();
  };
  const chunked = (text: string) =>
    Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n0\r\n\r\n`);

  test("may come in chunks, up to the limit", async () => {
    await using upstream = await startUpstream(answers);
    await using server = await startServer({ backends: [backendAt(upstream)], server: { bodyMax } });
    const caller = await server.caller();
    const coding = { "transfer-encoding": "chunked" };
    const fits = JSON.stringify(question());
    expect((await send(caller, coding, chunked(fits))).status).toBe(200);
    expect(upstream.requests[0]?.text()).toBe(fits);
    const answer = await send(
      caller,
      coding,
      chunked(JSON.stringify(question({ user: "x".repeat(bodyMax) }))),
    );
    expect([answer.status, errorOf(answer).code]).toEqual([413, "request_too_large"]);
  });

  test("is refused for the length it announces before it has come", async () => {
    await using server = await startServer({ server: { bodyMax } });
    const caller = await server.caller();
    const answer = await send(caller, { "content-length": String(2 ** 40) }, new Uint8Array(0));
    expect(answer.status).toBe(413);
  });

  test("may be compressed, up to the limit of what comes out", async () => {
    await using upstream = await startUpstream(answers);
    await using server = await startServer({ backends: [backendAt(upstream)], server: { bodyMax } });
    const caller = await server.caller();
    const gzip = (text: string) => {
      const bytes = gzipSync(text);
      const headers = { "content-encoding": "gzip", "content-length": String(bytes.length) };
      return send(caller, headers, bytes);
    };
    const fits = JSON.stringify(question());
    expect((await gzip(fits)).status).toBe(200);
    expect(upstream.requests[0]?.text()).toBe(fits);
    expect(upstream.requests[0]?.header("content-encoding")).toBeUndefined();
    expect((await gzip(JSON.stringify(question({ user: "x".repeat(100_000) })))).status).toBe(413);
  });

  test("that is announced as longer than it is, is waited for, and forgotten with its client", async () => {
    await using server = await startServer();
    const caller = await server.caller();
    caller.line.send(`POST ${CHAT} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{`);
    caller.line.close();
    expect(await server.nextLine()).toMatchObject({ outcome: "cancelled" });
  });
});

describe("a host that two readers could read differently", () => {
  test.each([
    ["twice", "Host: localhost\r\nHost: evil.example"],
    ["empty", "Host: "],
    ["with a user", "Host: localhost@evil.example"],
    ["as a list", "Host: localhost, evil.example"],
    ["as a name that only begins like ours", "Host: localhost.evil.example"],
    ["missing", "X-Host: localhost"],
  ])("is answered by nothing: %s", async (_, header) => {
    await using server = await startServer();
    const caller = await server.caller();
    caller.line.send(`GET /v1/models HTTP/1.1\r\n${header}\r\n\r\n`);
    expect((await caller.head()).status).toBeOneOf([400, 421]);
  });
});

describe("a wrong method", () => {
  test("is told which ones there are", async () => {
    await using server = await startServer();
    const caller = await server.caller();
    const allow = async (method: string, path: string) =>
      (await caller.ask(path, { method })).headers.get("allow");
    expect(await allow("DELETE", "/v1/models")).toBe("GET, HEAD");
    expect(await allow("PUT", CHAT)).toBe("POST");
    expect(await allow("POST", "/v1/models/a/b")).toBe("GET, HEAD");
    expect(await allow("HEAD", CHAT)).toBe("POST");
  });

  test("is not HEAD, wherever there is a GET", async () => {
    await using server = await startServer();
    const caller = await server.caller();
    for (const path of ["/health", "/v1/models", "/v1/backends", "/openapi.json"]) {
      const head = await caller.ask(path, { method: "HEAD" });
      const get = await caller.ask(path);
      expect([head.status, head.text]).toEqual([200, ""]);
      expect(head.headers.get("content-length")).toBe(String(Buffer.byteLength(get.text)));
    }
  });
});

describe("every route stands behind every guard", () => {
  const endpoint = {
    method: "GET" as const,
    path: "/healthz",
    status: 200,
    headers: {},
    contentType: "text/plain",
    body: "secret",
    description: undefined,
  };
  const parts: Parts = { server: { apiKeys: ["sk-good"] }, endpoints: [endpoint] };
  const routes = [
    ...BUILT_IN_ROUTES.map(({ method, path }) => [method, path.replace("*", "x")] as const),
    ["GET", "/healthz"] as const,
    ["GET", "/nowhere"] as const,
    ["HEAD", "/v1/models"] as const,
    ["DELETE", "/v1/models"] as const,
  ];

  test.each(routes)("%s %s", async (method, path) => {
    await using server = await startServer(parts);
    const caller = await server.caller();
    const body = method === "POST" ? { body: {} } : {};
    const status = async (headers: Record<string, string>) =>
      (await caller.ask(path, { method, headers, ...body })).status;
    const good = { authorization: "Bearer sk-good" };
    expect(await status({ ...good, host: "evil.example" })).toBe(421);
    expect(await status({ ...good, origin: "https://evil.example" })).toBe(403);
    const open = path === "/health" || path === "/health/ready";
    for (const headers of [{}, { authorization: "Bearer sk-bad" }, { "x-api-key": "sk-bad" }]) {
      const answer = await status(headers);
      if (open) expect(answer).toBeOneOf([200, 503]);
      else expect(answer).toBe(401);
    }
    if (!open) expect(await status({ ...good, "x-api-key": "sk-bad" })).toBe(400);
    expect(await status(good)).not.toBe(401);
    expect(await status({ "x-api-key": "sk-good" })).not.toBe(401);
    expect(server.lines.every(({ path: logged }) => logged === path)).toBe(true);
  });

  test("and a refused key says how it is sent", async () => {
    await using server = await startServer(parts);
    const answer = await (await server.caller()).ask(CHAT, { body: question() });
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    expect(errorOf(answer).code).toBe("invalid_api_key");
  });
});

describe("a page of an allowed site", () => {
  const origin = "https://app.example";

  test("may ask, is told what it may read, and costs one line for each of its two requests", async () => {
    await using upstream = await startUpstream(answers);
    const server = await startServer({
      backends: [backendAt(upstream)],
      server: { corsOrigins: [origin], apiKeys: ["sk-good"] },
    });
    await using _ = server;
    const caller = await server.caller();
    const preflight = await caller.ask(CHAT, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization, x-stainless-os",
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-headers")).toBe("authorization, x-stainless-os");
    expect(preflight.headers.get("x-request-id")).toMatch(/./);
    const headers = { origin, authorization: "Bearer sk-good" };
    for (const body of [question(), "{oops"]) {
      const answer = await caller.ask(CHAT, { body, headers });
      expect(answer.headers.get("access-control-allow-origin")).toBe(origin);
      expect(answer.headers.get("access-control-expose-headers")).toContain("x-fairlead-backend");
    }
    expect(server.lines.map(({ method, status }) => [method, status])).toEqual([
      ["OPTIONS", 204],
      ["POST", 200],
      ["POST", 400],
    ]);
  });
});

describe("in the first moments after the start", () => {
  test("a request for a model that is not known yet waits for the first look", async () => {
    const { promise: firstRound, resolve: looked } = Promise.withResolvers<void>();
    await using upstream = await startUpstream(answers);
    await using server = await startServer({ backends: [backendAt(upstream)], firstRound });
    const [unknown, list, card] = [await server.caller(), await server.caller(), await server.caller()];
    unknown.send(CHAT, { body: question({ model: "later" }) });
    list.send("/v1/models");
    card.send("/v1/models/later");
    const known = await server.caller();
    expect((await known.ask(CHAT, { body: question() })).status).toBe(200);
    expect((await known.ask("/health")).status).toBe(200);
    expect(server.lines).toHaveLength(2);
    looked();
    expect((await unknown.answer()).status).toBe(404);
    expect((await list.answer()).status).toBe(200);
    expect((await card.answer()).status).toBe(404);
  });
});
