/** What a server answers, by path: JSON or text, with status 200 unless it says otherwise. */
export interface Script {
  routes: Record<string, Reply | ((request: Asked) => Reply)>;
  /** For every other path. */
  otherwise: Reply;
}

export interface Asked {
  path: string;
  body: unknown;
  headers: Headers;
}

export interface Reply {
  status?: number;
  json?: unknown;
  text?: string;
  headers?: Record<string, string>;
}

const NOT_FOUND: Reply = { status: 404, json: { error: { message: "Not Found", type: "not_found_error" } } };

/** llama-server, build 11669, with one model. Its `created` is the time of the question. */
export function llamaCpp(model = "qwen3-8b.gguf", props: Record<string, unknown> = {}): Script {
  let asked = 1_795_172_828;
  return script({
    "/health": { json: { status: "ok" } },
    "/v1/models": () => ({
      json: {
        models: [{ name: model, capabilities: ["completion"] }],
        object: "list",
        data: [
          {
            id: model,
            object: "model",
            created: asked++,
            owned_by: "llamacpp",
            meta: { n_ctx: 4096, n_ctx_train: 40960 },
          },
        ],
      },
    }),
    "/props": {
      json: {
        default_generation_settings: { n_ctx: 4096 },
        total_slots: 2,
        modalities: { vision: false, audio: false },
        chat_template_caps: { supports_tools: true, supports_preserve_reasoning: false },
        ...props,
      },
    },
  });
}

/** llama-server while it reads its model: the same answer to everything. */
export function llamaCppLoading(): Script {
  const loading = {
    status: 503,
    json: { error: { message: "Loading model", type: "unavailable_error", code: 503 } },
    headers: { server: "llama.cpp" },
  };
  return { routes: {}, otherwise: loading };
}

/** LM Studio 0.4: what it does not know it answers with 200 and an error. */
export function lmStudio(routes: Script["routes"] = {}): Script {
  return {
    routes: {
      "/v1/models": list([
        { id: "qwen3-8b", owned_by: "organization_owner" },
        { id: "nomic-embed", owned_by: "organization_owner" },
      ]),
      "/api/v1/models": {
        json: {
          models: [
            {
              type: "llm",
              key: "qwen3-8b",
              loaded_instances: [{ id: "qwen3-8b", config: { context_length: 8192 } }],
              max_context_length: 40960,
              capabilities: { vision: true, trained_for_tool_use: true },
            },
            { type: "embedding", key: "nomic-embed", loaded_instances: [], max_context_length: 2048 },
          ],
        },
      },
      ...routes,
    },
    otherwise: { json: { error: "Unexpected endpoint or method. (GET). Returning 200 anyway" } },
  };
}

export function ollama(models: string[] = ["qwen3:8b"], routes: Script["routes"] = {}): Script {
  return script({
    "/": { text: "Ollama is running" },
    "/api/version": { json: { version: "0.32.5" } },
    "/v1/models":
      models.length > 0
        ? list(models.map((id) => ({ id, owned_by: "library" })))
        : { json: { object: "list", data: null } },
    "/api/tags": {
      json: {
        models: models.map((name) => ({
          name,
          model: name,
          modified_at: "2025-06-01T12:00:00.5+02:00",
          digest: `d-${name}`,
        })),
      },
    },
    "/api/ps": { json: { models: [] } },
    "/api/show": {
      json: {
        capabilities: ["completion", "tools", "thinking"],
        model_info: { "general.architecture": "qwen3", "qwen3.context_length": 40960 },
      },
    },
    ...routes,
  });
}

export function vllm(model = "Qwen/Qwen3-8B"): Script {
  return script({
    "/health": { text: "" },
    "/version": { json: { version: "0.21.0" } },
    "/v1/models": list([{ id: model, owned_by: "vllm", max_model_len: 32768, root: model, parent: null }]),
  });
}

/** A server that speaks OpenAI and is none of the known engines. */
export function generic(model = "some-model", owner = "me"): Script {
  return script({ "/v1/models": list([{ id: model, owned_by: owner }]) });
}

export function webPage(): Script {
  return {
    routes: {},
    otherwise: { text: "<!doctype html><title>Hello</title>", headers: { "content-type": "text/html" } },
  };
}

export function script(routes: Script["routes"]): Script {
  return { routes, otherwise: NOT_FOUND };
}

export function list(entries: Record<string, unknown>[]): Reply {
  return {
    json: {
      object: "list",
      data: entries.map((entry) => ({ object: "model", created: 1_700_000_000, ...entry })),
    },
  };
}

export function replyOf({ routes, otherwise }: Script, request: Asked): Reply {
  const [path = ""] = request.path.split("?", 1);
  const route = routes[request.path] ?? routes[path] ?? otherwise;
  return typeof route === "function" ? route(request) : route;
}

export function bodyOf({ json, text }: Reply): string {
  return json === undefined ? (text ?? "") : JSON.stringify(json);
}
