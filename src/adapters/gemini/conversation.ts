import type { JsonRecord } from "../../core/json.ts";
import { dropped, emulated, type Note } from "../../core/note.ts";
import type { Opaque } from "../../core/opaque.ts";
import type { CallItem, Item, MediaPart, MessageItem, ResultItem } from "../../core/prompt.ts";
import { argsOf } from "../call-args.ts";
import { OpenResults } from "../open-results.ts";
import { isMedia, textIn } from "../parts.ts";
import { turnsOf, withoutLead } from "../turns.ts";
import { mediaPart } from "./media.ts";
import { wantsSignatures } from "./models.ts";

/** What one side says in one go. Gemini knows two sides, and refuses a content without parts. */
interface Content {
  role: "user" | "model";
  parts: JsonRecord[];
}

/** Google's documented stand-in for a signature that its history has not: of another vendor's calls, or lost by a client. */
const NO_SIGNATURE = "skip_thought_signature_validator";

/** `systemInstruction` and `contents`, as Gemini takes a conversation. Throws `unsupported` for media it cannot get. */
export function writeConversation(items: readonly Item[], model: string, notes: Note[]): JsonRecord {
  return new Conversation(model, notes).write(items);
}

class Conversation {
  readonly #model: string;
  readonly #notes: Note[];
  readonly #contents: Content[] = [];
  /** Of the whole conversation: calls of one id, in turns far apart, get their results in order. */
  #results = new OpenResults([]);

  constructor(model: string, notes: Note[]) {
    this.#model = model;
    this.#notes = notes;
  }

  write(items: readonly Item[]): JsonRecord {
    const { lead, rest } = withoutLead(items);
    const system = lead.flatMap((item) => this.#messageParts(item));
    this.#results = new OpenResults(rest.filter((item) => item.type === "result"));
    for (const { role, items: said } of turnsOf(rest)) {
      if (role === "assistant") this.#answered(said);
      else this.#user(said);
    }
    return this.#whole(system, lead[0]?.at ?? rest[0]?.at ?? "messages");
  }

  #whole(system: JsonRecord[], at: string): JsonRecord {
    const [first] = this.#contents;
    if (first === undefined && system.length > 0) {
      this.#notes.push(emulated(at, ": instructions alone were sent as the user's words"));
      return { contents: [{ role: "user", parts: system }] };
    }
    // Calls must follow somebody's words, and something must be asked.
    if (first?.role !== "user") this.#contents.unshift({ role: "user", parts: [{ text: " " }] });
    return {
      ...(system.length > 0 ? { systemInstruction: { parts: system } } : {}),
      contents: this.#contents,
    };
  }

  #user(items: readonly Item[]): void {
    for (const item of items) {
      if (item.type === "message") {
        if (item.role === "system")
          this.#notes.push(emulated(item.at, ": later instructions were sent as the user's words"));
        this.#add("user", this.#messageParts(item));
      } else if (item.type === "result" && this.#results.has(item)) this.#orphan(item);
    }
  }

