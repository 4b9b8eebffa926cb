import { Failure } from "../../core/failure.ts";
import { isRecord, type JsonRecord } from "../../core/json.ts";
import { entriesOf, fieldsOf, flagOf, numberOf, present, textOf } from "../../core/lenient.ts";
import { dropped, type Note } from "../../core/note.ts";
import type { OutputFormat, Prompt, ReasoningWish, Sampling } from "../../core/prompt.ts";
import type { RawObject } from "../../core/request.ts";
import { carriedOf, isSaid, metadataOf, noteVendorOnly, verbosityOf } from "../fields.ts";
import { InputReader } from "./input.ts";
import { choiceOf, toolsOf } from "./tools.ts";

/** The value of `include` that asks for sealed reasoning. */
export const INCLUDE_STATE = "reasoning.encrypted_content";
const INCLUDE_LOGPROBS = "message.output_text.logprobs";

/**
 * A Responses body in no dialect's words. `earlier` is what the conversation held before (`previous_response_id`): it
 * stands before the input, and what the input refers to by its id is looked for in it. Throws `unsupported` for a
 * conversation that is kept elsewhere.
 */
export function responsesPrompt(body: RawObject, earlier: readonly unknown[] = []): Prompt {
  if (isSaid(body.value("conversation"))) throw noConversations();
  const notes: Note[] = [];
  const reader = new InputReader(notes);
  reader.instructions(body.value("instructions"));
  reader.earlier(earlier);
  reader.input(body.value("input"));
  if (reader.items.length === 0) throw nothingAsked();
  noteUntranslatable(body, notes);
  const text = fieldsOf(body.value("text"));
  return {
    items: reader.items,
    tools: [...toolsOf(body.value("tools"), "tools", notes), ...reader.tools],
    sampling: samplingOf(body),
    format: formatOf(fieldsOf(text.format)),
    reasoning: reasoningOf(fieldsOf(body.value("reasoning"))),
    ...choiceOf(body.value("tool_choice"), notes),
    ...present({
      parallelTools: flagOf(body.value("parallel_tool_calls")),
      maxOutput: numberOf(body.value("max_output_tokens")),
      verbosity: verbosityOf(text.verbosity),
      user: textOf(body.value("user")) ?? textOf(body.value("safety_identifier")),
      metadata: metadataOf(body.value("metadata")),
      serviceTier: textOf(body.value("service_tier")),
      carried: carriedOf(body, "openai-responses", KNOWN),
    }),
    notes,
  };
}

/** A prompt that only OpenAI's servers hold is nothing that another backend could answer. */
function nothingAsked(): Failure {
  return new Failure("invalid_request", "Missing required parameter: 'input'.", { param: "input" });
}

/** What the vendor keeps, no other backend can continue: an answer without it would be one to another question. */
function noConversations(): Failure {
  return new Failure(
    "unsupported",
    "Conversations are not kept here: send previous_response_id, or the whole input.",
    { param: "conversation" },
  );
}

/** Fields that ask for something only OpenAI's own servers do. */
const OPENAI_ONLY: readonly string[] = ["prompt", "context_management", "moderation"];

/** Fields that are read here, or decide how the answer is written and what is kept of it. */
const KNOWN: ReadonlySet<string> = new Set([
  ...OPENAI_ONLY,
  "background",
  "conversation",
  "include",
  "input",
  "instructions",
  "max_output_tokens",
  "max_tool_calls",
  "metadata",
  "model",
  "parallel_tool_calls",
  "previous_response_id",
  "reasoning",
  "service_tier",
  "store",
  "stream",
  "stream_options",
  "temperature",
  "text",
  "tool_choice",
  "tools",
  "top_logprobs",
  "top_p",
  "truncation",
  "user",
]);

function noteUntranslatable(body: RawObject, notes: Note[]): void {
  noteVendorOnly(body, OPENAI_ONLY, { why: ": only OpenAI's servers know it", notes });
  if (body.value("truncation") === "auto")
    notes.push(dropped("truncation", ": a conversation that is too long is an error here"));
}

function samplingOf(body: RawObject): Sampling {
  const top = numberOf(body.value("top_logprobs"));
  const wanted = entriesOf(body.value("include")).includes(INCLUDE_LOGPROBS) || (top ?? 0) > 0;
  return present({
    temperature: numberOf(body.value("temperature")),
    topP: numberOf(body.value("top_p")),
    logprobs: wanted || undefined,
    topLogprobs: wanted ? top : undefined,
  });
}

function formatOf({ type, schema, name, description, strict }: JsonRecord): OutputFormat {
  if (type === "json_object") return { type: "json" };
  if (type !== "json_schema" || !isRecord(schema)) return { type: "text" };
  return {
    type: "json",
    schema,
    ...present({
      name: textOf(name),
      description: textOf(description),
      strict: flagOf(strict),
    }),
  };
}

/** `generate_summary` is what `summary` was called before. */
function reasoningOf({ effort, summary, generate_summary: older }: JsonRecord): ReasoningWish {
  return present({
    enabled: effort === "none" ? false : undefined,
    effort: textOf(effort),
    summary: textOf(summary) ?? textOf(older),
  });
}
