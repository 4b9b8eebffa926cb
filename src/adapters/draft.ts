import type { RawObject } from "../core/request.ts";

/**
 * A client's JSON object on its way to a host: what was changed counts, all other fields are as they came. A null says as
 * much as an absent field, as it does to OpenAI.
 */
export class Draft {
  readonly body: RawObject;
  /** Fields to replace or add (a value), or to remove (undefined). */
  readonly #changes = new Map<string, unknown>();

  constructor(body: RawObject) {
    this.body = body;
  }

  has(name: string): boolean {
    if (this.#changes.has(name)) return this.#changes.get(name) !== undefined;
    const kind = this.body.kind(name);
    return kind !== undefined && kind !== "null";
  }

  /** Undefined when absent. */
  value(name: string): unknown {
    return this.#changes.has(name) ? this.#changes.get(name) : (this.body.value(name) ?? undefined);
  }

  set(name: string, value: unknown): void {
    this.#changes.set(name, value);
  }

  remove(name: string): void {
    if (this.body.has(name)) this.#changes.set(name, undefined);
    else this.#changes.delete(name);
  }

  /** The object as pieces to send in order: where nothing was changed, the client's own bytes. */
  pieces(): Uint8Array[] {
    return this.body.edit(this.#changes);
  }
}
