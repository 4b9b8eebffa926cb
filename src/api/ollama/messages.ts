import { isRecord, type JsonRecord } from "../../core/json.ts";
import { fieldsOf, present, textOf } from "../../core/lenient.ts";
import type { CallItem, Item, MediaPart, Part } from "../../core/prompt.ts";
import { partsOf } from "../chat/parts.ts";
import { invalid, jsonText } from "../fields.ts";
import { mediaFromText } from "../media.ts";
import { OpenCalls } from "../open-calls.ts";

/** Ollama's messages as the items of a conversation. Throws `invalid_request` with the place of what makes no sense. */
export function messagesOf(messages: unknown): Item[] {
  if (!Array.isArray(messages)) throw invalid("messages", "array");
  const reader = new MessageReader();
  messages.forEach((message: unknown, i) => {
    if (!isRecord(message)) throw invalid(`messages[${i}]`, "object");
    reader.read(message, `messages[${i}]`);
  });
  return reader.items;
}

/** Pictures and words as the parts of a message; what says nothing is no part. Throws `invalid_request`. */
export function saidParts(
  { text, images }: { text: unknown; images: unknown },
  at: { text: string; images: string },
): Part[] {
  return [...imagesOf(images, at.images), ...partsOf(text, at.text)];
}

/** Reads one message after the other: what a tool answered belongs to a call that stands before it. */
class MessageReader {
  readonly items: Item[] = [];
  /** Calls whose results have not come yet, in their order. */
  readonly #open = new OpenCalls();
  #calls = 0;

  read(message: JsonRecord, at: string): void {
    // Ollama reads roles in any case.
    switch (textOf(message.role)?.toLowerCase()) {
      case "system":
      case "developer":
        return this.#say("system", message, at);
      case "user":
        return this.#say("user", message, at);
      case "assistant":
        return this.#answer(message, at);
      case "tool":
        return this.#result(message, at);
      default:
        throw invalid(`${at}.role`, "'system', 'user', 'assistant' or 'tool'");
    }
  }

  #say(role: "system" | "user", message: JsonRecord, at: string): void {
    this.items.push({ type: "message", role, parts: partsIn(message, at), at });
  }

  /** Thoughts, then words, then calls, as a model says them. */
  #answer(message: JsonRecord, at: string): void {
    const thinking = textOf(message.thinking);
    if (thinking !== undefined) this.items.push({ type: "reasoning", text: thinking, opaque: [], at });
    const parts = partsIn(message, at);
    if (parts.length > 0) this.items.push({ type: "message", role: "assistant", parts, at });
    const { tool_calls: calls } = message;
    if (!Array.isArray(calls)) return;
    calls.forEach((call: unknown, i) => {
      const item = this.#call(fieldsOf(call), `${at}.tool_calls[${i}]`);
      this.items.push(item);
      this.#open.add(item);
    });
  }

  /** Many clients give calls no ids: theirs is the number of the call, the same in every request of a conversation. */
  #call(call: JsonRecord, at: string): CallItem {
    const { name, arguments: args } = fieldsOf(call.function);
    if (typeof name !== "string" || name === "") throw invalid(`${at}.function.name`, "the name of a tool");
    const id = textOf(call.id) ?? `call_${this.#calls}`;
    this.#calls++;
    return { type: "call", id, name, kind: "function", args: jsonText(args) || "{}", opaque: [], at };
  }

  #result(message: JsonRecord, at: string): void {
    const said = textOf(message.tool_name) ?? textOf(message.name);
    const call = this.#answered(textOf(message.tool_call_id), said);
    this.items.push({
      type: "result",
      id: call?.id ?? textOf(message.tool_call_id) ?? `call_${this.#calls++}`,
      ...present({ name: said ?? call?.name }),
      parts: partsIn(message, at),
      isError: false,
      kind: "function",
      at,
    });
  }

  /** The call that is answered: the one of this id, else the oldest of this name, else the oldest. */
  #answered(id: string | undefined, name: string | undefined): CallItem | undefined {
    if (id === undefined && name === undefined) return this.#open.takeOldest();
    const called = id === undefined ? undefined : this.#open.takeId(id);
    return called ?? (name === undefined ? undefined : this.#open.takeNamed(name));
  }
}

function partsIn({ content, images }: JsonRecord, at: string): Part[] {
  return saidParts({ text: content, images }, { text: `${at}.content`, images: `${at}.images` });
}

function imagesOf(images: unknown, at: string): MediaPart[] {
  if (images === undefined || images === null) return [];
  if (!Array.isArray(images)) throw invalid(at, "array");
  return images.map((image: unknown, i) => {
    if (typeof image !== "string" || image === "") throw invalid(`${at}[${i}]`, "base64");
    return mediaPart(image);
  });
}

/** Base64 without any type; `images` is also where Ollama's clients put a sound. */
function mediaPart(data: string): MediaPart {
  // Ollama would take no address: liberal, because other backends do.
  const { source, mime } = mediaFromText(data);
  const type = mime.startsWith("audio/")
    ? "audio"
    : mime === "" || mime.startsWith("image/")
      ? "image"
      : "file";
  return { type, source, mime };
}
