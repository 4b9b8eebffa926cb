import { expect, test } from "bun:test";
import {
  writeAnthropicModel,
  writeAnthropicModelList,
  writeModel,
  writeModelList,
} from "../../src/api/models.ts";
import type { ListedModel } from "../../src/core/model.ts";
import { parsed } from "./answers.ts";
import { expectSchema } from "./oracle.ts";

const plain: ListedModel = { id: "org/name:tag", created: 3, ownedBy: "them", backend: "gpu" };
const written = (parts: Partial<ListedModel> = {}) => parsed(writeModel({ ...plain, ...parts }));

test("a model has OpenAI's four fields and its backend, and claims nothing that nobody said", () => {
  expect(written()).toEqual({
    id: "org/name:tag",
    object: "model",
    created: 3,
    owned_by: "them",
    backend: "gpu",
  });
  expectSchema("Model", written());
});

test("an owner is always named, because clients expect one", () => {
  expect(written({ ownedBy: "" }).owned_by).toBe("gpu");
  expect(written({ ownedBy: "", backend: undefined }).owned_by).toBe("fairlead");
});

test("its context length goes by every name that clients look for", () => {
  const known = written({ contextLength: 4096, maxOutputTokens: 512 });
  for (const name of ["context_length", "max_model_len", "context_window", "max_context_length"])
    expect(known[name]).toBe(4096);
  expect(known.top_provider).toEqual({ context_length: 4096, max_completion_tokens: 512 });
  expect(known.max_output_tokens).toBe(512);
  expect(written({ maxOutputTokens: 512 }).top_provider).toEqual({
    context_length: null,
    max_completion_tokens: 512,
  });
  expectSchema("Model", known);
});

test("its modalities are what the backend says, else what its sight tells", () => {
  const architecture = (parts: Partial<ListedModel>) => written(parts).architecture;
  expect(architecture({ inputModalities: ["text", "audio"] })).toEqual({
    input_modalities: ["text", "audio"],
    output_modalities: ["text"],
  });
  expect(architecture({ outputModalities: ["embedding"] })).toEqual({
    input_modalities: ["text"],
    output_modalities: ["embedding"],
  });
  expect(architecture({ capabilities: { vision: true } })).toEqual({
    input_modalities: ["text", "image"],
    output_modalities: ["text"],
  });
  expect(architecture({ capabilities: { vision: false } })).toEqual({
    input_modalities: ["text"],
    output_modalities: ["text"],
  });
  expect(architecture({ capabilities: { vision: null } })).toBeUndefined();
});

test("its abilities are those that somebody has spoken about", () => {
  expect(written({ capabilities: { tools: true, vision: null, reasoning: false } }).capabilities).toEqual({
    tools: true,
    reasoning: false,
  });
  expect(written({ capabilities: { tools: null } }).capabilities).toBeUndefined();
});

test.each([
  [true, "loaded"],
  [false, "not-loaded"],
  [undefined, undefined],
])("loaded %p is state %p", (loaded, state) => {
  expect(written(loaded === undefined ? {} : { loaded }).state).toBe(state);
});

test("a list is a list, also an empty one", () => {
  expect(parsed(writeModelList([]))).toEqual({ object: "list", data: [] });
  const list = parsed(writeModelList([plain, { ...plain, id: "b", contextLength: 1 }]));
  expect(list).toMatchObject({
    object: "list",
    data: [{ id: "org/name:tag" }, { id: "b", context_length: 1 }],
  });
  expectSchema("ListModelsResponse", list);
});

test("a client of Anthropic's gets every field of Anthropic's, over those that others look for", () => {
  const known = { ...plain, created: 1_790_000_000, contextLength: 4096, maxOutputTokens: 512 };
  expect(parsed(writeAnthropicModel({ ...known, capabilities: { tools: true } }))).toMatchObject({
    type: "model",
    id: "org/name:tag",
    display_name: "org/name:tag",
    created_at: "2026-09-21T14:13:20Z",
    max_input_tokens: 4096,
    max_tokens: 512,
    // Anthropic's are an object of objects: ours in their place would break who reads them.
    capabilities: null,
    lifecycle: "active",
    deprecated_at: null,
    object: "model",
    context_length: 4096,
  });
  const unknown = { max_input_tokens: null, max_tokens: null };
  expect(parsed(writeAnthropicModel(plain))).toMatchObject(unknown);
});

test.each([
  [0, "1970-01-01T00:00:00Z"],
  [1.5, "1970-01-01T00:00:01Z"],
  [1e30, "1970-01-01T00:00:00Z"],
])("the time %p is %s", (created, date) => {
  expect(parsed(writeAnthropicModel({ ...plain, created })).created_at).toBe(date);
});

test("Anthropic's list is one page, also an empty one", () => {
  expect(parsed(writeAnthropicModelList([]))).toEqual({
    object: "list",
    data: [],
    has_more: false,
    first_id: null,
    last_id: null,
  });
  expect(parsed(writeAnthropicModelList([plain, { ...plain, id: "b" }]))).toMatchObject({
    data: [{ id: "org/name:tag" }, { id: "b", type: "model" }],
    has_more: false,
    first_id: "org/name:tag",
    last_id: "b",
  });
});
