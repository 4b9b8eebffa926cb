import { Failure } from "../core/failure.ts";
import { dropped, type Note } from "../core/note.ts";
import type { FunctionTool, Prompt } from "../core/prompt.ts";

/** The tools a model is to be shown, and whether it must call one. */
export interface ChosenTools {
  tools: FunctionTool[];
  /** `required` with one tool left is a named choice. Undefined: nobody said. */
  mode: "none" | "auto" | "required" | undefined;
  /** The client named this one. */
  named: string | undefined;
}

/**
 * A prompt's tools after its tool choice, for a dialect that knows functions alone: a list of allowed ones leaves only
 * those. Throws `invalid_request` for a choice that names no tool of the request.
 */
export function chosenTools({ tools, toolChoice: choice }: Prompt, notes: Note[]): ChosenTools {
  const all = tools.filter((tool) => tool.type === "function");
  for (const { type, at } of tools)
    if (type !== "function") notes.push(dropped(at, `: this backend knows no tools of type "${type}"`));
  if (choice === undefined) return { tools: all, mode: undefined, named: undefined };
  if (choice.mode === "named") {
    if (!all.some(({ name }) => name === choice.name)) throw unknown();
    return { tools: all, mode: "required", named: choice.name };
  }
  if (choice.mode !== "allowed") return { tools: all, mode: choice.mode, named: undefined };
  const names = new Set(choice.names);
  const kept = all.filter(({ name }) => names.has(name));
  if (kept.length === 0) throw unknown();
  return { tools: kept, mode: choice.required ? "required" : "auto", named: undefined };
}

function unknown(): Failure {
  return new Failure("invalid_request", "'tool_choice' names no tool that is among 'tools'.", {
    param: "tool_choice",
  });
}
