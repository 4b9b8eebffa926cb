import { Type, type Static } from "@sinclair/typebox";
import { BackendSchema } from "./backend-schema.ts";
import { list, named, strict, text, words } from "./forms.ts";
import {
  allowedHost,
  contentType,
  directory,
  duration,
  host,
  json,
  jsonTable,
  key,
  origin,
  responseHeaders,
  routePath,
  size,
} from "./leaves.ts";

/**
 * fairlead.toml. The schema is at once the check, the type, the defaults and the documentation: the JSON Schema for
 * editors is made from it, and the descriptions are what `fairlead check` says of a missing key.
 */

/** From the most talkative to the quietest. */
export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

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
    strict: Type.Boolean({
      default: false,
      description: "Answer a request that the backend cannot keep in full with an error instead of a note.",
    }),
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

const ResponsesSchema = Type.Object(
  {
    store: Type.Boolean({
      default: true,
      description: "Keep answers of /v1/responses, so that a client can go on with previous_response_id.",
    }),
    ttl: duration({ default: "168h", description: "How long they are kept after they were last used." }),
    size_max: size(
      { min: 1024 * 1024, max: 2 ** 40, range: "1 MiB to 1 TiB" },
      { default: "256 MiB", description: "Most that is kept of them, of all clients; the oldest go first." },
    ),
  },
  { ...strict, default: {}, description: "What is kept for clients of /v1/responses." },
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

/** fairlead.toml. */
export const ConfigSchema = Type.Object(
  {
    default_model: Type.Optional(text('Model for clients that ask for "default" or name none.')),
    log_level: words(LOG_LEVELS, {
      title: "log level",
      default: "info",
      description: "Least important kind of line to log: debug, info, warn, error or silent.",
    }),
    state_dir: Type.Optional(
      directory({
        description:
          "Where this server keeps what must outlive it. Left out: $STATE_DIRECTORY, or fairlead in the user's state directory.",
      }),
    ),
    server: ServerSchema,
    responses: ResponsesSchema,
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
export type ModelTable = Static<typeof ModelSchema>;
export type EndpointTable = Static<typeof EndpointSchema>;
