import { isRecord, type JsonRecord } from "../../core/json.ts";
import { fieldsOf, flagOf, numberOf, present, textOf } from "../../core/lenient.ts";
import { dropped, emulated, type Note } from "../../core/note.ts";
import type { OutputFormat, Prompt, ReasoningWish, Sampling, Tool } from "../../core/prompt.ts";
import type { RawObject } from "../../core/request.ts";
import { cacheOf, carriedOf, invalid, noteVendorOnly } from "../fields.ts";
import { itemsOf } from "./items.ts";

/** A Messages body in no dialect's words. Throws `invalid_request`. */
export function messagesPrompt(body: RawObject): Prompt {
  const notes: Note[] = [];
  const items = itemsOf(body.value("system"), body.value("messages"), notes);
  noteUntranslatable(body, notes);
  const { user_id: user } = fieldsOf(body.value("metadata"));
  return {
    items,
    tools: toolsOf(body.value("tools"), notes),
    sampling: samplingOf(body),
    format: formatOf(body),
    reasoning: reasoningOf(body),
    ...present({
      carried: carriedOf(body, "anthropic", KNOWN),
      maxOutput: maxOutput(body, notes),
      user: textOf(user),
      serviceTier: serviceTier(body.value("service_tier")),
    }),
    ...choiceOf(body.value("tool_choice"), notes),
    notes,
  };
}

/** Fields that ask for something only Anthropic's own servers do. */
const ANTHROPIC_ONLY: readonly string[] = ["context_management", "container", "mcp_servers", "inference_geo"];

/** Fields that are read here, or decide how the answer is written. */
const KNOWN: ReadonlySet<string> = new Set([
  ...ANTHROPIC_ONLY,
  "max_tokens",
  "messages",
  "metadata",
  "model",
  "output_config",
  "output_format",
  "service_tier",
  "speed",
  "stop_sequences",
  "stream",
  "system",
  "temperature",
  "thinking",
  "tool_choice",
  "tools",
  "top_k",
  "top_p",
]);

const WHY = ": only Anthropic's API knows it";

function noteUntranslatable(body: RawObject, notes: Note[]): void {
  noteVendorOnly(body, ANTHROPIC_ONLY, { why: WHY, notes });
  if (body.value("speed") === "fast") notes.push(dropped("speed", WHY));
}

/** Zero warms Anthropic's cache; others have no word for it. */
function maxOutput(body: RawObject, notes: Note[]): number | undefined {
  const asked = numberOf(body.value("max_tokens"));
  if (asked !== 0) return asked;
  notes.push(emulated("max_tokens", ": one token is generated instead of none"));
  return 1;
}

/** What Anthropic calls `standard_only`, OpenAI calls `default`. */
function serviceTier(tier: unknown): string | undefined {
  return tier === "standard_only" ? "default" : textOf(tier);
}

function samplingOf(body: RawObject): Sampling {
  const stop = body.value("stop_sequences");
  const texts = Array.isArray(stop) ? stop.filter((text) => typeof text === "string") : [];
  return present({
    temperature: numberOf(body.value("temperature")),
    topP: numberOf(body.value("top_p")),
    topK: numberOf(body.value("top_k")),
    stop: texts.length > 0 ? texts : undefined,
  });
}

/** `output_format` is what the field was called before `output_config`. */
function formatOf(body: RawObject): OutputFormat {
  const format = fieldsOf(fieldsOf(body.value("output_config")).format ?? body.value("output_format"));
  if (format.type !== "json_schema" || !isRecord(format.schema)) return { type: "text" };
  return { type: "json", schema: format.schema };
}

function reasoningOf(body: RawObject): ReasoningWish {
  const { type, budget_tokens: budget, display } = fieldsOf(body.value("thinking"));
  return present({
    enabled: typeof type === "string" ? type !== "disabled" : undefined,
    budget: type === "enabled" ? numberOf(budget) : undefined,
    effort: textOf(fieldsOf(body.value("output_config")).effort),
    summary: textOf(display),
  });
}

function toolsOf(tools: unknown, notes: Note[]): Tool[] {
  if (tools === undefined || tools === null) return [];
  if (!Array.isArray(tools)) throw invalid("tools", "array");
  return tools.map((tool: unknown, i) => toolOf(fieldsOf(tool), `tools[${i}]`, notes));
}

/** Anthropic's own tools have a dated type and, since Anthropic knows their arguments, no schema. */
function toolOf(tool: JsonRecord, at: string, notes: Note[]): Tool {
  const { type = "custom", name, input_schema: schema } = tool;
  if (type !== "custom" && type !== null && !isRecord(schema))
    return {
      type: "hosted",
      name: textOf(name) ?? textOf(type) ?? "",
      dialect: "anthropic",
      value: tool,
      at,
    };
  if (typeof name !== "string") throw invalid(`${at}.name`, "string");
  if (tool.input_examples !== undefined && tool.input_examples !== null)
    notes.push(dropped(`${at}.input_examples`, WHY));
  return {
    type: "function",
    name,
    ...present({
      description: textOf(tool.description),
      parameters: isRecord(schema) ? schema : undefined,
      strict: flagOf(tool.strict),
    }),
    ...cacheOf(tool),
    at,
  };
}

function choiceOf(choice: unknown, notes: Note[]): Pick<Prompt, "toolChoice" | "parallelTools"> {
  if (!isRecord(choice)) return {};
  const { type, name } = choice;
  const single = flagOf(choice.disable_parallel_tool_use);
  const parallel = single === undefined ? {} : { parallelTools: !single };
  if (type === "tool" && typeof name === "string")
    return { toolChoice: { mode: "named", name }, ...parallel };
  const mode = type === "any" ? "required" : type;
  if (mode === "required" || mode === "auto" || mode === "none") return { toolChoice: { mode }, ...parallel };
  notes.push(dropped("tool_choice", ": there is no such choice"));
  return parallel;
}
