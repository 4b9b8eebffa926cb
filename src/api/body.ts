import type { TObject } from "@sinclair/typebox";
import { type TypeCheck, TypeCompiler } from "@sinclair/typebox/compiler";
import { Failure } from "../core/failure.ts";
import type { JsonKind, RawObject } from "../core/request.ts";
import { PARSE_WHOLE_MAX, readObject } from "../wire/json.ts";

export { readObject };

/**
 * Holds bodies of one route against its schema. The fields in `heavy` (messages and the like) of a body too large to be
 * parsed whole are only looked at from outside: their inside is the backend's to judge.
 */
export class BodyCheck {
  readonly #schema: TObject;
  readonly #heavy: Readonly<Record<string, readonly JsonKind[]>>;
  #compiled: TypeCheck<TObject> | undefined;

  constructor(schema: TObject, heavy: Readonly<Record<string, readonly JsonKind[]>>) {
    this.#schema = schema;
    this.#heavy = heavy;
  }

  /** Throws `invalid_request` with the path of the first field that is wrong. */
  check(body: RawObject): void {
    const large = body.bytes.length > PARSE_WHOLE_MAX;
    const value: Record<string, unknown> = {};
    for (const name of Object.keys(this.#schema.properties)) {
      if (!body.has(name)) continue;
      const kinds = this.#heavy[name];
      if (large && kinds) this.#checkKind(body, name, kinds);
      else value[name] = body.value(name);
    }
    // Compiled at the first request: a start should not wait for it.
    this.#compiled ??= TypeCompiler.Compile(this.#schema);
    if (this.#compiled.Check(value)) return;
    for (const error of this.#compiled.Errors(value)) {
      const name = error.path.split("/")[1] ?? "";
      const skipped = large && name in this.#heavy && body.has(name);
      if (!skipped) throw wrongField(error.path, error.message, error.value);
    }
  }

  #checkKind(body: RawObject, name: string, kinds: readonly JsonKind[]): void {
    const kind = body.kind(name);
    if (kind !== undefined && !kinds.includes(kind))
      throw wrongField(`/${name}`, `Expected ${kinds.join(" or ")}`, kind);
  }
}

function wrongField(pointer: string, expected: string, value: unknown): Failure {
  const param = fieldPath(pointer);
  if (value === undefined)
    return new Failure("invalid_request", `Missing required parameter: '${param}'.`, { param });
  // "Expected union value" says nothing a caller could use.
  const what = expected.includes("union")
    ? "a value of another type"
    : lowerFirst(expected.replace(/^Expected /, ""));
  return new Failure("invalid_request", `Invalid value for '${param}': expected ${what}.`, { param });
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
