import type { ToolKind } from "../../core/event.ts";
import { isRecord, type JsonRecord } from "../../core/json.ts";
import { fieldsOf, present, textOf } from "../../core/lenient.ts";
import { dropped, type Note } from "../../core/note.ts";
import type { CallItem, Item, Part } from "../../core/prompt.ts";
import { invalid, jsonText } from "../fields.ts";
import { OpenCalls } from "../open-calls.ts";
import { partsOf } from "./parts.ts";
import { googleState, thoughtsOf } from "./thoughts.ts";

/** Chat's messages as the items of a conversation. Throws `invalid_request` with the place of what makes no sense. */
export function itemsOf(messages: unknown, notes: Note[]): Item[] {
  if (!Array.isArray(messages)) throw invalid("messages", "array");
  const reader = new MessageReader(notes);
  messages.forEach((message: unknown, i) => {
    if (!isRecord(message)) throw invalid(`messages[${i}]`, "object");
    reader.read(message, `messages[${i}]`);
  });
  return reader.items;
}

/** Reads one message after the other: what a tool answered belongs to a call that stands before it. */
class MessageReader {
  readonly items: Item[] = [];
  readonly #notes: Note[];
  /** Calls whose results have not come yet, in their order. */
  readonly #open = new OpenCalls();

  constructor(notes: Note[]) {
    this.#notes = notes;
  }

  read(message: JsonRecord, at: string): void {
    switch (message.role) {
      case "system":
      case "developer":
        return this.#say("system", message, at);
      case "user":
        return this.#say("user", message, at);
      case "assistant":
        return this.#answer(message, at);
      case "tool":
      case "function":
        return this.#result(message, at);
      default:
        throw invalid(`${at}.role`, "'system', 'developer', 'user', 'assistant' or 'tool'");
    }
  }

  #say(role: "system" | "user", message: JsonRecord, at: string): void {
    const parts = partsOf(message.content, `${at}.content`);
    this.items.push({ type: "message", role, parts, ...present({ name: textOf(message.name) }), at });
  }

  /** Thoughts, then words, then calls, as a chat model says them. */
  #answer(message: JsonRecord, at: string): void {
    const parts = partsOf(message.content, `${at}.content`);
    const refusal = textOf(message.refusal);
    if (refusal !== undefined) parts.push({ type: "refusal", text: refusal });
    const calls = this.#calls(message, at);
    this.items.push(...thoughtsOf(message, at));
    if (parts.length > 0) this.#said(parts, message, at);
    this.items.push(...calls);
    for (const call of calls) this.#open.add(call);
    if (isRecord(message.audio))
      this.#notes.push(dropped(`${at}.audio`, ": only OpenAI's servers have that answer"));
  }

  #said(parts: Part[], { name }: JsonRecord, at: string): void {
    this.items.push({ type: "message", role: "assistant", parts, ...present({ name: textOf(name) }), at });
  }

  #calls({ tool_calls: calls, function_call: old }: JsonRecord, at: string): CallItem[] {
    const read: CallItem[] = [];
    if (Array.isArray(calls)) {
      calls.forEach((call: unknown, i) => read.push(readCall(fieldsOf(call), `${at}.tool_calls[${i}]`)));
    }
    if (isRecord(old)) read.push(readCall({ function: old }, `${at}.function_call`));
    return read;
  }

  #result(message: JsonRecord, at: string): void {
    const call = this.#answered(message, at);
    const parts = partsOf(message.content, `${at}.content`);
    this.items.push({
      type: "result",
      id: call.id,
      ...present({ name: textOf(message.name) ?? textOf(call.name) }),
      parts,
      isError: false,
      kind: call.kind,
      at,
    });
  }

  /** The call that is answered: the one with its id; the oldest of its name (OpenAI's older form); the oldest. */
  #answered(message: JsonRecord, at: string): Pick<CallItem, "id" | "name" | "kind"> {
    const id = textOf(message.tool_call_id);
    const name = textOf(message.name);
    const call =
      id === undefined
        ? (this.#open.takeNamed(name ?? "") ?? this.#open.takeOldest())
        : this.#open.takeId(id);
    if (call) return call;
    if (id === undefined) throw invalid(`${at}.tool_call_id`, "the id of a call");
    return { id, name: "", kind: "function" };
  }
}

/** An id of our own, where the client has none, is the call's place: the same in every request of the conversation. */
function readCall(call: JsonRecord, at: string): CallItem {
  const kind: ToolKind = call.type === "custom" || isRecord(call.custom) ? "custom" : "function";
  const { name, arguments: args, input } = fieldsOf(call.custom ?? call.function ?? call);
  if (typeof name !== "string" || name === "") throw invalid(`${at}.function.name`, "the name of a tool");
  return {
    type: "call",
    id: textOf(call.id) ?? `call_${at.match(/\d+/g)?.join("_")}`,
    name,
    kind,
    args: jsonText(args ?? input),
    opaque: googleState(call),
    at,
  };
}
