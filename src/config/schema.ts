import { Type, type Static, type TSchema } from "@sinclair/typebox";
import {
  allowedHost,
  backendUrl,
  certificateFile,
  contentType,
  duration,
  host,
  json,
  jsonTable,
  key,
  origin,
  pin,
  requestHeaders,
  responseHeaders,
  routePath,
  size,
} from "./leaves.ts";

/**
 * fairlead.toml. The schema is at once the check, the type, the defaults and the documentation: the JSON Schema for
 * editors is made from it, and the descriptions are what `fairlead check` says of a missing key.
 */

const strict = { additionalProperties: false };

/** What `type` may be in [backends.NAME]. */
export const BACKEND_TYPES = [
  "llamacpp",
  "lmstudio",
  "ollama",
  "vllm",
  "openai",
  "openrouter",
  "groq",
  "mistral",
  "deepseek",
  "xai",
  "together",
  "fireworks",
  "openai-compatible",
  "echo",
] as const;

/** From the most talkative to the quietest. */
export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

const text = (description: string) => Type.String({ minLength: 1, description });

const list = <T extends TSchema>(items: T, description: string) =>
  Type.Array(items, { default: [], description });

const words = <T extends string>(
  options: readonly T[],
  about: { title: string; description: string; default?: NoInfer<T> },
) =>
  Type.Unsafe<T>(
    Type.Union(
      options.map((option) => Type.Literal(option)),
      about,
    ),
  );

const ServerSchema = Type.Object(
  {
    host: host({
      default: "127.0.0.1",
      description: "Address to listen on. Any but a loopback address needs api_keys.",
    }),
    port: Type.Integer({
      minimum: 0,
      maximum: 65535,
      default: 7171,
      description: "Port to listen on; 0 lets the system choose.",
    }),
    api_keys: list(
      key("A key that clients send as a bearer token or as x-api-key."),
      "Keys of which a client must send one. Empty: open to this machine only.",
    ),
    cors_origins: list(
      origin({ description: "An origin, exactly as a browser sends it." }),
      'Origins whose web pages may call, such as "https://app.example"; "*" allows every page.',
    ),
    allowed_hosts: list(
      allowedHost({ description: "A host name, without a port." }),
      "Further names that clients may call this server by, besides its address and the loopback names.",
    ),
    body_max: size(
      { min: 1024, max: 4 * 2 ** 30, range: "1 KiB to 4 GiB" },
      { default: "64 MiB", description: "Longest request body, after decompression." },
    ),
    drain: duration({
      default: "30s",
      description: "How long running answers may take to finish when the server stops.",
    }),
    heartbeat: duration({
      default: "10s",
      description:
        'Silence after which a stream gets a comment, so that nobody takes it for dead; "0s": never.',
    }),
  },
  { ...strict, default: {}, description: "The server that clients talk to." },
);

const DiscoverySchema = Type.Object(
  {
    enabled: Type.Boolean({
      default: true,
      description: "Look for local engines on their usual ports, and for keys in the environment.",
    }),
  },
  { ...strict, default: {}, description: "Backends that are found without being named here." },
);

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

const BackendSchema = Type.Object(
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
    models: list(text("A model's id."), "Models to list besides those that the backend lists itself."),
    tls: TlsSchema,
  },
  { ...strict, description: "A place that serves models." },
);

const ModelSchema = Type.Object(
  {
    targets: Type.Array(text("backend/id, or an id alone."), {
      minItems: 1,
      description: "Models that stand behind this name, in order of preference: backend/id, or an id alone.",
    }),
    defaults: jsonTable(
      {
        ...Object.fromEntries(
          ["messages", "prompt", "input"].map((name) => [name, "it is what the client asks"]),
        ),
        model: "the targets say it",
        stream: "a client that did not ask for a stream cannot read one",
      },
      {
        default: {},
        description: "Values for request fields that a client leaves out, such as temperature.",
      },
    ),
    context_window: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: "Tokens to list as the context length, instead of what the backend says.",
      }),
    ),
  },
  { ...strict, description: "A name of your own for one or more models." },
);

const EndpointSchema = Type.Object(
  {
    method: words(METHODS, { title: "method", description: "GET, POST, PUT, PATCH or DELETE." }),
    path: routePath({ description: 'Starts with "/"; a segment like ":id" stands for any.' }),
    status: Type.Integer({
      minimum: 100,
      maximum: 599,
      default: 200,
      description: "HTTP status of the answer, from 200.",
    }),
    headers: responseHeaders({ default: {}, description: "Headers of the answer." }),
    response: Type.Optional(
      json({ description: "The answer as a value: sent as JSON. Either this or body." }),
    ),
    body: Type.Optional(
      Type.String({ description: "The answer as text: sent as it is. Either this or response." }),
    ),
    content_type: Type.Optional(
      contentType({
        description: 'Left out: "application/json" with response, "text/plain; charset=utf-8" with body.',
      }),
    ),
    description: Type.Optional(Type.String({ description: "One sentence for the API's documentation." })),
  },
  { ...strict, description: "A route of your own with a fixed answer." },
);

const endpoints = Type.Array(EndpointSchema, {
  default: [],
  description: "Routes of your own with a fixed answer.",
});

/** A name that is a table's key: the JSON Schema keyword `propertyNames` carries what to say of a bad one. */
function named<T extends TSchema>(pattern: string, rule: string, item: T, description: string) {
  const propertyNames = { description: rule };
  return Type.Record(Type.String({ pattern }), item, { ...strict, propertyNames, default: {}, description });
}

/** fairlead.toml. */
export const ConfigSchema = Type.Object(
  {
    default_model: Type.Optional(text('Model for clients that ask for "default" or name none.')),
    log_level: words(LOG_LEVELS, {
      title: "log level",
      default: "info",
      description: "Least important kind of line to log: debug, info, warn, error or silent.",
    }),
    server: ServerSchema,
    discovery: DiscoverySchema,
    backends: named(
      "^[A-Za-z0-9_.-]+$",
      "A backend's name is letters, digits, _ . and -.",
      BackendSchema,
      "Places that serve models, by name. Their order decides which one a plain model name means.",
    ),
    models: named(
      "^[^\\s\\u0000-\\u001f\\u007f]([^\\u0000-\\u001f\\u007f]*[^\\s\\u0000-\\u001f\\u007f])?$",
      "A model's name is one line, without space around it.",
      ModelSchema,
      "Names of your own for models.",
    ),
    endpoints,
  },
  { ...strict, title: "Fairlead configuration" },
);

/** The second file, which may hold nothing else. */
export const EndpointsFileSchema = Type.Object({ endpoints }, { ...strict, title: "Fairlead endpoints" });

/** What a file says, read and completed: sizes in bytes, durations in milliseconds, secrets resolved. */
export type FileConfig = Static<typeof ConfigSchema>;
export type BackendTable = Static<typeof BackendSchema>;
export type ModelTable = Static<typeof ModelSchema>;
export type EndpointTable = Static<typeof EndpointSchema>;
