import { Failure } from "../../core/failure.ts";
import type { JsonRecord } from "../../core/json.ts";
import { present, textOf } from "../../core/lenient.ts";
import { dropped, type Note } from "../../core/note.ts";
import type { Prompt } from "../../core/prompt.ts";
import type { RawObject } from "../../core/request.ts";
import { allFields, carriedOf } from "../fields.ts";
import { maxOutputOf, SAMPLING_FIELDS, samplingOf } from "./sampling.ts";

/**
 * A completions body in no dialect's words. Throws `unsupported` for several prompts, and for tokens, which mean something
 * only to the model that they were made for.
 */
export function completionPrompt(raw: RawObject): Prompt {
  const body = allFields(raw);
  const notes: Note[] = [];
  const text = promptText(body.prompt);
  noteLosses(body, notes);
  return {
    items: [{ type: "message", role: "user", parts: [{ type: "text", text }], at: "prompt" }],
    tools: [],
    sampling: samplingOf(body),
    format: { type: "text" },
    reasoning: {},
    completion: true,
    ...present({
      suffix: textOf(body.suffix),
      maxOutput: maxOutputOf(body),
      user: textOf(body.user),
      carried: carriedOf(raw, "openai", KNOWN),
    }),
    notes,
  };
}

function promptText(prompt: unknown): string {
  const only: unknown = Array.isArray(prompt) && prompt.length === 1 ? prompt[0] : prompt;
  if (typeof only === "string") return only;
  const several = Array.isArray(prompt) && typeof prompt[0] === "string";
  throw new Failure(
    "unsupported",
    `This model's backend takes one text as 'prompt', not ${several ? "several" : "tokens"}.`,
    { param: "prompt" },
  );
}

function noteLosses({ echo, best_of: best, n }: JsonRecord, notes: Note[]): void {
  if (echo === true) notes.push(dropped("echo", ": this model's backend answers with new text alone"));
  if (typeof best === "number" && best > (typeof n === "number" ? n : 1))
    notes.push(dropped("best_of", ": this model's backend does not compare answers"));
}

const KNOWN: ReadonlySet<string> = new Set([
  ...SAMPLING_FIELDS,
  "model",
  "prompt",
  "suffix",
  "stream",
  "stream_options",
  "echo",
  "best_of",
  "user",
]);
