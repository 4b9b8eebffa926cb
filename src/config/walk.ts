import type { Static, TObject, TSchema } from "@sinclair/typebox";
import { Refusal, type Path } from "./problems.ts";
import { isTable, mismatch, readerOf, type Reading } from "./reading.ts";
import { didYouMean } from "./suggest.ts";

/**
 * Reads a document by its schema: checks it, fills in the defaults, and takes every leaf to the value that the program
 * uses. All problems are reported at once. What is wrong is left out of the result (a default stands in for it); a table
 * that lacks a required key is left out whole.
 */
export function readDocument<T extends TObject>(schema: T, table: unknown, reading: Reading): Static<T> {
  // The schemas of whole documents have no required keys, so there is always a result.
  return new Walk(schema, reading).object(schema, table, []) as Static<T>;
}

/** Reads one value by its schema. */
export function readValue<T extends TSchema>(
  schema: T,
  value: unknown,
  at: Path,
  reading: Reading,
): Static<T> | undefined {
  return new Walk(schema, reading).read(schema, value, at) as Static<T> | undefined;
}

class Walk {
  readonly #root: TSchema;
  readonly #reading: Reading;

  constructor(root: TSchema, reading: Reading) {
    this.#root = root;
    this.#reading = reading;
  }

  read(schema: TSchema, value: unknown, at: Path): unknown {
    const reader = readerOf(schema);
    if (reader) return reader(value, at, this.#reading);
    if (schema["properties"]) return this.object(schema, value, at);
    if (schema["patternProperties"]) return this.record(schema, value, at);
    if (schema["items"]) return this.list(schema, value, at);
    if (schema["anyOf"]) return this.choice(schema, value, at);
    return this.scalar(schema, value, at);
  }

  object(schema: TSchema, value: unknown, at: Path): Record<string, unknown> | undefined {
    const table = isTable(value) ? value : {};
    if (!isTable(value)) this.#refuse(at, mismatch(expectation(schema), value));
    const properties: Record<string, TSchema> = schema["properties"];
    for (const key of Object.keys(table)) {
      if (this.#reading.full) break;
      if (!Object.hasOwn(properties, key)) this.#refuse([...at, key], this.#unknownKey(key, schema));
    }
    const result: Record<string, unknown> = {};
    let complete = true;
    for (const [key, property] of Object.entries(properties)) {
      const found = this.#property(property, table[key], [...at, key]);
      if (found !== undefined) result[key] = found;
      else if (schema["required"]?.includes(key)) {
        complete = false;
        if (table[key] === undefined && isTable(value)) this.#refuse([...at, key], missing(key, property));
      }
    }
    this.#reading.place(result, at);
    return complete ? result : undefined;
  }

  #property(schema: TSchema, value: unknown, at: Path): unknown {
    const found = value === undefined ? undefined : this.read(schema, value, at);
    return found === undefined && schema.default !== undefined
      ? this.read(schema, schema.default, at)
      : found;
  }

  /** A table whose keys are names of the user's own, in the order in which they were written. */
  record(schema: TSchema, value: unknown, at: Path): Record<string, unknown> | undefined {
    if (!isTable(value)) return this.#refuse(at, mismatch(expectation(schema), value));
    const [pattern, item] = Object.entries<TSchema>(schema["patternProperties"])[0] ?? ["", schema];
    const result: Record<string, unknown> = Object.create(null);
    for (const [name, element] of Object.entries(value)) {
      const here = [...at, name];
      if (!new RegExp(pattern, "u").test(name)) this.#refuse(here, badName(name, schema));
      const found = this.read(item, element, here);
      if (found !== undefined) result[name] = found;
    }
    return result;
  }

  list(schema: TSchema, value: unknown, at: Path): unknown[] | undefined {
    if (!Array.isArray(value)) return this.#refuse(at, mismatch(expectation(schema), value));
    if (value.length < (schema["minItems"] ?? 0)) return this.#refuse(at, new Refusal("may not be empty"));
    return value.flatMap((element, index) => this.read(schema["items"], element, [...at, index]) ?? []);
  }

  choice(schema: TSchema, value: unknown, at: Path): unknown {
    const words: string[] = schema["anyOf"].map((option: TSchema) => String(option.const));
    if (typeof value !== "string") return this.#refuse(at, mismatch("a string", value));
    if (words.includes(value)) return value;
    const hint = didYouMean(value, words) ?? `one of: ${words.join(", ")}`;
    return this.#refuse(at, new Refusal(`unknown ${schema.title ?? "word"} ${JSON.stringify(value)}`, hint));
  }

  scalar(schema: TSchema, value: unknown, at: Path): unknown {
    if (!fits(schema, value)) return this.#refuse(at, mismatch(expectation(schema), value));
    if (value === "" && schema["minLength"] > 0) return this.#refuse(at, new Refusal("may not be empty"));
    const inRange = typeof value !== "number" || (value >= low(schema) && value <= high(schema));
    if (inRange) return value;
    return this.#refuse(at, new Refusal(`expected ${expectation(schema)}, found ${value}`));
  }

  #refuse(at: Path, refusal: Refusal): undefined {
    this.#reading.report(at, refusal);
    return undefined;
  }

  #unknownKey(key: string, schema: TSchema): Refusal {
    const known = Object.keys(schema["properties"]);
    const hint = this.#elsewhere(key, schema) ?? didYouMean(key, known) ?? `known here: ${known.join(", ")}`;
    return new Refusal("unknown key", hint);
  }

  /**
   * In TOML a key belongs to the last header above it, so keys of the top and of [server] are easily misplaced. Only
   * these: `path` in [backends.x] does not mean the path of an endpoint.
   */
  #elsewhere(key: string, here: TSchema): string | undefined {
    const top: Record<string, TSchema> = this.#root["properties"] ?? {};
    if (here !== this.#root && Object.hasOwn(top, key)) {
      const table = top[key]?.["properties"] || top[key]?.["patternProperties"] || top[key]?.["items"];
      return table ? undefined : `"${key}" belongs to the top of the file, above the first [header]`;
    }
    const singles = Object.entries(top).filter(([, table]) => table["properties"]);
    if (here !== this.#root && !singles.some(([, table]) => table === here)) return undefined;
    const home = singles.find(([, table]) => Object.hasOwn(table["properties"], key));
    return home && `"${key}" belongs to [${home[0]}]`;
  }
}

function fits(schema: TSchema, value: unknown): boolean {
  if (schema["type"] === "integer") return Number.isSafeInteger(value);
  return typeof value === schema["type"];
}

function low(schema: TSchema): number {
  return schema["minimum"] ?? Number.NEGATIVE_INFINITY;
}

function high(schema: TSchema): number {
  return schema["maximum"] ?? Number.POSITIVE_INFINITY;
}

/** What a schema asks for, in the words of the file. */
function expectation(schema: TSchema): string {
  if (schema.title) return schema.title;
  if (schema["items"]) return schema["items"]["properties"] ? "a list of tables" : "a list of strings";
  if (schema["type"] === "boolean") return "true or false";
  if (schema["type"] === "string") return "a string";
  if (schema["type"] !== "integer") return "a table";
  if (schema["maximum"] === undefined) return `a whole number from ${schema["minimum"] ?? 0}`;
  return `a whole number from ${schema["minimum"] ?? 0} to ${schema["maximum"]}`;
}

function missing(key: string, schema: TSchema): Refusal {
  return new Refusal(`"${key}" is missing`, schema.description);
}

function badName(name: string, schema: TSchema): Refusal {
  return new Refusal(`${JSON.stringify(name)} cannot be a name here`, schema["propertyNames"]?.description);
}
