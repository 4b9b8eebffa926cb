import { describe, expect, test } from "bun:test";
import { chat } from "../../src/api/chat.ts";
import type { Extra, StreamEvent } from "../../src/core/event.ts";
import { Failure } from "../../src/core/failure.ts";
import { streamed } from "./asked.ts";
import { expectSchema } from "./oracle.ts";
import {
  args,
  call,
  type Chunk,
  end,
  extra,
  finish,
  logprobs,
  spoken,
  type Stream,
  start,
  text,
  usage,
} from "./spoken.ts";

const OPENING = { role: "assistant", content: "", refusal: null };

/** The events of one answer, in one read; its chunks are held against OpenAI's own schema. */
function said(events: readonly StreamEvent[], includeUsage = false): Stream {
  return checked([[start, ...events, usage(), end]], includeUsage);
}

function checked(reads: readonly StreamEvent[][], includeUsage = false): Stream {
  const stream = spoken(chat, reads, includeUsage);
  for (const chunk of stream.chunks) expectSchema("CreateChatCompletionStreamResponse", chunk);
  return stream;
}

const deltas = (chunks: readonly Chunk[]) => chunks.map(({ choices }) => choices[0]?.delta);
const reasons = (chunks: readonly Chunk[]) => chunks.map(({ choices }) => choices[0]?.finish_reason);

describe("an answer", () => {
  test("is its role, its words, its reason, [DONE]; one id, time and model in every chunk", () => {
    const { chunks, done } = said([text("Hel"), text("lo"), finish()]);
    expect(deltas(chunks)).toEqual([OPENING, { content: "Hel" }, { content: "lo" }, {}]);
    expect(reasons(chunks)).toEqual([null, null, null, "stop"]);
    for (const { id, object, created, model } of chunks)
      expect({ id, object, created, model }).toEqual({
        id: "x-1",
        object: "chat.completion.chunk",
        created: 3,
        model: "asked",
      });
    expect(done).toBe(true);
  });

  test("means the same however its events are split over reads", () => {
    const events = [
      start,
      text("a"),
      logprobs("b"),
      text("b"),
      call(0, "now"),
      args(0, "{}"),
      finish("tool_calls"),
      usage(),
      end,
    ];
    const whole = checked([events], true).sent;
    for (let at = 1; at < events.length; at += 1) {
      // Log-probabilities and their text come from one chunk of the backend.
      if (events[at - 1]?.type !== "logprobs")
        expect(checked([events.slice(0, at), events.slice(at)], true).sent).toBe(whole);
    }
  });

  test("writes what JSON must escape, on one line", () => {
    const words = 'a "quote"\n\r\t\\ \u2028 ä 🙂 \u0000 </script>';
    expect(deltas(said([text(words), finish()]).chunks)[1]).toEqual({ content: words });
  });

  test("without a word still has its role and its reason", () => {
    const { chunks, done } = said([finish("length")]);
    expect([deltas(chunks), reasons(chunks), done]).toEqual([[OPENING, {}], [null, "length"], true]);
  });

  test("keeps a reason that OpenAI does not know", () => {
    const odd: StreamEvent = { type: "finish", choice: 0, reason: "other", raw: "full_moon" };
    expect(spoken(chat, [[start, odd, end]]).chunks.at(-1)?.choices[0]?.finish_reason).toBe("full_moon");
  });

  test("has its reasoning under the name that most clients read, and its refusal under OpenAI's", () => {
    const events: StreamEvent[] = [
      { type: "reasoning", choice: 0, text: "hm" },
      { type: "refusal", choice: 0, text: "no" },
      finish(),
    ];
    expect(deltas(said(events).chunks)).toEqual([
      OPENING,
      { reasoning_content: "hm" },
      { refusal: "no" },
      {},
    ]);
  });
});

