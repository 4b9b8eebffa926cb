import { isRecord, type JsonRecord } from "../../core/json.ts";
import { LIMITS, limitText, wholeLimits } from "./limits.ts";
import { mergeSchemas, resolveRef } from "./merge.ts";
import { inferTypes, ofType, scalarsAlone } from "./types.ts";

/**
 * What the schemas of a vendor can say. All of them know `type`, `description`, `properties`, `required`, `items`, `anyOf`
 * and `enum`; none of them is sent `$ref`, `allOf`, `oneOf` or `const`, which can be said with those.
 */
export interface SchemaTarget {
  /** Is the keyword known, with this value? */
  keeps(keyword: string, value: unknown): boolean;
  /** Null is said with `nullable: true`, and lists of types are not known. */
  nullable: boolean;
  /** Only strings may be enumerated, and none of them empty. */
  stringEnums: boolean;
  /** `additionalProperties`: not known, kept, or false of every object. */
  additional: "unknown" | "kept" | "closed";
}

/** A schema in a vendor's words, and the keywords that it could not say with keywords. */
export interface CompiledSchema {
  schema: JsonRecord;
  /** Limits that stand in a `description` now: the model reads them, nobody enforces them. */
  described: string[];
  /** What is not said any more. `size` and `depth`: the schema was larger than is sent. */
  lost: string[];
}

/** Deeper schemas are cut off: no vendor takes them, and a client must not make us recurse without end. */
const DEPTH_MAX = 32;
/** Schemas within one: definitions that use each other twice grow exponentially when they are written out. */
const NODES_MAX = 4000;

/** A JSON Schema of any draft in the words of a vendor. */
export function compileSchema(schema: JsonRecord, target: SchemaTarget): CompiledSchema {
  const compiler = new Compiler(schema, target);
  return compiler.result(compiler.compile(schema, TOP));
}

/** The same for arguments of a function, which are an object everywhere: alternatives become one object that allows all of them. */
export function compileParameters(schema: JsonRecord, target: SchemaTarget): CompiledSchema {
  const compiler = new Compiler(schema, target);
  return compiler.result(compiler.object(compiler.compile(schema, TOP)));
}

/** How deep in the schema, and which references led there. */
interface Place {
  depth: number;
  refs: readonly string[];
}

const TOP: Place = { depth: 0, refs: [] };

/** Written by rules of their own, below; or not any more, for what was defined is written out. */
const STRUCTURE = new Set(
  "type nullable description enum const properties required additionalProperties items prefixItems anyOf oneOf $defs definitions".split(
    " ",
  ),
);

/** Words about a value. */
const ABOUT = ["title", "description", "default"];
/** What is not repeated in each alternative. */
const ONCE = new Set([
  ...ABOUT,
  "examples",
  "nullable",
  "$schema",
  "$id",
  "$comment",
  "$anchor",
  "$defs",
  "definitions",
]);

class Compiler {
  readonly #root: JsonRecord;
  readonly #target: SchemaTarget;
  readonly #described = new Set<string>();
  readonly #lost = new Set<string>();
  #nodes = 0;

  constructor(root: JsonRecord, target: SchemaTarget) {
    this.#root = root;
    this.#target = target;
  }

