import { Failure } from "../../core/failure.ts";
import type { JsonRecord } from "../../core/json.ts";
import { present } from "../../core/lenient.ts";
import { dropped, emulated, type Note } from "../../core/note.ts";
import type { Prompt } from "../../core/prompt.ts";
import type { ModelRequest, TextRequest } from "../../core/request.ts";
import { jsonBytes } from "../../wire/json.ts";
import type { Destination, Written } from "../adapter.ts";
import { type Asked, askedOf } from "../asked.ts";
import { noteUnknown } from "../client-fields.ts";
import { noteLosses } from "../losses.ts";
import { REFUSED, refusedFields } from "../openai/sampling.ts";
import { openaiEffort } from "../openai/thinking.ts";
import { writeUser } from "../openai/wishes.ts";
import { isPlain, isReasoner } from "../reasoners.ts";
import { writeInput } from "./conversation.ts";
import { ENCRYPTED, writeOwn } from "./own-body.ts";
import { writeTools } from "./tools.ts";

/**
 * A request in the words of Responses: the client's own with few fields changed, or written from its prompt. Throws
 * `unsupported` for embeddings, and for media that the vendor cannot get.
 */
export function writeResponsesRequest(request: ModelRequest, to: Destination, notes: Note[]): Written {
  if (request.operation === "embeddings") {
    throw new Failure("unsupported", "Responses has no embeddings.", { param: "model" });
  }
  const own = request.dialect === "openai-responses";
  const body = own ? writeOwn(request, to) : [jsonBytes(writeOther(request, to, notes))];
  return { path: `${to.profile.root}/responses`, body };
}

function writeOther(request: TextRequest, to: Destination, notes: Note[]): JsonRecord {
  const asked = askedOf(request, to, notes);
  const { prompt, named } = asked;
  if (prompt.completion) notes.push(emulated(named("prompt"), ": it was sent as a message of the user"));
  noteLosses(asked, LOST, NO_FIELD);
  noteUnknown(prompt, NO_FIELD, notes, (name) => SHARED.includes(name));
  return {
    model: to.model,
    ...writeInput(prompt.items, notes),
    ...writeTools(asked),
    ...writeLimit(asked),
    ...writeThinking(asked),
    ...writeText(prompt),
    ...writeSampling(asked),
    ...writeAbout(prompt),
    store: false,
    stream: request.stream,
  };
}

const NO_FIELD = ": Responses has no such field";

/** Fields of chat that Responses lacks. */
const LOST = [
  "n",
  "seed",
  "stop",
  "frequency_penalty",
  "presence_penalty",
  "repeat_penalty",
  "logit_bias",
  "top_k",
  "min_p",
  "suffix",
] as const;

/** The least that Responses takes. */
const OUTPUT_MIN = 16;

function writeLimit({ prompt: { maxOutput }, notes, named }: Asked): JsonRecord {
  if (maxOutput === undefined) return {};
  if (maxOutput < OUTPUT_MIN)
    notes.push(emulated(named("max_tokens"), `: Responses takes no less than ${OUTPUT_MIN} tokens`));
  return { max_output_tokens: Math.max(OUTPUT_MIN, maxOutput) };
}

/** Left to themselves models keep their thoughts to themselves: who asks for them wants to read them. */
function writeThinking({ prompt, to, notes, named }: Asked): JsonRecord {
  const { enabled, budget, summary } = prompt.reasoning;
  const effort = openaiEffort(prompt.reasoning, !isPlain(to), { field: named("reasoning_effort"), notes });
  const shown = summary ?? (enabled === true || budget !== undefined ? "auto" : undefined);
  const reasoning = {
    ...present({ effort }),
    ...(shown === undefined ? {} : { summary: OWN_SUMMARIES.has(shown) ? shown : "auto" }),
  };
  return isPlain(to) || Object.keys(reasoning).length === 0 ? {} : { reasoning };
}

const OWN_SUMMARIES = new Set(["auto", "concise", "detailed"]);

function writeText({ format, verbosity }: Prompt): JsonRecord {
  const text: JsonRecord = present({ verbosity });
  if (format.type === "json") {
    const { schema, name = "answer", description, strict = false } = format;
    text.format = schema
      ? { type: "json_schema", name, schema, strict, ...present({ description }) }
      : { type: "json_object" };
  }
  return Object.keys(text).length > 0 ? { text } : {};
}

const LOGPROBS = "message.output_text.logprobs";

function writeSampling({ prompt, to, notes, named }: Asked): JsonRecord {
  const { temperature, topP, logprobs = false, topLogprobs } = prompt.sampling;
  const refused = refusedFields(to);
  const takes = (field: string, value: unknown, usual: unknown) => {
    if (value === undefined || !refused.includes(field)) return true;
    if (value !== usual) notes.push(dropped(named(field), REFUSED));
    return false;
  };
  const probable = takes("logprobs", logprobs, false) && logprobs;
  const include = [...(isReasoner(to) ? [ENCRYPTED] : []), ...(probable ? [LOGPROBS] : [])];
  return present({
    temperature: takes("temperature", temperature, 1) ? temperature : undefined,
    top_p: takes("top_p", topP, 1) ? topP : undefined,
    top_logprobs: probable ? topLogprobs : undefined,
    include: include.length > 0 ? include : undefined,
  });
}

/** Fields of both of OpenAI's dialects that no other one has. */
const SHARED = ["prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "safety_identifier"];

/** What is said about a request rather than asked of the model. */
function writeAbout(prompt: Prompt): JsonRecord {
  const { metadata, serviceTier, carried } = prompt;
  const own = carried?.dialect === "openai" ? carried.fields : {};
  const shared = SHARED.filter((name) => own[name] !== undefined).map((name) => [name, own[name]]);
  return {
    ...writeUser(prompt),
    ...present({ metadata, service_tier: serviceTier }),
    ...(Object.fromEntries(shared) as JsonRecord),
  };
}
