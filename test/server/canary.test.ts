import { describe, expect, test } from "bun:test";
import { ERROR_BODIES, type ErrorShape } from "../upstream/answers.ts";
import { neverAnswers } from "../upstream/faults.ts";
import { type ReceivedRequest, type Script, startUpstream } from "../upstream/scripted.ts";
import { sseFrame } from "../upstream/wire.ts";
import { type Broken, EARLY, LATE, patienceFor } from "./ailments.ts";
import type { Asked } from "./caller.ts";
import { answersHello, CHAT, HELLO_CUT } from "./questions.ts";
import { backendAt, startServer } from "./running.ts";

/** What nobody may ever read in a log line or an error, wherever it was put. */
const CLIENT_KEY = "sk-canary-of-the-client";
const BACKEND_KEY = "sk-canary-of-the-backend";
const BACKEND_HEADER = "canary-of-a-header";
const PROMPT = "canary in the coal mine";

/** A request that carries a canary wherever a request can. */
function canary(more: object = {}): Asked {
  const headers = {
    authorization: `Bearer ${CLIENT_KEY}`,
    cookie: `session=${CLIENT_KEY}`,
    "user-agent": PROMPT,
    referer: `http://localhost/${CLIENT_KEY}`,
    "openai-organization": PROMPT,
  };
  const body = {
    model: "m",
    messages: [
      { role: "system", content: PROMPT },
      { role: "user", content: [{ type: "text", text: PROMPT }] },
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "1", function: { name: "f", arguments: PROMPT } }],
      },
    ],
    tools: [{ type: "function", function: { name: "f", description: PROMPT } }],
    stop: [PROMPT],
    user: PROMPT,
    metadata: { a: PROMPT },
    x_unknown: PROMPT,
    ...more,
  };
  return { headers, body };
}

/** Sends them one after the other; gives back what the server wrote to its log, and what it answered. */
async function outputs(backend: Script | Broken, asks: (Asked & { path?: string })[], code = "") {
  const broken = typeof backend !== "function";
  await using upstream = await startUpstream(broken ? neverAnswers : backend, broken ? backend.earlier : {});
  const parts = { apiKey: BACKEND_KEY, headers: { "x-extra": BACKEND_HEADER }, timeouts: patienceFor(code) };
  await using server = await startServer({
    backends: [backendAt(upstream, parts)],
    server: { apiKeys: [CLIENT_KEY] },
  });
  const texts: string[] = [];
  for (const asked of asks) {
    const answer = await (await server.caller()).ask(`${asked.path ?? CHAT}?key=${CLIENT_KEY}`, asked);
    texts.push(answer.text, JSON.stringify([...answer.headers]));
  }
  for (const path of ["/v1/backends", "/v1/models", "/openapi.json"])
    texts.push((await (await server.caller()).ask(path, canary())).text);
  expect(server.lines).toHaveLength(asks.length + 3);
  return { log: server.written.join("\n"), texts: texts.join("\n") };
}

const BOTH = [canary({ stream: true }), canary()];

test("a canary would be found: it does reach the backend", async () => {
  let seen: ReceivedRequest | undefined;
  await outputs((request, wire) => {
    seen = request;
    return answersHello(request, wire);
  }, BOTH);
  expect(seen?.text()).toContain(PROMPT);
  expect(JSON.stringify(seen?.headers)).toContain(BACKEND_KEY);
  expect(JSON.stringify(seen?.headers)).toContain(BACKEND_HEADER);
});

