import { describe, expect, test } from "bun:test";
import { asked } from "./asked.ts";

const read = (body: object) => asked({ model: "m", ...body }, "completions").prompt();

test("a text to be continued is one item, and no conversation", () => {
  expect(read({ prompt: "a", suffix: "z", max_tokens: 3, stop: ["x"], logprobs: 2, user: "u" })).toEqual({
    items: [{ type: "message", role: "user", parts: [{ type: "text", text: "a" }], at: "prompt" }],
    tools: [],
    sampling: { stop: ["x"], logprobs: true, topLogprobs: 2 },
    format: { type: "text" },
    reasoning: {},
    notes: [],
    completion: true,
    suffix: "z",
    maxOutput: 3,
    user: "u",
  });
});

test("a list with one text is that text", () => {
  expect(read({ prompt: ["a"] }).items).toEqual(read({ prompt: "a" }).items);
});

describe("what only the same dialect can say is refused", () => {
  test.each([[["a", "b"]], [[1, 2]], [[[1], [2]]]])("%j", (prompt) => {
    expect(() => read({ prompt })).toThrow(
      expect.objectContaining({ code: "unsupported", detail: { param: "prompt" } }),
    );
  });
});

test("what is lost is named", () => {
  const lost = (body: object) =>
    read({ prompt: "a", ...body }).notes.map(({ kind, field }) => `${kind}:${field}`);
  expect(lost({ echo: true, best_of: 3 })).toEqual(["dropped:echo", "dropped:best_of"]);
  expect(lost({ echo: false, best_of: 2, n: 2 })).toEqual([]);
});
