import { describe, expect, test } from "bun:test";
import type { JsonRecord } from "../../src/core/json.ts";
import { embeddings, errorObject } from "../upstream/answers.ts";
import { shortBody } from "../upstream/faults.ts";
import { type Script, startUpstream } from "../upstream/scripted.ts";
import { backendAt, startServer } from "./running.ts";
import { errorOf } from "./said.ts";

const VECTORS = [
  [0.5, -0.25, 3],
  [1, 0, -1.5],
];
const answers =
  (body: JsonRecord): Script =>
  (_, wire) =>
    wire.json(200, body);

/** One vector for each input, as OpenAI counts them. */
const answersEach: Script = (request, wire) => {
  const { input } = JSON.parse(request.text()) as { input: unknown };
  const one = !Array.isArray(input) || typeof input[0] === "number";
  return wire.json(200, embeddings(one ? VECTORS.slice(0, 1) : VECTORS));
};

async function embed(script: Script, fields: JsonRecord = {}, type = "openai") {
  await using upstream = await startUpstream(script);
  await using server = await startServer({ backends: [backendAt(upstream, { type })] });
  const body = JSON.stringify({ model: "m", input: ["a", "b"], ...fields });
  const answer = await (await server.caller()).ask("/v1/embeddings", { body });
  return { answer, received: upstream.requests[0], body, line: await server.nextLine() };
}

interface List {
  object: string;
  model: string;
  data: { object: string; index: number; embedding: number[] | string }[];
  usage: JsonRecord;
}

function decode(base64: string | number[]): number[] {
  const bytes = Buffer.from(String(base64), "base64");
  return Array.from({ length: bytes.length / 4 }, (_, n) => bytes.readFloatLE(n * 4));
}

describe("vectors come in the encoding that was asked for", () => {
  test.each([
    ["float", "float"],
    ["float", "base64"],
    ["base64", "float"],
    ["base64", "base64"],
    [undefined, "float"],
    [undefined, "base64"],
  ] as const)("%s, where the backend sends %s", async (encoding_format, sends) => {
    const { answer, line } = await embed(answers(embeddings(VECTORS, sends)), { encoding_format });
    const list = JSON.parse(answer.text) as List;
    expect(list).toMatchObject({
      object: "list",
      model: "m",
      usage: { prompt_tokens: 6, total_tokens: 6 },
    });
    const vectors = list.data.map(({ embedding }) =>
      encoding_format === "base64" ? decode(embedding) : embedding,
    );
    expect(vectors).toEqual(VECTORS);
    expect(line).toMatchObject({ outcome: "ok", input_tokens: 6, output_tokens: 0 });
  });

  test("also from hosts that know no base64: those are asked for numbers", async () => {
    const { received, answer } = await embed(
      answers(embeddings(VECTORS)),
      { encoding_format: "base64" },
      "lmstudio",
    );
    expect(received?.json()).toMatchObject({ encoding_format: "float" });
    const { data } = JSON.parse(answer.text) as List;
    expect(decode(data[1]?.embedding ?? "")).toEqual(VECTORS[1] ?? []);
  });
});

describe("vectors of another length than asked for", () => {
  test.each([
    [3, undefined],
    [2, "dropped:dimensions"],
    [undefined, undefined],
  ])("dimensions %j: note %j", async (dimensions, note) => {
    const { answer, line } = await embed(answers(embeddings(VECTORS)), { dimensions });
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.headers.get("x-fairlead-notes") ?? undefined).toBe(note);
    expect(line.notes).toBe(note);
  });
});

describe("vectors belong to their texts", () => {
  test("by their index, in whatever order they come", async () => {
    const { data, ...rest } = embeddings(VECTORS) as unknown as List;
    const { answer } = await embed(answers({ ...rest, data: data.toReversed() }));
    const list = JSON.parse(answer.text) as List;
    expect(list.data.map(({ index, embedding }) => [index, embedding])).toEqual(
      VECTORS.map((vector, index) => [index, vector]),
    );
  });

  test.each<[string, JsonRecord]>([
    ["an index twice", { data: [0, 0].map((index) => ({ index, embedding: [1] })) }],
    ["an index out of range", { data: [{ index: 7, embedding: [1] }] }],
    ["a vector that is none", { data: [{ index: 0, embedding: "abc" }] }],
    ["no list", { object: "list" }],
  ])("%s is an error", async (_, body) => {
    const { answer, line } = await embed(answers(body));
    expect(answer.status).toBe(502);
    expect(errorOf(answer).code).toBe("upstream_bad_response");
    expect(line).toMatchObject({ outcome: "failed" });
  });

  test("fewer vectors than inputs are an error: which text each one means could not be told", async () => {
    const { answer } = await embed(answers(embeddings(VECTORS)), { input: ["a", "b", "c"] });
    expect([answer.status, errorOf(answer).code]).toEqual([502, "upstream_bad_response"]);
  });

  test("a document that is cut is an error", async () => {
    const { answer, line } = await embed(shortBody(JSON.stringify(embeddings(VECTORS)), 60));
    expect([answer.status, errorOf(answer).code]).toEqual([502, "upstream_truncated"]);
    expect(line).toMatchObject({ outcome: "truncated" });
  });
});

describe("an input", () => {
  test.each<[string, unknown]>([
    ["a text", "hello"],
    ["texts", ["a", "b"]],
    ["token numbers", [1, 2, 3]],
    ["lists of token numbers", [[1, 2], [3]]],
  ])("may be %s, and goes on as it came", async (_, input) => {
    const { received, body, answer } = await embed(answersEach, { input, dimensions: 3, x: "y" });
    expect(answer.status).toBe(200);
    expect(received?.path).toBe("/v1/embeddings");
    expect(received?.text()).toBe(body);
  });

  test("that a backend does not take is the backend's refusal", async () => {
    const refuses: Script = (_, wire) => wire.json(400, errorObject("no tokens", { param: "input" }));
    const { answer } = await embed(refuses, { input: [1, 2] });
    expect([answer.status, errorOf(answer)]).toMatchObject([400, { message: "no tokens", param: "input" }]);
  });
});

test("tokens that the backend does not count are estimated, and marked so", async () => {
  const { usage: _, ...uncounted } = embeddings(VECTORS);
  const { answer, line } = await embed(answers(uncounted));
  expect(JSON.parse(answer.text)).toMatchObject({
    usage: { prompt_tokens: 2, total_tokens: 2 },
    x_fairlead: { usage: "estimated" },
  });
  expect(line).toMatchObject({ estimated: true });
});
