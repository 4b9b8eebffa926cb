import type { JsonRecord } from "../../core/json.ts";
import { dropped, emulated, type Note } from "../../core/note.ts";
import type { EmbeddingInputs, OutputFormat, Prompt, Tool, ToolChoice } from "../../core/prompt.ts";
import type { Destination } from "../adapter.ts";
import { textIn } from "../parts.ts";
import type { Profile } from "../profile.ts";
import { writeMessages } from "./conversation.ts";
import { cacheMark } from "./parts.ts";
import { writeSampling } from "./sampling.ts";
import { writeThinking } from "./thinking.ts";
import { writeUser, writeWishes } from "./wishes.ts";

/**
 * What a client of another dialect wants, as the body that a careful client of chat would send this host. It goes through
 * the same repairs as any other; here is only what those cannot know.
 */
export function promptBody(prompt: Prompt, to: Destination, notes: Note[]): JsonRecord {
  if (prompt.completion) return completionBody(prompt, to, notes);
  const { profile } = to;
  const tools = writeToolList(prompt.tools, profile, notes);
  return {
    model: to.model,
    messages: writeMessages(prompt.items, profile, notes),
    ...(tools.length > 0 ? { tools, ...choiceFields(prompt) } : {}),
    ...(prompt.maxOutput === undefined ? {} : { [profile.limit]: prompt.maxOutput }),
    ...writeSampling(prompt.sampling, to, notes),
    ...writeFormat(prompt.format),
    ...writeThinking(prompt.reasoning, to, notes),
    ...writeWishes(prompt, to, notes),
    ...writeUser(prompt),
  };
}

/** Texts that become vectors. */
export function inputsBody(
  { inputs, dimensions, user, truncate }: EmbeddingInputs,
  notes: Note[],
): JsonRecord {
  if (truncate === true) notes.push(dropped("truncate", ": what is too long is an error here"));
  return {
    input: inputs.length === 1 ? inputs[0] : inputs,
    ...(dimensions === undefined ? {} : { dimensions }),
    ...(user === undefined ? {} : { user }),
  };
}

/** An alias' defaults that a prompt has no word for; the others are in it already. */
export function ownDefaults(defaults: Destination["defaults"]): JsonRecord {
  return Object.fromEntries(Object.entries(defaults).filter(([name]) => !IN_PROMPT.has(name)));
}

const IN_PROMPT: ReadonlySet<string> = new Set(
  (
    "temperature top_p top_k min_p seed stop frequency_penalty presence_penalty repeat_penalty repetition_penalty n " +
    "logprobs top_logprobs logit_bias max_tokens max_completion_tokens tools tool_choice parallel_tool_calls " +
    "response_format reasoning_effort reasoning thinking enable_thinking chat_template_kwargs verbosity user " +
    "safety_identifier metadata service_tier keep_alive stream stream_options"
  ).split(" "),
);

/** A text to be continued, just as it stands. */
function completionBody(prompt: Prompt, to: Destination, notes: Note[]): JsonRecord {
  const parts = prompt.items.flatMap((item) => (item.type === "message" ? item.parts : []));
  const { logprobs, top_logprobs: top, ...sampling } = writeSampling(prompt.sampling, to, notes);
  return {
    model: to.model,
    prompt: textIn(parts, ""),
    ...(prompt.suffix === undefined ? {} : { suffix: prompt.suffix }),
    // The newer name of the limit is chat's alone.
    max_tokens: prompt.maxOutput ?? completionLimit(to, notes),
    ...sampling,
    ...(logprobs === true ? { logprobs: top ?? 0 } : {}),
    ...writeUser(prompt),
  };
}

/** Tokens that a completion is cut after when nobody says how long it may be, at most. */
const COMPLETION_MAX = 4096;
const COMPLETION_USUAL = 1024;

/** Left to themselves these hosts stop after 16 tokens (OpenAI's reference), and clients of other dialects expect no end. */
function completionLimit({ info }: Destination, notes: Note[]): number {
  const context = info?.contextLength;
  const limit = context === undefined ? COMPLETION_USUAL : Math.min(COMPLETION_MAX, Math.floor(context / 2));
  notes.push(emulated("max_tokens", `: an answer without a limit may have ${limit} tokens here`));
  return limit;
}

function writeToolList(tools: readonly Tool[], profile: Profile, notes: Note[]): JsonRecord[] {
  const written: JsonRecord[] = [];
  for (const tool of tools) {
    const entry = writeTool(tool, profile);
    if (entry) written.push(entry);
    else notes.push(dropped(tool.at, ": this backend knows no such tool"));
  }
  return written;
}

function writeTool(tool: Tool, profile: Profile): JsonRecord | undefined {
  if (tool.type === "hosted") return tool.dialect === "openai" ? tool.value : undefined;
  const { name, description } = tool;
  const said = description === undefined ? {} : { description };
  if (tool.type === "custom") {
    if (profile.tools === "functions") return undefined;
    return {
      type: "custom",
      custom: { name, ...said, ...(tool.format ? { format: nested(tool.format) } : {}) },
    };
  }
  const { parameters = { type: "object", properties: {} }, strict, cache } = tool;
  const called = { name, ...said, parameters, ...(strict === undefined ? {} : { strict }) };
  return { type: "function", function: called, ...cacheMark(cache, profile) };
}

/** Chat wraps a grammar in one more object than Responses does, whose form a prompt has. */
function nested({ type, ...grammar }: JsonRecord): JsonRecord {
  return type === "grammar" ? { type, grammar } : { type, ...grammar };
}

function choiceFields({ toolChoice, parallelTools, tools }: Prompt): JsonRecord {
  return {
    ...(toolChoice === undefined ? {} : { tool_choice: writeChoice(toolChoice, tools) }),
    ...(parallelTools === undefined ? {} : { parallel_tool_calls: parallelTools }),
  };
}

function writeChoice(choice: ToolChoice, tools: readonly Tool[]): unknown {
  const custom = new Set(tools.flatMap((tool) => (tool.type === "custom" ? [tool.name] : [])));
  const reference = (name: string) =>
    custom.has(name) ? { type: "custom", custom: { name } } : { type: "function", function: { name } };
  if (choice.mode === "named") return reference(choice.name);
  if (choice.mode !== "allowed") return choice.mode;
  const mode = choice.required ? "required" : "auto";
  return { type: "allowed_tools", allowed_tools: { mode, tools: choice.names.map(reference) } };
}

function writeFormat(format: OutputFormat): JsonRecord {
  if (format.type === "text") return {};
  const { schema, name = "answer", description, strict } = format;
  if (!schema) return { response_format: { type: "json_object" } };
  const said = {
    ...(description === undefined ? {} : { description }),
    ...(strict === undefined ? {} : { strict }),
  };
  return { response_format: { type: "json_schema", json_schema: { name, ...said, schema } } };
}
