import { describe, expect, test } from "bun:test";
import {
  embedsNothing,
  readEmbed,
  readOldEmbeddings,
  writeEmbed,
  writeOldEmbeddings,
} from "../../src/api/ollama/embed.ts";
import { Stopwatch } from "../../src/api/ollama/time.ts";
import { readObject } from "../../src/wire/json.ts";
import { parsed } from "./answers.ts";
import { ticking } from "./ollama-scene.ts";

const raw = (body: object) => readObject(Buffer.from(JSON.stringify(body)));
const asked = (body: object) => readEmbed(raw({ model: "m", ...body }), "1");
const old = (body: object) => readOldEmbeddings(raw({ model: "m", ...body }), "1");
const USAGE = { input: 3, output: 0 };

describe("texts to embed", () => {
  test("are one or several, and how", () => {
    expect(asked({ input: "a" })).toMatchObject({
      operation: "embeddings",
      dialect: "ollama",
      answerDialect: "ollama",
      model: "m",
      stream: false,
    });
    expect(asked({ input: "a" }).inputs()).toEqual({ inputs: ["a"] });
    expect(asked({ input: ["a", ""], dimensions: 8, truncate: false, keep_alive: "5m" }).inputs()).toEqual({
      inputs: ["a", ""],
      dimensions: 8,
      truncate: false,
      keepAlive: "5m",
    });
    expect(asked({ input: "a", dimensions: 0, keep_alive: -1 }).inputs()).toEqual({
      inputs: ["a"],
      keepAlive: -1,
    });
  });

  test.each([[{}], [{ input: "" }], [{ input: [] }], [{ input: null }]])("%j are none", (body) => {
    expect(embedsNothing(asked(body))).toBeTrue();
  });

  test.each<[object, string]>([
    [{ input: [1, 2] }, "input"],
    [{ input: [["a"]] }, "input[0]"],
    [{ input: 5 }, "input"],
  ])("%j are refused: Ollama has no tokens", (body, param) => {
    expect(() => asked(body)).toThrow(
      expect.objectContaining({ code: "invalid_request", detail: { param } }),
    );
  });

  test("of the older route are one text, in the words of the newer one", () => {
    const request = old({ prompt: "a", options: { num_ctx: 8 } });
    expect(request.inputs()).toEqual({ inputs: ["a"] });
    expect(JSON.parse(Buffer.from(request.body.bytes).toString())).toEqual({
      model: "m",
      options: { num_ctx: 8 },
      input: "a",
    });
    expect(embedsNothing(old({}))).toBeTrue();
    expect(embedsNothing(old({ prompt: "" }))).toBeTrue();
    expect(() => old({ prompt: ["a"] })).toThrow(expect.objectContaining({ detail: { param: "prompt" } }));
  });
});

describe("vectors", () => {
  const watch = () => new Stopwatch(ticking());

  test("are plain numbers, under the name that was asked for", () => {
    const request = { ...asked({ model: "m:latest", input: ["a", "b"] }), model: "m" };
    const vectors = [[0.5, -1], Float32Array.from([0.25, 3])];
    expect(parsed(writeEmbed(vectors, USAGE, { request, watch: watch() }))).toEqual({
      model: "m:latest",
      embeddings: [
        [0.5, -1],
        [0.25, 3],
      ],
      total_duration: 1_000_000,
      load_duration: 0,
      prompt_eval_count: 3,
    });
  });

  test("say when their tokens are our guess, and the times of an Ollama", () => {
    const native = { dialect: "ollama" as const, value: { total_duration: 9, prompt_eval_count: 4 } };
    const said = writeEmbed(
      [[1]],
      { ...USAGE, estimated: true, native },
      { request: asked({}), watch: watch() },
    );
    expect(parsed(said)).toMatchObject({
      total_duration: 9,
      prompt_eval_count: 4,
      x_fairlead: { usage: "estimated" },
    });
  });

  test("of the older route are one", () => {
    expect(parsed(writeOldEmbeddings([Float32Array.from([0.5])]))).toEqual({ embedding: [0.5] });
    expect(parsed(writeOldEmbeddings([]))).toEqual({ embedding: [] });
  });
});
