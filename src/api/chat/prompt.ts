import { isRecord, type JsonRecord } from "../../core/json.ts";
import { flagOf, present, textOf } from "../../core/lenient.ts";
import { dropped, type Note } from "../../core/note.ts";
import type { Prompt } from "../../core/prompt.ts";
import type { RawObject } from "../../core/request.ts";
import { allFields, carriedOf, keepAliveOf, metadataOf, verbosityOf } from "../fields.ts";
import { maxOutputOf, SAMPLING_FIELDS, samplingOf } from "../openai/sampling.ts";
import { itemsOf } from "./messages.ts";
import { choiceOf, toolsOf } from "./tools.ts";
import { formatOf, reasoningOf, WISH_FIELDS } from "./wishes.ts";

/** A chat completions body in no dialect's words. Throws `invalid_request`. */
export function chatPrompt(raw: RawObject): Prompt {
  const body = allFields(raw);
  const notes: Note[] = [];
  noteLosses(body, notes);
  return {
    items: itemsOf(body.messages, notes),
    tools: toolsOf(body),
    ...choiceOf(body, notes),
    sampling: samplingOf(body),
    format: formatOf(body, notes),
    reasoning: reasoningOf(body, notes),
    ...present({
      // OpenAI's older way to call functions has room for one call.
      parallelTools: isOldStyle(body) ? false : flagOf(body.parallel_tool_calls),
      maxOutput: maxOutputOf(body),
      verbosity: verbosityOf(body.verbosity),
      user: textOf(body.user) ?? textOf(body.safety_identifier),
      metadata: metadataOf(body.metadata),
      serviceTier: textOf(body.service_tier),
      keepAlive: keepAliveOf(body.keep_alive),
      carried: carriedOf(raw, "openai", KNOWN),
    }),
    notes,
  };
}

/** Functions are asked for in the way that OpenAI gave up for tools. */
function isOldStyle(body: JsonRecord): boolean {
  return Array.isArray(body.functions) && !Array.isArray(body.tools);
}

/** What only OpenAI's own servers do. */
function noteLosses(body: JsonRecord, notes: Note[]): void {
  for (const [name, asks] of Object.entries(LOST))
    if (asks(body[name])) notes.push(dropped(name, ": only OpenAI's own servers do that"));
}

const LOST: Readonly<Record<string, (value: unknown) => boolean>> = {
  prediction: isRecord,
  web_search_options: isRecord,
  moderation: isRecord,
  modalities: (value) => Array.isArray(value) && value.includes("audio"),
  store: (value) => value === true,
};

/** Everything that is read above, or decides how the answer is written. */
const KNOWN: ReadonlySet<string> = new Set([
  ...SAMPLING_FIELDS,
  ...WISH_FIELDS,
  ...Object.keys(LOST),
  "model",
  "messages",
  "stream",
  "stream_options",
  "tools",
  "tool_choice",
  "functions",
  "function_call",
  "parallel_tool_calls",
  "verbosity",
  "user",
  "metadata",
  "service_tier",
  "keep_alive",
  "audio",
  "chat_template_kwargs",
  "grammar",
  "guided_grammar",
  "guided_regex",
  "guided_choice",
]);
