import type { JsonRecord } from "../../core/json.ts";
import { dropped } from "../../core/note.ts";
import type { Prompt, Tool } from "../../core/prompt.ts";
import type { Asked } from "../asked.ts";

/** `tools`, those of one namespace together, and `tool_choice`. */
export function writeTools({ prompt, notes }: Asked): JsonRecord {
  const written: JsonRecord[] = [];
  const groups = new Map<string, JsonRecord[]>();
  for (const tool of prompt.tools) {
    const entry = writeTool(tool);
    const namespace = tool.type === "hosted" ? undefined : tool.namespace;
    const group = namespace === undefined ? undefined : groups.get(namespace);
    if (!entry) notes.push(dropped(tool.at, ": only its vendor's own servers run it"));
    else if (namespace === undefined) written.push(entry);
    else if (group) group.push(entry);
    else {
      const tools = [entry];
      groups.set(namespace, tools);
      written.push({ type: "namespace", name: namespace, tools });
    }
  }
  // Without tools there is nothing to choose.
  return written.length > 0 ? { tools: written, ...choiceFields(prompt) } : {};
}

/** Undefined for a tool that another vendor runs. */
function writeTool(tool: Tool): JsonRecord | undefined {
  if (tool.type === "hosted") return tool.dialect === "openai-responses" ? tool.value : undefined;
  const { name, description } = tool;
  const said = description === undefined ? {} : { description };
  if (tool.type === "custom")
    return { type: "custom", name, ...said, ...(tool.format ? { format: tool.format } : {}) };
  const parameters = tool.parameters ?? { type: "object", properties: {} };
  // Absent means strict here, and not in chat: a schema that was never meant so would be refused.
  return { type: "function", name, ...said, parameters, strict: tool.strict ?? false };
}

function choiceFields({ tools, toolChoice: choice, parallelTools }: Prompt): JsonRecord {
  const custom = new Set(tools.flatMap((tool) => (tool.type === "custom" ? [tool.name] : [])));
  const typeOf = (name: string) => (custom.has(name) ? "custom" : "function");
  const parallel = parallelTools === undefined ? {} : { parallel_tool_calls: parallelTools };
  if (choice === undefined) return parallel;
  if (choice.mode === "named")
    return { tool_choice: { type: typeOf(choice.name), name: choice.name }, ...parallel };
  if (choice.mode !== "allowed") return { tool_choice: choice.mode, ...parallel };
  const mode = choice.required ? "required" : "auto";
  const named = choice.names.map((name) => ({ type: typeOf(name), name }));
  return { tool_choice: { type: "allowed_tools", mode, tools: named }, ...parallel };
}
