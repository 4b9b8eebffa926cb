import { isRecord } from "../../core/json.ts";
import { decodePercent } from "../../core/percent.ts";
import type { Budget } from "./budget.ts";
import { compilePattern, type Pattern } from "./pattern.ts";

/** A JSON Schema that is an object; `true` and `false` are schemas too. */
export type Schema = Readonly<Record<string, unknown>>;

/** One schema document while an instance of it is sought: what its references mean, and what was worked out already. */
export class SchemaDocument {
  readonly budget: Budget;
  readonly #root: unknown;
  readonly #patterns = new Map<string, Pattern | undefined>();
  readonly #enums = new Map<readonly unknown[], string[]>();
  #named: Map<string, Schema> | undefined;

  constructor(root: unknown, budget: Budget) {
    this.#root = root;
    this.budget = budget;
  }

  /** What a `$ref` points to within the document: a JSON pointer, an `$id` or an `$anchor`. Undefined if nothing. */
  resolve(ref: unknown): unknown {
    if (typeof ref !== "string" || !this.budget.spend(ref.length)) return undefined;
    if (ref === "#") return this.#root;
    if (ref.startsWith("#/")) return ref.slice(2).split("/").reduce(child, this.#root);
    this.#named ??= namesIn(this.#root);
    return this.#named.get(ref);
  }

  /** Undefined for a pattern that is not understood. */
  pattern(source: string): Pattern | undefined {
    if (!this.#patterns.has(source)) this.#patterns.set(source, compilePattern(source, this.budget));
    return this.#patterns.get(source);
  }

  /** The values of an `enum` as JSON text. */
  texts(values: readonly unknown[]): readonly string[] {
    const known = this.#enums.get(values);
    if (known) return known;
    const texts = this.budget.spend(values.length) ? values.map((value) => JSON.stringify(value)) : [];
    this.#enums.set(values, texts);
    return texts;
  }
}

/** An own member: a schema's `properties` may be called `constructor`. */
export function member(object: unknown, name: string): unknown {
  return isRecord(object) && Object.hasOwn(object, name) ? object[name] : undefined;
}

/** A keyword's number; undefined when it holds something else, which then asks for nothing. */
export function numberOf(schema: Schema, name: string): number | undefined {
  const value = schema[name];
  return typeof value === "number" ? value : undefined;
}

/** A keyword's list; undefined when it holds something else. */
export function listOf(schema: Schema, name: string): readonly unknown[] | undefined {
  const value = schema[name];
  return Array.isArray(value) ? value : undefined;
}

function child(parent: unknown, token: string): unknown {
  const name = decodePercent(token).replaceAll("~1", "/").replaceAll("~0", "~");
  return Array.isArray(parent) ? parent[Number(name)] : member(parent, name);
}

function namesIn(root: unknown): Map<string, Schema> {
  const named = new Map<string, Schema>();
  const todo = [root];
  for (let value = todo.pop(); value !== undefined; value = todo.pop()) {
    if (Array.isArray(value)) todo.push(...value);
    if (!isRecord(value)) continue;
    const { $id, $anchor } = value;
    if (typeof $id === "string") named.set($id, value);
    if (typeof $anchor === "string") named.set(`#${$anchor}`, value);
    todo.push(...Object.values(value));
  }
  return named;
}
