import { describe, expect, test } from "bun:test";
import { chat } from "../matrix/clients/chat.ts";
import { messages } from "../matrix/clients/messages.ts";
import { ollama } from "../matrix/clients/ollama.ts";
import { responses } from "../matrix/clients/responses.ts";
import type { Client, Question, Seen } from "../matrix/scene.ts";
import { chunk, sse } from "../pipeline/answered.ts";
import { says, type Sends, serveInside, streams } from "./inside.ts";
import { backendAt } from "./running.ts";
import { type Chunk, readStream } from "./said.ts";

/**
 * Chat engines as they really are, each with a habit that breaks some client, in front of every kind of client, which must
 * not notice.
 */
const CLIENTS: readonly Client[] = [chat, responses, messages, ollama];

const QUESTION: Question = {
  turns: [{ user: "How is the sea?" }],
  tools: ["tide", "wind"].map((name) => ({ name, description: name, schema: { type: "object" } })),
};

const URL = { url: "http://127.0.0.1:1" };
const ENGINE = "vllm/m";

let next: Sends;
const server = serveInside(
  {
    backends: [
      backendAt(URL, { name: "vllm", type: "vllm" }),
      backendAt(URL, { name: "lmstudio", type: "lmstudio", thinkTags: true }),
    ],
  },
  () => next,
);

async function ask(client: Client, question: Question, model = ENGINE): Promise<Seen & { status: number }> {
  const { path, headers = {}, body } = client.write(question, model);
  const answer = await server.post(path, body, headers);
  const { status } = answer;
  return { ...client.read({ status, text: await answer.text(), stream: question.stream === true }), status };
}

const hi = chunk({ role: "assistant", content: "hi" });
const done = chunk({}, "stop");
const COUNTS = { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 };
const usage = { input: 7, output: 2 };
const plain = { text: "hi", thought: "", calls: [], ends: "stop" };

interface Habit {
  sends: Sends;
  means: Partial<Omit<Seen, "usage">> & { usage?: { input: number; output: number } };
  /** Of a backend whose thoughts are looked for; what a model does is remembered. */
  model?: string;
}

const frames = (...payloads: unknown[]) => streams(sse(...payloads, "[DONE]"));
const bare = (...fields: object[]) => fields.map((more) => ({ id: "c", created: 3, model: "real", ...more }));

const WORDS: Record<string, Habit> = {
  "ends after the reason, without [DONE]": { sends: streams(sse(hi, done)), means: plain },
  "sends usage in a chunk without choices": {
    sends: frames(hi, done, ...bare({ usage: COUNTS })),
    means: { ...plain, usage },
  },
  "sends usage in a chunk whose choices are null": {
    sends: frames(hi, done, ...bare({ choices: null, usage: COUNTS })),
    means: { ...plain, usage },
  },
  "counts in every chunk, and only the last count is the answer's": {
    sends: frames(
      { ...hi, usage: { prompt_tokens: 7, completion_tokens: 1, total_tokens: 8 } },
      { ...done, usage: COUNTS },
      ...bare({ choices: [], usage: COUNTS }),
    ),
    means: { ...plain, usage },
  },
  "begins with a chunk without choices, id or model": {
    sends: frames({ id: "", model: "", choices: [], prompt_filter_results: [{ prompt_index: 0 }] }, hi, done),
    means: plain,
  },
  "says nothing of a role": { sends: frames(chunk({ content: "hi" }), done), means: plain },
  "has an empty role": { sends: frames(chunk({ role: "", content: "hi" }), done), means: plain },
  "has null for a role": { sends: frames(chunk({ role: null, content: "hi" }), done), means: plain },
  "has an empty reason to finish in every chunk": {
    sends: frames(chunk({ role: "assistant", content: "hi" }, ""), chunk({}, ""), done),
    means: plain,
  },
  "gives the reason to finish twice": { sends: frames(hi, done, done), means: plain },
  "has thoughts and words in lists of parts": {
    sends: frames(
      chunk({ content: [{ type: "thinking", thinking: [{ type: "text", text: "hm" }] }] }),
      chunk({ content: [{ type: "text", text: "hi" }] }),
      done,
    ),
    means: { ...plain, thought: "hm" },
  },
  "calls its thoughts reasoning": {
    sends: frames(chunk({ reasoning: "hm" }), hi, done),
    means: { ...plain, thought: "hm" },
  },
  "calls its thoughts both reasoning and reasoning_content": {
    sends: frames(chunk({ reasoning: "hm", reasoning_content: "hm" }), hi, done),
    means: { ...plain, thought: "hm" },
  },
  "leaves its thoughts between tags that are cut anywhere": {
    sends: frames(...["<thi", "nk>", "hm</", "think>", "\n\nhi"].map((content) => chunk({ content })), done),
    means: { ...plain, thought: "hm" },
    model: "lmstudio/tagged",
  },
  "leaves its thoughts before a tag that its template opened": {
    sends: frames(...["hm", "</thi", "nk>hi"].map((content) => chunk({ content })), done),
    means: { ...plain, thought: "hm" },
    model: "lmstudio/opened",
  },
  "never closes the tag of its thoughts": {
    sends: frames(...["<think>", "hm"].map((content) => chunk({ content })), chunk({}, "length")),
    means: { text: "", thought: "hm", calls: [], ends: "length" },
    model: "lmstudio/unclosed",
  },
  "sends comments, pings, other line ends, several lines of data and a mark of the byte order": {
    sends: streams(
      `\uFEFF: hello\r\n\r\nevent: ping\r\n\r\ndata:${JSON.stringify(hi)}\r\n\r\n${JSON.stringify(
        done,
        null,
        1,
      )
        .split("\n")
        .map((line) => `data: ${line}\r`)
        .join("")}\r: bye\n\ndata: [DONE]\n\n`,
    ),
    means: plain,
  },
  "writes a call as words, which nobody told us to read": {
    sends: frames(chunk({ content: '<tool_call>{"name":"tide","arguments":{}}</tool_call>' }), done),
    means: { ...plain, text: '<tool_call>{"name":"tide","arguments":{}}</tool_call>' },
  },
  "cannot stream": {
    sends: says({
      ...bare({})[0],
      choices: [{ message: { content: "hi" }, finish_reason: "stop" }],
      usage: COUNTS,
    }),
    means: { ...plain, usage },
  },
};

