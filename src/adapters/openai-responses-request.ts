import { Failure } from "../core/failure.ts";
import { isRecord, type JsonRecord } from "../core/json.ts";
import { dropped, emulated, type Note } from "../core/note.ts";
import { isFramed } from "../core/opaque.ts";
import type { Prompt, Sampling } from "../core/prompt.ts";
import type { ModelRequest, RawObject, TextRequest } from "../core/request.ts";
import type { Destination, Written } from "./adapter.ts";
import { fieldIn, noteUnknown } from "./client-fields.ts";
import { Draft } from "./draft.ts";
import { writeInput, writeToolChoice, writeTools } from "./openai-responses-input.ts";

const ENCRYPTED = "reasoning.encrypted_content";
const LOGPROBS = "message.output_text.logprobs";

/** A request in the words of Responses: the client's own with few fields changed, or written from its prompt. */
export function writeResponsesRequest(request: ModelRequest, to: Destination, notes: Note[]): Written {
  if (request.operation === "embeddings") {
    throw new Failure("unsupported", "Responses has no embeddings.", { param: "model" });
  }
  const body =
    request.dialect === "openai-responses" ? ownWords(request, to) : otherWords(request, to, notes);
  return { path: `${to.profile.root}/responses`, body };
}

/** State is kept here, not at the vendor: a conversation may go on at another backend, or after a restart of this one. */
function ownWords({ body, stream }: TextRequest, to: Destination): Uint8Array[] {
  const draft = new Draft(body);
  for (const [name, value] of Object.entries(to.defaults)) {
    const own = NAMES[name] ?? name;
    if (OWN_DEFAULTS.has(own) && !draft.has(own)) draft.set(own, value);
  }
  draft.set("model", to.model);
  draft.set("store", false);
  draft.remove("previous_response_id");
  if (draft.has("stream") && draft.value("stream") !== stream) draft.set("stream", stream);
  const include = draft.value("include");
  const wanted: unknown[] = Array.isArray(include) ? include : [];
  if (reasons(to) && !wanted.includes(ENCRYPTED)) draft.set("include", [...wanted, ENCRYPTED]);
  const input = withoutForeignState(body);
  if (input) draft.set("input", input);
  return draft.pieces();
}

/** Names of defaults, which are those of chat. */
const NAMES: Readonly<Record<string, string>> = {
  max_tokens: "max_output_tokens",
  max_completion_tokens: "max_output_tokens",
};

/** Of these an alias may give a default. */
const OWN_DEFAULTS = new Set([
  "temperature",
  "top_p",
  "max_output_tokens",
  "parallel_tool_calls",
  "service_tier",
  "user",
]);

/**
 * The input without the reasoning that this vendor could not know again: what another one sealed, and what nobody did, for
 * nothing is kept there under its id. Undefined: there is none.
 */
function withoutForeignState(body: RawObject): unknown[] | undefined {
  const bytes = Buffer.from(body.bytes.buffer, body.bytes.byteOffset, body.bytes.byteLength);
  if (!bytes.includes('"reasoning"')) return undefined;
  const input = body.value("input");
  if (!Array.isArray(input)) return undefined;
  const kept = input.filter((item) => !isRecord(item) || item.type !== "reasoning" || isOwn(item));
  return kept.length < input.length ? kept : undefined;
}

function isOwn({ encrypted_content: sealed }: JsonRecord): boolean {
  return typeof sealed === "string" && sealed !== "" && !isFramed(sealed);
}

function otherWords(request: TextRequest, to: Destination, notes: Note[]): Uint8Array[] {
  const prompt = request.prompt();
  if (prompt.completion) notes.push(emulated("prompt", ": it was sent as a message of the user"));
  if (prompt.suffix !== undefined) notes.push(dropped("suffix", ": Responses has none"));
  noteLosses(request, prompt, notes);
  const body: JsonRecord = {
    model: to.model,
    ...writeInput(prompt.items),
    ...writeTools(prompt.tools),
    ...writeToolChoice(prompt),
    ...writeLimits(request, prompt, notes),
    ...writeReasoning(request, prompt, notes),
    ...writeText(prompt),
    ...writeSampling(prompt.sampling, to),
    ...carried(prompt),
    store: false,
    stream: request.stream,
  };
  return [new TextEncoder().encode(JSON.stringify(body))];
}

