import { describe, expect, test } from "bun:test";
import type { JsonRecord } from "../../src/core/json.ts";
import { DIALECTS } from "../adapters/dialects.ts";
import { fixture } from "../adapters/fixtures.ts";
import { chunk, sse } from "../pipeline/answered.ts";
import { says, type Sends, serveInside, streams } from "./inside.ts";
import { backendAt } from "./running.ts";
import { errorOf, readStream } from "./said.ts";

/** Requests that clients really send and that some host answers with an error, or with nonsense. */
const CHAT = "/v1/chat/completions";
const RESPONSES = "/v1/responses";
const MESSAGES = "/v1/messages";
const TYPES = ["openai", "llamacpp", "lmstudio", "vllm", "mistral", "ollama", "anthropic", "gemini"] as const;
type Type = (typeof TYPES)[number];

let next: Sends;
let got: { path: string; body: JsonRecord }[] = [];
const server = serveInside(
  { backends: TYPES.map((type) => backendAt({ url: "http://127.0.0.1:1" }, { name: type, type })) },
  ({ path, body = [] }) => {
    got.push({ path, body: JSON.parse(Buffer.concat(body).toString()) as JsonRecord });
    return next;
  },
);

const HI = streams(sse(chunk({ role: "assistant", content: "hi" }), chunk({}, "stop"), "[DONE]"));
const ANSWERS: Readonly<Partial<Record<Type, Sends>>> = {
  ollama: { type: "application/x-ndjson", bytes: fixture(DIALECTS.ollama, "text.ndjson") },
  anthropic: streams(fixture(DIALECTS.anthropic, "copied.sse").toString()),
  gemini: streams(fixture(DIALECTS.gemini, "thoughts.sse").toString()),
};

/** What a host of this type is asked, and what the client is answered. */
async function ask(type: Type, path: string, body: JsonRecord, sends = ANSWERS[type] ?? HI) {
  next = sends;
  got = [];
  const answer = await server.post(
    path,
    { model: `${type}/m`, ...body },
    { "anthropic-version": "2023-06-01" },
  );
  return {
    status: answer.status,
    text: await answer.text(),
    upstream: got[0]?.body ?? {},
    asked: got.length,
  };
}

const user = { role: "user", content: "hi" };
const call = (id: string, args = "{}") => ({
  id,
  type: "function",
  function: { name: "tide", arguments: args },
});
const LONG_ID = "call_abcdefghijklmnopqrstuvwx";

describe("a turn with a tool", () => {
  const ANSWERED: [string, JsonRecord][] = [
    [
      CHAT,
      {
        messages: [
          user,
          { role: "assistant", content: null, tool_calls: [call(LONG_ID)] },
          { role: "tool", tool_call_id: LONG_ID, content: "2 m" },
        ],
      },
    ],
    [
      RESPONSES,
      {
        input: [
          user,
          { type: "function_call", call_id: LONG_ID, name: "tide", arguments: "{}" },
          { type: "function_call_output", call_id: LONG_ID, output: "2 m" },
        ],
      },
    ],
    [
      MESSAGES,
      {
        max_tokens: 9,
        messages: [
          user,
          { role: "assistant", content: [{ type: "tool_use", id: LONG_ID, name: "tide", input: {} }] },
          { role: "user", content: [{ type: "tool_result", tool_use_id: LONG_ID, content: "2 m" }] },
        ],
      },
    ],
  ];

  test.each(ANSWERED)("from %s reaches Mistral with ids of nine letters and digits", async (path, body) => {
    const { status, upstream } = await ask("mistral", path, body);
    const [, asked, result] = upstream.messages as { tool_calls?: { id: string }[]; tool_call_id?: string }[];
    const id = asked?.tool_calls?.[0]?.id;
    expect([status, id]).toEqual([200, expect.stringMatching(/^[A-Za-z0-9]{9}$/)]);
    expect(result?.tool_call_id).toBe(id as string);
  });

  test("without arguments reaches Ollama with an object", async () => {
    const messages = [
      user,
      { role: "assistant", content: null, tool_calls: [call("a", "")] },
      { role: "tool", tool_call_id: "a", content: "2 m" },
    ];
    const { status, upstream } = await ask("ollama", CHAT, { messages });
    expect(status).toBe(200);
    expect(upstream.messages).toMatchObject([
      user,
      { role: "assistant", tool_calls: [{ function: { name: "tide", arguments: {} } }] },
      { role: "tool", content: "2 m" },
    ]);
  });
});

describe("words that say nothing", () => {
  const tool_calls = [call("a")];
  const SILENT: [string, string, JsonRecord][] = [
    ["no words beside a call", CHAT, { messages: [user, { role: "assistant", content: "", tool_calls }] }],
    [
      "an empty part",
      CHAT,
      { messages: [{ role: "user", content: ["", "hi"].map((text) => ({ type: "text", text })) }] },
    ],
    ["an empty turn", CHAT, { messages: [user, { role: "assistant", content: "" }, user] }],
    ["empty instructions", CHAT, { messages: [{ role: "system", content: "" }, user] }],
    ["empty input", RESPONSES, { input: [{ role: "assistant", content: "" }, user] }],
    [
      "an empty block of its own",
      MESSAGES,
      {
        max_tokens: 9,
        messages: [{ role: "user", content: ["", "hi"].map((text) => ({ type: "text", text })) }],
      },
    ],
    [
      "an empty turn of Ollama's",
      "/api/chat",
      { messages: [user, { role: "assistant", content: "" }, user] },
    ],
  ];

  test.each(SILENT)("do not reach Anthropic, which refuses them: %s", async (_, path, body) => {
    const { status, upstream } = await ask("anthropic", path, body);
    expect(status).toBe(200);
    expect(JSON.stringify(upstream)).not.toMatch(/"(?:text|content|system)":(?:""|\[\])/);
  });
});

