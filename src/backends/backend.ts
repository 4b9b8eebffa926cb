import type { Adapter } from "../adapters/adapter.ts";
import type { Profile } from "../adapters/profile.ts";
import { Failure, type FailureCode } from "../core/failure.ts";
import { type Capabilities, type ModelInfo, UNKNOWN_CAPABILITIES } from "../core/model.ts";
import type { ModelRequest } from "../core/request.ts";
import type { Preset } from "./presets.ts";
import type { Transport, UpstreamTimeouts } from "./transport.ts";

/** `connecting` until the first answer or failure; `loading` while an engine reads its model from the disk. */
export type BackendState = "connecting" | "connected" | "loading" | "disconnected";

/** Who named it: the configuration, an environment variable, or nobody: it was found on a usual port. */
export type Origin = "config" | "environment" | "discovered";

/** What the backend can do; `context_length` (tokens) only where all of its models have the same. */
export interface BackendCapabilities extends Capabilities {
  context_length: number | null;
}

/** Why a backend is not, or was lately not, as it should be. `at`: ms since 1970. */
export interface BackendError {
  code: FailureCode;
  message: string;
  at: number;
}

/** What a look at a backend brought to light. */
export interface Findings {
  state: "connected" | "loading";
  /** Undefined: nothing new is known, the models known so far stay. */
  models?: readonly ModelInfo[];
  /** Requests that the engine really serves at a time. */
  slots?: number;
  /** What went wrong without making the backend useless. */
  problem?: Failure;
}

/** What does not change about a backend. */
export interface BackendParts {
  name: string;
  preset: Preset;
  origin: Origin;
  /** Place in the list of backends: lower comes first. */
  rank: number;
  /** Undefined: inside this process. */
  url: string | undefined;
  adapter: Adapter;
  /** A second adapter, for models and clients that the first one is not the best for. */
  responses?: Adapter | undefined;
  profile: Profile;
  transport: Transport;
  /** Sent with every request: the key and the configured headers, names in lower case. */
  headers: Readonly<Record<string, string>>;
  timeouts: UpstreamTimeouts;
  /** Undefined: what the engine says it serves, or else the preset's. */
  concurrency: number | undefined;
  /** Tokens that its user wants its models to have room for. */
  contextWindow?: number | undefined;
  /** Ids that are there whatever the backend lists. */
  models: readonly string[];
}

/** Longest model list kept. The longest known, OpenRouter's, has about 500. */
const MODELS_MAX = 10_000;

/** Shortest header value taken for a secret, characters. */
const SECRET_MIN = 8;

/** A place that serves models, and what is known about it at this moment. */
export class Backend {
  readonly name: string;
  readonly preset: Preset;
  readonly origin: Origin;
  readonly rank: number;
  readonly url: string | undefined;
  readonly adapter: Adapter;
  readonly #responses: Adapter | undefined;
  readonly profile: Profile;
  readonly transport: Transport;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeouts: UpstreamTimeouts;
  /** Tokens that its user wants its models to have room for; an alias may say otherwise. */
  readonly contextWindow: number | undefined;
  readonly #concurrency: number | undefined;
  readonly #secrets: readonly string[];
  readonly #fixedModels: readonly ModelInfo[];
  #slots: number | undefined;
  #state: BackendState = "connecting";
  #models: ReadonlyMap<string, ModelInfo>;
  #capabilities: BackendCapabilities;
  #lastError: BackendError | undefined;
  #onChange: (backend: Backend) => void = () => {};

  constructor(parts: BackendParts) {
    this.name = parts.name;
    this.preset = parts.preset;
    this.origin = parts.origin;
    this.rank = parts.rank;
    this.url = parts.url;
    this.adapter = parts.adapter;
    this.#responses = parts.responses;
    this.profile = parts.profile;
    this.transport = parts.transport;
    this.headers = parts.headers;
    this.timeouts = parts.timeouts;
    this.contextWindow = parts.contextWindow;
    this.#concurrency = parts.concurrency;
    this.#secrets = secretsIn(parts.headers, parts.adapter.headers(parts.profile));
    this.#fixedModels = parts.models.map((id) => ({ id, created: 0, ownedBy: parts.name }));
    this.#models = byId(this.#fixedModels);
    this.#capabilities = summary(this.preset, this.#models);
  }

  get state(): BackendState {
    return this.#state;
  }

  /** The adapter for a request for one of its models. */
  adapterFor({ dialect, operation }: Pick<ModelRequest, "dialect" | "operation">, model: string): Adapter {
    const responses = this.#responses;
    if (!responses || operation === "embeddings") return this.adapter;
    return dialect === responses.dialect || this.preset.responses?.test(model) ? responses : this.adapter;
  }

  /** May be asked now, or will soon. */
  get isUp(): boolean {
    return this.#state === "connected" || this.#state === "loading";
  }

