import type { JsonRecord } from "../../core/json.ts";
import { dropped, emulated } from "../../core/note.ts";
import type { FunctionTool } from "../../core/prompt.ts";
import { chosenTools } from "../chosen-tools.ts";
import type { AskedOfModel } from "./asked.ts";
import { type Grammars, plainParameters } from "./grammars.ts";
import { cacheControl } from "./parts.ts";

/** The fields `tools` and `tool_choice`, and whether the model must call one. */
export interface WrittenTools {
  fields: JsonRecord;
  forced: boolean;
}

/** `called`: tools that the conversation mentions. Throws `invalid_request` for a choice that names no tool. */
export function writeTools(
  asked: AskedOfModel,
  called: ReadonlySet<string>,
  grammars: Grammars,
): WrittenTools {
  const { prompt, notes } = asked;
  const { tools, mode, named } = chosenTools(prompt, notes);
  if (tools.length === 0) return { fields: mentioned(called), forced: false };
  const forced = mode === "required" && asked.can.forcedTools;
  if (mode === "required" && !forced)
    notes.push(dropped(asked.named("tool_choice"), ": this model cannot be forced to call a tool"));
  const choice = choiceOf(mode === "required" && !forced ? "auto" : mode, named, prompt.parallelTools);
  return {
    fields: {
      tools: tools.map((tool) => writeTool(tool, asked, grammars)),
      ...(choice ? { tool_choice: choice } : {}),
    },
    forced,
  };
}

/** "Requests which include `tool_use` or `tool_result` blocks must define tools": the model is told not to call them. */
function mentioned(called: ReadonlySet<string>): JsonRecord {
  if (called.size === 0) return {};
  const tools = [...called].map((name) => ({ name, input_schema: { type: "object", properties: {} } }));
  return { tools, tool_choice: { type: "none" } };
}

function choiceOf(
  mode: "none" | "auto" | "required" | undefined,
  named: string | undefined,
  parallel: boolean | undefined,
): JsonRecord | undefined {
  if (mode === "none") return { type: "none" };
  const single = parallel === false ? { disable_parallel_tool_use: true } : {};
  if (mode !== "required")
    return mode === "auto" || parallel === false ? { type: "auto", ...single } : undefined;
  return named === undefined ? { type: "any", ...single } : { type: "tool", name: named, ...single };
}

function writeTool(tool: FunctionTool, asked: AskedOfModel, grammars: Grammars): JsonRecord {
  const { name, description, cache } = tool;
  return {
    name,
    ...(description === undefined || description === "" ? {} : { description }),
    ...parametersOf(tool, asked, grammars),
    ...cacheControl(cache),
  };
}

function parametersOf(tool: FunctionTool, { can, notes }: AskedOfModel, grammars: Grammars): JsonRecord {
  const { at, parameters = { type: "object", properties: {} }, strict } = tool;
  if (strict === true) {
    const enforced = can.schemas ? grammars.tool(parameters) : undefined;
    if (enforced) {
      if (enforced.described.length > 0)
        notes.push(emulated(at, `: ${enforced.described.join(", ")} is told to the model, and not enforced`));
      return { input_schema: enforced.schema, strict };
    }
    notes.push(
      dropped(
        `${at}.strict`,
        can.schemas ? ": this schema cannot be enforced" : ": this model enforces no schemas",
      ),
    );
  }
  const { schema, changed } = plainParameters(parameters);
  if (changed) notes.push(emulated(at, ": alternatives of its parameters were sent as one object"));
  return { input_schema: schema };
}
