import type { ResultItem } from "../core/prompt.ts";

/** What tools answered, until each answer has found the call that it is for. */
export class OpenResults {
  /** In their order: calls of one id get them so. Sets, because a conversation may have thousands of one id. */
  readonly #byId = new Map<string, Set<ResultItem>>();

  constructor(results: Iterable<ResultItem>) {
    for (const result of results) {
      const known = this.#byId.get(result.id);
      if (known) known.add(result);
      else this.#byId.set(result.id, new Set([result]));
    }
  }

  has(result: ResultItem): boolean {
    return this.#byId.get(result.id)?.has(result) === true;
  }

  /** The first one for this call. */
  take(id: string): ResultItem | undefined {
    const [first] = this.#byId.get(id) ?? [];
    if (first) this.#byId.get(id)?.delete(first);
    return first;
  }
}
