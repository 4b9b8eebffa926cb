import { describe, expect, test } from "bun:test";
import { ask, at, list } from "./echo-ask.ts";

const PATH = "/v1/embeddings";

async function vectors(body: object): Promise<number[][]> {
  const { json } = await ask(PATH, body);
  return list(at(json, "data")).map((item) => list(at(item, "embedding")).map(Number));
}

async function vector(input: unknown, more: object = {}): Promise<number[]> {
  const [only = []] = await vectors({ input, ...more });
  return only;
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, number, i) => sum + number * (b[i] ?? 0), 0);
}

describe("an embedding by echo", () => {
  test("is a unit vector of 64 numbers", async () => {
    const { json } = await ask(PATH, { model: "my/echo", input: "one two" });
    expect(json).toEqual({
      object: "list",
      data: [{ object: "embedding", index: 0, embedding: expect.any(Array) }],
      model: "my/echo",
      usage: { prompt_tokens: 2, total_tokens: 2 },
    });
    const numbers = await vector("one two");
    expect(numbers).toHaveLength(64);
    expect(dot(numbers, numbers)).toBeCloseTo(1, 5);
  });

  test("is the same for the same text, today and in every release", async () => {
    expect(await vector("fairlead")).toEqual(await vector("fairlead"));
    expect((await vector("fairlead")).slice(0, 3).map((number) => number.toFixed(4))).toMatchInlineSnapshot(`
      [
        "-0.0215",
        "0.1090",
        "0.1960",
      ]
    `);
  });

  test("is different for a different text, in any list and place", async () => {
    const texts = Array.from({ length: 200 }, (_, i) => `text ${i}`);
    const all = await vectors({ input: texts });
    const likeness = all.flatMap((a, i) => all.slice(i + 1).map((b) => Math.abs(dot(a, b))));
    expect(Math.max(...likeness)).toBeLessThan(0.7);
    expect(all[7]).toEqual(await vector("text 7"));
  });

  test.each([1, 3, 1536, 4096])("has the %d dimensions asked for", async (dimensions) => {
    const numbers = await vector("x", { dimensions });
    expect(numbers).toHaveLength(dimensions);
    expect(dot(numbers, numbers)).toBeCloseTo(1, 5);
  });

  test("takes token ids, and lists of them in order", async () => {
    const [first, second] = await vectors({ input: [[1, 2], [3]] });
    expect(first).toEqual(await vector([1, 2]));
    expect(second).toEqual(await vector([3]));
    expect(at((await ask(PATH, { input: [[1, 2], [3]] })).json, "usage", "prompt_tokens")).toBe(3);
  });

  test("holds the same numbers as base64 of little-endian floats", async () => {
    const { json } = await ask(PATH, { input: ["a", "b"], encoding_format: "base64", dimensions: 5 });
    const decoded = list(at(json, "data")).map((item) => {
      const bytes = Buffer.from(String(at(item, "embedding")), "base64");
      return Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(i * 4));
    });
    expect(decoded).toEqual(await vectors({ input: ["a", "b"], dimensions: 5 }));
  });

  test.each([
    ["nothing", {}, "input"],
    ["an empty text", { input: "" }, "input"],
    ["an empty text in a list", { input: ["a", ""] }, "input"],
    ["an empty list", { input: [] }, "input"],
    ["a number", { input: 5 }, "input"],
    ["too many texts", { input: Array(2049).fill("a") }, "input"],
    ["more numbers than the memory should hold", { input: Array(2000).fill("a"), dimensions: 4096 }, "input"],
    ["no dimensions", { input: "a", dimensions: 0 }, "dimensions"],
    ["too many dimensions", { input: "a", dimensions: 4097 }, "dimensions"],
    ["an unknown encoding", { input: "a", encoding_format: "hex" }, "encoding_format"],
  ])("refuses %s", async (_, body, param) => {
    const { status, json } = await ask(PATH, body);
    expect([status, at(json, "error", "param")]).toEqual([400, param]);
  });
});
