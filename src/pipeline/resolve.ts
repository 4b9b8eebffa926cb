import type { Backend } from "../backends/backend.ts";
import type { Registry } from "../backends/registry.ts";
import { Failure } from "../core/failure.ts";
import type { ListedModel, ModelAlias } from "../core/model.ts";
import { nearest } from "./nearest.ts";

/** One backend and one of its models. */
export interface Target {
  backend: Backend;
  /** The backend's own id of it. */
  model: string;
}

/** What a client's model name means. */
export interface Resolved {
  /** In order of preference; at least one. */
  targets: Target[];
  /** Values for fields the client left out. */
  defaults: Readonly<Record<string, unknown>>;
  /** Tokens that the user wants room for. */
  contextWindow: number | undefined;
}

/** The first target that is not known to be down; if all are, the first one: its failure tells why. */
export function firstUp({ targets }: Pick<Resolved, "targets">): Target {
  const target = targets.find(({ backend }) => backend.state !== "disconnected") ?? targets[0];
  if (!target) throw new Error("a resolved model has no target");
  return target;
}

/** What the user has named. */
export interface Names {
  /** For a client that asks for "default" or names no model. */
  defaultModel: string | undefined;
  models: readonly ModelAlias[];
}

/** Names nearest to a wrong one that an error tells. */
const SUGGESTIONS_MAX = 3;

/** Model names to targets: aliases, `backend/id`, plain ids. */
export class Resolver {
  readonly #registry: Registry;
  readonly #defaultModel: string | undefined;
  readonly #aliases: ReadonlyMap<string, ModelAlias>;

  constructor(registry: Registry, names: Names) {
    this.#registry = registry;
    this.#defaultModel = names.defaultModel;
    this.#aliases = new Map(names.models.map((alias) => [alias.name, alias]));
  }

  /** Throws `model_not_found`, naming the nearest names, or `invalid_request` when no model was asked for. */
  resolve(name: string): Resolved {
    const wanted = this.#withDefault(name);
    const alias = this.#aliases.get(wanted);
    if (!alias) return { targets: this.#targets(wanted), defaults: NO_DEFAULTS, contextWindow: undefined };
    const targets = alias.targets.flatMap((target) => this.#find(target));
    if (targets.length > 0) return { targets, defaults: alias.defaults, contextWindow: alias.contextWindow };
    throw new Failure(
      "model_not_found",
      `None of the targets of the model "${wanted}" is there: ${alias.targets.join(", ")}.`,
      {
        param: "model",
      },
    );
  }

  /** Would `resolve` find something? Costs no search for near names. Throws `invalid_request` when no model was named. */
  knows(name: string): boolean {
    const wanted = this.#withDefault(name);
    const targets = this.#aliases.get(wanted)?.targets ?? [wanted];
    return targets.some((target) => this.#find(target).length > 0);
  }

  /** Every name a client may ask for, aliases first; a plain id that would mean another model is listed qualified. */
  list(): ListedModel[] {
    const listed: ListedModel[] = [];
    const taken = new Set<string>();
    const add = (model: ListedModel) => {
      if (taken.has(model.id)) return;
      taken.add(model.id);
      listed.push(model);
    };
    for (const alias of this.#aliases.values()) add(this.#listAlias(alias));
    for (const backend of this.#registry.backends()) {
      if (!backend.isUp) continue;
      for (const model of backend.models.values()) {
        const plain = !taken.has(model.id) && !this.#qualified(model.id);
        add({ ...model, id: plain ? model.id : `${backend.name}/${model.id}`, backend: backend.name });
      }
    }
    return listed;
  }

  /** One model as `list` would show it, by any of its names. Throws `model_not_found`, naming the nearest names. */
  describe(name: string): ListedModel {
    const meant = this.#withDefault(name);
    const alias = this.#aliases.get(meant);
    if (alias) return { ...this.#listAlias(alias), id: name };
    const [target] = this.#find(meant);
    const known = target?.backend.models.get(target.model);
    if (!target || !known) throw this.#unknown(name);
    return { ...known, id: name, backend: target.backend.name };
  }

  #withDefault(name: string): string {
    if (name !== "" && name !== "default") return name;
    if (this.#defaultModel !== undefined) return this.#defaultModel;
    if (name === "default") return name;
    throw new Failure(
      "invalid_request",
      "No model was asked for, and the configuration names no default_model.",
      {
        param: "model",
      },
    );
  }

  #targets(name: string): Target[] {
    const targets = this.#find(name);
    if (targets.length === 0) throw this.#unknown(name);
    return targets;
  }

  #unknown(name: string): Failure {
    const names = this.list().map((model) => model.id);
    const near = nearest(name, names, SUGGESTIONS_MAX).map((id) => `"${id}"`);
    const hint = near.length > 0 ? ` Did you mean ${near.join(" or ")}?` : "";
    const text = `The model "${name.slice(0, 200)}" does not exist.${hint}`;
    return new Failure("model_not_found", text, { param: "model" });
  }

  /** `backend/id` always means that backend, whatever it lists: lists lie. Else every backend that has it, those up first. */
  #find(name: string): Target[] {
    const qualified = this.#qualified(name);
    if (qualified) return [qualified];
    const having = this.#registry.withModel(name);
    const ordered = [...having.filter((one) => one.isUp), ...having.filter((one) => !one.isUp)];
    return ordered.map((one) => ({ backend: one, model: name }));
  }

  #qualified(name: string): Target | undefined {
    const slash = name.indexOf("/");
    if (slash < 1 || slash === name.length - 1) return undefined;
    const backend = this.#registry.find(name.slice(0, slash));
    return backend && { backend, model: name.slice(slash + 1) };
  }

  #listAlias({ name, targets, contextWindow }: ModelAlias): ListedModel {
    const found = targets.flatMap((target) => this.#find(target));
    const first = found.find((target) => target.backend.isUp) ?? found[0];
    const known = first?.backend.models.get(first.model);
    const model: ListedModel = {
      ...known,
      id: name,
      created: known?.created ?? 0,
      ownedBy: "fairlead",
      backend: first?.backend.name,
    };
    if (contextWindow !== undefined) model.contextLength = contextWindow;
    return model;
  }
}

const NO_DEFAULTS = Object.freeze({});
