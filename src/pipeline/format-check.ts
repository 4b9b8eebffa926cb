import { type Schema, Validator } from "@cfworker/json-schema";
import { isRecord, type JsonRecord } from "../core/json.ts";

/** Longer texts are not held against a schema, characters: it is work of our own for somebody else's answer. */
const TEXT_MAX = 256 * 1024;
/** Looks at the schema that one check may take: `$ref` and `allOf` can make a small schema endless. */
const LOOKS_MAX = 1_000_000;

/**
 * Why a text is not the JSON that was asked for; undefined: it is, or nobody can tell. Without a schema any object is.
 * A `pattern` and `uniqueItems` are not looked at: a bad one, or a long list, keeps the whole server busy.
 */
export function mismatch(text: string, schema: JsonRecord | undefined): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "it is no JSON";
  }
  if (!schema) return isRecord(value) ? undefined : "it is no JSON object";
  if (text.length > TEXT_MAX) return undefined;
  try {
    const { valid, errors } = new Validator(metered(plain(schema)), "2020-12").validate(value);
    if (valid) return undefined;
    const fault = errors.at(-1);
    return fault
      ? `at ${fault.instanceLocation}: ${fault.error}`.slice(0, 200)
      : "it does not follow the schema";
  } catch {
    // The schema is one that nobody can check: the backend that took it knows better.
    return undefined;
  }
}

/** A copy, because the validator writes into it. */
function plain(schema: JsonRecord): Schema {
  const text = JSON.stringify(schema, (name, value: unknown) =>
    (name === "pattern" && typeof value === "string") || (name === "uniqueItems" && value === true)
      ? undefined
      : value,
  );
  if (text.includes('"patternProperties"')) throw new Error("a schema with patterns");
  const copy: Schema = JSON.parse(text);
  return copy;
}

/** The schema, with every look at it counted. Throws once there were too many. */
function metered(schema: Schema): Schema {
  const known = new WeakMap<object, object>();
  let looks = 0;
  const watch = <T extends object>(part: T): T => {
    const proxy = new Proxy(part, {
      get(target, name) {
        if (++looks > LOOKS_MAX) throw new Error("a schema without an end");
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "object" || value === null) return value;
        const seen = known.get(value) ?? watch(value);
        known.set(value, seen);
        return seen;
      },
    });
    return proxy;
  };
  return watch(schema);
}
