import { Failure } from "../../core/failure.ts";
import { isRecord, type JsonRecord } from "../../core/json.ts";
import { dropped, emulated, type Note } from "../../core/note.ts";
import type { Hints } from "../adapter.ts";
import type { Draft } from "../draft.ts";
import type { Profile } from "../profile.ts";

/**
 * Tools and the choice among them, in a form that the host keeps to. Throws `invalid_request` for a choice of no tool of
 * the request, `unsupported` for one that the host cannot be made to keep.
 */
export function writeTools(draft: Draft, profile: Profile, notes: Note[]): Hints | undefined {
  const tools = draft.value("tools");
  if (!Array.isArray(tools) || tools.length === 0) {
    // OpenAI and vLLM answer 400 to an empty list, and to a choice with nothing to choose from.
    for (const name of ["tools", "tool_choice", "parallel_tool_calls"]) draft.remove(name);
    return undefined;
  }
  if (!profile.parallelToolsDefault && !draft.has("parallel_tool_calls"))
    draft.set("parallel_tool_calls", true);
  return writeChoice(draft, { tools, profile, notes });
}

interface Choosing {
  tools: unknown[];
  profile: Profile;
  notes: Note[];
}

function writeChoice(draft: Draft, { tools, profile, notes }: Choosing): Hints | undefined {
  const choice = draft.value("tool_choice");
  if (choice === undefined || choice === "auto") {
    if (profile.toolChoice === "none") draft.remove("tool_choice");
    return undefined;
  }
  // llama-server shows the tools to the model even then, and hands on the call it may write as the text of its answer.
  if (choice === "none" && (profile.toolChoice === "strings" || profile.toolChoice === "none"))
    return withhold(draft, notes);
  if (isRecord(choice) && !knowsObject(profile, choice)) {
    const wanted = wantedTools(choice, tools);
    draft.set("tools", wanted.tools);
    draft.set("tool_choice", wanted.mode);
    notes.push(emulated("tool_choice", `: only the chosen tools were sent, with tool_choice ${wanted.mode}`));
  }
  const mode = draft.value("tool_choice");
  if (profile.toolChoice === "none" && mode !== "auto") return force(draft, profile, notes);
  if (profile.toolChoice === "none") draft.remove("tool_choice");
  if (profile.toolChoice === "any" && mode === "required") draft.set("tool_choice", "any");
  return undefined;
}

/** A host that ignores tool_choice can still be kept from calling: by not showing it any tool. */
function withhold(draft: Draft, notes: Note[]): undefined {
  for (const name of ["tools", "tool_choice", "parallel_tool_calls"]) draft.remove(name);
  notes.push(emulated("tool_choice", ": the tools were not sent"));
}

function knowsObject({ toolChoice }: Profile, { type }: JsonRecord): boolean {
  if (toolChoice === "openai") return true;
  return (toolChoice === "named" || toolChoice === "any") && type !== "allowed_tools";
}

/**
 * A call by other means: the answer is held to a schema that only a call of one of these tools follows. The tools are sent
 * all the same, for the model reads there what they do.
 */
function force(draft: Draft, { jsonSchema }: Profile, notes: Note[]): Hints {
  const tools = draft.value("tools");
  if (jsonSchema !== "native" || !Array.isArray(tools)) {
    throw new Failure(
      "unsupported",
      "This backend can neither be told to call a tool nor be held to a schema: its answer may be without a call.",
      { param: "tool_choice" },
    );
  }
  draft.remove("tool_choice");
  draft.remove("parallel_tool_calls");
  if (draft.has("response_format")) notes.push(dropped("response_format", ": the answer is a tool call"));
  const calls = tools.map(callSchema);
  const schema = calls.length === 1 ? calls[0] : { anyOf: calls };
  draft.set("response_format", { type: "json_schema", json_schema: { name: "tool_call", schema } });
  notes.push(emulated("tool_choice", ": the answer was held to the schema of a tool call"));
  return { callAsText: true };
}

function callSchema(tool: unknown): JsonRecord {
  const inner = isRecord(tool) && isRecord(tool.function) ? tool.function : {};
  const parameters = isRecord(inner.parameters) ? inner.parameters : { type: "object", properties: {} };
  return {
    type: "object",
    properties: { name: { type: "string", enum: [inner.name] }, arguments: parameters },
    required: ["name", "arguments"],
    additionalProperties: false,
  };
}

/** The object forms of tool_choice: one named tool, or a list of allowed ones with a mode. */
function wantedTools(choice: JsonRecord, tools: unknown[]): { tools: unknown[]; mode: string } {
  const allowed = isRecord(choice.allowed_tools) ? choice.allowed_tools : undefined;
  const entries = Array.isArray(allowed?.tools) ? allowed.tools : [choice];
  const names = new Set<unknown>(entries.map(toolName).filter((name) => name !== undefined));
  const kept = tools.filter((tool) => names.has(toolName(tool)));
  if (kept.length > 0) return { tools: kept, mode: allowed?.mode === "auto" ? "auto" : "required" };
  throw new Failure("invalid_request", "'tool_choice' names no tool that is among 'tools'.", {
    param: "tool_choice",
  });
}

function toolName(tool: unknown): unknown {
  if (!isRecord(tool)) return undefined;
  const inner = tool.function ?? tool.custom ?? tool;
  return isRecord(inner) ? inner.name : undefined;
}