describe("no key and no word of a prompt is logged or repeated in an error", () => {
  test.each(EARLY)("when a backend %s", async (_, backend, __, code) => {
    const { log, texts } = await outputs(backend, BOTH, code);
    expect(log).not.toMatch(/canary/i);
    expect(texts).not.toMatch(/canary/i);
  });

  test.each(LATE)("when a backend, in the middle, %s", async (_, script, code) => {
    const { log, texts } = await outputs(script, BOTH, code);
    expect(log).not.toMatch(/canary/i);
    expect(texts).not.toMatch(/canary/i);
  });

  test("when the request is refused", async () => {
    const { headers = {}, body } = canary();
    const text = JSON.stringify(body);
    const bodies: unknown[] = [
      `{"model":"m","messages":[${PROMPT}]}`,
      `{"model":"m","messages":[{"role":"user","content":"${PROMPT}]}`,
      `{"model":"m","messages":[{"role":"user","content":canary}]}`,
      `"${PROMPT}"`,
      text.slice(0, -10),
      text.replace('"stop":', `"stop":"${PROMPT}","stop":`),
      { ...(body as object), messages: PROMPT },
      { ...(body as object), temperature: PROMPT },
      { ...(body as object), response_format: PROMPT },
      { ...(body as object), messages: [{ role: 3, content: PROMPT }] },
      { ...(body as object), tool_choice: [PROMPT] },
    ];
    const asks: (Asked & { path?: string })[] = [
      ...bodies.map((wrong) => ({ headers, body: wrong })),
      { headers: { ...headers, "content-type": "text/plain" }, body: PROMPT },
      { headers: { ...headers, "content-encoding": "gzip" }, body: PROMPT },
      { headers: { ...headers, authorization: `Bearer ${PROMPT}` }, body: text },
      { headers: { ...headers, "x-api-key": PROMPT }, body: text },
      { headers: { ...headers, authorization: `Basic ${CLIENT_KEY}` }, body: text },
      { headers, body: text, method: "PUT" },
      { headers, body: text, path: "/v1/nowhere" },
      { headers, body: { input: [PROMPT, ""], model: "m" }, path: "/v1/embeddings" },
      { headers, body: { input: PROMPT, encoding_format: PROMPT }, path: "/v1/embeddings" },
      { headers, body: { prompt: { a: PROMPT } }, path: "/v1/completions" },
    ];
    const { log, texts } = await outputs(answersHello, asks);
    expect(log).not.toMatch(/canary/i);
    expect(texts).not.toMatch(/canary/i);
  });
});

describe("a backend that repeats what it was sent", () => {
  const everything = (request: ReceivedRequest) =>
    `no: ${request.header("authorization")} ${request.header("x-extra")} ${PROMPT}`;
  const shapes = Object.keys(ERROR_BODIES) as ErrorShape[];

  test.each(shapes)("does not give its key away: %s", async (shape) => {
    const statuses = [400, 401, 429, 500, 503];
    let asked = 0;
    const repeats: Script = (request, wire) => {
      const { contentType, body } = ERROR_BODIES[shape](everything(request));
      return wire.json(statuses[asked++ % statuses.length] ?? 500, body, { "content-type": contentType });
    };
    const { log, texts } = await outputs(
      repeats,
      statuses.flatMap(() => BOTH),
    );
    expect(log).not.toMatch(/canary/i);
    // Its own words about the caller's prompt are for the caller.
    expect(texts).not.toMatch(/canary-of/i);
  });

  test.each([0, 1])("nor within a stream (%d)", async (late) => {
    const repeats: Script = async (request, wire) => {
      await wire.sseHead();
      if (late) await wire.chunk(HELLO_CUT);
      await wire.chunk(sseFrame(JSON.stringify({ error: { message: everything(request), code: 500 } })));
      await wire.lastChunk();
    };
    const { log, texts } = await outputs(repeats, BOTH);
    expect(log).not.toMatch(/canary/i);
    expect(texts).not.toMatch(/canary-of/i);
  });

  test("nor in the type, the code or the parameter of an error", async () => {
    const repeats: Script = (request, wire) => {
      const key = request.header("authorization")?.slice(7);
      return wire.json(
        400,
        { error: { message: "no", type: key, code: key, param: key } },
        { "retry-after": "7" },
      );
    };
    const { log, texts } = await outputs(repeats, BOTH);
    expect(log + texts).not.toMatch(/canary/i);
  });
});
