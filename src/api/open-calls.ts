import type { CallItem } from "../core/prompt.ts";

/** The calls of a conversation whose results have not come yet, in their order. No look at them reads them all. */
export class OpenCalls {
  readonly #all = new Set<CallItem>();
  readonly #byId = new Map<string, Set<CallItem>>();
  readonly #byName = new Map<string, Set<CallItem>>();

  add(call: CallItem): void {
    this.#all.add(call);
    addTo(this.#byId, call.id, call);
    addTo(this.#byName, call.name, call);
  }

  /** The oldest with this id, which is then open no more. */
  takeId(id: string): CallItem | undefined {
    return this.#take(this.#byId.get(id));
  }

  /** The oldest of this tool. */
  takeNamed(name: string): CallItem | undefined {
    return this.#take(this.#byName.get(name));
  }

  /** The oldest of all. */
  takeOldest(): CallItem | undefined {
    return this.#take(this.#all);
  }

  #take(calls: ReadonlySet<CallItem> | undefined): CallItem | undefined {
    const [call] = calls ?? [];
    if (!call) return undefined;
    this.#all.delete(call);
    this.#byId.get(call.id)?.delete(call);
    this.#byName.get(call.name)?.delete(call);
    return call;
  }
}

function addTo(calls: Map<string, Set<CallItem>>, key: string, call: CallItem): void {
  const known = calls.get(key);
  if (known) known.add(call);
  else calls.set(key, new Set([call]));
}
