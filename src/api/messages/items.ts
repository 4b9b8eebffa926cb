import type { JsonRecord } from "../../core/json.ts";
import { fieldsOf, textOf } from "../../core/lenient.ts";
import type { Note } from "../../core/note.ts";
import { openOpaque } from "../../core/opaque.ts";
import type { CallItem, Item, MessageItem, Part, ReasoningItem, ResultItem } from "../../core/prompt.ts";
import { invalid } from "../fields.ts";
import { blocksOf, instructionsOf, partsOf, partsOfBlock } from "./parts.ts";

/** `system` and `messages` as items, in their order. Throws `invalid_request`. */
export function itemsOf(system: unknown, messages: unknown, notes: Note[]): Item[] {
  const reading = new Reading(notes);
  if (system !== undefined && system !== null) reading.instructions(system, "system", "system");
  if (!Array.isArray(messages)) throw invalid("messages", "array");
  messages.forEach((message: unknown, i) => reading.message(fieldsOf(message), `messages[${i}]`));
  return reading.items;
}

class Reading {
  readonly items: Item[] = [];
  readonly #notes: Note[];

  constructor(notes: Note[]) {
    this.#notes = notes;
  }

  message({ role, content }: JsonRecord, at: string): void {
    // Claude Code gives instructions within the conversation too.
    if (role === "system") return this.instructions(content, `${at}.content`, at);
    if (role !== "user" && role !== "assistant")
      throw invalid(`${at}.role`, "'user', 'assistant' or 'system'");
    if (typeof content === "string") {
      if (content !== "" || role === "user") this.#say(role, [{ type: "text", text: content }], at);
      return;
    }
    let said: Part[] = [];
    const flush = () => {
      if (said.length > 0) this.#say(role, said, at);
      said = [];
    };
    for (const { block, at: place } of blocksOf(content, `${at}.content`)) {
      const item = itemOf(block, place, this.#notes);
      if (!item) {
        said.push(...partsOfBlock(block, place, this.#notes));
        continue;
      }
      flush();
      this.items.push(item);
    }
    flush();
  }

  instructions(content: unknown, place: string, at: string): void {
    const parts = instructionsOf(content, place, this.#notes);
    if (parts.length > 0) this.#say("system", parts, at);
  }

  #say(role: MessageItem["role"], parts: Part[], at: string): void {
    this.items.push({ type: "message", role, parts, at });
  }
}

/** A block that is an item by itself; undefined: it is part of a message. */
function itemOf(block: JsonRecord, at: string, notes: Note[]): Item | undefined {
  switch (block.type) {
    case "thinking":
      return thought(block, at);
    case "redacted_thinking":
      if (typeof block.data !== "string") throw invalid(`${at}.data`, "string");
      return {
        type: "reasoning",
        text: "",
        opaque: [openOpaque(block.data, "anthropic", "redacted")],
        at,
      };
    case "tool_use":
      return call(block, at);
    case "tool_result":
      return result(block, at, notes);
    default:
      return undefined;
  }
}

/** An empty signature is none: what engines without any thought of signatures send. */
function thought({ thinking, signature }: JsonRecord, at: string): ReasoningItem {
  const sealed = textOf(signature);
  return {
    type: "reasoning",
    text: textOf(thinking) ?? "",
    opaque: sealed === undefined ? [] : [openOpaque(sealed, "anthropic", "signature")],
    at,
  };
}

function call({ id, name, input }: JsonRecord, at: string): CallItem {
  if (typeof id !== "string") throw invalid(`${at}.id`, "string");
  if (typeof name !== "string") throw invalid(`${at}.name`, "string");
  return {
    type: "call",
    id,
    name,
    kind: "function",
    args: JSON.stringify(input ?? {}),
    opaque: [],
    at,
  };
}

function result(block: JsonRecord, at: string, notes: Note[]): ResultItem {
  const { tool_use_id: id, content, is_error: isError } = block;
  if (typeof id !== "string") throw invalid(`${at}.tool_use_id`, "string");
  return {
    type: "result",
    id,
    parts: content === undefined || content === null ? [] : partsOf(content, `${at}.content`, notes),
    isError: isError === true,
    kind: "function",
    at,
  };
}
