import { Failure } from "../core/failure.ts";
import { isRecord, type JsonRecord } from "../core/json.ts";
import type { ModelRequest, Note, RawObject } from "../core/request.ts";
import type { Destination } from "./adapter.ts";
import { Draft } from "./draft.ts";
import type { Profile } from "./profile.ts";

/**
 * The client's own JSON with as few top-level fields changed as the host needs: the rest keeps its bytes, so unknown
 * fields survive and the host's prompt cache keeps hitting. Throws `invalid_request` for a choice that cannot be kept.
 */
export function writeRequest(request: ModelRequest, to: Destination, notes: Note[]): Uint8Array[] {
  const draft = new Draft(request.body);
  for (const name of NULLABLE) if (request.body.kind(name) === "null") draft.remove(name);
  addDefaults(draft, to.defaults);
  draft.set("model", to.model);
  if (request.operation === "embeddings") writeEmbeddings(draft, to.profile);
  else {
    writeStreamOptions(request, draft, to.profile);
    // -1 is how several clients say "no limit"; OpenAI and vLLM refuse it.
    for (const name of LIMITS) if (Number(draft.value(name)) < 0) draft.remove(name);
  }
  if (request.operation === "chat") writeChat(draft, to.profile, notes);
  return draft.pieces();
}

/** Two names of one limit: hosts refuse both at once, and nothing is lost by sending the other. */
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

function addDefaults(draft: Draft, defaults: Destination["defaults"]): void {
  const limited = LIMITS.some((name) => draft.has(name));
  for (const [name, value] of Object.entries(defaults)) {
    if (!draft.has(name) && !(limited && LIMITS.includes(name))) draft.set(name, value);
  }
}

/** Usage is always asked for, so that every answer can be counted; the client sees it only if it asked too. */
function writeStreamOptions(request: ModelRequest, draft: Draft, profile: Profile): void {
  const stream = request.stream || (profile.alwaysStream && canStream(draft));
  if (stream && !request.stream) draft.set("stream", true);
  if (!stream || !profile.streamUsage) return draft.remove("stream_options");
  if (request.includeUsage) return;
  const options = draft.value("stream_options");
  draft.set("stream_options", { ...(isRecord(options) ? options : {}), include_usage: true });
}

/** llama-server refuses one combination as a stream that it answers whole: "logprobs is not supported with tools + stream". */
function canStream(draft: Draft): boolean {
  return !(draft.value("logprobs") === true && draft.has("tools"));
}

function writeChat(draft: Draft, profile: Profile, notes: Note[]): void {
  writeTools(draft, profile, notes);
  if (!profile.developerRole) renameDeveloper(draft);
  if (profile.jsonObject === "schema") writeJsonObject(draft, notes);
  for (const [name, other] of Object.entries(profile.rename)) {
    if (!draft.has(name)) continue;
    // Of the two limits a client may send together, the newer one counts (OpenAI's API reference).
    if (name !== "max_tokens" || !draft.has(other)) draft.set(other, draft.value(name));
    draft.remove(name);
    if (!LIMITS.includes(other)) notes.push(`${name} was sent as ${other}`);
  }
  for (const name of profile.drop) {
    if (!draft.has(name)) continue;
    draft.remove(name);
    notes.push(`${name} was dropped: this backend does not accept it`);
  }
}

function writeJsonObject(draft: Draft, notes: Note[]): void {
  const format = draft.value("response_format");
  if (!isRecord(format) || format.type !== "json_object") return;
  draft.set("response_format", ANY_OBJECT);
  notes.push("response_format json_object was sent as a json_schema that allows any object");
}

const ANY_OBJECT = { type: "json_schema", json_schema: { name: "object", schema: { type: "object" } } };

function writeTools(draft: Draft, profile: Profile, notes: Note[]): void {
  const tools = draft.value("tools");
  if (!Array.isArray(tools) || tools.length === 0) {
    // OpenAI and vLLM answer 400 to an empty list, and to a choice with nothing to choose from.
    for (const name of ["tools", "tool_choice", "parallel_tool_calls"]) draft.remove(name);
    return;
  }
  if (!profile.parallelToolsDefault && !draft.has("parallel_tool_calls"))
    draft.set("parallel_tool_calls", true);
  const choice = draft.value("tool_choice");
  if (profile.toolChoice === "any" && choice === "required") draft.set("tool_choice", "any");
  // llama-server shows the tools to the model even then, and hands on the call it may write as the text of its answer.
  const shown = profile.toolChoice === "strings" && choice === "none";
  if (shown || profile.toolChoice === "none") return emulateChoice(draft, choice, notes);
  if (profile.toolChoice !== "strings" || !isRecord(choice)) return;
  const wanted = wantedTools(choice, tools);
  draft.set("tools", wanted.tools);
  draft.set("tool_choice", wanted.mode);
  notes.push(`tool_choice was emulated: only the chosen tools were sent, with tool_choice ${wanted.mode}`);
}

/** A host that ignores tool_choice can still be kept from calling: by not showing it any tool. */
function emulateChoice(draft: Draft, choice: unknown, notes: Note[]): void {
  if (choice === undefined || choice === "auto") return;
  draft.remove("tool_choice");
  if (choice === "none") {
    for (const name of ["tools", "parallel_tool_calls"]) draft.remove(name);
    notes.push("tool_choice none was emulated: the tools were not sent");
  } else notes.push("tool_choice was dropped: this backend ignores it and may answer without a tool call");
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

/** Chat templates of local engines know no `developer`: it means what `system` meant before. */
function renameDeveloper(draft: Draft): void {
  if (!mentionsDeveloper(draft.body)) return;
  const messages = draft.value("messages");
  if (!Array.isArray(messages) || !messages.some(isDeveloper)) return;
  draft.set(
    "messages",
    messages.map((message) => (isDeveloper(message) ? { ...message, role: "system" } : message)),
  );
}

/** Told from the bytes: most requests need not be parsed for it. */
function mentionsDeveloper({ bytes }: RawObject): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes('"developer"');
}

function isDeveloper(message: unknown): message is JsonRecord {
  return isRecord(message) && message.role === "developer";
}

function writeEmbeddings(draft: Draft, profile: Profile): void {
  if (!profile.base64Embeddings && draft.value("encoding_format") !== "float")
    draft.set("encoding_format", "float");
}