  result(schema: JsonRecord): CompiledSchema {
    return { schema, described: [...this.#described], lost: [...this.#lost] };
  }

  compile(source: unknown, place: Place): JsonRecord {
    if (!isRecord(source)) return {};
    const { schema, refs } = this.#flat(source, place);
    const inside = { depth: place.depth + 1, refs };
    const variants = schema.anyOf ?? schema.oneOf;
    if (Array.isArray(variants) && variants.length > 0) return this.#union(schema, variants, inside);
    const { types, nullable, onlyNull } = inferTypes(schema);
    if (types.length > 1 && (this.#target.nullable || types.includes("object") || types.includes("array"))) {
      const union = this.#union(
        onceOf(schema),
        types.map((type) => ofType(schema, type)),
        inside,
      );
      return nullable ? this.#orNull(union) : union;
    }
    if (onlyNull) return { type: "null", ...this.#about(schema) };
    const single = this.#single(schema, types, inside);
    return nullable ? this.#orNull(single) : single;
  }

  /** An object, whatever it was. */
  object(schema: JsonRecord): JsonRecord {
    if (schema.type === "object") return schema;
    const variants = Array.isArray(schema.anyOf) ? schema.anyOf.filter(isRecord) : [];
    if (Object.keys(schema).length > 0) this.#lost.add(variants.length > 0 ? "anyOf" : "type");
    const fields = variants.map(({ properties }) => (isRecord(properties) ? properties : {}));
    const needed = variants.map(({ required }) => new Set<unknown>(Array.isArray(required) ? required : []));
    const required = [...(needed[0] ?? [])].filter((name) => needed.every((names) => names.has(name)));
    return {
      type: "object",
      ...(typeof schema.description === "string" ? { description: schema.description } : {}),
      ...(fields.length > 0 ? { properties: Object.assign({}, ...fields.toReversed()) as JsonRecord } : {}),
      ...(required.length > 0 ? { required } : {}),
      ...(this.#target.additional === "closed" ? { additionalProperties: false } : {}),
    };
  }

  /** References written out, and everything that must hold together in one. */
  #flat(source: JsonRecord, { depth, refs }: Place): { schema: JsonRecord; refs: readonly string[] } {
    if (++this.#nodes > NODES_MAX || depth > DEPTH_MAX) {
      this.#lost.add(depth > DEPTH_MAX ? "depth" : "size");
      return { schema: { type: "object" }, refs };
    }
    const { $ref, allOf, ...own } = source;
    let schema: JsonRecord = own;
    let passed = refs;
    if (typeof $ref === "string") {
      const meant = refs.includes($ref) ? undefined : resolveRef(this.#root, $ref);
      if (isRecord(meant)) {
        const flat = this.#flat(meant, { depth: depth + 1, refs: [...refs, $ref] });
        schema = mergeSchemas(own, flat.schema, this.#lost);
        passed = flat.refs;
      } else {
        // It contains itself, or is nowhere to be found.
        this.#lost.add("$ref");
        if (own.type === undefined && refs.includes($ref)) schema = { ...own, type: "object" };
      }
    }
    for (const part of Array.isArray(allOf) ? allOf : []) {
      if (!isRecord(part)) continue;
      const flat = this.#flat(part, { depth: depth + 1, refs: passed });
      schema = mergeSchemas(schema, flat.schema, this.#lost);
      passed = flat.refs;
    }
    return { schema, refs: passed };
  }

  #union(schema: JsonRecord, variants: unknown[], place: Place): JsonRecord {
    const { anyOf, oneOf, ...base } = schema;
    if (anyOf !== undefined && oneOf !== undefined) this.#lost.add("oneOf");
    const shared = Object.fromEntries(Object.entries(base).filter(([keyword]) => !ONCE.has(keyword)));
    const alone = Object.keys(shared).length === 0;
    const seen = new Map<string, JsonRecord>();
    let nullable = base.nullable === true;
    for (const variant of variants) {
      const one = this.compile(alone ? variant : { allOf: [shared, variant] }, place);
      if (one.type === "null") nullable = true;
      else {
        const { nullable: orNull, ...rest } = one;
        nullable ||= orNull === true;
        seen.set(JSON.stringify(rest), rest);
      }
    }
    const [first, ...others] = seen.values();
    if (first === undefined) return { type: "null", ...this.#about(base) };
    const about = this.#about(base);
    const union = others.length === 0 ? { ...first, ...about } : { anyOf: [first, ...others], ...about };
    return nullable ? this.#orNull(union) : union;
  }

  #orNull(schema: JsonRecord): JsonRecord {
    if (this.#target.nullable) return { ...schema, nullable: true };
    const { type, anyOf, enum: values, description, ...rest } = schema;
    if (Array.isArray(anyOf))
      return anyOf.some(isNull) ? schema : { ...schema, anyOf: [...(anyOf as unknown[]), NULL] };
    if (values === undefined && typeof type === "string") return { ...schema, type: [type, "null"] };
    if (values === undefined && Array.isArray(type))
      return { ...schema, type: [...new Set([...(type as unknown[]), "null"])] };
    const one = {
      ...rest,
      ...(type === undefined ? {} : { type }),
      ...(values === undefined ? {} : { enum: values }),
    };
    return { anyOf: [one, NULL], ...(description === undefined ? {} : { description }) };
  }

  #single(schema: JsonRecord, types: string[], place: Place): JsonRecord {
    const said: JsonRecord = {};
    const limits: string[] = [];
    const [type] = types;
    if (type !== undefined) said.type = types.length === 1 ? type : types;
    for (const [keyword, value] of Object.entries(wholeLimits(schema, type, this.#target.keeps))) {
      if (STRUCTURE.has(keyword)) continue;
      if (this.#target.keeps(keyword, value)) said[keyword] = value;
      else if (LIMITS.has(keyword) && value !== false) this.#describe(keyword, value, limits);
    }
    this.#values(schema, said, limits);
    if (type === "object") this.#object(schema, { said, limits }, place);
    if (type === "array") this.#array(schema, { said, limits }, place);
    const { description } = schema;
    const words = [...(typeof description === "string" && description !== "" ? [description] : [])];
    if (limits.length > 0) words.push(words.length > 0 ? `(${limits.join("; ")})` : limits.join("; "));
    if (words.length > 0) said.description = words.join(" ");
    return said;
  }

  #values(schema: JsonRecord, said: JsonRecord, limits: string[]): void {
    const listed = "const" in schema ? [schema.const] : schema.enum;
    if (!Array.isArray(listed)) return;
    const values = listed.filter((value) => value !== null);
    if (values.length === 0 || (said.type === "boolean" && values.length > 1)) return;
    const texts = values.every((value) => typeof value === "string" && value !== "");
    if (this.#target.stringEnums ? texts : scalarsAlone(values)) said.enum = values;
    else this.#describe("enum", values, limits);
  }

  #object(schema: JsonRecord, { said, limits }: Draft, place: Place): void {
    const { properties, required, additionalProperties: additional } = schema;
    const names = new Set<unknown>(isRecord(properties) ? Object.keys(properties) : []);
    if (isRecord(properties)) {
      // From entries, so that a property of the name `__proto__` is one.
      said.properties = Object.fromEntries(
        Object.entries(properties).map(([name, value]) => [name, this.compile(value, place)]),
      );
    }
    const needed = Array.isArray(required) ? required.filter((name) => names.has(name)) : [];
    if (needed.length > 0) said.required = needed;
    const open = isRecord(additional) || (additional === true && this.#target.additional === "closed");
    if (this.#target.additional === "kept" && additional !== undefined)
      said.additionalProperties = isRecord(additional) ? this.compile(additional, place) : additional;
    else if (open) this.#describe("additionalProperties", additional, limits);
    if (this.#target.additional === "closed") said.additionalProperties = false;
  }

  #array({ items, prefixItems }: JsonRecord, { said, limits }: Draft, place: Place): void {
    const tuple = Array.isArray(prefixItems) ? prefixItems : Array.isArray(items) ? items : undefined;
    if (tuple === undefined) said.items = this.compile(items, place);
    else if (this.#target.keeps("prefixItems", tuple))
      said.prefixItems = tuple.map((entry: unknown) => this.compile(entry, place));
    else {
      said.items = tuple.length > 0 ? this.#union({}, tuple, place) : {};
      this.#describe("prefixItems", tuple, limits);
    }
  }

  #describe(keyword: string, value: unknown, limits: string[]): void {
    const text = limitText(value);
    if (text === undefined) this.#lost.add(keyword);
    else {
      this.#described.add(keyword);
      limits.push(`${keyword}: ${text}`);
    }
  }

  #about(schema: JsonRecord): JsonRecord {
    const entries = ABOUT.flatMap((keyword) => {
      const value = schema[keyword];
      const kept = keyword === "description" ? typeof value === "string" : this.#target.keeps(keyword, value);
      return value !== undefined && kept ? [[keyword, value]] : [];
    });
    return Object.fromEntries(entries) as JsonRecord;
  }
}

/** What stands beside alternatives and not in each of them. */
function onceOf(schema: JsonRecord): JsonRecord {
  return Object.fromEntries(Object.entries(schema).filter(([keyword]) => ONCE.has(keyword)));
}

/** One schema under construction, and the limits that its description will name. */
interface Draft {
  said: JsonRecord;
  limits: string[];
}

const NULL: JsonRecord = { type: "null" };

function isNull(schema: unknown): boolean {
  return isRecord(schema) && schema.type === "null";
}
