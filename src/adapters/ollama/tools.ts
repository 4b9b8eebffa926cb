import type { JsonRecord } from "../../core/json.ts";
import { dropped, emulated } from "../../core/note.ts";
import type { FunctionTool, Prompt } from "../../core/prompt.ts";
import type { Asked } from "../asked.ts";
import { chosenTools } from "../chosen-tools.ts";
import { compileSchema, type SchemaTarget } from "../schema/compile.ts";

/** What a request says about tools and about the form of its answer. */
export interface Asking {
  tools?: JsonRecord[];
  format?: unknown;
  /** Instructions for a model that is shown its tools in words, since the answer's schema leaves no room for others. */
  instructions?: string;
}

/**
 * Tools, tool choice and output format. Ollama has no tool choice, and a `format` keeps a model from calling any tool: it
 * holds every token to the schema. A call that must be made is therefore asked for as text, with a schema of the calls that
 * are allowed; and so is a call that may be made instead of an answer of a schema.
 */
export function writeTools(asked: Asked): Asking {
  const { prompt, notes } = asked;
  const { tools, mode, named } = chosenTools(prompt, notes);
  const format = formatOf(prompt);
  if (tools.length === 0) return format;
  if (mode === "none") {
    notes.push(emulated("tool_choice", ": the tools were not sent"));
    return format;
  }
  if (mode === "required") {
    notes.push(emulated("tool_choice", ": a schema allows nothing but a call"));
    const callable = named === undefined ? tools : tools.filter(({ name }) => name === named);
    return asText(callable, undefined);
  }
  if (prompt.toolChoice?.mode === "allowed")
    notes.push(emulated("tool_choice", ": only the allowed tools were sent"));
  if (prompt.parallelTools === false)
    notes.push(
      dropped(asked.named("parallel_tool_calls"), ": Ollama's models may call several tools at once"),
    );
  if (format.format !== undefined) {
    notes.push(emulated(asked.named("response_format"), ": a schema allows a call or the answer"));
    return asText(tools, format.format);
  }
  return { tools: tools.map(writeTool) };
}

function formatOf({ format }: Prompt): Asking {
  if (format.type === "text") return {};
  // One that holds itself can only be said with references.
  return { format: format.schema ? (withoutRefs(format.schema) ?? format.schema) : "json" };
}

/**
 * Ollama's converter of schemas to grammars knows the usual keywords, but older releases lose references to definitions that
 * come later (ollama#8444), and inside another schema a reference leads nowhere. Undefined: it cannot do without them.
 */
function withoutRefs(schema: JsonRecord): JsonRecord | undefined {
  if (!refers(schema)) return schema;
  const compiled = compileSchema(schema, USUAL_KEYWORDS);
  return compiled.lost.length > 0 || refers(compiled.schema) ? undefined : compiled.schema;
}

function refers(schema: JsonRecord): boolean {
  return JSON.stringify(schema).includes('"$ref"');
}

const USUAL_KEYWORDS: SchemaTarget = {
  keeps: (keyword) => !DEFINITIONS.has(keyword),
  nullable: false,
  stringEnums: false,
  additional: "kept",
};
const DEFINITIONS: ReadonlySet<string> = new Set(["$defs", "definitions", "$schema", "$id", "$anchor"]);

/** Go reads `parameters` as an object: it must not be missing. */
function writeTool({ name, description, parameters }: FunctionTool): JsonRecord {
  const said = description === undefined ? {} : { description };
  return { type: "function", function: { name, ...said, parameters: parameters ?? NO_ARGUMENTS } };
}

const NO_ARGUMENTS = { type: "object", properties: {} };

function asText(tools: readonly FunctionTool[], answer: unknown): Asking {
  const forms: unknown[] = tools.map(({ name, parameters = NO_ARGUMENTS }) => ({
    type: "object",
    properties: {
      name: { type: "string", enum: [name] },
      arguments: withoutRefs(parameters) ?? { type: "object" },
    },
    required: ["name", "arguments"],
    additionalProperties: false,
  }));
  if (answer !== undefined) forms.push(answer === "json" ? { type: "object" } : answer);
  return {
    format: forms.length === 1 ? forms[0] : { anyOf: forms },
    instructions: instructions(tools, answer !== undefined),
  };
}

function instructions(tools: readonly FunctionTool[], orAnswer: boolean): string {
  const described = tools.map(({ name, description, parameters = NO_ARGUMENTS }) =>
    JSON.stringify({ name, description, parameters }),
  );
  const call = `the JSON object {"name": <name of the tool>, "arguments": <object with its arguments>}`;
  return [
    "You have these tools:",
    ...described,
    orAnswer
      ? `To call one of them, write ${call} and nothing else. Otherwise write your answer as a JSON object.`
      : `Call one of them now: write ${call} and nothing else.`,
  ].join("\n");
}
