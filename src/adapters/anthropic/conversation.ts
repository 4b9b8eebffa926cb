import { Failure } from "../../core/failure.ts";
import type { JsonRecord } from "../../core/json.ts";
import { dropped, emulated, type Note } from "../../core/note.ts";
import type { CallItem, Item, MessageItem, Part, ReasoningItem, ResultItem } from "../../core/prompt.ts";
import { argsOf } from "../call-args.ts";
import { OpenResults } from "../open-results.ts";
import { isMedia } from "../parts.ts";
import { isInstruction, turnsOf, withoutLead } from "../turns.ts";
import { cacheControl, saidBlocks, textBlocks, userBlocks } from "./parts.ts";

/** One message of Anthropic's. */
export interface Message {
  role: "user" | "assistant";
  content: JsonRecord[];
}

/** A conversation as Anthropic takes it: instructions apart, user and assistant in turns, the user first. */
export interface Conversation {
  system: JsonRecord[];
  messages: Message[];
  /** Names of the tools that the model called in it. */
  called: Set<string>;
}

/** Throws `unsupported` for media that Anthropic does not take, `invalid_request` where nothing was said. */
export function writeConversation(items: readonly Item[], notes: Note[]): Conversation {
  const said = items.filter(saysSomething);
  const apart = withoutLead(said);
  // A request must have something to answer: instructions alone are it.
  const { lead, rest } = apart.rest.length > 0 ? apart : { lead: [], rest: said };
  const writer = new Writer(notes);
  for (const turn of turnsOf(withoutInstructions(rest, notes))) {
    if (turn.role === "assistant") writer.assistant(turn.items);
    else writer.user(turn.items);
  }
  writer.end();
  return { system: instructions(lead, notes), messages: writer.messages, called: writer.called };
}

/**
 * Did the model call tools in the turn under way, without the thoughts that it called them with? Anthropic then answers
 * manual thinking with 400: "Expected `thinking` or `redacted_thinking`, but found `tool_use`".
 */
export function lacksThoughts(messages: readonly Message[]): boolean {
  const asked = messages.findLastIndex(
    ({ role, content }) => role === "user" && !content.some(({ type }) => type === "tool_result"),
  );
  const answer = messages.slice(asked + 1).find(({ role }) => role === "assistant");
  if (!answer?.content.some(({ type }) => type === "tool_use")) return false;
  return !isThought(answer.content[0]);
}

/** The model is to go on with words that were put into its mouth. */
export function isPrefilled(messages: readonly Message[]): boolean {
  return messages.at(-1)?.role === "assistant";
}

function isThought(block: JsonRecord | undefined): boolean {
  return block?.type === "thinking" || block?.type === "redacted_thinking";
}

/** Anthropic answers empty blocks with an error, and thoughts that it cannot check. */
function saysSomething(item: Item): boolean {
  if (item.type === "reasoning") return thoughts(item).length > 0;
  return item.type !== "message" || item.parts.some(hasWords);
}

function hasWords(part: Part): boolean {
  return isMedia(part) || part.text.trim() !== "";
}

function instructions(items: readonly MessageItem[], notes: Note[]): JsonRecord[] {
  return items.flatMap(({ parts, at }) => saidBlocks(parts, at, notes));
}

/** Instructions within the conversation: older models know them only before it. */
function withoutInstructions(items: readonly Item[], notes: Note[]): Item[] {
  const late = items.find(isInstruction);
  if (late)
    notes.push(emulated(late.at, ": instructions within the conversation were sent as words of the user"));
  const alone = items.every(isInstruction);
  return items.map((item): Item => {
    if (!isInstruction(item)) return item;
    const parts = item.parts.map((part): Part => {
      const framed = part.type === "text" && !alone && part.text.trim() !== "";
      return framed ? { ...part, text: `<system>\n${part.text}\n</system>` } : part;
    });
    return { ...item, role: "user", parts };
  });
}

/** A call whose result has to come next, under the id that Anthropic knows it by. */
interface OpenCall {
  item: CallItem;
  id: string;
}

class Writer {
  readonly messages: Message[] = [];
  readonly called = new Set<string>();
  readonly #notes: Note[];
  /** Ids that are taken, and how many calls wanted each of them: thousands of one id must not be tried one by one. */
  readonly #ids = new Map<string, number>();
  #open: OpenCall[] = [];

  constructor(notes: Note[]) {
    this.#notes = notes;
  }

  assistant(items: readonly Item[]): void {
    const blocks = items.flatMap((item) => this.#said(item));
    // The last block may not be a thought.
    while (isThought(blocks.at(-1))) blocks.pop();
    if (blocks.length === 0) return;
    const at = items[0]?.at ?? "";
    if (this.messages.length === 0) {
      this.#push("user", [{ type: "text", text: "." }]);
      this.#notes.push(
        emulated(at, ": Anthropic wants the user to begin, so a full stop was sent before it"),
      );
    }
    this.#push("assistant", blocks);
  }

