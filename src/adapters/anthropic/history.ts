import { isRecord, type JsonRecord } from "../../core/json.ts";
import { FRAME, isFramed } from "../../core/opaque.ts";
import type { RawObject } from "../../core/request.ts";
import { bufferOf } from "../../wire/json.ts";
import type { Message } from "./conversation.ts";

/**
 * The messages of a client's own body without what Anthropic answers with an error: thoughts that another vendor sealed,
 * or nobody, words that say nothing, and results of one turn in several messages. Undefined: they are fine as they are,
 * which is told from the bytes of most requests, without parsing them.
 */
export function repairedHistory(body: RawObject): JsonRecord[] | undefined {
  const bytes = bufferOf(body);
  if (!MARKS.some((mark) => bytes.includes(mark)) && !mayBeSplit(bytes)) return undefined;
  const messages = body.value("messages");
  if (!Array.isArray(messages) || !messages.every((message) => isRecord(message))) return undefined;
  const kept = messages.flatMap((message) => withoutRefused(message));
  const joined = withJoinedResults(kept);
  const same = joined.length === messages.length && joined.every((message, i) => message === messages[i]);
  return same ? undefined : joined;
}

/** As much of them as is needed to tell what was thought. */
export function blocksIn(messages: readonly JsonRecord[]): Message[] {
  return messages.map((message) => ({
    role: message.role === "assistant" ? "assistant" : "user",
    content: blocksOf(message),
  }));
}

/** An empty signature is what engines without any send. */
const MARKS = [
  `"${FRAME}`,
  ...["signature", "text", "content"].flatMap((name) => [`"${name}":""`, `"${name}": ""`]),
];

/** The message as it is, without some of its blocks, or none where nothing is left of it. */
function withoutRefused(message: JsonRecord): JsonRecord[] {
  if (message.content === "") return [];
  if (!Array.isArray(message.content)) return [message];
  const content = message.content.filter((block: unknown) => !isForeign(block) && !isSilent(block));
  if (content.length === message.content.length) return [message];
  return content.length > 0 ? [{ ...message, content }] : [];
}

function isForeign(block: unknown): boolean {
  if (!isRecord(block)) return false;
  if (block.type === "redacted_thinking") return isFramed(block.data);
  return block.type === "thinking" && (block.signature === "" || isFramed(block.signature));
}

/** Empty words. An empty result is one. */
function isSilent(block: unknown): boolean {
  return isRecord(block) && block.type === "text" && block.text === "";
}

const ROLE = '"role"';
const USER = '"user"';

/** Two of the user's messages next to each other, and results somewhere. A `role` in a tool's arguments may look like one. */
function mayBeSplit(bytes: Buffer): boolean {
  if (!bytes.includes('"tool_result"')) return false;
  let userBefore = false;
  for (let at = bytes.indexOf(ROLE); at !== -1; at = bytes.indexOf(ROLE, at + ROLE.length)) {
    const value = bytes.toString("latin1", at + ROLE.length, at + ROLE.length + 24);
    const user = value.replace(/^\s*:\s*/, "").startsWith(USER);
    if (user && userBefore) return true;
    userBefore = user;
  }
  return false;
}

function withJoinedResults(messages: readonly JsonRecord[]): JsonRecord[] {
  const joined: JsonRecord[] = [];
  /** The last message, while others are being joined to it. */
  let growing: { message: JsonRecord; blocks: JsonRecord[] } | undefined;
  const close = () => {
    if (growing)
      growing.message.content = [...growing.blocks.filter(isResult), ...growing.blocks.filter(isOther)];
    growing = undefined;
  };
  for (const message of messages) {
    const last = joined.at(-1);
    const blocks = blocksOf(message);
    if (last?.role !== "user" || message.role !== "user" || !blocks.some(isResult)) {
      close();
      joined.push(message);
      continue;
    }
    if (!growing) {
      growing = { message: { ...last }, blocks: blocksOf(last) };
      joined[joined.length - 1] = growing.message;
    }
    for (const block of blocks) growing.blocks.push(block);
  }
  close();
  return joined;
}

function isOther(block: JsonRecord): boolean {
  return !isResult(block);
}

function isResult({ type }: JsonRecord): boolean {
  return type === "tool_result";
}

function blocksOf({ content }: JsonRecord): JsonRecord[] {
  if (Array.isArray(content)) return content.filter((block): block is JsonRecord => isRecord(block));
  return typeof content === "string" && content !== "" ? [{ type: "text", text: content }] : [];
}
