import { isRecord, type JsonRecord } from "../../core/json.ts";
import { fieldsOf, flagOf, numberOf, present, textOf } from "../../core/lenient.ts";
import { dropped, type Note } from "../../core/note.ts";
import type { OutputFormat, ReasoningWish } from "../../core/prompt.ts";
import { isSaid } from "../fields.ts";

/** What the answer must look like: OpenAI's words, llama.cpp's shorter ones, and vLLM's two generations of guided output. */
export function formatOf(body: JsonRecord, notes: Note[]): OutputFormat {
  for (const name of GRAMMARS)
    if (isSaid(body[name])) notes.push(dropped(name, ": only some engines can be held to a grammar"));
  const format = fieldsOf(body.response_format);
  const inner = isRecord(format.json_schema) ? format.json_schema : format;
  const schema = schemaOf(inner) ?? schemaOf(format);
  if (format.type === "json_schema" && schema) return { type: "json", schema, ...described(inner) };
  if (format.type === "json_object" || format.type === "json_schema")
    return { type: "json", ...present({ schema }) };
  if (isSaid(format.type) && format.type !== "text")
    notes.push(dropped("response_format", ": there is no such format"));
  const guided = [body.json_schema, body.guided_json, fieldsOf(body.structured_outputs).json].find(isRecord);
  return guided ? { type: "json", schema: guided } : { type: "text" };
}

/** How much to think, in the words of all who let themselves be asked. */
export function reasoningOf(body: JsonRecord, notes: Note[]): ReasoningWish {
  const { reasoning, thinking, think, chat_template_kwargs: kwargs } = body;
  const asked = fieldsOf(reasoning);
  const {
    enable_thinking: enabled,
    thinking: thinks,
    reasoning_effort: strength,
    ...others
  } = fieldsOf(kwargs);
  if (Object.keys(others).length > 0)
    notes.push(dropped("chat_template_kwargs", ": this model's backend lets nobody at its chat template"));
  const effort = textOf(body.reasoning_effort) ?? textOf(asked.effort) ?? textOf(think) ?? textOf(strength);
  const switches = [
    asked.enabled,
    typeof thinking === "object" ? switchOf(fieldsOf(thinking).type) : thinking,
    body.enable_thinking,
    think,
    enabled,
    thinks,
  ];
  return present({
    enabled: effort === "none" ? false : switches.find((value) => typeof value === "boolean"),
    effort,
    budget: [
      asked.max_tokens,
      fieldsOf(thinking).budget_tokens,
      body.thinking_budget,
      body.thinking_token_budget,
    ]
      .map(numberOf)
      .find((value) => value !== undefined && value > 0),
    summary: textOf(asked.summary) ?? (isHidden(body, asked) ? "omitted" : undefined),
  });
}

/** Fields that these two read. */
export const WISH_FIELDS: readonly string[] = [
  "response_format",
  "json_schema",
  "guided_json",
  "structured_outputs",
  "reasoning_effort",
  "reasoning",
  "thinking",
  "think",
  "enable_thinking",
  "thinking_budget",
  "thinking_token_budget",
  "include_reasoning",
  "reasoning_format",
];

const GRAMMARS: readonly string[] = ["grammar", "guided_grammar", "guided_regex", "guided_choice"];

function schemaOf({ schema }: JsonRecord): JsonRecord | undefined {
  return isRecord(schema) ? schema : undefined;
}

function described({ name, description, strict }: JsonRecord): Partial<OutputFormat> {
  return present({
    name: textOf(name),
    description: textOf(description),
    strict: flagOf(strict),
  });
}

/** Anthropic's and DeepSeek's object. */
function switchOf(type: unknown): boolean | undefined {
  return typeof type === "string" ? type !== "disabled" : undefined;
}

/** OpenRouter's, vLLM's and Groq's ways to say that nobody wants to read it. */
function isHidden(body: JsonRecord, { exclude }: JsonRecord): boolean {
  return exclude === true || body.include_reasoning === false || body.reasoning_format === "hidden";
}
