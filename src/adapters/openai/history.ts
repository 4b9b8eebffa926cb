import { createHash } from "node:crypto";
import { isRecord, type JsonRecord } from "../../core/json.ts";
import { fieldsOf } from "../../core/lenient.ts";
import { dropped, type Note } from "../../core/note.ts";
import { FRAME, isFramed } from "../../core/opaque.ts";
import { bufferOf } from "../../wire/json.ts";
import type { Draft } from "../draft.ts";
import type { Profile } from "../profile.ts";
import { withTools } from "./functions.ts";

/**
 * Messages as the host takes them. Which repairs a conversation needs is told from its bytes: most need none, and are
 * never parsed.
 */
export function writeHistory(draft: Draft, profile: Profile, notes: Note[]): void {
  const bytes = bufferOf(draft.body);
  const needed = REPAIRS.filter(({ marks }) => marks(profile).some((mark) => bytes.includes(mark)));
  const messages = needed.length > 0 ? draft.value("messages") : undefined;
  if (!Array.isArray(messages)) return;
  let written: unknown[] = messages;
  for (const { repair } of needed) written = repair(written, profile, notes);
  if (written.some((message, i) => message !== messages[i])) draft.set("messages", written);
}

interface Repair {
  /** What stands in the bytes of every conversation that needs it, or may; none: this host needs no such repair. */
  marks(profile: Profile): readonly string[];
  /** The same messages, not copies, where there is nothing to repair. */
  repair(messages: unknown[], profile: Profile, notes: Note[]): unknown[];
}

/** A field with this value, as JSON is written by nearly everybody: without a blank, and with one. */
const field = (name: string, value: string) => [`"${name}":${value}`, `"${name}": ${value}`];

const each =
  (repair: (message: JsonRecord, profile: Profile) => JsonRecord) =>
  (messages: unknown[], profile: Profile) =>
    messages.map((message) => (isRecord(message) ? repair(message, profile) : message));

const REPAIRS: readonly Repair[] = [
  {
    // Chat templates of local engines know no `developer`: it means what `system` meant before.
    marks: ({ developerRole }) => (developerRole ? [] : ['"developer"']),
    repair: each((message) => (message.role === "developer" ? { ...message, role: "system" } : message)),
  },
  {
    marks: ({ functions }) => (functions ? [] : ['"function_call"', ...field("role", '"function"')]),
    repair: withTools,
  },
  {
    // OpenAI: "[] is too short - 'messages.1.tool_calls'".
    marks: () => field("tool_calls", "[]"),
    repair: each((message) =>
      Array.isArray(message.tool_calls) && message.tool_calls.length === 0
        ? without(message, ["tool_calls"])
        : message,
    ),
  },
  {
    // Ollama's documentation has it so, and its clients send it elsewhere.
    marks: () => field("image_url", '"'),
    repair: each(withImageObjects),
  },
  {
    marks: ({ emptyArguments }) => (emptyArguments ? [] : field("arguments", '""')),
    repair: each((message) => withCalls(message, withArguments)),
  },
  {
    marks: ({ toolIds }) => (toolIds === "nine" ? ['"tool_call'] : []),
    repair: each(withShortIds),
  },
  {
    // DeepSeek's thinking models answer 400 to a call in the history without its thoughts; none is an empty text.
    marks: ({ reasoningBack }) => (reasoningBack === "tools" ? ['"tool_calls"'] : []),
    repair: each((message) =>
      Array.isArray(message.tool_calls) && message.tool_calls.length > 0
        ? { reasoning_content: "", ...message }
        : message,
    ),
  },
  {
    // State of other vendors, which this one has no use for and may refuse.
    marks: () => [`"${FRAME}`],
    repair: each(withoutForeignState),
  },
  {
    marks: ({ messageDrop }) => messageDrop.map((name) => `"${name}"`),
    repair: dropFields,
  },
];

function without(message: JsonRecord, names: readonly string[]): JsonRecord {
  return Object.fromEntries(Object.entries(message).filter(([name]) => !names.includes(name)));
}

/** A message with its calls changed; itself, where none was. */
function withCalls(message: JsonRecord, change: (call: JsonRecord) => JsonRecord): JsonRecord {
  const { tool_calls: calls } = message;
  if (!Array.isArray(calls)) return message;
  const changed = calls.map((call: unknown) => (isRecord(call) ? change(call) : call));
  return changed.some((call, i) => call !== calls[i]) ? { ...message, tool_calls: changed } : message;
}

function withArguments(call: JsonRecord): JsonRecord {
  const called = call.function;
  if (!isRecord(called) || called.arguments !== "") return call;
  return { ...call, function: { ...called, arguments: "{}" } };
}

function withImageObjects(message: JsonRecord): JsonRecord {
  const { content } = message;
  if (!Array.isArray(content) || !content.some(isBareImage)) return message;
  const parts = content.map((part: unknown) =>
    isBareImage(part) ? { ...part, image_url: { url: part.image_url } } : part,
  );
  return { ...message, content: parts };
}

/** Responses' `input_image` has its URL bare too, and is left as it is: no chat host knows it. */
function isBareImage(part: unknown): part is JsonRecord {
  return isRecord(part) && part.type === "image_url" && typeof part.image_url === "string";
}

function withShortIds(message: JsonRecord): JsonRecord {
  const { tool_call_id: id } = message;
  const named = typeof id === "string" ? { ...message, tool_call_id: shortId(id) } : message;
  return withCalls(named, (call) => (typeof call.id === "string" ? { ...call, id: shortId(call.id) } : call));
}

/** The same nine letters and digits for the same id, whenever it is sent: a call and its result find each other. */
function shortId(id: string): string {
  if (/^[A-Za-z0-9]{9}$/.test(id)) return id;
  return BigInt(`0x${createHash("sha256").update(id).digest("hex")}`)
    .toString(36)
    .slice(0, 9);
}

function withoutForeignState(message: JsonRecord): JsonRecord {
  const unsigned = withCalls(withoutForeignSignature(message), withoutForeignSignature);
  const { reasoning_details: details } = unsigned;
  if (!Array.isArray(details)) return unsigned;
  const kept = details.filter((entry) => !isForeign(entry));
  if (kept.length === details.length) return unsigned;
  return kept.length > 0
    ? { ...unsigned, reasoning_details: kept }
    : without(unsigned, ["reasoning_details"]);
}

/** Gemini's own API issued it; what Google's compatible route did has no frame, and goes back as it came. */
function withoutForeignSignature(object: JsonRecord): JsonRecord {
  const { google } = fieldsOf(object.extra_content);
  return isFramed(fieldsOf(google).thought_signature) ? without(object, ["extra_content"]) : object;
}

function isForeign(entry: unknown): boolean {
  const { signature, data } = fieldsOf(entry);
  return isFramed(signature) || isFramed(data);
}

/** What a model said of its thoughts and sources is of no use to a host that refuses it; a name may be to the model. */
function dropFields(messages: unknown[], { messageDrop }: Profile, notes: Note[]): unknown[] {
  return messages.map((message, i) => {
    if (!isRecord(message)) return message;
    const written = withCalls(message, (call) => lacking(call, messageDrop));
    // The name of a tool is no participant's.
    const names = message.role === "tool" ? messageDrop.filter((name) => name !== "name") : messageDrop;
    if (names.includes("name") && "name" in message)
      notes.push(dropped(`messages[${i}].name`, ": this backend does not accept it"));
    return lacking(written, names);
  });
}

/** Itself, where it has none of the fields. */
function lacking(object: JsonRecord, names: readonly string[]): JsonRecord {
  return names.some((name) => name in object) ? without(object, names) : object;
}
