import { describe, expect, test } from "bun:test";
import { identify } from "../../src/backends/fingerprint.ts";
import {
  generic,
  list,
  llamaCpp,
  llamaCppLoading,
  lmStudio,
  ollama,
  type Reply,
  type Script,
  script,
  vllm,
  webPage,
} from "./scene/engines.ts";
import { askAt, serve } from "./scene/served.ts";

const named = (server: string, reply: Reply): Script => ({
  routes: {},
  otherwise: { ...reply, headers: { server } },
});

const refused: Reply = {
  status: 401,
  json: { error: { message: "Invalid API Key", type: "authentication_error" } },
};

describe("an engine is known by what it answers, whatever its port", () => {
  test.each<[string, Script, string | undefined]>([
    ["llama-server", llamaCpp(), "llamacpp"],
    ["llama-server that is still loading", llamaCppLoading(), "llamacpp"],
    ["llama-server that wants a key", named("llama.cpp", refused), "llamacpp"],
    [
      "llama-server behind something that changes its owner",
      script({ ...llamaCpp().routes, "/v1/models": list([{ id: "m", owned_by: "home" }]) }),
      "llamacpp",
    ],
    ["LM Studio", lmStudio(), "lmstudio"],
    [
      "LM Studio before 0.4",
      lmStudio({
        "/api/v1/models": { json: { error: "Unexpected endpoint or method." } },
        "/api/v0/models": list([{ id: "qwen3-8b", type: "llm", state: "loaded" }]),
      }),
      "lmstudio",
    ],
    [
      "LM Studio without models",
      lmStudio({ "/v1/models": list([]), "/api/v1/models": { json: { models: [] } } }),
      "lmstudio",
    ],
    ["Ollama", ollama(), "ollama"],
    ["Ollama without models", ollama([]), "ollama"],
    [
      "Ollama behind a proxy that hides its root",
      script({ ...ollama().routes, "/": { status: 404 } }),
      "ollama",
    ],
    ["vLLM", vllm(), "vllm"],
    [
      "vLLM behind something that changes its owner",
      script({ ...vllm().routes, "/v1/models": list([{ id: "m", owned_by: "lab", max_model_len: 8192 }]) }),
      "vllm",
    ],
    ["any other server that speaks OpenAI", generic(), "openai-compatible"],
    [
      "a gateway in front of several engines",
      script({
        "/v1/models": list([
          { id: "a", owned_by: "llamacpp" },
          { id: "b", owned_by: "vllm" },
        ]),
      }),
      "openai-compatible",
    ],
    [
      "a server with a version and no engine's routes",
      script({ ...generic().routes, "/version": { json: { version: "1" } } }),
      "openai-compatible",
    ],
  ])("%s", async (_, engine, expected) => {
    using server = serve(engine);
    expect(await identify(askAt(server.url))).toBe(expected as never);
  });
});

describe("what does not serve models is no backend", () => {
  test.each<[string, Script]>([
    ["a web page for every path", webPage()],
    ["a site that knows no such page", script({})],
    [
      "a server that says 200 to everything",
      { routes: {}, otherwise: { json: { error: "Unexpected endpoint" } } },
    ],
    ["an API of something else", { routes: {}, otherwise: { json: { data: [{ name: "x" }], ok: true } } }],
    ["an empty list that nobody calls a list", { routes: {}, otherwise: { json: { data: [] } } }],
    ["a broken server", { routes: {}, otherwise: { status: 500, text: "oops" } }],
    ["a server that wants a key and does not say who it is", { routes: {}, otherwise: refused }],
    [
      "another Fairlead, whose list would come to hold ours",
      script({
        ...generic("echo", "fairlead").routes,
        "/": { text: "Ollama is running" },
        "/api/version": { json: { version: "0.32.0" } },
        "/api/tags": { json: { models: [{ name: "echo" }] } },
        "/v1/backends": { json: { data: [{ name: "echo", state: "connected" }] } },
      }),
    ],
  ])("%s", async (_, site) => {
    using server = serve(site);
    expect(await identify(askAt(server.url))).toBeUndefined();
  });
});

test("where nobody listens, nobody is recognised: the failure says so", async () => {
  const server = serve(generic());
  server[Symbol.dispose]();
  await expect(identify(askAt(server.url))).rejects.toMatchObject({ code: "upstream_unreachable" });
});
