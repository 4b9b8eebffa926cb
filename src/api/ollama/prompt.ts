import type { JsonRecord } from "../../core/json.ts";
import { present, textOf } from "../../core/lenient.ts";
import { dropped, type Note } from "../../core/note.ts";
import type { Item, Prompt } from "../../core/prompt.ts";
import type { RawObject } from "../../core/request.ts";
import { toolsOf } from "../chat/tools.ts";
import { allFields, carriedOf } from "../fields.ts";
import { messagesOf, saidParts } from "./messages.ts";
import { wishesOf } from "./options.ts";

/** A body of `/api/chat` in no dialect's words. Throws `invalid_request`. */
export function ollamaChatPrompt(raw: RawObject): Prompt {
  const body = allFields(raw);
  const notes: Note[] = [];
  return {
    items: messagesOf(body.messages ?? []),
    tools: toolsOf({ tools: body.tools }),
    ...wishesOf(body, notes),
    ...present({ carried: carriedOf(raw, "ollama", CHAT) }),
    notes,
  };
}

/** A body of `/api/generate` in no dialect's words: a conversation of one question, or a text to go on with. */
export function generatePrompt(raw: RawObject): Prompt {
  const body = allFields(raw);
  const notes: Note[] = [];
  const completion = isCompletion(raw);
  noteLosses(body, notes, completion);
  return {
    items: questionOf(body, completion),
    tools: [],
    ...wishesOf(body, notes),
    ...present({
      completion: completion || undefined,
      suffix: textOf(body.suffix),
      carried: carriedOf(raw, "ollama", GENERATE),
    }),
    notes,
  };
}

/** Does `/api/generate` mean a text to go on with, past any chat template? */
export function isCompletion(raw: RawObject): boolean {
  return raw.value("raw") === true || textOf(raw.value("suffix")) !== undefined;
}

function questionOf({ system, prompt, images }: JsonRecord, completion: boolean): Item[] {
  const parts = saidParts({ text: prompt, images }, { text: "prompt", images: "images" });
  const question: Item = { type: "message", role: "user", parts, at: "prompt" };
  const instructions = textOf(system);
  if (completion || instructions === undefined) return [question];
  const said = [{ type: "text" as const, text: instructions }];
  return [{ type: "message", role: "system", parts: said, at: "system" }, question];
}

/** `context` is a conversation in the tokens of one model, `template` is for Ollama's own engine. */
function noteLosses({ context, template, system }: JsonRecord, notes: Note[], completion: boolean): void {
  if (Array.isArray(context) && context.length > 0)
    notes.push(dropped("context", ": its tokens mean something only to the model that wrote them"));
  if (textOf(template) !== undefined)
    notes.push(dropped("template", ": the model's backend has a chat template of its own"));
  if (completion && textOf(system) !== undefined)
    notes.push(dropped("system", ": a text that is only gone on with has no instructions"));
}

/** Fields that are read above, or decide how the answer is written, or how Ollama cuts what is too long. */
const BOTH = [
  "model",
  "name",
  "stream",
  "format",
  "options",
  "keep_alive",
  "think",
  "logprobs",
  "top_logprobs",
  "truncate",
  "shift",
];
const CHAT: ReadonlySet<string> = new Set([...BOTH, "messages", "tools"]);
const GENERATE: ReadonlySet<string> = new Set([
  ...BOTH,
  "prompt",
  "suffix",
  "system",
  "template",
  "raw",
  "images",
  "context",
]);
