import { describe, expect, test } from "bun:test";
import { ADAPTERS } from "../../src/adapters/index.ts";
import { asker } from "../../src/backends/ask.ts";
import type { Findings } from "../../src/backends/backend.ts";
import type { Memory } from "../../src/backends/listing.ts";
import { PROFILES } from "../../src/backends/profiles.ts";
import { PRESETS, type PresetName } from "../../src/backends/presets.ts";
import { probe } from "../../src/backends/probes.ts";
import type { ModelInfo } from "../../src/core/model.ts";
import {
  list,
  llamaCpp,
  llamaCppLoading,
  lmStudio,
  ollama,
  type Reply,
  type Script,
  script,
  vllm,
} from "./scene/engines.ts";
import { Network } from "./scene/network.ts";

const URL = "http://engine";

class Look {
  readonly network = new Network();
  readonly #memory: Memory = { shown: new Map(), missing: new Set() };

  readonly #preset: PresetName;

  constructor(preset: PresetName, server: Script) {
    this.#preset = preset;
    this.network.put(URL, server);
  }

  findings(): Promise<Findings> {
    const transport = this.network.means.http({ url: URL });
    const ask = asker({ transport, headers: {} }, new AbortController().signal, 1_000);
    const preset = PRESETS[this.#preset];
    const profile = PROFILES[preset.profile];
    return probe({ ask, adapter: ADAPTERS[preset.dialect], profile, preset, memory: this.#memory });
  }
}

const look = (preset: PresetName, server: Script): Promise<Findings> => new Look(preset, server).findings();

/** The models by id, with what their capabilities say apart from what every model of the engine can do. */
async function models(preset: PresetName, server: Script): Promise<Record<string, ModelInfo>> {
  const { models: found = [] } = await look(preset, server);
  return Object.fromEntries(found.map((model) => [model.id, model]));
}

const failing: Reply = { status: 500, text: "oops" };

describe("llama-server", () => {
  test("tells the context of one slot, its slots, and what its template and projector can do", async () => {
    const findings = await look(
      "llamacpp",
      llamaCpp("m.gguf", { modalities: { vision: true, audio: false } }),
    );
    expect(findings).toMatchObject({ state: "connected", slots: 2 });
    expect(findings.models).toEqual([
      {
        id: "m.gguf",
        created: 0,
        ownedBy: "llamacpp",
        contextLength: 4096,
        inputModalities: ["text", "image"],
        capabilities: { streaming: true, json_schema: true, logprobs: true, tools: true, vision: true },
      },
    ]);
  });

  test("without /props is still a backend, with the context its list names", async () => {
    const engine = llamaCpp();
    const { "qwen3-8b.gguf": model } = await models(
      "llamacpp",
      script({ ...engine.routes, "/props": failing }),
    );
    expect(model).toMatchObject({ contextLength: 4096, capabilities: { streaming: true } });
    expect(model?.capabilities?.vision).toBeUndefined();
  });

  test.each([
    [400, true, false, "one for embeddings answers nothing else"],
    [501, false, true, "one for chat has none"],
  ])(
    "is asked once what it answers to an empty question for vectors: %d is %p",
    async (status, embeddings, json_schema) => {
      const { routes } = llamaCpp("m");
      const one = new Look("llamacpp", script({ ...routes, "/v1/embeddings": { status, json: {} } }));
      for (let looks = 0; looks < 3; looks++) {
        const [model] = (await one.findings()).models ?? [];
        expect(model?.capabilities).toMatchObject({ embeddings, json_schema });
      }
      expect(one.network.seen.filter(({ path }) => path === "/v1/embeddings")).toHaveLength(1);
    },
  );

  test("stamps its list with the time of the question, which says nothing about the model", async () => {
    expect((await models("llamacpp", llamaCpp("m"))).m?.created).toBe(0);
  });

  test("that reads its model from the disk is loading, not failed", async () => {
    expect(await look("llamacpp", llamaCppLoading())).toEqual({ state: "loading" });
  });

  test("whose template has no tools may have them all the same: it has a format of its own", async () => {
    const engine = llamaCpp("m", {
      chat_template_caps: { supports_tools: false, supports_preserve_reasoning: true },
    });
    const { m } = await models("llamacpp", engine);
    expect(m?.capabilities?.tools).toBeUndefined();
    expect(m?.capabilities?.reasoning).toBe(true);
  });

  test("as a router is asked about loaded models only: a question would load the others", async () => {
    const entries = [
      { id: "a/b", owned_by: "llamacpp", status: { value: "loaded" } },
      { id: "c", owned_by: "llamacpp", status: { value: "unloaded" }, context_length: 512 },
    ];
    const props = { default_generation_settings: { n_ctx: 2048 }, modalities: { vision: true } };
    const routes = { "/v1/models": list(entries), "/props?model=a%2Fb&autoload=false": { json: props } };
    const one = new Look("llamacpp", script(routes));
    const { models: found } = await one.findings();
    expect(found).toMatchObject([
      { id: "a/b", loaded: true, contextLength: 2048, capabilities: { vision: true } },
      { id: "c", loaded: false, contextLength: 512 },
    ]);
    expect(one.network.seen.filter(({ path }) => path.startsWith("/props"))).toHaveLength(1);
  });
});

describe("LM Studio", () => {
  test("tells context, state and kind of each model", async () => {
    const found = await models("lmstudio", lmStudio());
    expect(found["qwen3-8b"]).toMatchObject({
      loaded: true,
      contextLength: 8192,
      capabilities: { tools: true, vision: true, json_schema: true, logprobs: false, embeddings: false },
    });
    expect(found["nomic-embed"]).toMatchObject({
      loaded: false,
      contextLength: 2048,
      capabilities: { tools: false, json_schema: false, embeddings: true },
    });
  });

  test("before 0.4 tells the same in another list", async () => {
    const entry = { type: "vlm", state: "loaded", max_context_length: 32768, loaded_context_length: 4096 };
    const engine = lmStudio({
      "/v1/models": list([{ id: "gemma" }, { id: "e" }, { id: "new" }]),
      "/api/v1/models": { json: { error: "Unexpected endpoint or method. (GET /api/v1/models)" } },
      "/api/v0/models": list([
        { id: "gemma", ...entry, capabilities: ["tool_use"] },
        { id: "e", type: "embeddings", state: "not-loaded", max_context_length: 512 },
      ]),
    });
    const one = new Look("lmstudio", engine);
    await one.findings();
    const { models: found } = await one.findings();
    expect(found).toMatchObject([
      { id: "gemma", loaded: true, contextLength: 4096, capabilities: { vision: true, tools: true } },
      { id: "e", loaded: false, contextLength: 512, capabilities: { embeddings: true, streaming: false } },
      { id: "new", capabilities: { streaming: true } },
    ]);
    // It shows its user every request it does not know: one is enough.
    expect(one.network.asked(URL, "/api/v1/models")).toBe(1);
  });

  test("knows the second instance of a model by its own context", async () => {
    const instances = [
      { id: "q", config: { context_length: 1000 } },
      { id: "q:2", config: { context_length: 2000 } },
    ];
    const found = await models(
      "lmstudio",
      lmStudio({
        "/v1/models": list([{ id: "q" }, { id: "q:2" }]),
        "/api/v1/models": { json: { models: [{ type: "llm", key: "q", loaded_instances: instances }] } },
      }),
    );
    expect([found.q?.contextLength, found["q:2"]?.contextLength]).toEqual([1000, 2000]);
  });
});

describe("Ollama", () => {
  test("tells what a model can do, and the longest context it could have", async () => {
    const found = await models("ollama", ollama(["qwen3:8b"]));
    expect(found["qwen3:8b"]).toMatchObject({
      created: Date.UTC(2025, 5, 1, 10) / 1000,
      ownedBy: "library",
      loaded: false,
      contextLength: 40960,
      contextLengthMax: 40960,
      inputModalities: ["text"],
      capabilities: { tools: true, vision: false, reasoning: true, embeddings: false, json_schema: true },
    });
  });

  test("tells the context that a loaded model really has, and the one its Modelfile sets", async () => {
    const show = ({ body }: { body: unknown }): Reply => ({
      json: {
        capabilities: ["completion", "vision"],
        parameters: (body as { model: string }).model === "set" ? 'stop "x"\nnum_ctx    16384\n' : "",
        model_info: { "a.context_length": 131072 },
      },
    });
    const ps = { json: { models: [{ name: "running", context_length: 4096 }] } };
    const found = await models("ollama", ollama(["running", "set"], { "/api/show": show, "/api/ps": ps }));
    expect(found.running).toMatchObject({
      loaded: true,
      contextLength: 4096,
      contextLengthMax: 131072,
      inputModalities: ["text", "image"],
    });
    expect(found.set).toMatchObject({ loaded: false, contextLength: 16384, contextLengthMax: 131072 });
  });

  test("tells an embedding model from one that talks", async () => {
    const show = { json: { capabilities: ["embedding"], model_info: {} } };
    const { e } = await models("ollama", ollama(["e"], { "/api/show": show }));
    expect(e?.capabilities).toMatchObject({ embeddings: true, streaming: false, tools: false });
  });

  test("is asked about a version of a model once, and about 32 models at most", async () => {
    const many = Array.from({ length: 40 }, (_, index) => `m${index}`);
    const one = new Look("ollama", ollama(many));
    expect((await one.findings()).models).toHaveLength(40);
    await one.findings();
    expect(one.network.asked(URL, "/api/show")).toBe(32);
    expect(one.network.asked(URL, "/api/tags")).toBe(2);
  });

  test("with nothing but a list is a backend all the same", async () => {
    const engine = script({ "/api/tags": { json: { models: [{ name: "a" }] } } });
    expect(await look("ollama", engine)).toMatchObject({ state: "connected", models: [{ id: "a" }] });
  });

  test("whose health is bad is of no use", async () => {
    const sick = ollama(["a"], { "/api/version": failing });
    await expect(look("ollama", sick)).rejects.toMatchObject({ code: "upstream_error" });
  });

  test("without models has none", async () => {
    expect(await look("ollama", ollama([]))).toEqual({ state: "connected", models: [] });
  });
});

test("vLLM tells its context in the list", async () => {
  const found = await models("vllm", vllm("Q/w"));
  expect(found["Q/w"]).toMatchObject({
    contextLength: 32768,
    capabilities: { json_schema: true, logprobs: true },
  });
});

describe("a remote list is read under the names that its host uses", () => {
  test.each<[PresetName, Record<string, unknown>, Partial<ModelInfo>]>([
    [
      "openrouter",
      {
        context_length: 200_000,
        architecture: { input_modalities: ["text", "image"], output_modalities: ["text"] },
        top_provider: { context_length: 128_000, max_completion_tokens: 8192 },
        supported_parameters: ["tools", "structured_outputs"],
      },
      {
        contextLength: 128_000,
        maxOutputTokens: 8192,
        inputModalities: ["text", "image"],
        outputModalities: ["text"],
        capabilities: { tools: true, vision: true, json_schema: true, logprobs: false, reasoning: false },
      },
    ],
    [
      "groq",
      { context_window: 131_072, max_completion_tokens: 32_768, active: true },
      { contextLength: 131_072, maxOutputTokens: 32_768 },
    ],
    [
      "mistral",
      { max_context_length: 32_768, capabilities: { function_calling: true, vision: false } },
      { contextLength: 32_768, capabilities: { tools: true, vision: false } },
    ],
    [
      "fireworks",
      { context_length: 4096, supports_tools: true, supports_image_input: false },
      { contextLength: 4096, capabilities: { tools: true, vision: false } },
    ],
    ["openai", {}, {}],
    ["openai", { context_length: "many", architecture: 3, capabilities: null, top_provider: [] }, {}],
  ])("%s %j", async (preset, entry, expected) => {
    const found = await models(
      preset,
      script({ "/v1/models": list([{ id: "m", owned_by: "o", ...entry }]) }),
    );
    expect(found.m).toEqual({ id: "m", created: 1_700_000_000, ownedBy: "o", ...expected });
  });

  test("a bare array (Together) is a list too", async () => {
    const entries = [
      { id: "a", type: "chat", context_length: 8192 },
      { id: "b", type: "embedding" },
    ];
    const found = await models("together", script({ "/v1/models": { json: entries } }));
    expect(found.a).toMatchObject({ contextLength: 8192 });
    expect(found.b?.capabilities).toMatchObject({ embeddings: true, tools: false });
  });

  test("Gemini's list, under the names that its adapter knows", async () => {
    const listed = [
      {
        name: "models/gemini-3-flash-preview",
        inputTokenLimit: 1_048_576,
        outputTokenLimit: 65_536,
        supportedGenerationMethods: ["generateContent"],
        thinking: true,
      },
      { name: "models/imagen-4", supportedGenerationMethods: ["predict"] },
    ];
    const one = new Look("gemini", script({ "/v1beta/models?pageSize=1000": { json: { models: listed } } }));
    expect((await one.findings()).models).toEqual([
      {
        id: "gemini-3-flash-preview",
        created: 0,
        ownedBy: "google",
        contextLength: 1_048_576,
        maxOutputTokens: 65_536,
        capabilities: { streaming: true, embeddings: false, reasoning: true },
      },
    ]);
  });

  test("a list in both places (llama-server) is the one in OpenAI's", async () => {
    const both = { data: [{ id: "a" }], models: [{ name: "a" }, { name: "b" }] };
    const found = await models("openai-compatible", script({ "/v1/models": { json: both } }));
    expect(Object.keys(found)).toEqual(["a"]);
  });

  test("a model that its host has switched off (Groq) is not listed", async () => {
    const entries = list([
      { id: "on", active: true },
      { id: "off", active: false },
    ]);
    expect(Object.keys(await models("groq", script({ "/v1/models": entries })))).toEqual(["on"]);
  });
});

describe("without a usable list", () => {
  test.each([
    [403, "does not allow this"],
    [404, "No list here."],
    [405, "No list here."],
    [429, "No list here."],
  ])("status %d: the host is there, and says what is wrong", async (status, words) => {
    const reply = { status, json: { error: { message: "No list here." } } };
    const findings = await look("openai-compatible", script({ "/v1/models": reply }));
    expect(findings).toMatchObject({
      state: "connected",
      problem: { message: expect.stringContaining(words) },
    });
    expect(findings.models).toBeUndefined();
  });

  test("a key that may only chat (OpenAI) is no wrong key", async () => {
    const error = {
      message: "You have insufficient permissions for this operation. Missing scopes: api.model.read.",
    };
    const findings = await look("openai", script({ "/v1/models": { status: 401, json: { error } } }));
    expect(findings).toMatchObject({ state: "connected", problem: { code: "upstream_auth" } });
  });

  test.each<[string, PresetName, Reply, string]>([
    ["a refused key", "openai", { status: 401, json: { error: { message: "Wrong key." } } }, "upstream_auth"],
    ["a broken host", "openai", failing, "upstream_error"],
    ["a web page", "openai-compatible", { text: "<html>" }, "upstream_bad_response"],
    ["LM Studio's error with status 200", "lmstudio", { json: { error: "no" } }, "upstream_bad_response"],
  ])("%s makes the backend useless", async (_, preset, reply, code) => {
    await expect(look(preset, script({ "/v1/models": reply }))).rejects.toMatchObject({ code });
  });

  test("a health route that says no counts, one that does not exist does not", async () => {
    const engine = vllm();
    const sick = script({ ...engine.routes, "/health": { status: 503, text: "" } });
    await expect(look("vllm", sick)).rejects.toMatchObject({ code: "overloaded" });
    const hidden = script({ "/v1/models": list([{ id: "a" }]) });
    expect(await look("vllm", hidden)).toMatchObject({ state: "connected" });
  });
});
