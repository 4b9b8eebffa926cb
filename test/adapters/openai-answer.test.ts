import { describe, expect, test } from "bun:test";
import { openai } from "../../src/adapters/openai.ts";
import { PLAIN_PROFILE } from "../../src/adapters/profile.ts";
import type { StreamEvent } from "../../src/core/event.ts";
import type { Usage } from "../../src/core/usage.ts";

/** The events of these chunks, their start left out. */
function read(...chunks: readonly object[]): StreamEvent[] {
  const state = openai.begin(PLAIN_PROFILE);
  const out: StreamEvent[] = [];
  for (const chunk of chunks) openai.step(state, JSON.stringify(chunk), out);
  return out.filter(({ type }) => type !== "start");
}

const delta = (fields: object) => ({ choices: [{ index: 0, delta: fields, finish_reason: null }] });
const finish = (reason: string) => ({ choices: [{ index: 0, delta: {}, finish_reason: reason }] });

describe("reasoning", () => {
  const hm: StreamEvent[] = [{ type: "reasoning", choice: 0, text: "hm" }];

  test.each([
    { reasoning_content: "hm" },
    { reasoning: "hm" },
    { reasoning_content: "hm", reasoning: "hm" },
    { reasoning_content: "", reasoning: "hm" },
    { reasoning_content: null, reasoning: "hm" },
    {
      content: [
        {
          type: "thinking",
          thinking: [
            { type: "text", text: "h" },
            { type: "text", text: "m" },
          ],
        },
      ],
    },
  ])("is said once, under whichever name it comes: %j", (fields) => {
    expect(read(delta(fields))).toEqual(hm);
  });

  test("that is empty is nothing", () => {
    expect(read(delta({ reasoning_content: "", reasoning: null, content: "" }))).toEqual([]);
  });
});

describe("content", () => {
  test("in parts is their text", () => {
    const parts = [
      { type: "text", text: "a" },
      { type: "reference", reference_ids: [1] },
      null,
      { type: "text", text: "b" },
    ];
    expect(read(delta({ content: parts }))).toEqual(
      ["a", "b"].map((text) => ({ type: "text", choice: 0, text })),
    );
  });

  test("of a completion stands in the choice; beside a delta it is only said again (Together)", () => {
    expect(read({ choices: [{ index: 0, text: "a" }] })).toEqual([{ type: "text", choice: 0, text: "a" }]);
    expect(read({ choices: [{ index: 0, text: "a", delta: { content: "a" } }] })).toHaveLength(1);
  });

  test("of choices without an index is told apart by their places", () => {
    const choices = [{ delta: { content: "a" } }, { delta: { content: "b" } }];
    expect(read({ choices })).toMatchObject([{ choice: 0 }, { choice: 1 }]);
  });

  test("of no known shape is nothing, and no fault", () => {
    expect(
      read(
        { choices: [null, 5, { delta: { content: 5, tool_calls: {}, refusal: 1 } }] },
        { choices: "x" },
        {},
      ),
    ).toEqual([]);
  });
});

describe("log-probabilities of a completion", () => {
  const entry = (token: string, ...top: string[]) => ({
    id: 1,
    token,
    logprob: -1,
    bytes: [],
    top_logprobs: top.map((other) => ({ id: 2, token: other, logprob: -2 })),
  });
  const said = (index: number, text: string, ...content: object[]) => ({
    choices: [{ index, text, logprobs: { content }, finish_reason: null }],
  });
  const heard = (...chunks: object[]) =>
    read(...chunks).flatMap((event) => (event.type === "logprobs" ? [event.logprobs] : []));

  test("in a chat's shape (llama-server) come in their own, each token's place counted per choice", () => {
    expect(
      heard(
        said(0, "h🌊", entry("h", "a", "b"), entry("🌊")),
        said(1, "x", entry("x")),
        said(0, "o", entry("o")),
      ),
    ).toEqual([
      {
        tokens: ["h", "🌊"],
        token_logprobs: [-1, -1],
        top_logprobs: [{ a: -2, b: -2 }, {}],
        text_offset: [0, 1],
      },
      { tokens: ["x"], token_logprobs: [-1], top_logprobs: [{}], text_offset: [0] },
      { tokens: ["o"], token_logprobs: [-1], top_logprobs: [{}], text_offset: [2] },
    ]);
  });

  test("in their own shape, and a chat's beside a delta, stay as they are", () => {
    const own = { tokens: ["a"], token_logprobs: [-1], top_logprobs: null, text_offset: [0] };
    expect(heard({ choices: [{ index: 0, text: "a", logprobs: own }] })).toEqual([own]);
    const chats = { content: [entry("a")] };
    expect(heard({ choices: [{ index: 0, delta: { content: "a" }, text: "a", logprobs: chats }] })).toEqual([
      chats,
    ]);
  });

  test("that make no sense are no fault", () => {
    expect(heard(said(0, "a", { token: 5, top_logprobs: [null, { token: "b" }] }))).toEqual([
      { tokens: [""], token_logprobs: [null], top_logprobs: [{}], text_offset: [0] },
    ]);
  });
});

