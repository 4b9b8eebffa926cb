import { type TObject, Type } from "@sinclair/typebox";
import { type TypeCheck, TypeCompiler, type ValueError, ValueErrorType } from "@sinclair/typebox/compiler";
import { Failure } from "../core/failure.ts";
import type { JsonKind, RawObject } from "../core/request.ts";
import { PARSE_WHOLE_MAX, readObject } from "../wire/json.ts";
import { loose } from "./schemas.ts";

/** The server reads bodies through this room: how JSON is read is no business of its own. */
export { readObject };

/**
 * Holds bodies of one route against its schema. The fields in `heavy` (messages and the like) of a body too large to be
 * parsed whole are only looked at from outside: their inside is the backend's to judge.
 */
export class BodyCheck {
  readonly #whole: Shape;
  /** Without the heavy fields. */
  readonly #light: Shape;
  readonly #heavy: readonly (readonly [name: string, kinds: readonly JsonKind[], required: boolean])[];

  constructor(schema: TObject, heavy: Readonly<Record<string, readonly JsonKind[]>>) {
    const light = Object.entries(schema.properties).filter(([name]) => !(name in heavy));
    this.#whole = new Shape(schema);
    this.#light = new Shape(Type.Object(Object.fromEntries(light), loose));
    this.#heavy = Object.entries(heavy).map(([name, kinds]) => {
      return [name, kinds, schema.required?.includes(name) === true];
    });
  }

  /** Throws `invalid_request` with the path of the first field that is wrong. */
  check(body: RawObject): void {
    if (body.bytes.length <= PARSE_WHOLE_MAX) return this.#whole.check(body);
    this.#light.check(body);
    for (const [name, kinds, required] of this.#heavy) {
      const kind = body.kind(name);
      if (kind === undefined && required) throw missing(name);
      if (kind !== undefined && !kinds.includes(kind)) throw invalid(name, kinds);
    }
  }
}

class Shape {
  readonly #schema: TObject;
  /** Compiled at the first request: a start should not wait for it. */
  #compiled: TypeCheck<TObject> | undefined;

  constructor(schema: TObject) {
    this.#schema = schema;
  }

  check(body: RawObject): void {
    const value: Record<string, unknown> = {};
    for (const name in this.#schema.properties) if (body.has(name)) value[name] = body.value(name);
    this.#compiled ??= TypeCompiler.Compile(this.#schema);
    if (this.#compiled.Check(value)) return;
    const error = this.#compiled.Errors(value).First();
    if (!error) return;
    const fault = deepest(error);
    const param = fieldPath(fault.path);
    throw fault.value === undefined ? missing(param) : invalid(param, fault.expected);
  }
}

interface Fault {
  /** A JSON pointer. */
  path: string;
  value: unknown;
  expected: string[];
}

/** Faults counted to tell which of several types a value comes nearest to. */
const FAULTS_MAX = 4;

/** Where several types are allowed, the one that the value comes nearest to tells what is wrong with it. */
function deepest({ path, value, message, errors }: ValueError): Fault {
  // Every field may be null; one that is not was hardly meant to be.
  const tries = errors
    .map((branch) => Iterator.from(branch).take(FAULTS_MAX).toArray())
    .filter(([fault]) => fault?.type !== ValueErrorType.Null);
  const fewest = Math.min(...tries.map((faults) => faults.length));
  const near = tries.flatMap((faults) => (faults[0] && faults.length === fewest ? deepest(faults[0]) : []));
  const depth = Math.max(...near.map((fault) => depthOf(fault.path)));
  const [first, ...others] = near.filter((fault) => depthOf(fault.path) === depth);
  if (!first) return { path, value, expected: [lowerFirst(message.replace(/^Expected /, ""))] };
  const same = [first, ...others.filter((fault) => fault.path === first.path)];
  return { ...first, expected: [...new Set(same.flatMap((fault) => fault.expected))] };
}

function depthOf(pointer: string): number {
  return pointer.split("/").length;
}

function missing(param: string): Failure {
  return new Failure("invalid_request", `Missing required parameter: '${param}'.`, { param });
}

function invalid(param: string, expected: readonly string[]): Failure {
  const message = `Invalid value for '${param}': expected ${expected.join(" or ")}.`;
  return new Failure("invalid_request", message, { param });
}

/** A JSON pointer in the words of OpenAI's errors: `/messages/0/role` is `messages[0].role`. */
function fieldPath(pointer: string): string {
  return pointer
    .split("/")
    .slice(1)
    .map((part, i) =>
      /^\d+$/.test(part)
        ? `[${part}]`
        : `${i > 0 ? "." : ""}${part.replaceAll("~1", "/").replaceAll("~0", "~")}`,
    )
    .join("");
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
