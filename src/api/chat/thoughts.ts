import { isRecord, type JsonRecord } from "../../core/json.ts";
import { fieldsOf, textOf } from "../../core/lenient.ts";
import { type Opaque, openOpaque } from "../../core/opaque.ts";
import type { ReasoningItem } from "../../core/prompt.ts";
import { isThought } from "./parts.ts";

/**
 * What the model thought in an earlier turn, in all the forms that hosts invented and clients give back:
 * `reasoning_content` or `reasoning` as a text, `reasoning_details` (OpenRouter) with its state, parts of the content
 * (Mistral), and the signature that Google's compatible route puts on a message.
 */
export function thoughtsOf(message: JsonRecord, at: string): ReasoningItem[] {
  const items = detailed(message.reasoning_details, at);
  const said = textOf(message.reasoning_content) ?? textOf(message.reasoning) ?? contentThoughts(message);
  if (said !== undefined) addText(items, said, at);
  const opaque = googleState(message);
  if (opaque.length > 0) items.push({ type: "reasoning", text: "", opaque, at });
  return items;
}

/** Gemini's signature where Google's compatible route puts it: on a message, or on a call. */
export function googleState({ extra_content: extra }: JsonRecord): Opaque[] {
  const signature = textOf(fieldsOf(fieldsOf(extra).google).thought_signature);
  return signature === undefined ? [] : [openOpaque(signature, "gemini", "thought")];
}

/** Fragments of one `index` are one thought: who streamed them may have kept them apart. */
function detailed(details: unknown, at: string): ReasoningItem[] {
  const items: ReasoningItem[] = [];
  let last: unknown;
  for (const entry of Array.isArray(details) ? details : []) {
    if (!isRecord(entry)) continue;
    let item = entry.index === undefined || entry.index !== last ? undefined : items.at(-1);
    last = entry.index;
    if (!item) items.push((item = { type: "reasoning", text: "", opaque: [], at }));
    item.text += textOf(entry.text) ?? textOf(entry.summary) ?? "";
    const state = stateOf(entry);
    if (state) item.opaque.push(state);
  }
  return items;
}

/** Unframed it is what the backend issued: its whole entry but for the text, which is how it wants it back. */
function stateOf({ ...entry }: JsonRecord): Opaque | undefined {
  delete entry.text;
  const kind = textOf(entry.data) === undefined ? "signature" : "encrypted";
  const sealed = textOf(entry.data) ?? textOf(entry.signature);
  if (sealed === undefined) return undefined;
  const opaque = openOpaque(sealed, "openai", kind);
  return opaque.issuer === "openai" ? { ...opaque, data: JSON.stringify(entry) } : opaque;
}

/** The text of all thoughts together: what is no other's belongs to the one that came without its own. */
function addText(items: ReasoningItem[], said: string, at: string): void {
  const known = items.map(({ text }) => text).join("");
  const rest = said.includes(known) ? said.replace(known, "") : "";
  if (rest === "") return;
  const silent = items.find(
    ({ text, opaque }) => text === "" && opaque.every(({ kind }) => kind !== "redacted"),
  );
  if (silent) silent.text = rest;
  else items.splice(known === "" ? 0 : items.length, 0, { type: "reasoning", text: rest, opaque: [], at });
}

function contentThoughts({ content }: JsonRecord): string | undefined {
  if (!Array.isArray(content)) return undefined;
  const thoughts = content.filter((part) => isRecord(part) && isThought(part));
  return textOf(thoughts.map(thoughtText).join(""));
}

function thoughtText(part: unknown): string {
  const { thinking, text, reasoning } = fieldsOf(part);
  const said = thinking ?? reasoning ?? text;
  if (Array.isArray(said)) return said.map(thoughtText).join("");
  return typeof said === "string" ? said : "";
}