  /** By id, in the backend's own order. They stay known while it is disconnected, so that a request can be told why. */
  get models(): ReadonlyMap<string, ModelInfo> {
    return this.#models;
  }

  get capabilities(): BackendCapabilities {
    return this.#capabilities;
  }

  get concurrency(): number {
    return this.#concurrency ?? this.#slots ?? this.preset.concurrency;
  }

  get lastError(): BackendError | undefined {
    return this.#lastError;
  }

  /** Takes over what a look at the backend brought to light; `now` in ms since 1970. */
  found(findings: Findings, now: number): void {
    this.#lastError = findings.problem && this.#errorOf(findings.problem, now);
    this.#slots = findings.slots ?? this.#slots;
    const modelsChanged = findings.models !== undefined && this.#take(findings.models);
    this.#become(findings.state, modelsChanged);
  }

  /** Notes a failure; `state` is what the backend is from now on, undefined: what it was. */
  failed(failure: Failure, now: number, state?: BackendState): void {
    this.#lastError = this.#errorOf(failure, now);
    this.#become(state ?? this.#state, false);
  }

  /** A request went well: whatever was wrong is over. */
  recovered(): void {
    this.#lastError = undefined;
    this.#become("connected", false);
  }

  /**
   * A request told the engine to give a model room for so many tokens. Taken for true until the next look: a request before
   * it that said less would make the engine load the model anew.
   */
  gaveRoom(id: string, tokens: number): void {
    const model = this.#models.get(id);
    if (model === undefined || (model.loaded === true && model.contextLength === tokens)) return;
    this.#models = new Map(this.#models).set(id, { ...model, contextLength: tokens, loaded: true });
  }

  /** One listener, called after the state or the models changed. */
  subscribe(onChange: (backend: Backend) => void): void {
    this.#onChange = onChange;
  }

  /** The failure as people may read it: some hosts repeat the key they refuse. */
  withoutSecrets(failure: Failure): Failure {
    const { code, message, detail, cause } = failure;
    const said = [message, ...Object.values(detail)];
    if (!this.#secrets.some((secret) => said.some((text) => String(text).includes(secret)))) return failure;
    const safe = (text: string) => this.#secrets.reduce((all, secret) => all.replaceAll(secret, "***"), text);
    const fields = Object.entries(detail).map(([name, value]) => [
      name,
      typeof value === "string" ? safe(value) : value,
    ]);
    return new Failure(code, safe(message), { ...Object.fromEntries(fields), cause });
  }

  #errorOf(failure: Failure, at: number): BackendError {
    return { code: failure.code, message: this.withoutSecrets(failure).message, at };
  }

  #become(state: BackendState, otherwiseChanged: boolean): void {
    if (state === this.#state && !otherwiseChanged) return;
    this.#state = state;
    this.#onChange(this);
  }

  /** True if something is really different: llama-server stamps the time of the question into `created`. */
  #take(listed: readonly ModelInfo[]): boolean {
    const models = byId(this.#fixedModels);
    for (const model of listed.slice(0, MODELS_MAX)) {
      const created = this.#models.get(model.id)?.created || model.created;
      models.set(model.id, { ...model, created });
    }
    if (JSON.stringify([...models.values()]) === JSON.stringify([...this.#models.values()])) return false;
    this.#models = models;
    this.#capabilities = summary(this.preset, models);
    return true;
  }
}

function byId(models: readonly ModelInfo[]): Map<string, ModelInfo> {
  return new Map(models.map((model) => [model.id, model]));
}

/** Header values, and what follows a scheme such as `Bearer`; what is shorter would blot out plain words. */
function secretsIn(
  headers: Readonly<Record<string, string>>,
  known: Readonly<Record<string, string>>,
): string[] {
  return Object.entries(headers)
    .filter(([name]) => !Object.hasOwn(known, name))
    .map(([, value]) => value.slice(value.indexOf(" ") + 1))
    .filter((value) => value.length >= SECRET_MIN);
}

/** A backend can do what one of its models can; what no model speaks about is as the preset says. */
function summary(preset: Preset, models: ReadonlyMap<string, ModelInfo>): BackendCapabilities {
  const known = [...models.values()];
  const capabilities = { ...UNKNOWN_CAPABILITIES };
  for (const name of Object.keys(capabilities) as (keyof Capabilities)[]) {
    const words = known.map((model) => model.capabilities?.[name] ?? null);
    const silent = words.length === 0 || words.includes(null);
    capabilities[name] = words.includes(true) ? true : silent ? (preset.capabilities[name] ?? null) : false;
  }
  const lengths = new Set(known.map((model) => model.contextLength));
  const [length] = lengths;
  return { ...capabilities, context_length: (lengths.size === 1 ? length : undefined) ?? null };
}
