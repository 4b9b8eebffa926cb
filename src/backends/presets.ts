import type { Capabilities } from "../core/model.ts";
import type { Dialect } from "../core/request.ts";
import type { ProfileName } from "./profiles.ts";
import type { UpstreamTimeouts } from "./transport.ts";

/** What is known about a kind of backend before anybody has asked it: a line of data. */
export interface Preset {
  /** The `type` of a backend in the configuration and in `GET /v1/backends`. */
  name: string;
  /** Its adapter. */
  dialect: Dialect;
  /**
   * The host speaks Responses too: with clients that speak it themselves, and for these models, which it has nowhere else.
   * Undefined: it does not, or less well than what is made of its chat here (local engines).
   */
  responses: RegExp | undefined;
  /** Base address without `/v1`. Undefined: there is no usual one, or the backend is inside this process. */
  url: string | undefined;
  /** Decides pace and patience. `anywhere` is decided by the address, `inside` is this process. */
  where: "local" | "remote" | "anywhere" | "inside";
  /** Environment variables that hold its base address; the first one that is set counts. */
  urlVariables: readonly string[];
  /** Environment variable that holds its key. Of a remote preset, the key alone makes a backend. */
  keyVariable: string | undefined;
  profile: ProfileName;
  /** Asked before the model list: 503 with "Loading model" means loading, any other 5xx means not usable. */
  health: string | undefined;
  /** How its models and their abilities are asked for (probes.ts). */
  probe: "list" | "llamacpp" | "lmstudio" | "ollama";
  /**
   * May connections be used again? llama-server says so and closes after every stream, and an idle connection keeps one of
   * its few threads busy for 5 s: requests then wait behind nothing.
   */
  keepAlive: boolean;
  /** Requests at a time, unless the configuration or the engine itself says otherwise. */
  concurrency: number;
  timeouts: UpstreamTimeouts;
  /** What every such backend can do; a model's own word counts for more. */
  capabilities: Partial<Capabilities>;
  /** Models that exist without being asked for. */
  models: readonly string[];
}

/** The engines whose usual ports are looked at when nothing is configured, in this order. */
export const USUAL_ENGINES = ["llamacpp", "lmstudio", "ollama", "vllm"] as const;

/** The name of one of them. */
export type PresetName = keyof typeof PRESETS;

/** The preset of a backend type, if there is one of that name. */
export function presetNamed(name: string): Preset | undefined {
  return Object.hasOwn(PRESETS, name) ? (PRESETS as Record<string, Preset>)[name] : undefined;
}

/** How long is waited for a backend that is near or far, for presets that can be either. */
export function patienceWith(near: boolean): UpstreamTimeouts {
  return near ? LOCAL.timeouts : REMOTE.timeouts;
}

/** OpenAI's models without chat completions: "This model is only supported in v1/responses" (their list of models). */
const RESPONSES_ONLY =
  /^(?:o\d+-pro|o\d+(?:-mini)?-deep-research|gpt-5(?:\.\d)?-(?:pro|codex)|codex-|computer-use-)/;

/** A model may need minutes to read a long prompt on a CPU: that is no fault. Local servers queue; 4 slots are usual. */
const LOCAL = { concurrency: 4, timeouts: { connect: 3_000, firstByte: 600_000, idle: 300_000 } };
const REMOTE = { concurrency: 256, timeouts: { connect: 10_000, firstByte: 120_000, idle: 300_000 } };
const PLAIN = {
  dialect: "openai",
  responses: undefined,
  urlVariables: [],
  keyVariable: undefined,
  profile: "openai",
  health: undefined,
  probe: "list",
  keepAlive: true,
  capabilities: {},
  models: [],
} as const;

type Line = Partial<Preset> & { name: string };

const local = (line: Line): Preset => ({ ...PLAIN, ...LOCAL, url: undefined, where: "local", ...line });
const remote = (line: Line): Preset => ({
  ...PLAIN,
  ...REMOTE,
  url: undefined,
  where: "remote",
  capabilities: { streaming: true },
  ...line,
});