describe("several choices", () => {
  test("come as they come, each with its role once and one reason", () => {
    const { chunks } = said([
      text("a"),
      text("b", 1),
      text("A"),
      text("B", 1),
      finish(),
      finish("length", 1),
    ]);
    const of = (index: number) =>
      chunks.map(({ choices }) => choices[0]).filter((choice) => choice?.index === index);
    expect(of(0).map((choice) => choice?.delta)).toEqual([OPENING, { content: "a" }, { content: "A" }, {}]);
    expect(of(1).map((choice) => choice?.delta)).toEqual([OPENING, { content: "b" }, { content: "B" }, {}]);
    expect(of(1).at(-1)?.finish_reason).toBe("length");
    expect(chunks.every(({ choices }) => choices.length === 1)).toBe(true);
  });

  test("keep what came beside their words apart", () => {
    const { chunks } = said([
      logprobs("a"),
      extra("choice", { token_ids: [1] }, 1),
      text("b", 1),
      text("a"),
      finish(),
      finish("stop", 1),
    ]);
    const words = chunks.map(({ choices }) => choices[0]).filter((choice) => choice?.delta.content);
    expect(words[0]).toMatchObject({ index: 1, token_ids: [1], delta: { content: "b" } });
    expect(words[0]?.logprobs).toBeUndefined();
    expect(words[1]).toMatchObject({ index: 0, logprobs: { content: [{ token: "a" }] } });
  });
});

describe("usage", () => {
  test("that was not asked for is nowhere, and no chunk is without a choice", () => {
    const { sent, chunks } = said([text("a"), finish()]);
    expect(sent).not.toContain("usage");
    expect(chunks.every(({ choices }) => choices.length === 1)).toBe(true);
  });

  test("that was asked for is one last chunk without choices, and null before", () => {
    const { chunks, done } = said([text("a"), finish()], true);
    expect(chunks.at(-1)).toMatchObject({
      id: "x-1",
      choices: [],
      usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
    });
    expect(chunks.slice(0, -1).map((chunk) => chunk.usage)).toEqual([null, null, null]);
    expect(done).toBe(true);
  });

  test("of the backend is its own object, unknown counts and all", () => {
    const value = {
      prompt_tokens: 1,
      completion_tokens: 2,
      total_tokens: 9,
      prompt_cache_hit_tokens: 1,
      cost: 0.1,
    };
    const own = usage({ native: { dialect: "openai", value } });
    expect(checked([[start, finish(), own, end]], true).chunks.at(-1)?.usage).toEqual(value);
  });

  test("that is estimated says so", () => {
    const last = checked([[start, finish(), usage({ estimated: true }), end]], true).chunks.at(-1);
    expect(last?.x_fairlead).toEqual({ usage: "estimated" });
    expect(said([finish()], true).chunks.at(-1)?.x_fairlead).toBeUndefined();
  });
});

describe("log-probabilities", () => {
  test("stand in the chunk of their text, never in the one of the role", () => {
    const { chunks } = said([logprobs("a"), text("a"), logprobs("b"), text("b"), finish()]);
    const tokens = chunks.map(
      ({ choices }) => JSON.stringify(choices[0]?.logprobs ?? null).match(/"token":"(.)"/)?.[1],
    );
    expect(tokens).toEqual([undefined, "a", "b", undefined]);
  });

  test("without a text of their own are not lost to those of the next", () => {
    const { chunks } = said([logprobs("a"), logprobs("b"), text("b"), finish()]);
    const tokens = chunks.flatMap(
      ({ choices }) => JSON.stringify(choices[0]?.logprobs ?? null).match(/"token":"(.)"/)?.[1] ?? [],
    );
    expect(tokens).toEqual(["a", "b"]);
  });
});

describe("tool calls", () => {
  test("begin with index, id, type and the whole name; then nothing but arguments", () => {
    const events = [
      call(0, "now"),
      args(0, "{"),
      call(1, "then"),
      args(1, "{}"),
      args(0, "}"),
      finish("tool_calls"),
    ];
    expect(deltas(said(events).chunks)).toEqual([
      // As in a whole answer: null says that there is no text, not that it is empty.
      { ...OPENING, content: null },
      {
        tool_calls: [{ index: 0, id: "id-now", type: "function", function: { name: "now", arguments: "" } }],
      },
      { tool_calls: [{ index: 0, function: { arguments: "{" } }] },
      {
        tool_calls: [
          { index: 1, id: "id-then", type: "function", function: { name: "then", arguments: "" } },
        ],
      },
      { tool_calls: [{ index: 1, function: { arguments: "{}" } }] },
      { tool_calls: [{ index: 0, function: { arguments: "}" } }] },
      {},
    ]);
  });

  test("of custom tools carry their input", () => {
    const events = [call(0, "shell", "custom"), args(0, "ls", "custom"), finish("tool_calls")];
    expect(deltas(spoken(chat, [[start, ...events, end]]).chunks).slice(1, 3)).toEqual([
      { tool_calls: [{ index: 0, id: "id-shell", type: "custom", custom: { name: "shell", input: "" } }] },
      { tool_calls: [{ index: 0, custom: { input: "ls" } }] },
    ]);
  });

  test("keep what they carry beside, and it cannot take the place of what they are", () => {
    const event: StreamEvent = {
      type: "tool-start",
      choice: 0,
      part: 0,
      call: 0,
      id: "a",
      name: "now",
      kind: "function",
      extra: { dialect: "openai", fields: { signature: "s", index: 9 } },
    };
    expect(deltas(said([event, finish("tool_calls")]).chunks)[1]).toEqual({
      tool_calls: [
        { index: 0, id: "a", type: "function", function: { name: "now", arguments: "" }, signature: "s" },
      ],
    });
  });
});