const call = (fields: object, index?: number) =>
  chunk({ tool_calls: [{ ...(index === undefined ? {} : { index }), ...fields }] });
const tide = { id: "a", type: "function", function: { name: "tide", arguments: '{"port":"Kiel"}' } };
const wind = { id: "b", type: "function", function: { name: "wind", arguments: '{"port":"Oban"}' } };
const calls = frames.bind(undefined);
const ends = chunk({}, "tool_calls");
const args = (text: unknown) => ({ function: { arguments: text } });

const CALLS: Record<string, Sends> = {
  "has no indices": calls(call(tide), call(wind), ends),
  "has the index 0 for both": calls(call(tide, 0), call(wind, 0), ends),
  "begins to count at 1": calls(call(tide, 1), call(wind, 2), ends),
  "has no types": calls(call({ ...tide, type: undefined }, 0), call({ ...wind, type: "" }, 1), ends),
  "has no ids": calls(call({ ...tide, id: undefined }, 0), call({ ...wind, id: "" }, 1), ends),
  "repeats the id as an empty text": calls(
    call({ ...tide, function: { name: "tide", arguments: "" } }, 0),
    call({ id: "", ...args('{"port":') }, 0),
    call({ id: "", ...args('"Kiel"}') }, 0),
    call(wind, 1),
    ends,
  ),
  "says the name after the id": calls(
    call({ id: "a", type: "function" }, 0),
    call({ function: { name: "tide" } }, 0),
    call(args('{"port":"Kiel"}'), 0),
    call(wind, 1),
    ends,
  ),
  "says the name in pieces": calls(
    call({ id: "a", function: { name: "ti" } }, 0),
    call({ function: { name: "de" } }, 0),
    call(args('{"port":"Kiel"}'), 0),
    call(wind, 1),
    ends,
  ),
  "says the whole name every time": calls(
    call({ id: "a", function: { name: "tide", arguments: '{"port":' } }, 0),
    call({ id: "a", function: { name: "tide", arguments: '"Kiel"}' } }, 0),
    call(wind, 1),
    ends,
  ),
  "has objects for arguments": calls(
    call({ ...tide, function: { name: "tide", arguments: { port: "Kiel" } } }, 0),
    call({ ...wind, function: { name: "wind", arguments: { port: "Oban" } } }, 1),
    ends,
  ),
  "sends both at once": calls(
    chunk({ tool_calls: [tide, wind].map((one, index) => ({ ...one, index })) }, "tool_calls"),
  ),
  "ends with the reason stop": calls(call(tide, 0), call(wind, 1), done),
};

const EMPTY: Record<string, object> = {
  missing: { name: "tide" },
  null: { name: "tide", arguments: null },
  "an empty text": { name: "tide", arguments: "" },
  "an empty object": { name: "tide", arguments: {} },
};

