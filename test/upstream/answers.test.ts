import { describe, expect, test } from "bun:test";
import OpenAI from "openai";
import * as answers from "./answers.ts";
import { type Script, startUpstream } from "./scripted.ts";

/** OpenAI's own client is the judge of shapes: what it reads as intended, an OpenAI server could have sent. */
async function asked<T>(script: Script, ask: (client: OpenAI) => Promise<T>): Promise<T> {
  await using upstream = await startUpstream(script);
  return await ask(new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: "none", maxRetries: 0 }));
}

const messages = [{ role: "user" as const, content: "?" }];
const SAID: answers.Said = {
  reasoning: ["Two calls", " it is."],
  text: ["Let me ", "look."],
  tools: [
    { id: "call_a", name: "weather", args: ['{"city":', '"Bonn"}'] },
    { id: "call_b", name: "clock", args: ["{}"] },
  ],
  usage: { prompt: 7, completion: 9, cached: 2, reasoning: 3 },
};

describe("built answers are OpenAI's", () => {
  const script: Script = ({ json }, wire) =>
    (json() as { stream?: boolean }).stream
      ? wire.sse(answers.payloads(answers.chatChunks(SAID)))
      : wire.json(200, answers.chatCompletion(SAID));

  test("a chat answer reads the same streamed and whole", async () => {
    const body = { model: "test-model", messages };
    const whole = await asked(script, (client) => client.chat.completions.create(body));
    const streamed = await asked(script, (client) =>
      client.chat.completions.stream(body).finalChatCompletion(),
    );
    for (const { choices, usage } of [whole, streamed]) {
      expect(choices[0]).toMatchObject({ finish_reason: "tool_calls", message: { content: "Let me look." } });
      expect(choices[0]?.message.tool_calls).toMatchObject([
        { id: "call_a", type: "function", function: { name: "weather", arguments: '{"city":"Bonn"}' } },
        { id: "call_b", type: "function", function: { name: "clock", arguments: "{}" } },
      ]);
      expect(usage).toMatchObject({ prompt_tokens: 7, completion_tokens: 9, total_tokens: 16 });
    }
  });

  test("a refusal, and two choices side by side", async () => {
    const chunks = [
      ...answers.chatChunks({ refusal: ["I will", " not."] }),
      ...answers.chatChunks({ choice: 1, text: ["Fine."], finish: "length" }),
    ];
    const answer = await asked(
      (_, wire) => wire.sse(answers.payloads(chunks)),
      (client) => client.chat.completions.stream({ model: "m", n: 2, messages }).finalChatCompletion(),
    );
    expect(
      answer.choices.map(({ message, finish_reason }) => [message.refusal, message.content, finish_reason]),
    ).toEqual([
      ["I will not.", "", "stop"],
      [null, "Fine.", "length"],
    ]);
  });

  test("legacy completions", async () => {
    const said: answers.Said = {
      text: ["one", " two"],
      finish: "length",
      usage: { prompt: 1, completion: 2 },
    };
    const whole = await asked(
      (_, wire) => wire.json(200, answers.textCompletion(said)),
      (client) => client.completions.create({ model: "m", prompt: "zero" }),
    );
    expect(whole.choices[0]).toMatchObject({ text: "one two", finish_reason: "length" });
    const pieces = await asked(
      (_, wire) => wire.sse(answers.payloads(answers.textChunks(said))),
      async (client) =>
        Array.fromAsync(await client.completions.create({ model: "m", prompt: "zero", stream: true })),
    );
    expect(pieces.flatMap(({ choices }) => choices.map(({ text }) => text)).join("")).toBe("one two");
    expect(pieces.at(-1)?.usage?.total_tokens).toBe(3);
  });

  test("embeddings in both encodings, and a model list", async () => {
    for (const encoding of ["float", "base64"] as const) {
      const { data } = await asked(
        (_, wire) =>
          void wire.json(
            200,
            answers.embeddings(
              [
                [0.5, -1],
                [0.25, 2],
              ],
              encoding,
            ),
          ),
        (client) => client.embeddings.create({ model: "m", input: ["a", "b"] }),
      );
      expect(data.map(({ embedding }) => embedding)).toEqual([
        [0.5, -1],
        [0.25, 2],
      ]);
    }
    const list = await asked(
      (_, wire) =>
        void wire.json(200, answers.models(["a", { id: "b/c:d", owned_by: "vllm", max_model_len: 4096 }])),
      (client) => client.models.list(),
    );
    expect(list.data).toMatchObject([
      { id: "a", owned_by: "test" },
      { id: "b/c:d", max_model_len: 4096 },
    ]);
  });

  test("errors: OpenAI's shape carries message, type and code to the client", async () => {
    const { body } = answers.ERROR_BODIES.openai("out of cheese");
    const ask = (client: OpenAI) => client.chat.completions.create({ model: "m", messages });
    await expect(asked((_, wire) => wire.json(400, body), ask)).rejects.toMatchObject({
      status: 400,
      type: "invalid_request_error",
      message: "400 out of cheese",
    });
  });

  test("errors: every other shape says the same sentence, the empty one nothing", () => {
    for (const [shape, build] of Object.entries(answers.ERROR_BODIES)) {
      const { body } = build("out of cheese");
      expect([shape, body.includes("out of cheese")]).toEqual([shape, shape !== "empty"]);
    }
    expect(answers.errorObject("no", { code: "gone" })).toEqual({
      error: { message: "no", type: "server_error", param: null, code: "gone" },
    });
  });
});
