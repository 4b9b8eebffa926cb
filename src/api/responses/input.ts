import { isRecord, type JsonRecord } from "../../core/json.ts";
import { fieldsOf, present, textOf } from "../../core/lenient.ts";
import { dropped, type Note } from "../../core/note.ts";
import { type Opaque, openOpaque } from "../../core/opaque.ts";
import type { CallItem, Item, MessageItem, Part, Tool } from "../../core/prompt.ts";
import { jsonText } from "../fields.ts";
import { partsOf, textsOf } from "./parts.ts";
import { toolsOf } from "./tools.ts";

/** Where the items of an earlier response stand, for errors: nowhere in this request's body. */
const EARLIER = "previous_response_id";

/** Reads the items of a request in their order. What this program cannot render is noted, never refused. */
export class InputReader {
  readonly items: Item[] = [];
  /** Those that stand among the items. */
  readonly tools: Tool[] = [];
  readonly #notes: Note[];
  /** What can be referred to. */
  readonly #byId = new Map<unknown, JsonRecord>();
  /** State of the call that comes next. */
  #ofCall: Opaque[] = [];

  constructor(notes: Note[]) {
    this.#notes = notes;
  }

  /** A text; lists of items come from stored prompts. */
  instructions(instructions: unknown): void {
    if (typeof instructions === "string") this.#say("system", instructions, "instructions");
    else if (Array.isArray(instructions))
      instructions.forEach((item: unknown, i) => this.#item(fieldsOf(item), `instructions[${i}]`));
  }

  /** Stored items, which stand before the input. */
  earlier(items: readonly unknown[]): void {
    for (const item of items) this.#item(fieldsOf(item), EARLIER);
  }

  input(input: unknown): void {
    if (typeof input === "string") this.items.push(said("user", [{ type: "text", text: input }], "input"));
    else if (Array.isArray(input))
      input.forEach((item: unknown, i) => this.#item(fieldsOf(item), `input[${i}]`));
    this.#endOfState();
  }

  #say(role: MessageItem["role"], text: string, at: string): void {
    if (text !== "") this.items.push(said(role, [{ type: "text", text }], at));
  }

  #item(item: JsonRecord, at: string): void {
    const { type, id } = item;
    if (type !== "item_reference" && typeof id === "string") this.#byId.set(id, item);
    if (type !== "function_call" && type !== "custom_tool_call" && type !== "reasoning") this.#endOfState();
    switch (type) {
      case undefined:
      case null:
      case "message":
        return this.#message(item, at);
      case "reasoning":
        return this.#reasoning(item, at);
      case "function_call":
      case "custom_tool_call":
        return this.#call(item, at);
      case "function_call_output":
      case "custom_tool_call_output":
        return this.#result(item, at);
      case "item_reference":
        return this.#reference(id, at);
      case "additional_tools":
        this.tools.push(...toolsOf(item.tools, `${at}.tools`, this.#notes));
        return;
      default:
        this.#notes.push(dropped(at, `: only OpenAI's servers know items of type "${word(type)}"`));
    }
  }

  #message({ role, content }: JsonRecord, at: string): void {
    const known = ROLES.get(role);
    if (known === undefined) {
      this.#notes.push(dropped(at, `: there is no role "${word(role)}"`));
      return;
    }
    const parts = partsOf(content, `${at}.content`, this.#notes);
    // A system message without words says nothing; a turn without words is still a turn.
    if (parts.length > 0 || known === "user") this.items.push(said(known, parts, at));
  }

  #reasoning({ id, summary, content, encrypted_content: sealed }: JsonRecord, at: string): void {
    const texts = textsOf(summary);
    const text = (texts.length > 0 ? texts : textsOf(content)).join("\n\n");
    const opaque =
      typeof sealed === "string" && sealed !== ""
        ? [openOpaque(sealed, "openai-responses", "encrypted")]
        : [];
    // Gemini's stands on the part it belongs to: we gave it out before the call, and it goes back onto it.
    if (text === "" && opaque[0]?.kind === "thought") this.#ofCall.push(...opaque);
    else if (text !== "" || opaque.length > 0)
      this.items.push({ type: "reasoning", text, opaque, ...present({ id: textOf(id) }), at });
  }

  #call(item: JsonRecord, at: string): void {
    const kind = item.type === "custom_tool_call" ? "custom" : "function";
    const args = kind === "custom" ? item.input : item.arguments;
    const call: CallItem = {
      type: "call",
      id: callId(item),
      name: textOf(item.name) ?? "",
      ...present({ namespace: textOf(item.namespace) }),
      kind,
      args: jsonText(args),
      opaque: this.#ofCall,
      at,
    };
    this.#ofCall = [];
    this.items.push(call);
  }

  #result(item: JsonRecord, at: string): void {
    const { output } = item;
    const parts: Part[] = Array.isArray(output)
      ? partsOf(output, `${at}.output`, this.#notes)
      : [{ type: "text", text: jsonText(output) }];
    const kind = item.type === "custom_tool_call_output" ? "custom" : "function";
    this.items.push({ type: "result", id: callId(item), parts, isError: false, kind, at });
  }

  #reference(id: unknown, at: string): void {
    const item = this.#byId.get(id);
    if (item) this.#item(item, at);
    else this.#notes.push(dropped(at, ": the item it refers to is not kept here"));
  }

  /** State that stood before no call is a thought by itself: its issuer may still know what to do with it. */
  #endOfState(): void {
    if (this.#ofCall.length === 0) return;
    this.items.push({ type: "reasoning", text: "", opaque: this.#ofCall, at: "input" });
    this.#ofCall = [];
  }
}

const ROLES: ReadonlyMap<unknown, MessageItem["role"]> = new Map<unknown, MessageItem["role"]>([
  ["user", "user"],
  ["assistant", "assistant"],
  ["system", "system"],
  ["developer", "system"],
]);

function said(role: MessageItem["role"], parts: Part[], at: string): MessageItem {
  return { type: "message", role, parts, at };
}

function callId({ call_id: callId, id }: JsonRecord): string {
  return textOf(callId) ?? textOf(id) ?? "";
}

/** A client's own word in a note that travels in a header. */
function word(value: unknown): string {
  return isRecord(value) || Array.isArray(value) ? "?" : String(value).slice(0, 50);
}
