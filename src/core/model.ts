/** What a model or a backend can do; null where nobody has said so. */
export interface Capabilities {
  streaming: boolean | null;
  tools: boolean | null;
  vision: boolean | null;
  json_schema: boolean | null;
  embeddings: boolean | null;
  logprobs: boolean | null;
  reasoning: boolean | null;
}

/** Nobody has said anything. */
export const UNKNOWN_CAPABILITIES: Capabilities = Object.freeze({
  streaming: null,
  tools: null,
  vision: null,
  json_schema: null,
  embeddings: null,
  logprobs: null,
  reasoning: null,
});

/** An embedding model generates nothing, whatever its engine can do. */
export const EMBEDDING_ONLY: Partial<Capabilities> = Object.freeze({
  streaming: false,
  tools: false,
  vision: false,
  json_schema: false,
  embeddings: true,
  logprobs: false,
  reasoning: false,
});

/** One model as its backend describes it. */
export interface ModelInfo {
  /** The backend's own id: may hold `/`, `:`, `@` and spaces. */
  id: string;
  /** Seconds since 1970; 0 when the backend does not say. */
  created: number;
  ownedBy: string;
  /** Tokens a request and its answer may use together, as the backend is really configured. */
  contextLength?: number;
  /** What it could be configured to have at most, for engines that are told with each request. */
  contextLengthMax?: number;
  maxOutputTokens?: number;
  inputModalities?: string[];
  outputModalities?: string[];
  /** False when the backend would have to load it first. */
  loaded?: boolean;
  capabilities?: Partial<Capabilities>;
  /** Anthropic: the values of `thinking.type` that it accepts, and the words for how hard to think. */
  thinking?: readonly string[];
  efforts?: readonly string[];
}

/** A model as `GET /v1/models` lists it. */
export interface ListedModel extends ModelInfo {
  /** The name of the backend that serves it; undefined for an alias none of whose targets is there. */
  backend: string | undefined;
}

/** A name of the user's own for one or more backend models. */
export interface ModelAlias {
  name: string;
  /** `backend/id` or a plain id, in order of preference; at least one. */
  targets: string[];
  /** Values for request fields that the client leaves out. */
  defaults: Record<string, unknown>;
  contextWindow: number | undefined;
}