  /** Results come first, all of them in one message, in the order of the calls. */
  user(items: readonly Item[]): void {
    const results = new OpenResults(items.filter((item) => item.type === "result"));
    const answers = this.#answers(results);
    const others = items.flatMap((item) => {
      if (item.type === "message") return this.#asked(item);
      return item.type === "result" && results.has(item) ? this.#orphan(item) : [];
    });
    this.#push("user", [...answers, ...others]);
  }

  /** Throws `invalid_request` where nothing was said. */
  end(): void {
    this.#push("user", this.#answers(new OpenResults([])));
    const last = this.messages.at(-1);
    if (last === undefined)
      throw new Failure("invalid_request", "The conversation has no words that could be sent to the model.", {
        param: "messages",
      });
    const block = last.content.at(-1);
    // "final assistant content cannot end with trailing whitespace"
    if (last.role === "assistant" && typeof block?.text === "string") block.text = block.text.trimEnd();
  }

  #push(role: Message["role"], content: JsonRecord[]): void {
    if (content.length === 0) return;
    const last = this.messages.at(-1);
    if (last?.role === role) last.content.push(...content);
    else this.messages.push({ role, content });
  }

  #said(item: Item): JsonRecord[] {
    switch (item.type) {
      case "message":
        this.#noteName(item);
        return saidBlocks(item.parts, item.at, this.#notes);
      case "reasoning":
        return thoughts(item);
      case "call":
        return [this.#call(item)];
      case "result":
        return [];
    }
  }

  #asked(item: MessageItem): JsonRecord[] {
    this.#noteName(item);
    return userBlocks(item.parts, item.at);
  }

  #noteName({ role, name, at }: MessageItem): void {
    if (name !== undefined && role !== "system")
      this.#notes.push(dropped(`${at}.name`, ": Anthropic's API does not name participants"));
  }

  #call(item: CallItem): JsonRecord {
    const { name } = item;
    const id = this.#freshId(item.id);
    this.#open.push({ item, id });
    this.called.add(name);
    return { type: "tool_use", id, name, input: argsOf(item) };
  }

  /** Anthropic's ids are of letters, digits, `_` and `-`, and no two calls of a conversation have the same. */
  #freshId(id: string): string {
    const clean = id.replace(/[^\w-]/g, "_") || "call";
    let fresh = clean;
    for (let nth = (this.#ids.get(clean) ?? 0) + 1; this.#ids.has(fresh); nth++) {
      fresh = `${clean}_${nth}`;
      this.#ids.set(clean, nth);
    }
    this.#ids.set(fresh, 1);
    return fresh;
  }

  /** One block for each open call; the results in them are open no more. */
  #answers(results: OpenResults): JsonRecord[] {
    return this.#open.splice(0).map(({ item: call, id }) => {
      const result = results.take(call.id);
      if (result) return resultBlock(result, id);
      this.#notes.push(emulated(call.at, ": the call has no result, and Anthropic was told so"));
      return { type: "tool_result", tool_use_id: id, content: "No result was given.", is_error: true };
    });
  }

  /** The result of no call that the model just made. */
  #orphan({ id, name, parts, at }: ResultItem): JsonRecord[] {
    this.#notes.push(emulated(at, ": it answers no call of the turn before, and was sent as words"));
    return [...textBlocks(`Result of ${name ?? "the tool call"} ${id}:`), ...userBlocks(parts, at)];
  }
}

/** Only what Anthropic signed itself. With several signatures nobody knows which words each of them is for. */
function thoughts({ text, opaque }: ReasoningItem): JsonRecord[] {
  const own = opaque.filter(({ issuer }) => issuer === "anthropic");
  const signed = own.filter(({ kind }) => kind === "signature").length;
  return own.flatMap(({ kind, data }): JsonRecord[] => {
    if (kind === "redacted") return [{ type: "redacted_thinking", data }];
    return signed === 1 && kind === "signature"
      ? [{ type: "thinking", thinking: text, signature: data }]
      : [];
  });
}

function resultBlock({ parts, isError, at }: ResultItem, id: string): JsonRecord {
  const blocks = userBlocks(parts, at);
  // A mark counts on the result, not on the blocks in it.
  const cache = parts.findLast((part) => part.type !== "refusal" && part.cache !== undefined);
  for (const block of blocks) delete block.cache_control;
  const [first] = blocks;
  const plain = blocks.length === 1 && first?.type === "text" ? first.text : blocks;
  return {
    type: "tool_result",
    tool_use_id: id,
    ...(blocks.length > 0 ? { content: plain } : {}),
    ...(isError ? { is_error: true } : {}),
    ...(cache !== undefined && cache.type !== "refusal" ? cacheControl(cache.cache) : {}),
  };
}