/** Every kind of backend: one line of data for each. */
export const PRESETS = {
  llamacpp: local({
    name: "llamacpp",
    url: "http://127.0.0.1:8080",
    urlVariables: ["LLAMACPP_URL"],
    keyVariable: "LLAMA_API_KEY",
    profile: "llamacpp",
    health: "/health",
    probe: "llamacpp",
    keepAlive: false,
    capabilities: { streaming: true, json_schema: true, logprobs: true },
  }),
  lmstudio: local({
    name: "lmstudio",
    url: "http://127.0.0.1:1234",
    urlVariables: ["LMSTUDIO_URL"],
    keyVariable: "LM_API_TOKEN",
    profile: "lmstudio",
    probe: "lmstudio",
    capabilities: { streaming: true, tools: true, json_schema: true, logprobs: false },
  }),
  ollama: local({
    name: "ollama",
    dialect: "ollama",
    url: "http://127.0.0.1:11434",
    urlVariables: ["OLLAMA_URL"],
    profile: "own",
    health: "/api/version",
    probe: "ollama",
    capabilities: { streaming: true, json_schema: true, logprobs: true },
  }),
  vllm: local({
    name: "vllm",
    url: "http://127.0.0.1:8000",
    urlVariables: ["VLLM_URL"],
    keyVariable: "VLLM_API_KEY",
    profile: "vllm",
    health: "/health",
    // Its scheduler batches up to 256 sequences (max_num_seqs).
    concurrency: 256,
    capabilities: { streaming: true, json_schema: true, logprobs: true },
  }),
  openai: remote({
    name: "openai",
    url: "https://api.openai.com",
    responses: RESPONSES_ONLY,
    urlVariables: ["OPENAI_BASE_URL"],
    keyVariable: "OPENAI_API_KEY",
    capabilities: { streaming: true, tools: true, vision: true, json_schema: true, embeddings: true },
  }),
  azure: remote({
    name: "azure",
    responses: RESPONSES_ONLY,
    urlVariables: ["AZURE_OPENAI_ENDPOINT"],
    keyVariable: "AZURE_OPENAI_API_KEY",
    profile: "azure",
  }),
  anthropic: remote({
    name: "anthropic",
    dialect: "anthropic",
    profile: "own",
    url: "https://api.anthropic.com",
    urlVariables: ["ANTHROPIC_BASE_URL"],
    keyVariable: "ANTHROPIC_API_KEY",
    capabilities: { streaming: true, tools: true, vision: true, json_schema: true, embeddings: false },
  }),
  gemini: remote({
    name: "gemini",
    dialect: "gemini",
    profile: "own",
    url: "https://generativelanguage.googleapis.com",
    keyVariable: "GEMINI_API_KEY",
    capabilities: { streaming: true, tools: true, vision: true, json_schema: true, embeddings: true },
  }),
  openrouter: remote({
    name: "openrouter",
    url: "https://openrouter.ai/api",
    keyVariable: "OPENROUTER_API_KEY",
    profile: "openrouter",
  }),
  groq: remote({
    name: "groq",
    url: "https://api.groq.com/openai",
    keyVariable: "GROQ_API_KEY",
    profile: "groq",
    capabilities: { streaming: true, tools: true, embeddings: false, logprobs: false },
  }),
  mistral: remote({
    name: "mistral",
    url: "https://api.mistral.ai",
    keyVariable: "MISTRAL_API_KEY",
    profile: "mistral",
    capabilities: { streaming: true, tools: true, json_schema: true, embeddings: true, logprobs: false },
  }),
  deepseek: remote({
    name: "deepseek",
    url: "https://api.deepseek.com",
    keyVariable: "DEEPSEEK_API_KEY",
    profile: "deepseek",
    capabilities: { streaming: true, tools: true, vision: false, embeddings: false, reasoning: true },
  }),
  xai: remote({ name: "xai", url: "https://api.x.ai", keyVariable: "XAI_API_KEY", profile: "xai" }),
  together: remote({
    name: "together",
    url: "https://api.together.xyz",
    keyVariable: "TOGETHER_API_KEY",
    profile: "generic",
  }),
  fireworks: remote({
    name: "fireworks",
    url: "https://api.fireworks.ai/inference",
    keyVariable: "FIREWORKS_API_KEY",
    profile: "generic",
  }),
  cerebras: remote({
    name: "cerebras",
    url: "https://api.cerebras.ai",
    keyVariable: "CEREBRAS_API_KEY",
    profile: "cerebras",
  }),
  moonshot: remote({
    name: "moonshot",
    url: "https://api.moonshot.ai",
    keyVariable: "MOONSHOT_API_KEY",
    profile: "moonshot",
  }),
  zai: remote({
    name: "zai",
    url: "https://api.z.ai/api/paas/v4",
    keyVariable: "ZAI_API_KEY",
    profile: "zai",
  }),
  minimax: remote({
    name: "minimax",
    url: "https://api.minimax.io",
    keyVariable: "MINIMAX_API_KEY",
    profile: "minimax",
  }),
  dashscope: remote({
    name: "dashscope",
    url: "https://dashscope-intl.aliyuncs.com/compatible-mode",
    keyVariable: "DASHSCOPE_API_KEY",
    profile: "dashscope",
  }),
  cohere: remote({
    name: "cohere",
    url: "https://api.cohere.ai/compatibility",
    keyVariable: "COHERE_API_KEY",
    profile: "cohere",
  }),
  nvidia: remote({
    name: "nvidia",
    url: "https://integrate.api.nvidia.com",
    keyVariable: "NVIDIA_API_KEY",
    profile: "nvidia",
  }),
  sambanova: remote({
    name: "sambanova",
    url: "https://api.sambanova.ai",
    keyVariable: "SAMBANOVA_API_KEY",
    profile: "sambanova",
  }),
  "openai-responses": remote({
    name: "openai-responses",
    dialect: "openai-responses",
    profile: "own",
    where: "anywhere",
    concurrency: 64,
  }),
  "openai-compatible": remote({
    name: "openai-compatible",
    where: "anywhere",
    profile: "generic",
    // Anything from a laptop's engine to a gateway: it can queue for itself.
    concurrency: 64,
  }),
  echo: local({
    name: "echo",
    where: "inside",
    concurrency: 256,
    capabilities: { streaming: true, tools: true, json_schema: true, embeddings: true },
    models: ["echo"],
  }),
} satisfies Record<string, Preset>;
