import { isRecord, type JsonRecord } from "../core/json.ts";
import type { ModelRequest, Note, RawObject } from "../core/request.ts";
import type { Destination } from "./adapter.ts";
import type { Profile } from "./profile.ts";

/** Top-level fields to replace (a value), or remove (undefined); everything else is forwarded as it came. */
type Changes = Map<string, unknown>;

/**
 * The client's own JSON with as few top-level fields changed as the host needs: the rest keeps its bytes, so unknown
 * fields survive and the host's prompt cache keeps hitting.
 */
export function writeRequest(request: ModelRequest, to: Destination, notes: Note[]): Uint8Array[] {
  const changes: Changes = new Map();
  const { body } = request;
  changes.set("model", to.model);
  dropNulls(body, changes);
  for (const [name, value] of Object.entries(to.defaults)) if (isAbsent(body, name)) changes.set(name, value);
  if (request.operation === "embeddings") writeEmbeddings(body, to.profile, changes);
  else {
    writeStreamOptions(request, to.profile, changes);
    // -1 is how several clients say "no limit"; OpenAI and vLLM refuse it.
    for (const name of LIMITS) if (Number(body.value(name)) < 0) changes.set(name, undefined);
  }
  if (request.operation === "chat") writeChat(body, to.profile, changes, notes);
  return body.edit(changes);
}

const LIMITS = ["max_tokens", "max_completion_tokens"];

/** OpenAI reads null as absent in all of these; engines differ, so they get it spelled out. */
const NULLABLE = [
  "stream",
  "stream_options",
  "max_tokens",
  "max_completion_tokens",
  "temperature",
  "top_p",
  "n",
  "stop",
  "seed",
  "frequency_penalty",
  "presence_penalty",
  "logit_bias",
  "logprobs",
  "top_logprobs",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "response_format",
  "reasoning_effort",
  "user",
  "dimensions",
  "encoding_format",
  "suffix",
] as const;

function dropNulls(body: RawObject, changes: Changes): void {
  for (const name of NULLABLE) if (body.has(name) && body.value(name) === null) changes.set(name, undefined);
}

/** Usage is always asked for, so that every answer can be counted; the client sees it only if it asked too. */
function writeStreamOptions(request: ModelRequest, profile: Profile, changes: Changes): void {
  const options = request.body.value("stream_options");
  if (request.stream && profile.streamUsage) {
    if (request.includeUsage) return;
    changes.set("stream_options", { ...(isRecord(options) ? options : {}), include_usage: true });
  } else if (request.body.has("stream_options")) changes.set("stream_options", undefined);
}

function writeChat(body: RawObject, profile: Profile, changes: Changes, notes: Note[]): void {
  writeTools(body, profile, changes, notes);
  if (!profile.developerRole) renameDeveloper(body, changes);
  const format = body.value("response_format");
  if (profile.jsonObject === "schema" && isRecord(format) && format.type === "json_object") {
    changes.set("response_format", ANY_OBJECT);
    notes.push("response_format json_object was sent as a json_schema that allows any object");
  }
  for (const [name, other] of Object.entries(profile.rename)) {
    if (isAbsent(body, name) || changes.get(name) !== undefined || isRemoved(changes, name)) continue;
    changes.set(name, undefined);
    // Of the two limits a client may send together, the newer one counts (OpenAI's API reference).
    if (name === "max_tokens" && !isAbsent(body, other)) continue;
    changes.set(other, body.value(name));
    if (!SAME_MEANING.has(other)) notes.push(`${name} was sent as ${other}`);
  }
  for (const name of profile.drop) {
    if (isAbsent(body, name)) continue;
    changes.set(name, undefined);
    notes.push(`${name} was dropped: this backend does not accept it`);
  }
}

/** Two names of one limit: nothing is lost that a note would have to tell. */
const SAME_MEANING = new Set(LIMITS);

const ANY_OBJECT = { type: "json_schema", json_schema: { name: "object", schema: { type: "object" } } };

function writeTools(body: RawObject, profile: Profile, changes: Changes, notes: Note[]): void {
  const tools = body.value("tools");
  if (!Array.isArray(tools) || tools.length === 0) {
    // OpenAI and vLLM answer 400 to an empty list, and to a choice with nothing to choose from.
    for (const name of ["tools", "tool_choice", "parallel_tool_calls"])
      if (body.has(name)) changes.set(name, undefined);
    return;
  }
  if (!profile.parallelToolsDefault && isAbsent(body, "parallel_tool_calls"))
    changes.set("parallel_tool_calls", true);
  const choice = body.value("tool_choice");
  if (profile.toolChoice === "any" && choice === "required") changes.set("tool_choice", "any");
  if (profile.toolChoice === "none") return emulateChoice(choice, changes, notes);
  if (profile.toolChoice !== "strings" || !isRecord(choice)) return;
  const wanted = wantedTools(choice, tools);
  changes.set("tools", wanted.tools);
  changes.set("tool_choice", wanted.mode);
  notes.push(`tool_choice was emulated: only the chosen tools were sent, with tool_choice ${wanted.mode}`);
}

/** A host that ignores tool_choice can still be kept from calling: by not showing it any tool. */
function emulateChoice(choice: unknown, changes: Changes, notes: Note[]): void {
  if (choice === undefined || choice === null || choice === "auto") return;
  changes.set("tool_choice", undefined);
  if (choice === "none") {
    for (const name of ["tools", "parallel_tool_calls"]) changes.set(name, undefined);
    notes.push("tool_choice none was emulated: the tools were not sent");
  } else notes.push("tool_choice was dropped: this backend ignores it and may answer without a tool call");
}

/** The object forms of tool_choice: one named tool, or a list of allowed ones with a mode. */
function wantedTools(choice: JsonRecord, tools: unknown[]): { tools: unknown[]; mode: string } {
  const allowed = isRecord(choice.allowed_tools) ? choice.allowed_tools : undefined;
  const entries = Array.isArray(allowed?.tools) ? allowed.tools : [choice];
  const names = new Set(entries.map(toolName));
  const kept = tools.filter((tool) => names.has(toolName(tool)));
  return { tools: kept.length > 0 ? kept : tools, mode: allowed?.mode === "auto" ? "auto" : "required" };
}

function toolName(tool: unknown): unknown {
  if (!isRecord(tool)) return undefined;
  const inner = tool.function ?? tool.custom ?? tool;
  return isRecord(inner) ? inner.name : undefined;
}

/** Chat templates of local engines know no `developer`: it means what `system` meant before. */
function renameDeveloper(body: RawObject, changes: Changes): void {
  if (
    Buffer.from(body.bytes.buffer, body.bytes.byteOffset, body.bytes.byteLength).indexOf('"developer"') === -1
  )
    return;
  const messages = body.value("messages");
  if (!Array.isArray(messages)) return;
  const renamed = messages.map((message) =>
    isRecord(message) && message.role === "developer" ? { ...message, role: "system" } : message,
  );
  changes.set("messages", renamed);
}

function writeEmbeddings(body: RawObject, profile: Profile, changes: Changes): void {
  if (!profile.base64Embeddings && body.value("encoding_format") !== "float")
    changes.set("encoding_format", "float");
}

function isAbsent(body: RawObject, name: string): boolean {
  return !body.has(name) || body.value(name) === null;
}

function isRemoved(changes: Changes, name: string): boolean {
  return changes.has(name) && changes.get(name) === undefined;
}