describe("the reason to finish", () => {
  test.each([
    ["stop", "stop"],
    ["eos", "stop"],
    ["end_turn", "stop"],
    ["max_tokens", "length"],
    ["model_length", "length"],
    ["tool_use", "tool_calls"],
    ["content_filter", "content_filter"],
  ] as const)("%s is %s", (word, reason) => {
    expect(read(finish(word))).toEqual([{ type: "finish", choice: 0, reason }]);
  });

  test.each(["full_moon", "constructor", "__proto__"])("%s is the backend's own", (raw) => {
    expect(read(finish(raw))).toEqual([{ type: "finish", choice: 0, reason: "other", raw }]);
  });

  test("that is empty is none yet", () => {
    expect(read(finish(""))).toEqual([]);
  });
});

describe("unknown fields", () => {
  const extras = (...chunks: readonly object[]) =>
    read(...chunks).flatMap((event) => (event.type === "extra" ? event.extra : []));

  test("are told by their level", () => {
    const chunk = { provider: "p", choices: [{ index: 0, stop_reason: 7, delta: { annotations: [1] } }] };
    expect(extras(chunk)).toEqual([
      { dialect: "openai", chunk: { provider: "p" } },
      { dialect: "openai", choice: { stop_reason: 7 } },
      { dialect: "openai", delta: { annotations: [1] } },
    ]);
  });

  test("that are the same in every chunk are told when they change", () => {
    const chunks = ["a", "a", "b", "b", "a"].map((system_fingerprint) => ({
      ...delta({}),
      system_fingerprint,
    }));
    expect(extras(...chunks).map(({ chunk }) => chunk?.system_fingerprint)).toEqual(["a", "b", "a"]);
  });

  test("that are null, or pad a chunk that is not ours, say nothing", () => {
    expect(
      extras({
        obfuscation: "xxx",
        p: "abc",
        service_tier: null,
        ...delta({ audio: null, function_call: null }),
      }),
    ).toEqual([]);
  });
});

describe("usage", () => {
  const usage = (chunk: object): Usage | undefined =>
    read(chunk).flatMap((event) => (event.type === "usage" ? event.usage : []))[0];
  const counts = { prompt_tokens: 5, completion_tokens: 6, total_tokens: 11 };

  test.each<[string, object]>([
    ["where OpenAI has it", { choices: [], usage: counts }],
    ["without choices", { usage: counts }],
    ["beside null choices", { choices: null, usage: counts }],
    ["in x_groq", { choices: [], x_groq: { usage: counts } }],
    ["in the choice (Moonshot)", { choices: [{ index: 0, delta: {}, usage: counts }] }],
  ])("is found %s", (_, chunk) => {
    expect(usage(chunk)).toEqual({ input: 5, output: 6, native: { dialect: "openai", value: counts } });
  });

  test.each<[object, Partial<Usage> | undefined]>([
    [
      { prompt_tokens: 5, total_tokens: 11 },
      { input: 5, output: 6 },
    ],
    [
      { prompt_tokens: 5, completion_tokens: 6 },
      { input: 5, output: 6 },
    ],
    [
      { prompt_tokens: 5, total_tokens: 5 },
      { input: 5, output: 0 },
    ],
    [
      {
        prompt_tokens: 5,
        completion_tokens: 2,
        total_tokens: 11,
        completion_tokens_details: { reasoning_tokens: 4 },
      },
      { output: 6, reasoning: 4 },
    ],
    [{ ...counts, prompt_tokens_details: { cached_tokens: 3 } }, { cachedInput: 3 }],
    [{ ...counts, prompt_cache_hit_tokens: 3 }, { cachedInput: 3 }],
    [{ prompt_tokens: "5", completion_tokens: -1 }, undefined],
    [{}, undefined],
  ])("%j counts %j", (native, expected) => {
    const found = usage({ usage: native });
    if (expected === undefined) expect(found).toBeUndefined();
    else expect(found).toMatchObject(expected);
  });
});

describe("embeddings", () => {
  const embeddings = (data: unknown) => openai.embeddings(JSON.stringify({ data }));

  test("come in the order of their indices", () => {
    const data = [
      { index: 1, embedding: [2] },
      { index: 0, embedding: [1] },
    ];
    expect(embeddings(data).vectors).toEqual([[1], [2]]);
    expect(embeddings(data.map(({ embedding }) => ({ embedding }))).vectors).toEqual([[2], [1]]);
  });

  test.each<[string, unknown]>([
    ["no list", null],
    ["an entry that is none", [5]],
    [
      "an index twice",
      [
        { index: 0, embedding: [1] },
        { index: 0, embedding: [1] },
      ],
    ],
    ["an index out of range", [{ index: 1, embedding: [1] }]],
    ["a vector of words", [{ embedding: ["a"] }]],
    ["half a float", [{ embedding: "AAAA" }]],
    ["no vector", [{ index: 0 }]],
  ])("that make no sense are an error: %s", (_, data) => {
    expect(() => embeddings(data)).toThrow(expect.objectContaining({ code: "upstream_bad_response" }));
  });

  test("that are no JSON are an error", () => {
    expect(() => openai.embeddings("<html>")).toThrow(
      expect.objectContaining({ code: "upstream_bad_response" }),
    );
  });
});
