import { describe, expect, test } from "bun:test";
import { ask, at, choice, chunks, list } from "./echo-ask.ts";

const PATH = "/v1/completions";

/** The texts of a whole answer. */
async function texts(body: object): Promise<unknown[]> {
  const { json } = await ask(PATH, body);
  return list(at(json, "choices")).map((entry) => at(entry, "text"));
}

describe("a completion by echo", () => {
  test("is the prompt again", async () => {
    const { json } = await ask(PATH, { model: "echo", prompt: "one two " });
    expect(json).toEqual({
      id: expect.stringMatching(/^cmpl-[0-9a-f]{32}$/),
      object: "text_completion",
      created: expect.any(Number),
      model: "echo",
      choices: [{ index: 0, text: "one two ", logprobs: null, finish_reason: "stop" }],
      usage: { prompt_tokens: 3, completion_tokens: 3, total_tokens: 6 },
    });
  });

  test("streams one chunk per word, then a finish", async () => {
    const stream = await chunks(PATH, { prompt: "one two", stream_options: { include_usage: true } });
    const part = (text: string, finish_reason: string | null) => [
      { index: 0, text, logprobs: null, finish_reason },
    ];
    expect(stream.map((chunk) => at(chunk, "choices"))).toEqual([
      part("one", null),
      part(" two", null),
      part("", "stop"),
      [],
    ]);
    expect(stream.map((chunk) => at(chunk, "object"))).toEqual(stream.map(() => "text_completion"));
    expect(at(stream.at(-1), "usage")).toEqual({ prompt_tokens: 2, completion_tokens: 2, total_tokens: 4 });
  });

  test.each([
    ["a list of texts", ["a b", "c"], ["a b", "c"]],
    ["token ids", [1, 22, 333], ["1 22 333"]],
    ["a list of those", [[1, 2], [3]], ["1 2", "3"]],
    ["nothing", null, [""]],
  ])("takes %s as prompt", async (_, prompt, expected) => {
    expect(await texts({ prompt })).toEqual(expected);
  });

  test("numbers n choices of k prompts one prompt after the other, streamed or not", async () => {
    const body = { prompt: ["a b", "c"], n: 2 };
    expect(await texts(body)).toEqual(["a b", "a b", "c", "c"]);
    const stream = await chunks(PATH, body);
    const streamed = [0, 1, 2, 3].map((index) =>
      choice(stream, index)
        .map((entry) => at(entry, "text"))
        .join(""),
    );
    expect(streamed).toEqual(["a b", "a b", "c", "c"]);
    expect(stream.filter((chunk) => at(chunk, "choices", 0, "finish_reason") === "stop")).toHaveLength(4);
    expect(at((await ask(PATH, body)).json, "usage")).toEqual({
      prompt_tokens: 3,
      completion_tokens: 6,
      total_tokens: 9,
    });
  });

  test("has 16 tokens unless more are asked for, as with OpenAI", async () => {
    const prompt = "w ".repeat(20).trim();
    expect(await texts({ prompt })).toEqual(["w ".repeat(16).trim()]);
    expect(await texts({ prompt, max_tokens: 18 })).toEqual(["w ".repeat(18).trim()]);
    expect(at((await ask(PATH, { prompt })).json, "choices", 0, "finish_reason")).toBe("length");
  });

  test("ends at a stop string", async () => {
    expect(await texts({ prompt: "one two three", stop: ["two t"] })).toEqual(["one "]);
  });

  test("begins with the whole prompt if echo is asked for, which counts as no completion", async () => {
    const body = { prompt: "one two three", echo: true, max_tokens: 1, stop: "two" };
    const { json } = await ask(PATH, body);
    expect(at(json, "choices", 0)).toMatchObject({ text: "one two threeone", finish_reason: "length" });
    expect(at(json, "usage")).toMatchObject({ prompt_tokens: 3, completion_tokens: 1 });
    const stream = await chunks(PATH, body);
    expect(
      choice(stream)
        .map((entry) => at(entry, "text"))
        .join(""),
    ).toBe("one two threeone");
  });

  test.each([
    ["an object", { prompt: {} }, "prompt"],
    ["an empty list", { prompt: [] }, "prompt"],
    ["a mixture", { prompt: ["a", 1] }, "prompt"],
    ["a negative token", { prompt: [[-1]] }, "prompt"],
    ["too many prompts", { prompt: Array(2049).fill("a") }, "prompt"],
    ["a text as echo", { prompt: "a", echo: "yes" }, "echo"],
  ])("refuses %s", async (_, body, param) => {
    const { status, json } = await ask(PATH, body);
    expect([status, at(json, "error", "param")]).toEqual([400, param]);
  });
});