  /** A result of no call would be answered with silence. */
  #orphan(item: ResultItem): void {
    this.#notes.push(
      emulated(item.at, ": it answers no call of this conversation, and was sent as the user's words"),
    );
    const media = item.parts.flatMap((part, i) =>
      isMedia(part) ? [this.#media(part, `${item.at}.content[${i}]`)] : [],
    );
    const text = textIn(item.parts, "\n");
    const name = item.name === undefined ? "a tool" : `the tool ${item.name}`;
    this.#add("user", [{ text: `Result of ${name}: ${text}` }, ...media]);
  }

  #answered(items: readonly Item[]): void {
    const turn = new ModelTurn(wantsSignatures(this.#model));
    const calls: CallItem[] = [];
    for (const item of items) {
      if (item.type === "reasoning") turn.signature(ownSignature(item.opaque));
      else if (item.type === "message") for (const part of this.#messageParts(item)) turn.words(part);
      else if (item.type === "call") {
        turn.call(item);
        calls.push(item);
      }
    }
    this.#add("model", turn.end());
    if (calls.length > 0) this.#answers(calls);
  }

  /** As many results as calls, in their order, all in one content. */
  #answers(calls: readonly CallItem[]): void {
    const media: JsonRecord[] = [];
    const responses = calls.map((call) => {
      const result = this.#results.take(call.id);
      if (result) return this.#response(call, result, media);
      this.#notes.push(emulated(call.at, ": it has no result, and Gemini was told so"));
      return { functionResponse: { id: call.id, name: call.name, response: { error: "No result." } } };
    });
    this.#add("user", [...responses, ...media]);
  }

  #response({ id, name }: CallItem, { parts, isError, at }: ResultItem, beside: JsonRecord[]): JsonRecord {
    // Only later models can see what is inside of a response; the others see it after all of them.
    const inside: JsonRecord[] = [];
    parts.forEach((part, i) => {
      if (!isMedia(part)) return;
      const media = this.#media(part, `${at}.content[${i}]`);
      (wantsSignatures(this.#model) && "inlineData" in media ? inside : beside).push(media);
    });
    // As a text, even if it is JSON: in an object Gemini would read `$ref` as the name of an attachment.
    const response = { [isError ? "error" : "content"]: textIn(parts, "\n") };
    return { functionResponse: { id, name, response, ...(inside.length > 0 ? { parts: inside } : {}) } };
  }

  #messageParts({ parts, at, name, role }: MessageItem): JsonRecord[] {
    if (name !== undefined) this.#notes.push(dropped(`${at}.name`, ": Gemini knows no names of speakers"));
    return parts.flatMap((part, i) => {
      if (isMedia(part)) {
        if (role !== "system") return [this.#media(part, `${at}.content[${i}]`)];
        this.#notes.push(dropped(`${at}.content[${i}]`, ": instructions are text alone"));
        return [];
      }
      return part.text === "" ? [] : [{ text: part.text }];
    });
  }

  #media(part: MediaPart, at: string): JsonRecord {
    if (part.detail === "low" || part.detail === "high")
      this.#notes.push(dropped(`${at}.detail`, ": Gemini chooses the resolution of pictures itself"));
    return mediaPart(part, this.#model, at);
  }

  #add(role: Content["role"], parts: JsonRecord[]): void {
    if (parts.length === 0) return;
    const last = this.#contents.at(-1);
    if (last?.role === role) last.parts.push(...parts);
    else this.#contents.push({ role, parts });
  }
}

/**
 * The parts of one turn of the model. A signature that came as a piece of reasoning belongs to the part after it, or, at
 * the end of the turn, to the words before it: Gemini puts one at the end of what it says.
 */
class ModelTurn {
  readonly #parts: JsonRecord[] = [];
  readonly #signed: boolean;
  #waiting: string | undefined;
  #called = false;

  constructor(signed: boolean) {
    this.#signed = signed;
  }

  signature(data: string | undefined): void {
    if (data === undefined) return;
    this.#flush();
    this.#waiting = data;
  }

  words(part: JsonRecord): void {
    this.#parts.push(this.#waiting === undefined ? part : { ...part, thoughtSignature: this.#waiting });
    this.#waiting = undefined;
  }

  call(item: CallItem): void {
    const { id, name } = item;
    const functionCall = { id, name, args: argsOf(item) };
    const own = ownSignature(item.opaque);
    if (own !== undefined) this.#flush();
    const signature = own ?? this.#waiting ?? (this.#signed && !this.#called ? NO_SIGNATURE : undefined);
    this.#waiting = undefined;
    // Of calls side by side only the first is signed.
    this.#called = true;
    this.#parts.push(
      signature === undefined ? { functionCall } : { functionCall, thoughtSignature: signature },
    );
  }

  end(): JsonRecord[] {
    this.#flush();
    return this.#parts;
  }

  #flush(): void {
    if (this.#waiting === undefined) return;
    const last = this.#parts.at(-1);
    if (last && "text" in last && !("thoughtSignature" in last)) last.thoughtSignature = this.#waiting;
    else this.#parts.push({ text: "", thoughtSignature: this.#waiting });
    this.#waiting = undefined;
  }
}

function ownSignature(opaque: readonly Opaque[]): string | undefined {
  return opaque.findLast(({ issuer, kind }) => issuer === "gemini" && kind === "thought")?.data;
}
