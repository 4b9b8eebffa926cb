import { isRecord, type JsonRecord } from "../../core/json.ts";
import { fieldsOf, flagOf, present, textOf } from "../../core/lenient.ts";
import { dropped, type Note } from "../../core/note.ts";
import type { Prompt, Tool, ToolChoice } from "../../core/prompt.ts";

/**
 * Tools of Responses: functions and custom tools, by themselves or in a namespace, and those that the vendor runs. A type
 * that this program does not know is one of the latter: clients always send some.
 */
export function toolsOf(tools: unknown, at: string, notes: Note[]): Tool[] {
  if (!Array.isArray(tools)) return [];
  return tools.flatMap((tool: unknown, i) => toolOf(fieldsOf(tool), { at: `${at}[${i}]`, notes }));
}

interface Place {
  at: string;
  notes: Note[];
  namespace?: string;
  /** What is said of the namespace, if this is its first tool. */
  about?: string;
}

function toolOf(tool: JsonRecord, place: Place): Tool[] {
  const { at, notes } = place;
  switch (tool.type) {
    case "function":
      return named(functionTool(tool, place), place);
    case "custom":
      return named(customTool(tool, place), place);
    case "namespace":
      return inNamespace(tool, place);
    default:
      if (typeof tool.type === "string")
        return [{ type: "hosted", name: tool.type, dialect: "openai-responses", value: tool, at }];
      notes.push(dropped(at, ": it has no type"));
      return [];
  }
}

function functionTool(tool: JsonRecord, { at, namespace, about }: Place): Tool & { type: "function" } {
  // Chat's form, which clients that speak both dialects mix up.
  const { name, description, parameters, strict } = isRecord(tool.function) ? tool.function : tool;
  return {
    type: "function",
    name: textOf(name) ?? "",
    ...present({
      namespace,
      description: described(about, description),
      parameters: isRecord(parameters) ? parameters : undefined,
      strict: flagOf(strict),
    }),
    at,
  };
}

function customTool(tool: JsonRecord, { at, namespace, about }: Place): Tool & { type: "custom" } {
  const { name, description, format } = isRecord(tool.custom) ? tool.custom : tool;
  return {
    type: "custom",
    name: textOf(name) ?? "",
    ...present({
      namespace,
      description: described(about, description),
      format: isRecord(format) ? format : undefined,
    }),
    at,
  };
}

function named(tool: Tool, { at, notes }: Place): Tool[] {
  if (tool.name !== "") return [tool];
  notes.push(dropped(at, ": it has no name"));
  return [];
}

/** What a namespace says of itself goes before its first tool's own words: nothing else carries it. */
function inNamespace({ name, description, tools }: JsonRecord, { at, notes }: Place): Tool[] {
  const namespace = textOf(name);
  const about = textOf(description);
  if (!Array.isArray(tools)) return [];
  return tools.flatMap((tool: unknown, i) =>
    toolOf(fieldsOf(tool), {
      at: `${at}.tools[${i}]`,
      notes,
      ...present({ namespace, about: i === 0 ? about : undefined }),
    }),
  );
}

function described(about: string | undefined, description: unknown): string | undefined {
  const own = textOf(description);
  return about === undefined || own === undefined ? (own ?? about) : `${about}\n\n${own}`;
}

/** The tool choice. One of a tool that the vendor runs is dropped, as the tool will be. */
export function choiceOf(choice: unknown, notes: Note[]): Pick<Prompt, "toolChoice"> {
  if (choice === undefined || choice === null) return {};
  const toolChoice = readChoice(choice);
  if (toolChoice) return { toolChoice };
  notes.push(dropped("tool_choice", ": only OpenAI's servers can run that tool"));
  return {};
}

function readChoice(choice: unknown): ToolChoice | undefined {
  if (choice === "none" || choice === "auto" || choice === "required") return { mode: choice };
  const { type, mode, tools, namespace, ...rest } = fieldsOf(choice);
  if (type === "allowed_tools") {
    const names = Array.isArray(tools) ? tools.flatMap((tool: unknown) => nameOf(fieldsOf(tool)) ?? []) : [];
    return names.length > 0 ? { mode: "allowed", names, required: mode === "required" } : undefined;
  }
  const name = type === "function" || type === "custom" ? nameOf({ type, ...rest }) : undefined;
  return name === undefined
    ? undefined
    : { mode: "named", name, ...present({ namespace: textOf(namespace) }) };
}

/** Also in chat's form, where the name stands one level deeper. */
function nameOf({ type, name, function: called, custom }: JsonRecord): string | undefined {
  if (type !== "function" && type !== "custom") return undefined;
  return textOf(name) ?? textOf(fieldsOf(called ?? custom).name);
}
