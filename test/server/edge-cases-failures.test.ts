import { describe, expect, test } from "bun:test";
import { chunk, sse } from "../pipeline/answered.ts";
import { type Asker, ASKERS, type Ended, faultOf, RESPONSES } from "./endings.ts";
import { says, type Sends, serveInside, streams } from "./inside.ts";
import { backendAt } from "./running.ts";

/** Hosts that fail as hosts really fail, in front of every kind of client: each is told in its own dialect's words. */
const KEY = "sk-of-the-backend";
const URL = { url: "http://127.0.0.1:1" };

let next: Sends;
const server = serveInside(
  {
    backends: [
      backendAt(URL, { name: "engine", type: "vllm", apiKey: KEY }),
      backendAt(URL, { name: "ollama", type: "ollama" }),
      backendAt(URL, { name: "anthropic", type: "anthropic" }),
      backendAt(URL, { name: "gemini", type: "gemini" }),
    ],
  },
  () => next,
);

interface Told extends Ended {
  headers: Headers;
}

async function ask(asker: Asker, stream: boolean, host = "engine"): Promise<Told> {
  const answer = await server.post(asker.path, asker.body(`${host}/m`, stream), asker.headers);
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

const hi = chunk({ role: "assistant", content: "hi" });
const boom = { message: "boom", type: "server_error", code: null };
const lines = (...values: unknown[]): Sends =>
  streams(values.map((value) => `${JSON.stringify(value)}\n`).join(""), "application/x-ndjson");

const IN_THE_MIDDLE: Record<string, { sends: Sends; host?: string }> = {
  "an object": { sends: streams(sse(hi, { error: boom }, "[DONE]")) },
  "a text": { sends: streams(sse(hi, { error: "boom" })) },
  "a bare line": { sends: streams(`${sse(hi)}{"error":"boom"}\n`) },
  "a line with a name of its own (older llama.cpp)": {
    sends: streams(`${sse(hi)}error: ${JSON.stringify({ ...boom, code: 500 })}\n\n`),
  },
  "an object beside a choice that ends (OpenRouter)": {
    sends: streams(
      sse(hi, { ...chunk({ content: "" }, "error"), error: { code: 502, message: "boom" } }, "[DONE]"),
    ),
  },
  "a line of Ollama's": {
    sends: lines(
      { model: "m", message: { role: "assistant", content: "hi" }, done: false },
      { error: "boom" },
    ),
    host: "ollama",
  },
  "an event of Anthropic's": {
    sends: streams(
      sse(
        { type: "message_start", message: { id: "msg_1", content: [], usage: {} } },
        { type: "content_block_start", index: 0, content_block: { type: "text", text: "hi" } },
        { type: "error", error: { type: "api_error", message: "boom" } },
      ),
    ),
    host: "anthropic",
  },
  "an object of Gemini's": {
    sends: streams(
      sse(
        { candidates: [{ content: { role: "model", parts: [{ text: "hi" }] } }] },
        { error: { code: 500, message: "boom", status: "INTERNAL" } },
      ),
    ),
    host: "gemini",
  },
};

const AT_ONCE: [string, Sends, status: number, message: RegExp][] = [
  ["a number", streams(sse({ error: { message: "slow down", code: 429 } })), 429, /slow down/],
  [
    "a word",
    streams(sse({ error: { message: "slow down", code: "rate_limit_exceeded" } })),
    429,
    /slow down/,
  ],
  ["a type", streams(sse({ error: { message: "bad", type: "invalid_request_error" } })), 400, /bad/],
  ["a text", streams(sse({ error: "boom" })), 502, /boom/],
];

const page = "<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>";
const REFUSED: [string, Sends, status: number, message: RegExp][] = [
  ["OpenAI's object", says({ error: boom }, { status: 500 }), 500, /boom/],
  ["a text", says({ error: "boom" }, { status: 500 }), 500, /boom/],
  [
    "FastAPI's list of details",
    says({ detail: [{ msg: "Field required" }] }, { status: 422 }),
    422,
    /Field required/,
  ],
  ["Google's list", says([{ error: { code: 400, message: "bad" } }], { status: 400 }), 400, /bad/],
  ["a message alone", says({ message: "bad" }, { status: 400 }), 400, /bad/],
  ["a page", { status: 502, type: "text/html", bytes: page }, 502, /^[^<]*Bad Gateway[^<]*$/],
  ["nothing", { status: 500, type: "text/plain", bytes: "" }, 500, /500/],
  ["that there is too much to do", says({ error: { message: "Later." } }, { status: 503 }), 503, /Later/],
];

const OVERFLOWS = [
  "This model's maximum context length is 4096 tokens. However, your messages resulted in 5000 tokens.",
  "the request exceeds the available context size. try increasing the context size or enable context shift",
  "prompt is too long: 5000 tokens > 4096 maximum",
  "The input token count (5000) exceeds the maximum number of tokens allowed (4096).",
];

const messageOf = (text: string): string => {
  const { error } = JSON.parse(text) as { error: string | { message: string } };
  return typeof error === "string" ? error : error.message;
};

describe.each(Object.entries(ASKERS))("a client of %s", (_, asker) => {
  describe.each([true, false])("(stream: %p)", (stream) => {
    test.each(Object.entries(IN_THE_MIDDLE))(
      "is told of an error in the middle of an answer, in its own form: %s",
      async (_name, { sends, host }) => {
        next = sends;
        const told = await ask(asker, stream, host);
        if (stream) expect(told.status).toBe(200);
        expect([faultOf(asker, stream, told), told.text]).toEqual([
          undefined,
          expect.stringContaining("boom"),
        ]);
      },
    );

    test.each(["error", "abort"])("is not told that an answer ended for the reason %j", async (reason) => {
      next = streams(sse(hi, chunk({}, reason), "[DONE]"));
      const told = await ask(asker, stream);
      expect([told.status, faultOf(asker, stream, told)]).toEqual([stream ? 200 : 502, undefined]);
    });

    test.each([...AT_ONCE, ...REFUSED])(
      "gets the status and the words of an error before the answer: %s",
      async (_name, sends, status, message) => {
        next = sends;
        const told = await ask(asker, stream);
        expect(told.headers.get("content-type")).toBe("application/json");
        expect([told.status, messageOf(told.text)]).toEqual([status, expect.stringMatching(message)]);
        expect(() => asker.codeOf(told.text)).not.toThrow();
      },
    );

    test.each([401, 403])(
      "is not asked for another key when the backend's own is refused with %d",
      async (status) => {
        next = says({ error: { message: `Incorrect API key provided: ${KEY}` } }, { status });
        const told = await ask(asker, stream);
        expect([told.status, told.text.includes(KEY)]).toEqual([502, false]);
        expect(faultOf(asker, stream, told)).toBeUndefined();
      },
    );

    test("is told how long to wait", async () => {
      next = says({ error: { message: "slow down" } }, { status: 429, headers: { "retry-after": "7" } });
      const told = await ask(asker, stream);
      expect([told.status, told.headers.get("retry-after")]).toEqual([429, "7"]);
    });

    test.each(OVERFLOWS)("is told in its own words that the prompt is too long: %s", async (message) => {
      next = says({ error: { message, type: "invalid_request_error" } }, { status: 400 });
      const told = await ask(asker, stream);
      expect(told.status).toBe(400);
      if (!asker.path.startsWith("/api/")) expect(asker.codeOf(told.text)).toBe("context_length_exceeded");
    });
  });
});

test("Codex gives up on a prompt that turns out too long in the middle of the stream", async () => {
  next = streams(sse(hi, { error: { message: OVERFLOWS[0], type: "invalid_request_error" } }));
  const { text } = await ask(RESPONSES, true);
  expect(text.split("\n\n").at(-2)).toMatch(/^event: response\.failed\n.*"code":"context_length_exceeded"/s);
});
