import type { JsonRecord } from "../../core/json.ts";
import { dropped, emulated, type Note } from "../../core/note.ts";
import type { CallItem, Item, MessageItem, ReasoningItem, ResultItem } from "../../core/prompt.ts";
import { isMedia, textIn } from "../parts.ts";
import { withoutLead } from "../turns.ts";
import { inputPart } from "./parts.ts";

/**
 * A conversation as Responses takes it. What stands first and is said by nobody in it are the instructions. Throws
 * `unsupported` for media that the vendor cannot get.
 */
export function writeInput(items: readonly Item[], notes: Note[]): JsonRecord {
  const { lead, rest } = withoutLead(items);
  const instructions = lead
    .map(({ parts }) => textIn(parts, "\n\n"))
    .filter((text) => text !== "")
    .join("\n\n");
  // A request must have something to answer: instructions alone are said in the conversation.
  if (rest.length === 0) return { input: lead.flatMap((item) => writeItem(item, notes)) };
  for (const message of lead) noteMedia(message, ": instructions are text alone", notes);
  const input = rest.flatMap((item) => writeItem(item, notes));
  return { ...(instructions === "" ? {} : { instructions }), input };
}

function writeItem(item: Item, notes: Note[]): JsonRecord[] {
  switch (item.type) {
    case "message":
      return [writeMessage(item, notes)];
    case "call":
      return [writeCall(item)];
    case "result":
      return [writeResult(item, notes)];
    case "reasoning":
      return writeThought(item);
  }
}

function writeMessage(message: MessageItem, notes: Note[]): JsonRecord {
  const { role, parts, name, at } = message;
  if (name !== undefined) notes.push(dropped(`${at}.name`, ": Responses does not name participants"));
  if (role !== "assistant") {
    const content = parts.map((part, i) => inputPart(part, `${at}.content[${i}]`));
    return { type: "message", role: role === "system" ? "developer" : role, content };
  }
  noteMedia(message, ": a model is only told words that it said", notes);
  const content = parts.flatMap((part): JsonRecord[] => {
    if (isMedia(part)) return [];
    if (part.type === "refusal") return [{ type: "refusal", refusal: part.text }];
    return [{ type: "output_text", text: part.text, annotations: [] }];
  });
  return { type: "message", role, content };
}

function noteMedia({ parts, at }: MessageItem, why: string, notes: Note[]): void {
  parts.forEach((part, i) => {
    if (isMedia(part)) notes.push(dropped(`${at}.content[${i}]`, why));
  });
}

/** Only what the vendor sealed itself: it refuses thoughts that it cannot check. */
function writeThought({ id, text, opaque }: ReasoningItem): JsonRecord[] {
  const own = opaque.find(({ issuer, kind }) => issuer === "openai-responses" && kind === "encrypted");
  if (!own) return [];
  const summary = text === "" ? [] : [{ type: "summary_text", text }];
  return [{ type: "reasoning", ...(id ? { id } : {}), summary, encrypted_content: own.data }];
}

function writeCall({ id, name, namespace, kind, args }: CallItem): JsonRecord {
  if (kind === "custom") return { type: "custom_tool_call", call_id: id, name, input: args };
  const inside = namespace === undefined ? {} : { namespace };
  return { type: "function_call", call_id: id, name, ...inside, arguments: args === "" ? "{}" : args };
}

function writeResult({ id, kind, parts, isError, at }: ResultItem, notes: Note[]): JsonRecord {
  if (isError) notes.push(emulated(`${at}.is_error`, ": it is said in the text"));
  const type = kind === "custom" ? "custom_tool_call_output" : "function_call_output";
  const error = isError ? "Error: " : "";
  if (!parts.some(isMedia)) return { type, call_id: id, output: error + textIn(parts, "\n\n") };
  const output = parts.map((part, i) => inputPart(part, `${at}.content[${i}]`));
  return { type, call_id: id, output: isError ? [{ type: "input_text", text: error }, ...output] : output };
}
