import type { AnswerToolCall } from "../../core/answer.ts";
import { fieldsFrom } from "../../core/dialect.ts";
import type { FinishReason } from "../../core/event.ts";
import { parseRecord } from "../../core/json.ts";
import { entriesOf, fieldsOf } from "../../core/lenient.ts";

/** Where the words stand in an answer of one route: JSON before and after the text. */
export interface LineShape {
  before: string;
  after: string;
}

/** `/api/chat`. */
export const CHAT_LINES: LineShape = { before: '"message":{"role":"assistant","content":', after: "}" };

/** `/api/generate`. */
export const GENERATE_LINES: LineShape = { before: '"response":', after: "" };

/** No words, as JSON. */
export const SILENCE = '""';

/** JSON up to the time that an answer, or a line of one, has: constant in a stream. */
export function lineHead(model: string): string {
  return `{"model":${JSON.stringify(model)},"created_at":"`;
}

/** A whole call in Ollama's words, as JSON without line breaks; `index` counts the calls of an answer. */
export function callJson(call: Omit<AnswerToolCall, "kind" | "opaque">, index: number): string {
  const { id, name, extra } = call;
  const head = JSON.stringify({ ...fieldsFrom(extra, "ollama"), id }).slice(0, -1);
  return `${head},"function":{"index":${index},"name":${JSON.stringify(name)},"arguments":${argsJson(call)}}}`;
}

/** The reason to end in Ollama's words. It has no third of its own for an answer that was withheld: OpenAI's is plain. */
export function doneReason(reason: FinishReason, raw?: string): string {
  switch (reason) {
    case "length":
    case "context":
      return "length";
    case "content_filter":
    case "refusal":
      return "content_filter";
    case "other":
      return raw ?? "stop";
    default:
      return "stop";
  }
}

/** Log-probabilities as Ollama lists them: of OpenAI's chat form without those of a refusal, or of its completions form. */
export function logprobsOf(logprobs: unknown): unknown[] {
  const { content, tokens, token_logprobs: chances, top_logprobs: others } = fieldsOf(logprobs);
  if (Array.isArray(content)) return content;
  return entriesOf(tokens).map((token, i) => ({
    token,
    logprob: entriesOf(chances)[i] ?? 0,
    top_logprobs: Object.entries(fieldsOf(entriesOf(others)[i])).map(([other, logprob]) => ({
      token: other,
      logprob,
    })),
  }));
}

/**
 * Arguments as the object that Ollama's clients want, in the model's own words: numbers keep all their digits. What is no
 * object, which a model may have written, stands under `_raw`: a tool that gets it fails, instead of doing something else.
 */
function argsJson({ tool, args }: Pick<AnswerToolCall, "tool" | "args">): string {
  if (tool === "custom") return JSON.stringify({ input: args });
  if (args.trim() === "") return "{}";
  // In JSON that parses a line break is never part of a text; in a stream of lines it would end one.
  return parseRecord(args) ? args.replace(/[\r\n]/g, " ") : JSON.stringify({ _raw: args });
}