describe.each(CLIENTS.map((client) => [client.name, client] as const))("to a client of %s", (_, client) => {
  describe.each([true, false])("(stream: %p)", (stream) => {
    const question = { ...QUESTION, stream };

    test.each(Object.entries(WORDS))(
      "an engine that %s is like any other",
      async (_name, { sends, means, model }) => {
        next = sends;
        const seen = await ask(client, question, model);
        expect(seen).toMatchObject({ status: 200, whole: true, ...means });
        expect(seen.error).toBeUndefined();
      },
    );

    test.each(Object.entries(CALLS))(
      "two calls of an engine that %s are two whole calls",
      async (_name, sends) => {
        next = sends;
        const seen = await ask(client, question);
        expect(seen).toMatchObject({ status: 200, whole: true, text: "", ends: "tools" });
        expect(seen.calls.map(({ name, args: given }) => [name, given])).toEqual([
          ["tide", { port: "Kiel" }],
          ["wind", { port: "Oban" }],
        ]);
        expect(new Set(seen.calls.map(({ id }) => id)).size).toBe(2);
        expect(seen.calls.every(({ id }) => id !== "")).toBe(true);
      },
    );

    test.each(Object.entries(EMPTY))("arguments that are %s are an empty object", async (_name, fields) => {
      next = calls(call({ id: "a", function: fields }, 0), ends);
      expect((await ask(client, question)).calls).toEqual([{ id: "a", name: "tide", args: {} }]);
    });

    test("a refusal in pieces is read, and is the end", async () => {
      next = frames(chunk({ role: "assistant", refusal: "Not" }), chunk({ refusal: " that." }), done);
      const seen = await ask(client, question);
      expect(seen).toMatchObject({ status: 200, whole: true, text: "Not that." });
      expect(seen.ends).toBe(client.mute.refusal ? "stop" : "refusal");
    });
  });
});

describe("OpenAI's own form of a stream, which its SDK's helpers insist on,", () => {
  const everything = [
    ...Object.entries(WORDS).map(([name, { sends, model = ENGINE }]) => [name, sends, model] as const),
    ...Object.entries(CALLS).map(([name, sends]) => [name, sends, ENGINE] as const),
  ];

  /** The chunks of an answer, which is whole. */
  async function chunksOf(model: string, more: object = {}): Promise<Chunk[]> {
    const body = { model, stream: true, messages: [{ role: "user", content: "hi" }], ...more };
    const answer = await server.post("/v1/chat/completions", body);
    const { chunks, finishes, done: whole } = readStream(await answer.text());
    expect([whole, finishes.length]).toEqual([true, 1]);
    return chunks;
  }

  test.each(everything)("is what becomes of an engine that %s", async (_, sends, model) => {
    next = sends;
    const chunks = await chunksOf(model);
    expect(chunks[0]?.choices?.[0]?.delta?.role).toBe("assistant");
    expect(chunks.filter(({ choices }) => choices?.length !== 1)).toEqual([]);
    const deltas = chunks.flatMap(({ choices }) => choices?.[0]?.delta?.tool_calls ?? []);
    const known = new Set<number>();
    for (const { index, id, type, function: { name } = {} } of deltas) {
      const first = !known.has(index);
      expect([index <= known.size, [id, type, name].map((field) => field !== undefined)]).toEqual([
        true,
        [first, first, first],
      ]);
      known.add(index);
    }
  });

  test.each(everything)(
    "has usage where it was asked for, from an engine that %s",
    async (_, sends, model) => {
      next = sends;
      const chunks = await chunksOf(model, { stream_options: { include_usage: true } });
      const last = chunks.at(-1);
      expect(last).toMatchObject({ choices: [], usage: { total_tokens: expect.any(Number) } });
      expect(chunks.filter(({ usage: counts }) => counts)).toEqual([last as Chunk]);
      expect(chunks.filter(({ choices }) => choices?.length === 0)).toEqual([last as Chunk]);
    },
  );

  test("keeps a call that the limit of tokens cut as it is, and the reason with it", async () => {
    next = calls(
      call({ ...tide, function: { name: "tide", arguments: '{"port":"Ki' } }, 0),
      chunk({}, "length"),
    );
    const chunks = await chunksOf(ENGINE);
    const deltas = chunks.flatMap(({ choices }) => choices?.[0]?.delta?.tool_calls ?? []);
    expect(deltas.map(({ function: one }) => one?.arguments).join("")).toBe('{"port":"Ki');
    expect(chunks.at(-1)?.choices?.[0]?.finish_reason).toBe("length");
  });
});
