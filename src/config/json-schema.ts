import type { TSchema } from "@sinclair/typebox";
import { ConfigSchema } from "./schema.ts";

/** The JSON Schema of fairlead.toml, for editors: what the loader checks, as far as JSON Schema can say it. */
export function configJsonSchema(): object {
  return { $schema: "http://json-schema.org/draft-07/schema#", ...node(ConfigSchema) };
}

/** Symbols fall away; a key with a default need not be written; a choice of words is an enum. */
function node(schema: TSchema): Record<string, unknown> {
  const plain: Record<string, unknown> = { ...schema };
  const properties: Record<string, TSchema> | undefined = schema["properties"];
  const options: TSchema[] | undefined = schema["anyOf"];
  if (properties) {
    plain["properties"] = nodes(properties);
    const required = schema["required"]?.filter((key: string) => properties[key]?.default === undefined);
    plain["required"] = required?.length > 0 ? required : undefined;
  }
  if (schema["patternProperties"]) plain["patternProperties"] = nodes(schema["patternProperties"]);
  if (schema["items"]) plain["items"] = node(schema["items"]);
  if (options?.every((option) => option.const !== undefined)) {
    delete plain["anyOf"];
    plain["enum"] = options.map((option) => option.const);
  } else if (options) plain["anyOf"] = options.map(node);
  return JSON.parse(JSON.stringify(plain));
}

function nodes(schemas: Record<string, TSchema>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(schemas).map(([key, schema]) => [key, node(schema)]));
}
