import { describe, expect, test } from "bun:test";
import { Failure } from "../../src/core/failure.ts";
import { backendTable } from "./scene/config.ts";
import { generic, llamaCpp, lmStudio, ollama } from "./scene/engines.ts";
import { Scene } from "./scene/scene.ts";

const LLAMACPP = "http://127.0.0.1:8080";
const OLLAMA = "http://127.0.0.1:11434";
const GPU = "http://gpu:8080";

const gone = new Failure("upstream_unreachable", "Nobody is there.");

test("backends stand in the order of configuration, environment, usual ports, whoever answers first", async () => {
  const scene = await new Scene({
    servers: { [OLLAMA]: ollama(), "http://gw:1": generic(), [GPU]: llamaCpp() },
    backends: [
      backendTable("b", "openai-compatible", { url: "http://gw:1" }),
      backendTable("a", "llamacpp", { url: GPU }),
    ],
    environment: { GROQ_API_KEY: "k" },
  }).start();
  scene.network.put(LLAMACPP, llamaCpp());
  await scene.pass(5_000);
  expect(scene.registry.backends().map(({ name, origin }) => `${origin} ${name}`)).toEqual([
    "config b",
    "config a",
    "environment groq",
    "discovered llamacpp",
    "discovered ollama",
  ]);
});

describe("the built-in echo", () => {
  test("is there at once, and goes when something is found", async () => {
    const scene = new Scene({ servers: { [OLLAMA]: ollama() } });
    expect(scene.models("echo")).toEqual(["echo"]);
    await scene.start();
    expect(scene.listed).toEqual(["ollama ollama connected"]);
    expect(scene.registry.find("echo")).toBeUndefined();
    expect(scene.registry.withModel("echo")).toEqual([]);
  });

  test("comes back when what was found is gone", async () => {
    const scene = await new Scene({ servers: { [OLLAMA]: ollama() } }).start();
    scene.monitor.noteFailure(scene.backend("ollama"), gone);
    expect(scene.listed).toEqual(["ollama ollama disconnected", "echo echo connected"]);
  });

  test("stands beside a key that leads nowhere", async () => {
    const scene = await new Scene({ environment: { OPENAI_API_KEY: "k" } }).start();
    expect(scene.listed).toEqual(["openai openai disconnected", "echo echo connected"]);
  });

  test("never answers for a configured backend that is down", async () => {
    const scene = await new Scene({ backends: [backendTable("gpu", "llamacpp", { url: GPU })] }).start();
    expect(scene.listed).toEqual(["gpu llamacpp disconnected"]);
  });

  test("is an ordinary backend when it is configured", async () => {
    const scene = await new Scene({
      servers: { [GPU]: llamaCpp() },
      backends: [backendTable("gpu", "llamacpp", { url: GPU }), backendTable("dev", "echo")],
    }).start();
    expect(scene.listed).toEqual(["gpu llamacpp connected", "dev echo connected"]);
    expect(scene.registry.withModel("echo").map((one) => one.name)).toEqual(["dev"]);
  });
});

test("a model is found at every backend that has it, in order", async () => {
  const scene = await new Scene({
    servers: { [LLAMACPP]: llamaCpp("same"), [OLLAMA]: ollama(["other", "same"]) },
  }).start();
  expect(scene.registry.withModel("same").map((one) => one.name)).toEqual(["llamacpp", "ollama"]);
  expect(scene.registry.withModel("other").map((one) => one.name)).toEqual(["ollama"]);
  expect(scene.registry.withModel("constructor")).toEqual([]);
  scene.monitor.noteFailure(scene.backend("llamacpp"), gone);
  expect(scene.registry.withModel("same").map((one) => one.isUp)).toEqual([false, true]);
});

test("a description tells all that a user may know, and no secret", async () => {
  const scene = await new Scene({
    servers: { [GPU]: llamaCpp() },
    backends: [
      backendTable("gpu", "llamacpp", { url: "http://me:password@gpu:8080/v1", apiKey: "key-of-mine" }),
    ],
  }).start();
  expect(JSON.parse(JSON.stringify(scene.registry.describe()))).toEqual([
    {
      name: "gpu",
      type: "llamacpp",
      url: "http://gpu:8080",
      origin: "config",
      state: "connected",
      last_error: null,
      capabilities: {
        streaming: true,
        tools: true,
        vision: false,
        json_schema: true,
        embeddings: null,
        logprobs: true,
        reasoning: null,
        context_length: 4096,
      },
      model_count: 1,
      concurrency: 2,
      timeouts: { connect: 3_000, first_byte: 600_000, idle: 300_000 },
    },
  ]);
  scene.monitor.noteFailure(scene.backend("gpu"), gone);
  expect(scene.description("gpu").last_error).toEqual({
    code: "upstream_unreachable",
    message: "Nobody is there.",
    at: "2030-01-01T00:00:00.000Z",
  });
});

test("what a list of models shows is told when it changes, and only then", async () => {
  const scene = await new Scene({ servers: { [OLLAMA]: ollama(["a"]) } }).start();
  const heard: string[] = [];
  const stop = scene.registry.subscribe((backend) => heard.push(`${backend.name} ${backend.state}`));
  await scene.pass(30_000);
  expect(heard).toEqual([]);
  scene.network.put(OLLAMA, ollama(["a", "b"]));
  await scene.pass(10_000);
  expect(heard).toEqual(["ollama connected"]);
  stop();
  scene.monitor.noteFailure(scene.backend("ollama"), gone);
  expect(heard).toHaveLength(1);
});

test("of two engines of a kind, the one on its own port has the plain name, whoever answers first", async () => {
  const scene = await new Scene({
    servers: { [LLAMACPP]: lmStudio(), "http://127.0.0.1:1234": lmStudio() },
  }).start();
  expect(scene.registry.describe().map(({ name, url }) => `${name} ${url}`)).toEqual([
    "lmstudio-2 http://127.0.0.1:8080",
    "lmstudio http://127.0.0.1:1234",
  ]);
});
