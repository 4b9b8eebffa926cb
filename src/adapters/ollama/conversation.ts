import { Failure } from "../../core/failure.ts";
import type { JsonRecord } from "../../core/json.ts";
import { dropped, emulated, type Note } from "../../core/note.ts";
import type { Item, MediaPart, MessageItem, Part, ResultItem } from "../../core/prompt.ts";
import type { Destination } from "../adapter.ts";
import { argsOf } from "../call-args.ts";
import { isMedia, textIn } from "../parts.ts";
import { type Turn, turnsOf } from "../turns.ts";

/**
 * A conversation as `/api/chat` takes it: texts are strings, images stand beside them in base64. Throws `unsupported` for
 * what a message cannot hold.
 */
export function writeMessages(items: readonly Item[], to: Destination, notes: Note[]): JsonRecord[] {
  const writing = new Writing(items, to, notes);
  return turnsOf(items).flatMap((turn) => writing.turn(turn));
}

/** The text that a completion goes on with. */
export function writeCompletion(items: readonly Item[]): string {
  if (items.length > 1) {
    throw new Failure("unsupported", "Ollama completes one prompt at a time.", { param: "prompt" });
  }
  const [item] = items;
  return item?.type === "message" ? textIn(item.parts, "") : "";
}

class Writing {
  readonly #to: Destination;
  readonly #notes: Note[];
  /** Names of tools by the ids of their calls. */
  readonly #called: ReadonlyMap<string, string>;

  constructor(items: readonly Item[], to: Destination, notes: Note[]) {
    this.#to = to;
    this.#notes = notes;
    this.#called = new Map(items.flatMap((item) => (item.type === "call" ? [[item.id, item.name]] : [])));
  }

  turn({ role, items }: Turn): JsonRecord[] {
    if (role === "assistant") return this.#said(items);
    // The results of one turn stay together: what they show, which no tool's message can hold, follows them.
    const results = items.filter((item) => item.type === "result");
    return [
      ...results.map((item) => this.#result(item)),
      ...results.flatMap((item) => this.#shown(item)),
      ...items.flatMap((item) => (item.type === "message" ? [this.#message(item)] : [])),
    ];
  }

  /** All that the model said in one turn is one message. */
  #said(items: readonly Item[]): JsonRecord[] {
    const thinking = joined(items.map((item) => (item.type === "reasoning" ? item.text : "")));
    const content = joined(items.map((item) => (item.type === "message" ? wordsIn(item.parts) : "")));
    const images = items.flatMap((item) => (item.type === "message" ? this.#imagesIn(item) : []));
    const calls = items.flatMap((item) =>
      item.type === "call" ? [{ id: item.id, function: { name: item.name, arguments: argsOf(item) } }] : [],
    );
    const beside = {
      ...(images.length > 0 ? { images } : {}),
      ...(thinking === "" ? {} : { thinking }),
      ...(calls.length > 0 ? { tool_calls: calls } : {}),
    };
    const silent = content === "" && Object.keys(beside).length === 0;
    return silent ? [] : [{ role: "assistant", content, ...beside }];
  }

  #message(item: MessageItem): JsonRecord {
    if (item.name !== undefined)
      this.#notes.push(dropped(`${item.at}.name`, ": messages to Ollama have no name"));
    const images = this.#imagesIn(item);
    return {
      role: item.role,
      content: wordsIn(item.parts),
      ...(images.length > 0 ? { images } : {}),
    };
  }

  #result(item: ResultItem): JsonRecord {
    const name = this.#nameOf(item);
    const text = wordsIn(item.parts) || (item.parts.some(isMedia) ? "(shown below)" : "");
    if (item.isError) this.#notes.push(emulated(`${item.at}.is_error`, ": it is said in the text"));
    return {
      role: "tool",
      content: item.isError ? `Error: ${text}` : text,
      ...(name === undefined ? {} : { tool_name: name }),
      tool_call_id: item.id,
    };
  }

  #shown(item: ResultItem): JsonRecord[] {
    const images = this.#imagesIn(item);
    if (images.length === 0) return [];
    return [{ role: "user", content: `Returned by the tool ${this.#nameOf(item) ?? item.id}:`, images }];
  }

  #nameOf({ id, name }: ResultItem): string | undefined {
    return this.#called.get(id) ?? name;
  }

  #imagesIn({ parts, at }: MessageItem | ResultItem): string[] {
    return parts.flatMap((part, i) => (isMedia(part) ? [this.#image(part, `${at}.content[${i}]`)] : []));
  }

  #image({ type, source }: MediaPart, param: string): string {
    if (type !== "image") {
      const what = type === "audio" ? "sounds" : "documents";
      throw new Failure("unsupported", `Ollama takes no ${what}.`, { param });
    }
    if (this.#to.info?.capabilities?.vision === false)
      throw new Failure("unsupported", "This model takes no images.", { param });
    if ("base64" in source) return source.base64;
    const why = "url" in source ? "does not fetch images: send the image itself, in base64" : "has no files";
    throw new Failure("unsupported", `Ollama ${why}.`, { param });
  }
}

/** Parts are texts of their own. */
const PARAGRAPH = "\n\n";

function wordsIn(parts: readonly Part[]): string {
  return textIn(parts, PARAGRAPH);
}

function joined(texts: string[]): string {
  return texts.filter((text) => text !== "").join(PARAGRAPH);
}
