import { Type, type Static } from "@sinclair/typebox";
import { list, strict, text, words } from "./forms.ts";
import { backendUrl, certificateFile, duration, key, pin, requestHeaders } from "./leaves.ts";

/** What `type` may be in [backends.NAME]. */
export const BACKEND_TYPES = [
  "llamacpp",
  "lmstudio",
  "ollama",
  "vllm",
  "openai",
  "azure",
  "anthropic",
  "gemini",
  "openrouter",
  "groq",
  "mistral",
  "deepseek",
  "xai",
  "together",
  "fireworks",
  "cerebras",
  "moonshot",
  "zai",
  "minimax",
  "dashscope",
  "cohere",
  "nvidia",
  "sambanova",
  "openai-compatible",
  "openai-responses",
  "echo",
] as const;

const TimeoutsSchema = Type.Object(
  {
    connect: Type.Optional(duration({ description: "To open a connection." })),
    first_byte: Type.Optional(
      duration({
        description: "From the request to the first byte of the answer: a local engine may load a model.",
      }),
    ),
    idle: Type.Optional(duration({ description: "Between two pieces of an answer." })),
  },
  {
    ...strict,
    default: {},
    description: 'Durations such as "3s" or "10m"; "0s": no limit. What is left out is up to the type.',
  },
);

const TlsSchema = Type.Object(
  {
    ca: Type.Optional(
      certificateFile({
        description: "PEM file of the authorities to trust; a relative path starts at the config file.",
      }),
    ),
    pin_sha256: list(
      pin({ description: "base64 SHA-256 of a public key (SPKI)." }),
      "Public keys of which the backend's certificate must have one.",
    ),
  },
  { ...strict, default: {}, description: "Whom to trust at an https URL." },
);

/** `[backends.NAME]`. */
export const BackendSchema = Type.Object(
  {
    type: words(BACKEND_TYPES, {
      title: "backend type",
      description:
        'What kind of server this is, such as "llamacpp" or "openai"; any other one is "openai-compatible".',
    }),
    url: Type.Optional(
      backendUrl({
        description:
          "Where it is; may end in /v1, in / or in neither. Left out: the usual place of the type.",
      }),
    ),
    api_key: Type.Optional(
      key("Key for this backend. Left out: the usual environment variable of the type, if set."),
    ),
    concurrency: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: "Requests at a time; further ones wait. Left out: up to the type.",
      }),
    ),
    timeouts: TimeoutsSchema,
    headers: requestHeaders({
      default: {},
      description: "Headers to send with every request to this backend.",
    }),
    api_version: Type.Optional(
      text('Version of the API to ask for, such as "2024-10-21" (azure) or "2023-06-01" (anthropic).'),
    ),
    context_window: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: "Tokens that an engine that must be told is to give a model room for (ollama).",
      }),
    ),
    think_tags: Type.Optional(
      Type.Boolean({
        description:
          "<think>..</think> at the beginning of an answer is reasoning. Left out: up to the type.",
      }),
    ),
    models: list(text("A model's id."), "Models to list besides those that the backend lists itself."),
    tls: TlsSchema,
  },
  { ...strict, description: "A place that serves models." },
);

/** What a file says of a backend, read and completed. */
export type BackendTable = Static<typeof BackendSchema>;