/** Fields of chat that Responses lacks. */
function noteLosses({ dialect }: TextRequest, prompt: Prompt, notes: Note[]): void {
  for (const [name, field] of LOST) {
    const value = prompt.sampling[name];
    if (value !== undefined && !(name === "n" && value === 1))
      notes.push(dropped(fieldIn(dialect, field), WHY));
  }
  noteUnknown(prompt, WHY, notes, (name) => SHARED.includes(name));
}

const WHY = ": Responses has no such field";

const LOST: readonly (readonly [keyof Sampling, string])[] = [
  ["n", "n"],
  ["seed", "seed"],
  ["stop", "stop"],
  ["frequencyPenalty", "frequency_penalty"],
  ["presencePenalty", "presence_penalty"],
  ["repeatPenalty", "repeat_penalty"],
  ["logitBias", "logit_bias"],
  ["topK", "top_k"],
  ["minP", "min_p"],
];

/** The least that Responses takes. */
const OUTPUT_MIN = 16;

function writeLimits({ dialect }: TextRequest, { maxOutput }: Prompt, notes: Note[]): JsonRecord {
  if (maxOutput === undefined) return {};
  if (maxOutput < OUTPUT_MIN)
    notes.push(
      emulated(fieldIn(dialect, "max_tokens"), `: Responses takes no less than ${OUTPUT_MIN} tokens`),
    );
  return { max_output_tokens: Math.max(OUTPUT_MIN, maxOutput) };
}

function writeReasoning({ dialect }: TextRequest, { reasoning }: Prompt, notes: Note[]): JsonRecord {
  const { enabled, budget, summary } = reasoning;
  const field = fieldIn(dialect, "reasoning_effort");
  let { effort } = reasoning;
  if (effort === undefined && enabled === false) {
    effort = "minimal";
    notes.push(emulated(field, ": thinking less is the nearest to not at all"));
  }
  if (effort === undefined && budget !== undefined) {
    effort = budget <= 4096 ? "low" : budget <= 16_384 ? "medium" : "high";
    notes.push(emulated(field, `: a budget of ${budget} tokens was sent as effort ${effort}`));
  }
  const shown = summary ?? (enabled === true || budget !== undefined ? "auto" : undefined);
  if (effort === undefined && shown === undefined) return {};
  return {
    reasoning: {
      ...(effort === undefined ? {} : { effort }),
      ...(shown === undefined ? {} : { summary: OWN_SUMMARIES.has(shown) ? shown : "auto" }),
    },
  };
}

const OWN_SUMMARIES = new Set(["auto", "concise", "detailed"]);

function writeText({ format, verbosity }: Prompt): JsonRecord {
  const text: JsonRecord = {};
  if (format.type === "json") {
    const { schema, name = "answer", description, strict = false } = format;
    text.format = schema
      ? { type: "json_schema", name, schema, strict, ...(description ? { description } : {}) }
      : { type: "json_object" };
  }
  if (verbosity !== undefined) text.verbosity = verbosity;
  return Object.keys(text).length > 0 ? { text } : {};
}

function writeSampling({ temperature, topP, logprobs, topLogprobs }: Sampling, to: Destination): JsonRecord {
  const include = [...(reasons(to) ? [ENCRYPTED] : []), ...(logprobs ? [LOGPROBS] : [])];
  return {
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { top_p: topP }),
    ...(logprobs && topLogprobs !== undefined ? { top_logprobs: topLogprobs } : {}),
    ...(include.length > 0 ? { include } : {}),
  };
}

/** Fields of both of OpenAI's dialects that no other one has. */
const SHARED = ["prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "safety_identifier"];

function carried(prompt: Prompt): JsonRecord {
  const { parallelTools, user, metadata, serviceTier } = prompt;
  const fields: JsonRecord = {};
  if (parallelTools !== undefined && prompt.tools.length > 0) fields.parallel_tool_calls = parallelTools;
  if (user !== undefined) fields.user = user;
  if (metadata !== undefined) fields.metadata = metadata;
  if (serviceTier !== undefined) fields.service_tier = serviceTier;
  const own = prompt.carried?.dialect === "openai" ? prompt.carried.fields : {};
  for (const name of SHARED) if (own[name] !== undefined && own[name] !== null) fields[name] = own[name];
  return fields;
}

/** Models that do not reason answer a wish for their encrypted reasoning with an error. */
function reasons({ model, info }: Destination): boolean {
  return info?.capabilities?.reasoning ?? /(?:^|\/)(?:o\d|gpt-(?:[5-9]|oss)|codex|computer-use)/.test(model);
}
