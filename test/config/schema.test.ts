import type { TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { parse } from "smol-toml";
import { configJsonSchema } from "../../src/config/json-schema.ts";
import { ConfigSchema } from "../../src/config/schema.ts";
import { load } from "./scratch.ts";

const relaxed = relax(ConfigSchema);
const root = join(import.meta.dir, "..", "..");

test("fairlead.schema.json is made from the schema of today (bun scripts/schema.ts)", async () => {
  const file: unknown = await Bun.file(join(root, "fairlead.schema.json")).json();
  expect(file).toEqual(configJsonSchema());
});

test("every key of the file has a description", () => {
  const bare: string[] = [];
  visit(ConfigSchema, "", (schema, path) => {
    for (const [key, property] of Object.entries<TSchema>(schema["properties"] ?? {})) {
      if (!property.description) bare.push(`${path}.${key}`);
    }
  });
  expect(bare).toEqual([]);
});

test("every table of the file is strict", () => {
  const loose: string[] = [];
  visit(ConfigSchema, "", (schema, path) => {
    if (schema["properties"] && schema["additionalProperties"] !== false) loose.push(path);
  });
  expect(loose).toEqual([]);
});

describe("an editor with the JSON Schema", () => {
  const written = configJsonSchema() as TSchema;

  test("does not ask for a key that has a default", () => {
    expect(written["required"]).toBeUndefined();
    expect(written["properties"].server.required).toBeUndefined();
    const [backend] = Object.values<TSchema>(written["properties"].backends.patternProperties);
    expect(backend?.["required"]).toEqual(["type"]);
    expect(written["properties"].endpoints.items.required).toEqual(["method", "path"]);
  });

  test("offers the words of a choice", () => {
    expect(written["properties"].log_level.enum).toEqual(["debug", "info", "warn", "error", "silent"]);
  });

  const valid = [
    "",
    'default_model = "x"\nlog_level = "warn"',
    '[server]\nbody_max = "1.5 MiB"\ndrain = "0s"\nheartbeat = "1.5 h"\napi_keys = ["a"]',
    "[server]\nbody_max = 4096",
    '[backends.a]\ntype = "ollama"\nurl = "HTTP://a/v1"\nheaders = { X = "1" }\n[backends.a.timeouts]\nidle = "5m"',
    '[models."x/y z"]\ntargets = ["a"]\ndefaults = { a = { b = [1] } }',
    '[[endpoints]]\nmethod = "PUT"\npath = "/a"\nresponse = [1]\ncontent_type = "a/b; c=d"',
  ];
  const invalid = [
    "nothing = 1",
    'log_level = "x"',
    "[server]\nport = 70000",
    "[server]\nport = 1.5",
    "[server]\ndrain = 30",
    '[server]\ndrain = "30"',
    '[server]\nbody_max = "64"',
    '[server]\nbody_max = "64 mib"',
    "[server]\napi_keys = [1]",
    "[server]\napi_keys = [{}]",
    '[server]\napi_keys = [{ env = "A", file = "b" }]',
    '[backends."a/b"]\ntype = "echo"',
    "[backends.a]",
    '[backends.a]\ntype = "x"',
    '[backends.a]\ntype = "echo"\nurl = "ftp://x"',
    '[backends.a]\ntype = "echo"\nconcurrency = 0',
    "[models.a]\ntargets = []",
    '[models." a"]\ntargets = ["b"]',
    '[[endpoints]]\nmethod = "HEAD"\npath = "/a"\nbody = ""',
    '[[endpoints]]\nmethod = "GET"\npath = "a"\nbody = ""',
    '[[endpoints]]\nmethod = "GET"\npath = "/a"\nbody = ""\nstatus = 600',
    '[[endpoints]]\nmethod = "GET"\npath = "/a"\nbody = ""\ncontent_type = "x"',
  ];

  test.each(valid)("agrees with the loader that this is right: %p", (toml) => {
    expect(load(toml)).toHaveProperty("config");
    expect(passes(toml)).toBe(true);
  });

  test.each(invalid)("agrees with the loader that this is wrong: %p", (toml) => {
    expect(load(toml)).toHaveProperty("problems");
    expect(passes(toml)).toBe(false);
  });
});

/** TypeBox's own opinion of a text. */
function passes(toml: string): boolean {
  return Value.Check(relaxed, JSON.parse(JSON.stringify(parse(toml))));
}

/** The schema as an editor has it: a key with a default may be left out. */
function relax(schema: TSchema): TSchema {
  const copy: TSchema = { ...schema };
  const all = (schemas: Record<string, TSchema>) =>
    Object.fromEntries(Object.entries(schemas).map(([key, child]) => [key, relax(child)]));
  if (schema["properties"]) {
    copy["properties"] = all(schema["properties"]);
    copy["required"] = schema["required"]?.filter(
      (key: string) => schema["properties"][key].default === undefined,
    );
  }
  if (schema["patternProperties"]) copy["patternProperties"] = all(schema["patternProperties"]);
  if (schema["items"]) copy["items"] = relax(schema["items"]);
  return copy;
}

function visit(schema: unknown, path: string, see: (schema: TSchema, path: string) => void): void {
  if (typeof schema !== "object" || schema === null) return;
  // Every object within a schema is looked at as if it were one; only those with `properties` count.
  see(schema as TSchema, path);
  for (const [key, child] of Object.entries(schema)) visit(child, `${path}.${key}`, see);
}
