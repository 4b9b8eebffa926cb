import type { Backend, BackendCapabilities, BackendState, Origin } from "./backend.ts";

/** A backend as `GET /v1/backends` shows it. */
export interface BackendDescription {
  name: string;
  type: string;
  /** Without credentials; null for the built-in model. */
  url: string | null;
  origin: Origin;
  state: BackendState;
  last_error: { code: string; message: string; at: string } | null;
  capabilities: BackendCapabilities;
  model_count: number;
  /** Requests at a time. */
  concurrency: number;
  /** Milliseconds, 0: no limit. */
  timeouts: { connect: number; first_byte: number; idle: number };
}

/** All backends, in order: configuration, environment, usual ports. */
export class Registry {
  #all: readonly Backend[] = [];
  #index: Index | undefined;
  readonly #listeners = new Set<(backend: Backend) => void>();

  /** The built-in echo, if the plan has one, is among them only while no other is up. */
  backends(): readonly Backend[] {
    return this.#indexed().listed;
  }

  find(name: string): Backend | undefined {
    return this.#indexed().byName.get(name);
  }

  /** The backends that have a model of this id, in order; disconnected ones too. */
  withModel(id: string): readonly Backend[] {
    return this.#indexed().byModel.get(id) ?? [];
  }

  describe(): BackendDescription[] {
    return this.backends().map(describe);
  }

  /** Calls `listener` with each backend that came or changed. The function returned ends that. */
  subscribe(listener: (backend: Backend) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Adds a backend, in the place of another one where something else answers now. */
  put(backend: Backend, instead?: Backend): void {
    const others = this.#all.filter((one) => one !== instead);
    this.#all = [...others, backend].sort((a, b) => a.rank - b.rank);
    backend.subscribe((changed) => this.#onChange(changed));
    this.#onChange(backend);
  }

  /** Is the name in use by another backend, listed or not? */
  isTaken(name: string, except?: Backend): boolean {
    return this.#all.some((backend) => backend.name === name && backend !== except);
  }

  #onChange(backend: Backend): void {
    this.#index = undefined;
    for (const listener of this.#listeners) listener(backend);
  }

  #indexed(): Index {
    this.#index ??= index(this.#all);
    return this.#index;
  }
}

/** Look-ups are made per request, changes happen a few times a day. */
interface Index {
  listed: readonly Backend[];
  byName: ReadonlyMap<string, Backend>;
  byModel: ReadonlyMap<string, readonly Backend[]>;
}

function index(all: readonly Backend[]): Index {
  const others = all.filter((backend) => !isBuiltIn(backend));
  const listed = others.some((backend) => backend.isUp) ? others : all;
  const byModel = new Map<string, Backend[]>();
  for (const backend of listed) {
    for (const id of backend.models.keys()) {
      const having = byModel.get(id);
      if (having) having.push(backend);
      else byModel.set(id, [backend]);
    }
  }
  return { listed, byName: new Map(listed.map((backend) => [backend.name, backend])), byModel };
}

function isBuiltIn(backend: Backend): boolean {
  return backend.preset.where === "inside" && backend.origin !== "config";
}

function describe(backend: Backend): BackendDescription {
  const { lastError, timeouts } = backend;
  return {
    name: backend.name,
    type: backend.preset.name,
    url: backend.url ?? null,
    origin: backend.origin,
    state: backend.state,
    last_error: lastError ? { ...lastError, at: new Date(lastError.at).toISOString() } : null,
    capabilities: backend.capabilities,
    model_count: backend.models.size,
    concurrency: backend.concurrency,
    timeouts: { connect: timeouts.connect, first_byte: timeouts.firstByte, idle: timeouts.idle },
  };
}
