import { describe, expect, test } from "bun:test";
import { ADAPTERS } from "../../src/adapters/index.ts";
import { Backend, type BackendParts } from "../../src/backends/backend.ts";
import { backendAt, transportTo } from "../../src/backends/means.ts";
import { plan } from "../../src/backends/discovery.ts";
import type { Environment } from "../../src/core/environment.ts";
import { PRESETS } from "../../src/backends/presets.ts";
import { PROFILES } from "../../src/backends/profiles.ts";
import type { BackendConfig } from "../../src/config/config.ts";
import { Failure } from "../../src/core/failure.ts";
import type { ModelInfo } from "../../src/core/model.ts";
import { backendTable, configWith } from "./scene/config.ts";
import { Network } from "./scene/network.ts";

const NOW = Date.UTC(2030, 0, 1);

function backend(parts: Partial<BackendParts> = {}): Backend {
  return new Backend({
    name: "gpu",
    preset: PRESETS.llamacpp,
    origin: "config",
    rank: 0,
    url: "http://gpu:8080",
    adapter: ADAPTERS.openai,
    profile: PROFILES.llamacpp,
    transport: new Network().means.echo(),
    headers: {},
    timeouts: PRESETS.llamacpp.timeouts,
    concurrency: undefined,
    models: [],
    ...parts,
  });
}

const model = (id: string, parts: Partial<ModelInfo> = {}): ModelInfo => ({
  id,
  created: 0,
  ownedBy: "",
  ...parts,
});

/** The backend that a configuration makes, before anybody has asked it. */
function configured(table: BackendConfig, environment: Environment = {}): Backend {
  const { means } = new Network();
  const [place] = plan(configWith({ backends: [table] }), environment).places;
  if (place === undefined) throw new Error("no place");
  return backendAt(place, place, means, transportTo(place, means));
}

test("a backend knows the context that its user wants its models to have", () => {
  expect(configured(backendTable("a", "ollama", { contextWindow: 8192 })).contextWindow).toBe(8192);
  expect(configured(backendTable("a", "ollama")).contextWindow).toBeUndefined();
});

test("room that a model was given counts until the next look, which knows better", () => {
  const gpu = backend();
  const listed = [model("a", { contextLength: 40_960, loaded: false }), model("b")];
  gpu.found({ state: "connected", models: listed }, NOW);
  gpu.gaveRoom("a", 8192);
  gpu.gaveRoom("unknown", 8192);
  expect([...gpu.models.keys()]).toEqual(["a", "b"]);
  expect(gpu.models.get("a")).toMatchObject({ contextLength: 8192, loaded: true });
  gpu.found({ state: "connected", models: listed }, NOW);
  expect(gpu.models.get("a")).toMatchObject({ contextLength: 40_960, loaded: false });
});

describe("what a backend can do", () => {
  test("is what its preset says, until a model says something", () => {
    const one = backend();
    expect(one.capabilities).toEqual({
      streaming: true,
      tools: null,
      vision: null,
      json_schema: true,
      embeddings: null,
      logprobs: true,
      reasoning: null,
      context_length: null,
    });
    one.found(
      {
        state: "connected",
        models: [model("a", { capabilities: { tools: true, vision: false }, contextLength: 4096 })],
      },
      NOW,
    );
    expect(one.capabilities).toMatchObject({
      tools: true,
      vision: false,
      json_schema: true,
      context_length: 4096,
    });
  });

  test("is what one of its models can do", () => {
    const one = backend();
    const models = [
      model("a", { capabilities: { vision: false } }),
      model("b", { capabilities: { vision: true } }),
    ];
    one.found({ state: "connected", models }, NOW);
    expect(one.capabilities.vision).toBe(true);
  });

  test("is not known while a model is silent about it", () => {
    const one = backend();
    one.found(
      { state: "connected", models: [model("a", { capabilities: { vision: false } }), model("b")] },
      NOW,
    );
    expect(one.capabilities.vision).toBeNull();
  });

  test("has no context length where its models differ", () => {
    const one = backend();
    one.found(
      { state: "connected", models: [model("a", { contextLength: 1 }), model("b", { contextLength: 2 })] },
      NOW,
    );
    expect(one.capabilities.context_length).toBeNull();
    one.found({ state: "connected", models: [model("a", { contextLength: 1 }), model("b")] }, NOW);
    expect(one.capabilities.context_length).toBeNull();
  });
});

