import { isRecord, parseRecord } from "../core/json.ts";

/** Longest text that is held to see whether it is a call, characters: no call is that long. */
const HELD_MAX = 1024 * 1024;

/** A call that was asked for as text: the answer was held to the schema `{"name": .., "arguments": {..}}`. */
export interface TextCall {
  name: string;
  args: unknown;
}

/** The text of an answer that may be a tool call: held until that is known. */
export class CallText {
  #pieces: string[] | undefined = [];
  #length = 0;

  /** More of it. Returns what is text after all, for it is too long to be a call. */
  push(text: string): string {
    if (!this.#pieces) return text;
    this.#pieces.push(text);
    this.#length += text.length;
    return this.#length > HELD_MAX ? this.#release() : "";
  }

  /** Nothing more comes: the call, or the text that was held. */
  end(): TextCall | string {
    const text = this.#release();
    return callIn(text) ?? text;
  }

  #release(): string {
    const text = this.#pieces?.join("") ?? "";
    this.#pieces = undefined;
    return text;
  }
}

/** Anything else is an answer in JSON, or was cut off by a limit, or comes from a host that takes no schemas after all. */
function callIn(text: string): TextCall | undefined {
  const { name, arguments: args, ...more } = parseRecord(text) ?? {};
  const isCall = typeof name === "string" && isRecord(args) && Object.keys(more).length === 0;
  return isCall ? { name, args } : undefined;
}
