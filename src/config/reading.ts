import { Type, type TSchema } from "@sinclair/typebox";
import type { Environment } from "../core/environment.ts";
import { Locations } from "./locate.ts";
import { formatPath, Refusal, type Path, type Problem } from "./problems.ts";

/** More would not be read; and each one costs a walk through the file. */
const MAX_PROBLEMS = 100;

/** One document being read: what its values may refer to, and what was found wrong with it. */
export class Reading {
  /** As problems name it. */
  readonly file: string;
  /** Relative paths in the document start here: the document's own directory. */
  readonly dir: string;
  readonly env: Environment;
  readonly locations: Locations;
  readonly problems: Problem[] = [];
  readonly warnings: Problem[] = [];
  /** Where keys stand in clear. */
  readonly literals: Path[] = [];
  readonly #failed = new Set<string>();
  readonly #places = new WeakMap<object, Path>();

  constructor(options: { file: string; dir: string; env: Environment; locations?: Locations }) {
    this.file = options.file;
    this.dir = options.dir;
    this.env = options.env;
    this.locations = options.locations ?? new Locations("");
  }

  /** `line` only where the document has no keys to tell it by. */
  report(at: Path, refusal: Refusal, line?: number): void {
    for (let length = at.length; length > 0; length--) this.#failed.add(formatPath(at.slice(0, length)));
    if (!this.full) this.problems.push(this.#problem(at, refusal, line));
  }

  warn(at: Path, refusal: Refusal): void {
    if (this.warnings.length < MAX_PROBLEMS) this.warnings.push(this.#problem(at, refusal));
  }

  /** Will further problems be left out? */
  get full(): boolean {
    return this.problems.length >= MAX_PROBLEMS;
  }

  /** Was a problem with this value, or in it, reported? Then what follows from its absence need not be. */
  failed(at: Path): boolean {
    return this.#failed.has(formatPath(at));
  }

  /** Remembers where a table came from: a list without its bad elements no longer tells by index. */
  place(table: object, at: Path): void {
    this.#places.set(table, at);
  }

  placeOf(table: object): Path {
    return this.#places.get(table) ?? [];
  }

  #problem(at: Path, refusal: Refusal, line = this.locations.line(at)): Problem {
    const { message, hint } = refusal;
    return { file: this.file, line, path: formatPath(at), message, hint };
  }
}

/** Takes a raw value of the document to the value that the program uses; reports and returns undefined if it cannot. */
export type Reader<T> = (value: unknown, at: Path, reading: Reading) => T | undefined;

const reads: unique symbol = Symbol("reads");

/** A schema whose value is read by a function: `raw` says what the file may hold, T what comes out of it. */
export function leaf<T>(raw: TSchema, reader: Reader<T>) {
  return Type.Unsafe<T>({ ...raw, [reads]: reader });
}

/** The function that a leaf is read with; undefined for every other schema. */
export function readerOf(schema: TSchema): Reader<unknown> | undefined {
  const reader: unknown = Reflect.get(schema, reads);
  // Only leaf() can set this symbol.
  return typeof reader === "function" ? (reader as Reader<unknown>) : undefined;
}

/** The reader for a value that is written as a string. */
export function textReader<T>(
  what: string,
  parse: (text: string, reading: Reading) => T | Refusal,
): Reader<T> {
  return (value, at, reading) => {
    const result = typeof value === "string" ? parse(value, reading) : mismatch(what, value);
    if (!(result instanceof Refusal)) return result;
    reading.report(at, result);
    return undefined;
  };
}

/** The wrong type of value, in the words of the file. Never tells the value: it may be a key. */
export function mismatch(what: string, value: unknown): Refusal {
  return new Refusal(`expected ${what}, found ${kindOf(value)}`, mismatchHint(what, value));
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (value instanceof Date) return "a date";
  if (typeof value === "object") return "a table";
  return typeof value === "boolean" ? "true or false" : `a ${typeof value}`;
}

/** A TOML table; a date is none, though it is an object. */
export function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function mismatchHint(what: string, value: unknown): string | undefined {
  if (what.startsWith("a list of tables") && isTable(value)) return "its header has two brackets: [[name]]";
  if (what.startsWith("a list")) return "put it in brackets: [ ... ]";
  if (what.startsWith("a table"))
    return Array.isArray(value) ? "its header has one pair of brackets: [name]" : undefined;
  const number = what.startsWith("a whole number") || what.startsWith("true");
  if (typeof value === "string") return number ? "take the quotes away" : undefined;
  if (number) return undefined;
  return typeof value === "number" || typeof value === "boolean" || value instanceof Date
    ? "put it in quotes"
    : undefined;
}
