import { isRecord } from "../../core/json.ts";
import { fieldsOf, numberOf } from "../../core/lenient.ts";
import { dropped, type Note, renamed } from "../../core/note.ts";
import type { Dialect, EmbeddingRequest, ModelRequest, Operation, TextRequest } from "../../core/request.ts";
import { jsonBytes, readObject } from "../../wire/json.ts";
import type { Destination, Hints, Written } from "../adapter.ts";
import { fieldIn } from "../client-fields.ts";
import { Draft } from "../draft.ts";
import type { Profile } from "../profile.ts";
import { writeFormat } from "./format.ts";
import { writeFunctions } from "./functions.ts";
import { writeHistory } from "./history.ts";
import { inputsBody, ownDefaults, promptBody } from "./prompt-body.ts";
import { writeTools } from "./tools.ts";

/**
 * The client's own JSON with as few top-level fields changed as the host needs: the rest keeps its bytes, so unknown
 * fields survive and the host's prompt cache keeps hitting. What a client of another dialect wants becomes such a JSON
 * first. Throws `invalid_request` for a choice that makes no sense, `unsupported` for one that cannot be kept.
 */
export function writeRequest(request: ModelRequest, to: Destination, notes: Note[]): Written {
  const said: Note[] = [];
  const written =
    request.operation === "embeddings" ? writeEmbeddings(request, to, said) : writeText(request, to, said);
  notes.push(...said.map((note) => inWordsOf(request.dialect, note)));
  return written;
}

/** Everything below knows fields by their names in chat. */
function inWordsOf(dialect: Dialect, note: Note): Note {
  const field = fieldIn(dialect, note.field);
  return field === note.field ? note : { ...note, field, message: note.message.replace(note.field, field) };
}

function writeText(request: TextRequest, to: Destination, notes: Note[]): Written {
  const own = request.dialect === "openai";
  const draft = new Draft(
    own ? request.body : readObject(jsonBytes(promptBody(request.prompt(), to, notes))),
  );
  for (const name of NULLABLE) if (draft.body.kind(name) === "null") draft.remove(name);
  addDefaults(draft, own ? to.defaults : ownDefaults(to.defaults));
  draft.set("model", to.model);
  writeStreamOptions(request, draft, to.profile);
  // -1 is how several clients say "no limit"; OpenAI and vLLM refuse it.
  for (const name of LIMITS) if ((numberOf(draft.value(name)) ?? 0) < 0) draft.remove(name);
  const operation = own ? request.operation : request.prompt().completion ? "completions" : "chat";
  if (operation === "completions" && !to.profile.fillsIn && draft.has("suffix")) {
    draft.remove("suffix");
    notes.push(dropped("suffix", ": this backend's completions have no text after them"));
  }
  const hints = operation === "chat" ? writeChat(draft, to.profile, notes) : undefined;
  const written = { path: pathTo(operation, to), body: draft.pieces() };
  return hints ? { ...written, hints } : written;
}

/** Azure's older addresses name the deployment. */
function pathTo(
  operation: Operation,
  { model, profile: { root, keyHeader, apiVersion } }: Destination,
): string {
  if (keyHeader !== "api-key" || apiVersion === undefined) return root + PATHS[operation];
  const query = `api-version=${encodeURIComponent(apiVersion)}`;
  return `/openai/deployments/${encodeURIComponent(model)}${PATHS[operation]}?${query}`;
}

const PATHS: Readonly<Record<Operation, string>> = {
  chat: "/chat/completions",
  completions: "/completions",
  embeddings: "/embeddings",
};

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
  "functions",
  "function_call",
  "parallel_tool_calls",
  "response_format",
  "reasoning_effort",
  "user",
  "dimensions",
  "encoding_format",
  "suffix",
] as const;

/** What a field means that is left out: to leave it out loses nothing then. */
const USUAL: Readonly<Record<string, unknown>> = {
  parallel_tool_calls: true,
  n: 1,
  store: false,
  logprobs: false,
  frequency_penalty: 0,
  presence_penalty: 0,
};

function addDefaults(draft: Draft, defaults: Destination["defaults"]): void {
  const limited = LIMITS.some((name) => draft.has(name));
  for (const [name, value] of Object.entries(defaults)) {
    if (!draft.has(name) && !(limited && LIMITS.includes(name))) draft.set(name, value);
  }
}

/** Usage is always asked for, so that every answer can be counted; the client sees it only if it asked too. */
function writeStreamOptions(request: TextRequest, draft: Draft, profile: Profile): void {
  const stream = request.stream || (profile.alwaysStream && canStream(draft));
  if (stream && draft.value("stream") !== true) draft.set("stream", true);
  if (!stream || !profile.streamUsage) return draft.remove("stream_options");
  const options = draft.value("stream_options");
  if (isRecord(options) && options.include_usage === true) return;
  draft.set("stream_options", { ...fieldsOf(options), include_usage: true });
}

/** llama-server refuses one combination as a stream that it answers whole: "logprobs is not supported with tools + stream". */
function canStream(draft: Draft): boolean {
  return !(draft.value("logprobs") === true && draft.has("tools"));
}

function writeChat(draft: Draft, profile: Profile, notes: Note[]): Hints | undefined {
  // The history before the format, which adds to the messages.
  writeHistory(draft, profile, notes);
  if (!profile.functions && draft.has("functions")) writeFunctions(draft, notes);
  const hints = writeTools(draft, profile, notes);
  writeFormat(draft, profile, notes);
  for (const [name, other] of Object.entries(profile.rename)) {
    if (!draft.has(name)) continue;
    // Of the two limits a client may send together, the newer one counts (OpenAI's API reference).
    if (name !== "max_tokens" || !draft.has(other)) draft.set(other, draft.value(name));
    draft.remove(name);
    if (!LIMITS.includes(other)) notes.push(renamed(name, other));
  }
  for (const name of profile.drop) {
    if (!draft.has(name)) continue;
    if (draft.value(name) !== USUAL[name]) notes.push(dropped(name, ": this backend does not accept it"));
    draft.remove(name);
  }
  return hints;
}

function writeEmbeddings(request: EmbeddingRequest, to: Destination, notes: Note[]): Written {
  const own = request.dialect === "openai";
  const draft = new Draft(own ? request.body : readObject(jsonBytes(inputsBody(request.inputs(), notes))));
  for (const name of NULLABLE) if (draft.body.kind(name) === "null") draft.remove(name);
  addDefaults(draft, own ? to.defaults : {});
  draft.set("model", to.model);
  if (!to.profile.base64Embeddings && draft.value("encoding_format") !== "float")
    draft.set("encoding_format", "float");
  return { path: to.profile.root + PATHS.embeddings, body: draft.pieces() };
}
