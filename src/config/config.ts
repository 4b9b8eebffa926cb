import type { ModelAlias } from "../core/model.ts";
import type { LOG_LEVELS } from "./schema.ts";

/** The configuration as the program uses it: defaults filled in, secrets read, sizes in bytes, durations in milliseconds. */
export interface Config {
  /** Model for a client that asks for "default" or names none. */
  defaultModel: string | undefined;
  /** Absolute path of the directory for what must outlive the process; undefined: this machine has no place for it. */
  stateDir: string | undefined;
  server: ServerConfig;
  responses: ResponsesConfig;
  discovery: { enabled: boolean };
  logLevel: LogLevel;
  /** In the order of the file: it decides which backend a plain model name means. */
  backends: BackendConfig[];
  models: ModelAlias[];
  endpoints: EndpointConfig[];
}

/** The least important kind of line to log. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The server that clients talk to: `[server]`. */
export interface ServerConfig {
  host: string;
  /** 0 lets the system choose. */
  port: number;
  /** Client keys in clear; whoever keeps them hashes them first. Empty: no key is asked for. */
  apiKeys: string[];
  /** Exact origins (`https://app.example`) whose pages may call; `*` only when written so. */
  corsOrigins: string[];
  /** Further names this server may be addressed by, besides its own address and the loopback names. */
  allowedHosts: string[];
  /** Longest request body, bytes, decompressed. */
  bodyMax: number;
  /** A request that the backend cannot keep in full is an error instead of a note. */
  strict: boolean;
  /** How long running answers may take to finish after SIGTERM, ms. */
  drain: number;
  /** Silence after which a stream gets a comment, ms. */
  heartbeat: number;
}

/** What is kept for clients of /v1/responses: `[responses]`. */
export interface ResponsesConfig {
  store: boolean;
  /** Milliseconds after the last use. */
  ttl: number;
  /** Bytes, of all clients together. */
  sizeMax: number;
}

/** A place that serves models: `[backends.NAME]`. */
export interface BackendConfig {
  /** The table's name: `gpu` of `[backends.gpu]`; the prefix of its qualified model names. */
  name: string;
  /** A preset's name. */
  type: string;
  /** Without a trailing `/v1` or `/`. Undefined: the preset's. */
  url: string | undefined;
  /** Undefined: the preset's environment variable, if set; else none is sent. */
  apiKey: string | undefined;
  /** Requests at a time; undefined: the preset's. */
  concurrency: number | undefined;
  /** Milliseconds, 0 = no limit; undefined: the preset's. */
  timeouts: { connect: number | undefined; firstByte: number | undefined; idle: number | undefined };
  /** Sent with every request to this backend. */
  headers: Record<string, string>;
  /** Version of its API to ask for; undefined: the type's own. */
  apiVersion: string | undefined;
  /** Tokens that a model is to have room for, at an engine that must be told. */
  contextWindow: number | undefined;
  /** Reasoning stands in the text between `<think>` tags; undefined: the type's own habit. */
  thinkTags: boolean | undefined;
  /** Ids to list beside what the backend lists itself: for hosts with no model list. */
  models: string[];
  /** `ca`: absolute path of a PEM file; the pins are base64 SHA-256 of public keys. */
  tls: { ca: string | undefined; pinSha256: string[] };
}

/** A route of the user's own with a fixed answer. */
export interface EndpointConfig {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Starts with `/`; may hold `:name` parameters. */
  path: string;
  status: number;
  headers: Record<string, string>;
  contentType: string;
  /** The exact text to send. */
  body: string;
  description: string | undefined;
}
