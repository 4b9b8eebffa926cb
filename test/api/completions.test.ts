import { describe, expect, test } from "bun:test";
import { completions } from "../../src/api/completions.ts";
import type { StreamEvent } from "../../src/core/event.ts";
import { answer, choiceOf, parsed } from "./answers.ts";
import { asked } from "./asked.ts";
import { expectSchema } from "./oracle.ts";
import { end, extra, finish, spoken, start, text, usage } from "./spoken.ts";

const logprobs = { tokens: ["a"], token_logprobs: [-1], top_logprobs: [], text_offset: [0] };
const said = (events: readonly StreamEvent[], includeUsage = false) =>
  spoken(completions, [[start, ...events, usage(), end]], includeUsage);

describe("a stream", () => {
  test("is text, its reason and [DONE], in one shape: no role, no delta", () => {
    const { chunks, done } = said([text("a"), text("b"), finish()]);
    expect(chunks.map(({ choices }) => choices)).toMatchObject([
      [{ index: 0, text: "a", logprobs: null, finish_reason: null }],
      [{ index: 0, text: "b", logprobs: null, finish_reason: null }],
      [{ index: 0, text: "", logprobs: null, finish_reason: "stop" }],
    ]);
    for (const chunk of chunks)
      expect(chunk).toMatchObject({ id: "x-1", object: "text_completion", created: 3, model: "asked" });
    expect(done).toBe(true);
    expectSchema("CreateCompletionResponse", chunks.at(-1));
  });

  test("has log-probabilities beside their text and nowhere else", () => {
    const event: StreamEvent = { type: "logprobs", choice: 0, logprobs };
    const { chunks } = said([event, text("a"), text("b"), finish()]);
    expect(chunks.map(({ choices }) => choices[0]?.logprobs)).toEqual([logprobs, null, null]);
  });

  test("interleaves its choices", () => {
    const { chunks } = said([text("a"), text("b", 1), finish("length", 1), finish()]);
    expect(
      chunks.map(({ choices }) => [choices[0]?.index, choices[0]?.text, choices[0]?.finish_reason]),
    ).toEqual([
      [0, "a", null],
      [1, "b", null],
      [1, "", "length"],
      [0, "", "stop"],
    ]);
  });

  test("has usage only where it was asked for", () => {
    expect(said([text("a"), finish()]).sent).not.toContain("usage");
    expect(said([text("a"), finish()], true).chunks.map((chunk) => chunk.usage)).toEqual([
      null,
      null,
      { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
    ]);
  });

  test("keeps unknown fields in the choice, where they stood", () => {
    const { chunks } = said([
      extra("choice", { stop_reason: 7 }),
      extra("chunk", { timings: 1 }),
      text("a"),
      extra("delta", { odd: 1 }),
      finish(),
    ]);
    expect(chunks).toMatchObject([
      { timings: 1, choices: [{ stop_reason: 7, text: "a" }] },
      { choices: [{ odd: 1, text: "" }] },
    ]);
    expect(spoken(completions, [[start, extra("chunk", { progress: 1 })]]).chunks).toMatchObject([
      { progress: 1, choices: [{ text: "" }] },
    ]);
  });

  test("says nothing of what completions have no words for", () => {
    const { chunks } = said([{ type: "reasoning", choice: 0, text: "hm" }, text("a"), finish()]);
    expect(chunks).toHaveLength(2);
  });
});

describe("a whole answer", () => {
  test("has every field that OpenAI's has, also the empty ones", () => {
    const whole = parsed(
      completions.answer(answer({ text: "a" }, { extra: { timings: 1 } }), {
        model: "asked",
        request: asked({ prompt: "a" }, "completions"),
      }),
    );
    expect(whole).toEqual({
      id: "x-1",
      object: "text_completion",
      created: 3,
      model: "asked",
      choices: [{ text: "a", index: 0, logprobs: null, finish_reason: "stop" }],
      usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
      timings: 1,
    });
    expectSchema("CreateCompletionResponse", whole);
  });

  test("has its choices in order, with what stood in them", () => {
    const choices = [
      choiceOf({ text: "a", logprobs }),
      choiceOf({ index: 1, text: "b", finish: "length", extra: { stop_reason: 7 } }),
    ];
    const whole = parsed(
      completions.answer(answer({}, { choices }), {
        model: "asked",
        request: asked({ prompt: "a" }, "completions"),
      }),
    );
    expect(whole.choices).toMatchObject([
      { index: 0, logprobs },
      { index: 1, finish_reason: "length", stop_reason: 7 },
    ]);
    expectSchema("CreateCompletionResponse", whole);
  });
});