describe("a change is told once", () => {
  test("and a list that says the same again is none, even with another time of creation", () => {
    const one = backend();
    let told = 0;
    one.subscribe(() => told++);
    one.found({ state: "connected", models: [model("a", { created: 100 })] }, NOW);
    one.found({ state: "connected", models: [model("a", { created: 110 })] }, NOW);
    expect(told).toBe(1);
    expect(one.models.get("a")?.created).toBe(100);
  });

  test("when a model comes, goes or changes", () => {
    const one = backend();
    let told = 0;
    one.subscribe(() => told++);
    one.found({ state: "connected", models: [model("a")] }, NOW);
    one.found({ state: "connected", models: [model("a"), model("b")] }, NOW);
    one.found({ state: "connected", models: [model("b")] }, NOW);
    one.found({ state: "connected", models: [model("b", { loaded: true })] }, NOW);
    one.found({ state: "connected" }, NOW);
    expect(told).toBe(4);
    expect([...one.models.keys()]).toEqual(["b"]);
  });
});

test("models that the configuration names are there before the list and beside it", () => {
  const one = backend({ models: ["mine", "both"] });
  expect([...one.models.keys()]).toEqual(["mine", "both"]);
  one.found({ state: "connected", models: [model("both", { contextLength: 7 }), model("theirs")] }, NOW);
  expect([...one.models.keys()]).toEqual(["mine", "both", "theirs"]);
  expect(one.models.get("both")?.contextLength).toBe(7);
});

test("the models of a dead backend stay known", () => {
  const one = backend();
  one.found({ state: "connected", models: [model("a")] }, NOW);
  one.failed(new Failure("upstream_unreachable", "Nobody is there."), NOW, "disconnected");
  expect(one.isUp).toBe(false);
  expect(one.models.has("a")).toBe(true);
  expect(one.lastError).toEqual({ code: "upstream_unreachable", message: "Nobody is there.", at: NOW });
  one.recovered();
  expect([one.state, one.lastError]).toEqual(["connected", undefined]);
});

test("a key that a host repeats is not in the error that people read", () => {
  const one = backend({ headers: { authorization: "Bearer sk-very-secret", "x-extra": "another-secret" } });
  one.failed(new Failure("upstream_auth", "Wrong: sk-very-secret / another-secret."), NOW);
  expect(one.lastError?.message).toBe("Wrong: *** / ***.");
  const detail = { status: 401, cause: "c", upstreamType: "of another-secret" };
  const safe = one.withoutSecrets(new Failure("upstream_auth", "Wrong: sk-very-secret.", detail));
  expect(safe).toMatchObject({ code: "upstream_auth", message: "Wrong: ***.", cause: "c" });
  expect(safe.detail).toEqual({ status: 401, upstreamType: "of ***" });
});

describe("requests at a time", () => {
  test("are the engine's slots, unless the configuration says otherwise", () => {
    const one = backend();
    expect(one.concurrency).toBe(4);
    one.found({ state: "connected", slots: 2 }, NOW);
    expect(one.concurrency).toBe(2);
    expect(configured(backendTable("x", "llamacpp", { concurrency: 9 })).concurrency).toBe(9);
  });
});

describe("a configured backend", () => {
  test("sends its key and its headers, which have the last word", () => {
    const table = backendTable("x", "openai", { apiKey: "k", headers: { "X-Team": "a" } });
    expect(configured(table).headers).toEqual({ authorization: "Bearer k", "x-team": "a" });
    const own = backendTable("x", "openai", { apiKey: "k", headers: { Authorization: "Basic z" } });
    expect(configured(own).headers).toEqual({ authorization: "Basic z" });
  });

  test("takes its key from the preset's variable, and credentials from its address", () => {
    expect(configured(backendTable("x", "xai"), { XAI_API_KEY: "env" }).headers).toEqual({
      authorization: "Bearer env",
    });
    const withUser = configured(backendTable("x", "llamacpp", { url: "http://me:pw@gpu:1/v1" }));
    expect(withUser.headers).toEqual({ authorization: `Basic ${btoa("me:pw")}` });
    expect(withUser.url).toBe("http://gpu:1");
  });

  test("has its own patience, 0 included, and its preset's for the rest", () => {
    const table = backendTable("x", "groq", { timeouts: { connect: 5, firstByte: 0, idle: undefined } });
    expect(configured(table).timeouts).toEqual({ connect: 5, firstByte: 0, idle: 300_000 });
  });

  test.each([
    ["http://192.168.1.2:5000", 600_000],
    ["https://api.example.org", 120_000],
  ])("that is only OpenAI-compatible is waited for as its address suggests: %s", (url, firstByte) => {
    expect(configured(backendTable("x", "openai-compatible", { url })).timeouts.firstByte).toBe(firstByte);
  });
});
