import type { RawObject } from "../../core/request.ts";
import type { ToolKind } from "../../core/event.ts";
import { isRecord } from "../../core/json.ts";
import { field, invalid } from "./body.ts";

/** One of the request's `tools`. */
export interface Tool {
  kind: ToolKind;
  name: string;
  /** JSON Schema of a function's arguments; undefined when it takes none. */
  parameters: unknown;
}

/**
 * The tool that `tool_choice` demands: the first one for "required", the named one, or the first allowed one. Undefined
 * where the model is free to choose: echo then always chooses to talk.
 */
export function forcedTool(body: RawObject): Tool | undefined {
  const choice = field(body, "tool_choice");
  if (choice === undefined || choice === "auto" || choice === "none") return undefined;
  const tools = readTools(field(body, "tools"));
  if (choice === "required")
    return first(tools, "'tool_choice' is required, but there are no tools to call.");
  if (!isRecord(choice))
    throw invalid("'tool_choice' must be none, auto, required or an object.", "tool_choice");
  if (choice["type"] === "allowed_tools") return allowedTool(choice, tools);
  const name = nameOf(choice);
  return first(
    tools.filter((tool) => tool.name === name),
    `'tool_choice' names a tool that is not among 'tools': ${JSON.stringify(name ?? null)}.`,
  );
}

function allowedTool(choice: Record<string, unknown>, tools: readonly Tool[]): Tool | undefined {
  const allowed = isRecord(choice["allowed_tools"]) ? choice["allowed_tools"] : choice;
  if (allowed["mode"] !== "required") return undefined;
  const names = Array.isArray(allowed["tools"]) ? allowed["tools"].filter(isRecord).map(nameOf) : [];
  const found = names.flatMap((name) => tools.filter((tool) => tool.name === name));
  return first(found, "'tool_choice' allows no tool that is among 'tools'.");
}

function first(tools: readonly Tool[], otherwise: string): Tool {
  const [tool] = tools;
  if (!tool) throw invalid(otherwise, "tool_choice");
  return tool;
}

/** Kinds of tools nobody here knows (a vendor's web search ...) are no error, but cannot be called. */
function readTools(value: unknown): Tool[] {
  if (value !== undefined && !Array.isArray(value)) throw invalid("'tools' must be a list.", "tools");
  return (value ?? []).filter(isRecord).flatMap(readTool);
}

function readTool(tool: Record<string, unknown>): Tool[] {
  const kind = tool["type"];
  const name = nameOf(tool);
  if ((kind !== "function" && kind !== "custom") || name === undefined) return [];
  return [{ kind, name, parameters: definition(tool)["parameters"] ?? undefined }];
}

function nameOf(tool: Record<string, unknown>): string | undefined {
  const { name } = definition(tool);
  return typeof name === "string" ? name : undefined;
}

/** `{type, function: {name ...}}`, or flat, as clients of the Responses API write it here too. */
function definition(tool: Record<string, unknown>): Record<string, unknown> {
  const inner = tool[tool["type"] === "custom" ? "custom" : "function"];
  return isRecord(inner) ? inner : tool;
}
