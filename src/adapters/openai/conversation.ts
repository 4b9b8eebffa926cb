import { isRecord, type JsonRecord } from "../../core/json.ts";
import { dropped, emulated, type Note } from "../../core/note.ts";
import type { CallItem, Item, MessageItem, Part, ReasoningItem, ResultItem } from "../../core/prompt.ts";
import { argsObject } from "../call-args.ts";
import { isMedia } from "../parts.ts";
import type { Profile } from "../profile.ts";
import { type Turn, turnsOf } from "../turns.ts";
import { textPart, writePart } from "./parts.ts";
import { writeThoughts } from "./thoughts.ts";

/** A conversation as chat's messages: one for each turn, the answers of tools before what else the user says in theirs. */
export function writeMessages(items: readonly Item[], profile: Profile, notes: Note[]): JsonRecord[] {
  const writer = new MessageWriter(profile, notes);
  const turns = turnsOf(items);
  turns.forEach((turn, i) => writer.write(turn, callsTools(turns, i)));
  return writer.end();
}

/** Did the model call a tool between the user's words before this turn and those after it? */
function callsTools(turns: readonly Turn[], at: number): boolean {
  const says = ({ role, items }: Turn) => role === "user" && items.some(({ type }) => type === "message");
  const from = turns.slice(0, at).findLastIndex(says) + 1;
  const length = turns.slice(at).findIndex(says);
  return turns
    .slice(from, length === -1 ? undefined : at + length)
    .some(({ items }) => items.some(({ type }) => type === "call"));
}

/** A message that may still grow. */
interface Open {
  role: "system" | "user" | "assistant" | "tool";
  parts: JsonRecord[];
  fields: JsonRecord;
}

class MessageWriter {
  readonly #profile: Profile;
  readonly #notes: Note[];
  readonly #messages: Open[] = [];
  /** Instructions in the middle: they wait until the results of the calls before them are said. */
  #instructions: MessageItem[] = [];
  readonly #names = new Map<string, string>();

  constructor(profile: Profile, notes: Note[]) {
    this.#profile = profile;
    this.#notes = notes;
  }

  write({ role, items }: Turn, withTools: boolean): void {
    const messages = items.filter((item) => item.type === "message");
    if (role === "system") this.#instructions.push(...messages);
    // What stands first is instructions in every template.
    if (role === "system" && this.#messages.length === 0) this.#sayInstructions("system");
    if (role === "assistant") this.#answer(items, messages, withTools);
    if (role === "user") this.#user(items, messages);
  }

  end(): JsonRecord[] {
    this.#instruct();
    return this.#messages.map(closed);
  }

  #user(items: readonly Item[], messages: readonly MessageItem[]): void {
    const shown = items.flatMap((item) => (item.type === "result" ? this.#result(item) : []));
    this.#instruct();
    if (shown.length > 0) this.#say({ role: "user", parts: shown, fields: {} });
    for (const { parts, name, at } of messages) {
      const fields = name === undefined ? {} : { name };
      this.#say({ role: "user", parts: this.#parts(parts, `${at}.content`), fields });
    }
  }

  /** The text of a result; its pictures, which a tool's message cannot have, to be shown by the user. */
  #result({ id, parts, isError, name, at }: ResultItem): JsonRecord[] {
    if (isError) this.#notes.push(emulated(`${at}.is_error`, ": it is said in the text"));
    const place = { profile: this.#profile, notes: this.#notes, at: `${at}.content` };
    const written = parts.map((part) => writePart(part, place));
    const texts = written.filter(({ type }) => type === "text").map(({ text }) => String(text));
    const media = written.filter(({ type }) => type !== "text");
    if (texts.length === 0 && media.length > 0) texts.push("(shown below)");
    const content = `${isError ? "Error: " : ""}${texts.join("\n\n")}`;
    this.#messages.push({ role: "tool", parts: [textPart(content)], fields: { tool_call_id: id } });
    if (media.length === 0) return [];
    return [textPart(`Returned by the tool ${name ?? this.#names.get(id) ?? id}:`), ...media];
  }

  #answer(items: readonly Item[], messages: readonly MessageItem[], withTools: boolean): void {
    this.#instruct();
    const calls = items.filter((item) => item.type === "call");
    for (const { id, name } of calls) this.#names.set(id, name);
    const parts = messages.flatMap((message) => this.#said(message));
    const thoughts = items.filter((item): item is ReasoningItem => item.type === "reasoning");
    const fields = writeThoughts(thoughts, this.#profile, withTools);
    const silent = parts.length === 0 && calls.length === 0;
    if (silent && Object.keys(fields).length === 0) return;
    if (calls.length > 0) fields.tool_calls = calls.map(writeCall);
    this.#messages.push({ role: "assistant", parts, fields });
  }

  /** A model's own pictures are nothing it can be shown in its own words. */
  #said({ parts, at }: MessageItem): JsonRecord[] {
    const words = parts.filter((part) => !isMedia(part));
    if (words.length < parts.length)
      this.#notes.push(dropped(`${at}.content`, ": chat has no place for what a model drew or spoke"));
    return this.#parts(words, `${at}.content`);
  }

  #parts(parts: readonly Part[], at: string): JsonRecord[] {
    return parts.map((part) => writePart(part, { profile: this.#profile, notes: this.#notes, at }));
  }

  #instruct(): void {
    const [first] = this.#instructions;
    if (!first) return;
    if (!this.#profile.systemFirst) return this.#sayInstructions("system");
    this.#notes.push(
      emulated(first.at, ": instructions stand only at the beginning here; the user says them instead"),
    );
    this.#sayInstructions("user");
  }

  #sayInstructions(role: "system" | "user"): void {
    const said = this.#instructions.splice(0);
    const parts = said.flatMap((message) => this.#parts(message.parts, `${message.at}.content`));
    const prefix = role === "user" ? [textPart("Instructions of the system:")] : [];
    if (parts.length > 0) this.#say({ role, parts: [...prefix, ...parts], fields: {} });
  }

  /** Many templates refuse two messages of one side in a row. */
  #say(message: Open): void {
    const last = this.#messages.at(-1);
    if (last?.role === message.role && last.fields.name === message.fields.name)
      last.parts.push(...message.parts);
    else this.#messages.push(message);
  }
}

/** A text where it is nothing but words; parts where it is more. */
function closed({ role, parts, fields }: Open): JsonRecord {
  const plain = parts.every((part) => part.type === "text" && !isRecord(part.cache_control));
  if (!plain) return { role, content: parts, ...fields };
  // Pieces of an answer are one text, blocks of the others are paragraphs.
  const text = parts.map((part) => String(part.text)).join(role === "assistant" ? "" : "\n\n");
  const silent = text === "" && role === "assistant" && fields.tool_calls !== undefined;
  return { role, content: silent ? null : text, ...fields };
}

function writeCall({ id, name, kind, args, opaque }: CallItem): JsonRecord {
  const state = opaque.find(({ issuer, kind: of }) => issuer === "openai" && of === "thought");
  const extra = state ? { extra_content: { google: { thought_signature: state.data } } } : {};
  if (kind === "custom") return { id, type: "custom", custom: { name, input: args }, ...extra };
  return { id, type: "function", function: { name, arguments: argumentsText(args) }, ...extra };
}

/** Templates parse arguments: what is no JSON object, though a model wrote it, is made one. */
function argumentsText(args: string): string {
  const parsed = argsObject(args);
  return args.trim() === "" || "_raw" in parsed ? JSON.stringify(parsed) : args;
}
