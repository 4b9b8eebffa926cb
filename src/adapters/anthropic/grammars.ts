import { isRecord, type JsonRecord } from "../../core/json.ts";
import { compileParameters, compileSchema, type SchemaTarget } from "../schema/compile.ts";
import { ANTHROPIC_SCHEMA } from "../schema/targets.ts";

/** A schema that Anthropic holds a model to, and the limits in it that are only told to the model. */
export interface EnforcedSchema {
  schema: JsonRecord;
  described: string[];
}

/**
 * What Anthropic can make a grammar of ("JSON Schema limitations", "Schema complexity limits" in its documentation of
 * structured outputs): all strict tools and the output format of a request share these. Beyond them it answers 400.
 */
const TOOLS_MAX = 20;
const OPTIONAL_MAX = 24;
const UNIONS_MAX = 16;

const ENFORCED: SchemaTarget = {
  ...ANTHROPIC_SCHEMA,
  // Of expressions a part is known, without looking around: Zod's own for an e-mail address is a 400.
  keeps: (keyword, value) => keyword !== "pattern" && ANTHROPIC_SCHEMA.keeps(keyword, value),
};

/** Schemas that nobody enforces: everything may be said, but at the top there is one object. */
const TOLD: SchemaTarget = { keeps: () => true, nullable: false, stringEnums: false, additional: "kept" };

/** Parameters of a tool as one object. Alternatives at the top are an error: "does not support oneOf, allOf, or anyOf". */
export function plainParameters(parameters: JsonRecord): { schema: JsonRecord; changed: boolean } {
  if (["anyOf", "oneOf", "allOf"].some((keyword) => parameters[keyword] !== undefined))
    return { schema: compileParameters(parameters, TOLD).schema, changed: true };
  const { type, ...rest } = parameters;
  if (type === "object") return { schema: parameters, changed: false };
  return { schema: { type: "object", properties: {}, ...rest }, changed: false };
}

/** The room for grammars of one request. */
export class Grammars {
  #tools = 0;
  #optional = 0;
  #unions = 0;

  /** The schema of a strict tool; undefined where it cannot be enforced. */
  tool(parameters: JsonRecord): EnforcedSchema | undefined {
    if (this.#tools >= TOOLS_MAX) return undefined;
    const enforced = this.#enforced(compileParameters(parameters, ENFORCED));
    if (enforced) this.#tools += 1;
    return enforced;
  }

  /** The schema of the answer; undefined where it cannot be enforced. */
  format(schema: JsonRecord): EnforcedSchema | undefined {
    return this.#enforced(compileSchema(schema, ENFORCED));
  }

  #enforced({ schema, described, lost }: EnforcedSchema & { lost: string[] }): EnforcedSchema | undefined {
    // A schema that contains itself, or parts of one that was cut off, would allow less than it should, or more.
    if (lost.length > 0) return undefined;
    const size = sizeOf(schema);
    const optional = this.#optional + size.optional;
    const unions = this.#unions + size.unions;
    if (size.open || optional > OPTIONAL_MAX || unions > UNIONS_MAX) return undefined;
    this.#optional = optional;
    this.#unions = unions;
    return { schema, described };
  }
}

interface Size {
  optional: number;
  unions: number;
  /** Somewhere it allows anything, or an object with any properties: closed, that object would always be empty. */
  open: boolean;
}

function sizeOf(schema: JsonRecord): Size {
  const { type, properties, required, items, anyOf } = schema;
  const fields = isRecord(properties) ? properties : {};
  const needed = new Set<unknown>(Array.isArray(required) ? required : []);
  const size: Size = {
    optional: Object.keys(fields).filter((name) => !needed.has(name)).length,
    unions: Array.isArray(anyOf) || Array.isArray(type) ? 1 : 0,
    open:
      type === "object"
        ? properties === undefined
        : !["type", "anyOf", "enum"].some((name) => name in schema),
  };
  const inner = [...Object.values(fields), ...(Array.isArray(anyOf) ? (anyOf as unknown[]) : [])];
  if (items !== undefined) inner.push(items);
  for (const part of inner) {
    const { optional, unions, open } = sizeOf(isRecord(part) ? part : {});
    size.optional += optional;
    size.unions += unions;
    size.open ||= open;
  }
  return size;
}
