import { isRecord, type JsonRecord } from "../../core/json.ts";
import { fieldsOf, flagOf, present, textOf } from "../../core/lenient.ts";
import { dropped, type Note } from "../../core/note.ts";
import type { Prompt, Tool, ToolChoice } from "../../core/prompt.ts";
import { cacheOf, invalid } from "../fields.ts";

/**
 * Chat's tools: functions and custom tools, nested as OpenAI wants them or flat as Responses does, and OpenAI's deprecated
 * `functions`. A tool of any other type is one that its vendor runs. Throws `invalid_request` for one without a name, or
 * with a type that is none.
 */
export function toolsOf({ tools, functions }: JsonRecord): Tool[] {
  const read = listOf(tools, "tools").map((tool, i) => toolOf(tool, `tools[${i}]`));
  const old = listOf(functions, "functions");
  return [...read, ...old.map((tool, i) => functionTool(tool, {}, `functions[${i}]`))];
}

/** Undefined where nobody said, and where there is nothing to choose. */
export function choiceOf(
  { tool_choice: choice, function_call: old }: JsonRecord,
  notes: Note[],
): Pick<Prompt, "toolChoice"> {
  const field = choice === undefined || choice === null ? "function_call" : "tool_choice";
  const said = field === "tool_choice" ? choice : old;
  if (said === undefined || said === null) return {};
  const toolChoice = typeof said === "string" ? modeOf(said) : readChoice(fieldsOf(said), field);
  if (toolChoice) return { toolChoice };
  notes.push(dropped(field, ": there is no such choice"));
  return {};
}

function listOf(value: unknown, at: string): JsonRecord[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalid(at, "array");
  return value.map((tool: unknown, i) => {
    if (!isRecord(tool)) throw invalid(`${at}[${i}]`, "object");
    return tool;
  });
}

function toolOf(tool: JsonRecord, at: string): Tool {
  const { type } = tool;
  if (type === "custom") return customTool(tool, at);
  if (isRecord(tool.function)) return functionTool(tool.function, tool, `${at}.function`);
  // Cursor sends Responses' flat form, some clients Anthropic's, which has no type.
  if (type === "function" || type === undefined || type === null) return functionTool(tool, tool, at);
  if (typeof type !== "string") throw invalid(`${at}.type`, "string");
  return { type: "hosted", name: type, dialect: "openai", value: tool, at };
}

function functionTool(tool: JsonRecord, outer: JsonRecord, at: string): Tool {
  const { name, description, parameters = tool.input_schema, strict } = tool;
  if (typeof name !== "string" || name === "") throw invalid(`${at}.name`, "the name of a tool");
  return {
    type: "function",
    name,
    ...present({
      description: textOf(description),
      parameters: isRecord(parameters) ? parameters : undefined,
      strict: flagOf(strict),
    }),
    ...cacheOf(tool),
    ...cacheOf(outer),
    at,
  };
}

function customTool(tool: JsonRecord, at: string): Tool {
  const { name, description, format } = isRecord(tool.custom) ? tool.custom : tool;
  if (typeof name !== "string" || name === "") throw invalid(`${at}.name`, "the name of a tool");
  return {
    type: "custom",
    name,
    ...present({
      description: textOf(description),
      format: isRecord(format) ? flatFormat(format) : undefined,
    }),
    at,
  };
}

/** Chat wraps the grammar in one more object than Responses does; a prompt has the flat form. */
function flatFormat({ grammar, ...format }: JsonRecord): JsonRecord {
  return isRecord(grammar) ? { ...format, ...grammar } : format;
}

/** `any` is what Anthropic and Mistral call it. */
function modeOf(word: unknown): ToolChoice | undefined {
  if (word === "none" || word === "auto" || word === "required") return { mode: word };
  return word === "any" ? { mode: "required" } : undefined;
}

function readChoice(choice: JsonRecord, field: string): ToolChoice | undefined {
  if (choice.type === "allowed_tools") {
    const { tools, mode } = fieldsOf(choice.allowed_tools ?? choice);
    const names = Array.isArray(tools) ? tools.flatMap((tool: unknown) => nameOf(fieldsOf(tool)) ?? []) : [];
    if (names.length === 0) throw invalid(field, "the names of the allowed tools");
    return { mode: "allowed", names, required: mode === "required" };
  }
  const name = nameOf(choice);
  return name === undefined ? modeOf(choice.type) : { mode: "named", name };
}

function nameOf({ function: called, custom, name }: JsonRecord): string | undefined {
  return textOf(fieldsOf(called ?? custom).name) ?? textOf(name);
}
