import { isRecord } from "../../core/json.ts";
import { emulated, type Note } from "../../core/note.ts";
import type { Draft } from "../draft.ts";

/** OpenAI's deprecated `functions` as the tools that every host knows; their older form had room for one call at a time. */
export function writeFunctions(draft: Draft, notes: Note[]): void {
  const functions = draft.value("functions");
  const choice = draft.value("function_call");
  for (const name of ["functions", "function_call"]) draft.remove(name);
  if (!Array.isArray(functions) || functions.length === 0 || draft.has("tools")) return;
  draft.set(
    "tools",
    functions.map((called: unknown) => ({ type: "function", function: called })),
  );
  draft.set("parallel_tool_calls", false);
  if (choice !== undefined && !draft.has("tool_choice"))
    draft.set("tool_choice", isRecord(choice) ? { type: "function", function: choice } : choice);
  notes.push(emulated("functions", ": they were sent as tools"));
}

/** The same for earlier turns: `function_call` and role `function` as `tool_calls` and role `tool`. */
export function withTools(messages: unknown[]): unknown[] {
  let id = "";
  return messages.map((message, i) => {
    if (!isRecord(message)) return message;
    if (message.role === "function") return { ...message, role: "tool", tool_call_id: id || `call_${i}` };
    if (!("function_call" in message)) return message;
    const { function_call: call, ...rest } = message;
    if (!isRecord(call)) return rest;
    id = `call_${i}`;
    return { ...rest, tool_calls: [{ id, type: "function", function: call }] };
  });
}
