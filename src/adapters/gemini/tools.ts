import type { JsonRecord } from "../../core/json.ts";
import { dropped, emulated, type Note } from "../../core/note.ts";
import type { FunctionTool } from "../../core/prompt.ts";
import type { Asked } from "../asked.ts";
import { type ChosenTools, chosenTools } from "../chosen-tools.ts";
import { compileParameters, type CompiledSchema } from "../schema/compile.ts";
import { GEMINI_SCHEMA } from "../schema/targets.ts";
import { isOlder } from "./models.ts";

/** `tools` and `toolConfig`. Without tools there is nothing to choose. */
export function writeTools({ prompt, to, notes, named }: Asked): JsonRecord {
  const chosen = chosenTools(prompt, notes);
  if (chosen.tools.length === 0) return {};
  if (prompt.parallelTools === false && chosen.mode !== "none") {
    const field = named("parallel_tool_calls");
    notes.push(dropped(field, ": Gemini may call several tools at a time"));
  }
  const functionDeclarations = chosen.tools.map((tool) => declaration(tool, notes));
  const functionCallingConfig = config(chosen, isOlder(to.model), notes);
  return {
    tools: [{ functionDeclarations }],
    ...(functionCallingConfig ? { toolConfig: { functionCallingConfig } } : {}),
  };
}

/** Names what a schema lost on its way. */
export function noteSchema({ described, lost }: CompiledSchema, field: string, notes: Note[]): void {
  if (described.length > 0)
    notes.push(emulated(field, `: in words, for Gemini's schemas cannot say it: ${described.join(", ")}`));
  if (lost.length > 0)
    notes.push(dropped(field, ` in part, for Gemini's schemas cannot say it: ${lost.join(", ")}`));
}

function declaration({ name, description, parameters, at }: FunctionTool, notes: Note[]): JsonRecord {
  const said = description === undefined ? {} : { description };
  if (parameters === undefined) return { name, ...said };
  const compiled = compileParameters(parameters, GEMINI_SCHEMA);
  noteSchema(compiled, at, notes);
  // An object without properties is refused; a function without parameters is not.
  const some = Object.keys(compiled.schema.properties ?? {}).length > 0;
  return { name, ...said, ...(some ? { parameters: compiled.schema } : {}) };
}

function config({ tools, mode, named }: ChosenTools, older: boolean, notes: Note[]): JsonRecord | undefined {
  if (mode === "none") return { mode: "NONE" };
  if (mode === "required")
    return { mode: "ANY", ...(named === undefined ? {} : { allowedFunctionNames: [named] }) };
  const strict = tools.filter((tool) => tool.strict === true);
  if (strict.length > 0 && !older) return { mode: "VALIDATED" };
  for (const { at } of strict)
    notes.push(dropped(`${at}.strict`, ": this model may write arguments as it likes"));
  return mode === "auto" ? { mode: "AUTO" } : undefined;
}