describe("unknown fields stand where they stood, once", () => {
  const levels = [
    extra("chunk", { timings: { n: 1 } }),
    extra("choice", { stop_reason: 7 }),
    extra("delta", { annotations: [1] }),
  ];

  test("beside the words they came with", () => {
    const { chunks, sent } = said([...levels, text("a"), text("b"), finish()]);
    const [opening, a, b] = chunks;
    expect(opening?.choices[0]?.delta).toEqual(OPENING);
    expect(a?.choices[0]).toMatchObject({ stop_reason: 7, delta: { content: "a", annotations: [1] } });
    expect(b?.choices[0]?.delta).toEqual({ content: "b" });
    for (const name of ["timings", "stop_reason", "annotations"]) expect(sent.split(name)).toHaveLength(2);
  });

  test("beside the reason to finish, where no words follow", () => {
    const { chunks, done } = said([text("a"), ...levels, finish()]);
    expect(chunks.at(-1)).toMatchObject({
      timings: { n: 1 },
      choices: [{ stop_reason: 7, delta: { annotations: [1] }, finish_reason: "stop" }],
    });
    expect(done).toBe(true);
  });

  test("at once, where their read has no words: the progress of a long prompt is no news at its end", () => {
    const { chunks } = checked([
      [start, extra("chunk", { progress: 1 })],
      [extra("chunk", { progress: 2 })],
      [text("a"), finish(), end],
    ]);
    expect(chunks.map(({ progress }) => progress)).toEqual([1, 2, undefined, undefined]);
    expect(deltas(chunks)).toEqual([OPENING, {}, { content: "a" }, {}]);
  });

  test("piece by piece, where their name comes again: a legacy function_call loses no argument", () => {
    const pieces = [{ name: "now", arguments: "" }, { arguments: '{"a"' }, { arguments: ":1}" }];
    const { chunks } = said([...pieces.map((piece) => extra("delta", { function_call: piece })), finish()]);
    expect(
      deltas(chunks)
        .map((delta) => delta?.function_call)
        .filter((piece) => piece !== undefined),
    ).toEqual(pieces);
  });

  test("not for a client of another dialect's words", () => {
    const foreign: Extra = { dialect: "ollama", chunk: { odd: 1 }, delta: { odd: 1 } };
    expect(said([{ type: "extra", choice: 0, extra: foreign }, text("a"), finish()]).sent).not.toContain(
      "odd",
    );
  });
});

describe("a stream that fails", () => {
  const failure = new Failure("upstream_truncated", "Cut.");
  const frame = {
    error: { message: "Cut.", type: "upstream_error", param: null, code: "upstream_truncated" },
  };

  test("ends with OpenAI's error object: no choices, no reason, no [DONE]", () => {
    const { chunks, done, sent } = spoken(chat, [[start, text("a")], [{ type: "error", failure }]], true);
    expect(chunks.at(-1)).toEqual(frame as unknown as Chunk);
    expect(reasons(chunks.slice(0, -1))).toEqual([null, null]);
    expect([done, sent.includes("[DONE]")]).toEqual([false, false]);
    expectSchema("ErrorResponse", chunks.at(-1));
  });

  test("says nothing after it, not even what was waiting for words", () => {
    const events = [
      start,
      text("a"),
      extra("delta", { odd: 1 }),
      logprobs("b"),
      { type: "error", failure } as const,
    ];
    expect(spoken(chat, [events]).chunks.at(-1)).toEqual(frame as unknown as Chunk);
  });

  test("may fail before it has begun", () => {
    const writer = chat.stream({ model: "asked", request: streamed() });
    expect(writer.error(failure)).toBe(`data: ${JSON.stringify(frame)}\n\n`);
  });
});

test("the sign of life is a comment: the one form that every client ignores", () => {
  expect(chat.stream({ model: "asked", request: streamed() }).comment).toMatch(/^:.*\n\n$/);
});
