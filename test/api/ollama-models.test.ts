import { describe, expect, test } from "bun:test";
import { OLLAMA_VERSION, writePs, writeShow, writeTags, writeVersion } from "../../src/api/ollama/models.ts";
import type { JsonRecord } from "../../src/core/json.ts";
import type { ListedModel } from "../../src/core/model.ts";
import { parsed } from "./answers.ts";

const plain: ListedModel = { id: "org/name:tag", created: 3, ownedBy: "them", backend: "gpu" };
const entryOf = (text: string): JsonRecord => (parsed(text).models as JsonRecord[])[0] ?? {};
const shown = (parts: Partial<ListedModel> = {}) => parsed(writeShow({ ...plain, ...parts }));
const can = (capabilities: ListedModel["capabilities"]) =>
  shown(capabilities === undefined ? {} : { capabilities }).capabilities;

test("the version is plain numbers, and new enough for every client", () => {
  expect(parsed(writeVersion())).toEqual({ version: OLLAMA_VERSION });
  expect(OLLAMA_VERSION).toMatch(/^\d+\.\d+\.\d+$/);
  expect(Bun.semver.satisfies(OLLAMA_VERSION, ">=0.13.4")).toBeTrue();
});

const DETAILS = {
  parent_model: "",
  format: "",
  family: "fairlead",
  families: ["fairlead"],
  parameter_size: "",
  quantization_level: "",
};

test("the list has every model under its own name, with all that clients read", () => {
  expect(entryOf(writeTags([plain]))).toEqual({
    name: "org/name:tag",
    model: "org/name:tag",
    modified_at: "1970-01-01T00:00:03.000000000Z",
    size: 0,
    digest: expect.stringMatching(/^[0-9a-f]{64}$/),
    details: DETAILS,
    capabilities: ["completion", "tools"],
  });
  expect(parsed(writeTags([]))).toEqual({ models: [] });
});

test("a digest is the same for the same model, and for no other", () => {
  const digest = (parts: Partial<ListedModel>) => entryOf(writeTags([{ ...plain, ...parts }])).digest;
  expect(digest({ created: 9, loaded: true })).toBe(digest({}));
  expect(digest({ id: "other" })).not.toBe(digest({}));
  expect(digest({ backend: "cpu" })).not.toBe(digest({}));
});

test("what runs has its context length and no hurry to go", () => {
  const running = entryOf(writePs([{ ...plain, contextLength: 4096 }]));
  expect(running).toMatchObject({
    name: "org/name:tag",
    size_vram: 0,
    context_length: 4096,
    details: DETAILS,
  });
  expect(Date.parse(String(running.expires_at))).toBeGreaterThan(Date.parse("2100-01-01"));
  expect(entryOf(writePs([plain]))).toMatchObject({ context_length: 0 });
});

describe("a model that is described", () => {
  test("has its context length under the name of its architecture, and as a parameter", () => {
    const { model_info, parameters } = shown({ contextLength: 4096 });
    const info = model_info as JsonRecord;
    expect(info[`${String(info["general.architecture"])}.context_length`]).toBe(4096);
    expect(info["general.basename"]).toBe("org/name:tag");
    expect(parameters).toBe("num_ctx 4096");
  });

  test("claims no context length that nobody has told", () => {
    expect(Object.keys(shown().model_info as object)).toEqual(["general.architecture", "general.basename"]);
    expect(shown().parameters).toBe("");
  });

  test("has every field that clients read without looking", () => {
    for (const field of ["license", "modelfile", "template"]) expect(shown()[field]).toBe("");
    expect(shown()).toMatchObject({ details: DETAILS, modified_at: "1970-01-01T00:00:03.000000000Z" });
  });
});

describe("abilities in Ollama's words", () => {
  test.each<[ListedModel["capabilities"], string[]]>([
    [undefined, ["completion", "tools"]],
    [{ tools: null, vision: null }, ["completion", "tools"]],
    [{ tools: false }, ["completion"]],
    [{ tools: true, vision: true, reasoning: true }, ["completion", "tools", "vision", "thinking"]],
    [{ embeddings: true }, ["completion", "tools", "embedding"]],
    [{ embeddings: true, streaming: false, tools: false }, ["embedding"]],
  ])("%j", (capabilities, words) => {
    expect(can(capabilities)).toEqual(words);
  });

  test("are also told by what goes in", () => {
    const inputModalities = ["text", "image", "audio"];
    expect(shown({ inputModalities }).capabilities).toEqual(["completion", "tools", "vision", "audio"]);
    expect(shown({ inputModalities, capabilities: { vision: false } }).capabilities).not.toContain("vision");
  });
});

test("a model whose age makes no sense is as old as one of unknown age", () => {
  for (const created of [1e300, -1, Number.NaN])
    expect(JSON.parse(writeTags([{ id: "m", created, ownedBy: "", backend: "b" }]))).toMatchObject({
      models: [{ modified_at: "1970-01-01T00:00:00.000000000Z" }],
    });
});