describe("a role that templates do not know", () => {
  const LOCAL = ["llamacpp", "lmstudio", "vllm", "ollama"] as const;
  const BODIES: [string, JsonRecord][] = [
    [CHAT, { messages: [{ role: "developer", content: "Be brief." }, user] }],
    [RESPONSES, { input: [{ role: "developer", content: "Be brief." }, user] }],
  ];

  describe.each(LOCAL)("(developer) reaches %s as system", (type) => {
    test.each(BODIES)("from %s", async (path, body) => {
      const { status, upstream } = await ask(type, path, body);
      expect(status).toBe(200);
      expect(upstream.messages).toMatchObject([{ role: "system", content: "Be brief." }, user]);
    });
  });
});

test("a limit in OpenAI's newer name stops Ollama, and the answer says why it ended", async () => {
  const cut = { type: "application/x-ndjson", bytes: fixture(DIALECTS.ollama, "length.ndjson") };
  const body = { messages: [user], max_completion_tokens: 5, stream: true };
  const { upstream, text } = await ask("ollama", CHAT, body, cut);
  expect(upstream.options).toMatchObject({ num_predict: 5 });
  expect(readStream(text).finishes).toEqual(["length"]);
});

describe("fields that ask for nothing", () => {
  const NOTHING = {
    messages: [user],
    stream: null,
    tools: [],
    tool_choice: null,
    stop: null,
    n: 1,
    max_tokens: -1,
    response_format: null,
    a_field_of_tomorrow: 1,
  };

  test.each(TYPES)("are no error, and none for %s to refuse", async (type) => {
    const { status, upstream } = await ask(type, CHAT, NOTHING);
    expect(status).toBe(200);
    expect(Object.keys(upstream)).not.toContain("tools");
    expect(JSON.stringify(upstream)).not.toMatch(/"(?:tool_choice|toolConfig|stop|stop_sequences)":|-1/);
  });
});

test("a body of Responses that was sent to chat (Cursor) is answered as chat", async () => {
  const tools = [{ type: "function", name: "tide", parameters: { type: "object", properties: {} } }];
  const input = [{ role: "user", content: [{ type: "input_text", text: "hi" }] }];
  const { status, text, upstream } = await ask("vllm", CHAT, { input, tools, stream: true });
  expect(status).toBe(200);
  expect(upstream).toMatchObject({
    messages: [user],
    tools: [{ type: "function", function: { name: "tide" } }],
  });
  expect(readStream(text)).toMatchObject({ text: "hi", finishes: ["stop"], done: true });
});

describe("a picture by its address", () => {
  const url = "https://pictures.example/cat.png";
  const BODIES: [string, JsonRecord, string][] = [
    [
      CHAT,
      { messages: [{ role: "user", content: [{ type: "image_url", image_url: { url } }] }] },
      "messages[0].content[0]",
    ],
    [
      RESPONSES,
      { input: [{ role: "user", content: [{ type: "input_image", image_url: url }] }] },
      "input[0].content[0]",
    ],
    [
      MESSAGES,
      {
        max_tokens: 9,
        messages: [{ role: "user", content: [{ type: "image", source: { type: "url", url } }] }],
      },
      "messages[0].content[0]",
    ],
  ];

  test.each(BODIES)(
    "from %s is refused for Ollama, which fetches none, and reaches nobody",
    async (path, body, param) => {
      const { status, text, asked } = await ask("ollama", path, body);
      expect([status, asked]).toEqual([400, 0]);
      expect(text).toContain("base64");
      if (path !== MESSAGES) expect(errorOf({ text }).param).toBe(param);
    },
  );

  test.each(BODIES)("from %s goes to a host that fetches it", async (path, body) => {
    expect(JSON.stringify((await ask("anthropic", path, body)).upstream)).toContain(url);
    expect(JSON.stringify((await ask("openai", path, body)).upstream)).toContain(url);
  });
});

describe("vectors", () => {
  const HOSTS: [Type, Sends, number][] = [
    ["ollama", says({ embeddings: [[0.5, -1]], prompt_eval_count: 1 }), 2],
    ["gemini", says({ embeddings: [{ values: [0.5, -1] }] }), 2],
    ["lmstudio", says({ object: "list", data: [{ index: 0, embedding: [0.5, -1] }] }), 2],
  ];
  const embedded = async (type: Type, sends: Sends, fields: object) => {
    const { status, text } = await ask(type, "/v1/embeddings", { input: "hi", ...fields }, sends);
    const { data } = JSON.parse(text) as { data: { embedding: unknown }[] };
    return [status, data[0]?.embedding];
  };

  test.each(HOSTS)("of %s are base64 where that is asked for, and else numbers", async (type, sends) => {
    const base64 = Buffer.from(Float32Array.of(0.5, -1).buffer).toString("base64");
    expect(await embedded(type, sends, { encoding_format: "base64" })).toEqual([200, base64]);
    expect(await embedded(type, sends, { encoding_format: "float" })).toEqual([200, [0.5, -1]]);
    expect(await embedded(type, sends, {})).toEqual([200, [0.5, -1]]);
  });

  test.each(["ollama", "gemini"] as const)(
    "of tokens are not to be had from %s, which reads words",
    async (type) => {
      const { status, text, asked } = await ask(type, "/v1/embeddings", { input: [[1, 2, 3]] });
      expect([status, asked, errorOf({ text }).param]).toEqual([400, 0, "input"]);
    },
  );
});
