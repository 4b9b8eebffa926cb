import type { Extra, Finish, StreamEvent } from "../../core/event.ts";
import type { Failure } from "../../core/failure.ts";
import type { JsonRecord } from "../../core/json.ts";
import type { TextRequest } from "../../core/request.ts";
import type { Usage } from "../../core/usage.ts";
import { SSE_COMMENT } from "../../wire/sse.ts";
import type { AnswerOptions, StreamWriter } from "../api.ts";
import { Serial } from "../serial.ts";
import { usageMark } from "../usage-mark.ts";
import { Blocks, messageFrame } from "./blocks.ts";
import { anthropicErrorBody } from "./error.ts";
import { estimateTokens } from "../../core/prompt-tokens.ts";
import { messageId, stopFields, usageFields } from "./words.ts";

type Start = Extract<StreamEvent, { type: "start" }>;

/** A message as Anthropic streams it: what it is, its content block by block, why it ended and what it cost. */
export class MessagesStream implements StreamWriter {
  readonly comment = SSE_COMMENT;
  readonly #options: AnswerOptions;
  readonly #serial = new Serial();
  readonly #blocks = new Blocks();
  /** What is still to be said first: unknown fields that follow at once belong into it. */
  #start: Start | undefined;
  /** Unknown fields of the message, and of its end. */
  #top: JsonRecord = {};
  #ending: JsonRecord = {};
  #finish: Finish | undefined;
  #usage: Usage | undefined;

  constructor(options: AnswerOptions) {
    this.#options = options;
  }

  write(events: readonly StreamEvent[]): string {
    let text = "";
    for (const event of this.#serial.push(events)) text += this.#event(event);
    return text + this.#begin();
  }

  error(failure: Failure): string {
    this.#start = undefined;
    return messageFrame("error", anthropicErrorBody(failure, this.#options.request.id));
  }

  #event(event: StreamEvent): string {
    switch (event.type) {
      case "start":
        this.#start = event;
        return "";
      case "extra":
        return this.#keep(event.extra);
      case "finish":
        this.#finish = event;
        return "";
      case "usage":
        this.#usage = event.usage;
        return "";
      case "end":
        return this.#begin() + this.#end();
      case "error":
        return this.error(event.failure);
      case "tool-delta":
      case "boundary":
        throw new Error(`a ${event.type} left the normaliser`);
      default:
        return this.#start === undefined
          ? this.#blocks.write(event)
          : this.#begin() + this.#blocks.write(event);
    }
  }

  /** The whole message so far, which is empty, and a ping, as Anthropic sends one. */
  #begin(): string {
    const start = this.#start;
    if (start === undefined) return "";
    this.#start = undefined;
    const { model, request } = this.#options;
    const input = start.inputTokens ?? estimateOf(request);
    const message = {
      ...this.#top,
      id: messageId(start.id),
      type: "message",
      role: "assistant",
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      // Clients fail without it. The input, where it is a guess, is put right at the end.
      usage: usageFields({ input, output: 0 }),
    };
    this.#top = {};
    return messageFrame("message_start", JSON.stringify({ type: "message_start", message })) + PING;
  }

  #end(): string {
    const usage = this.#usage ?? { input: 0, output: 0 };
    const { reason = "stop", raw, stopSequence } = this.#finish ?? {};
    const { refused } = this.#blocks;
    const stop = stopFields({ reason, raw, stopSequence, refused, usage });
    for (const name of ENDING) {
      if (this.#top[name] !== undefined) this.#ending[name] = this.#top[name];
      delete this.#top[name];
    }
    const delta = {
      ...this.#top,
      type: "message_delta",
      delta: { ...this.#ending, ...stop },
      usage: usageFields(usage),
      ...usageMark(usage),
    };
    return messageFrame("message_delta", JSON.stringify(delta)) + STOP;
  }

  #keep({ dialect, chunk, choice, delta }: Extra): string {
    if (dialect !== "anthropic") return "";
    Object.assign(this.#top, chunk);
    Object.assign(this.#ending, choice, delta);
    return "";
  }
}

/** Fields of the message that a stream tells with the reason it ended; others stand beside that. */
const ENDING = ["stop_details", "container"];

const PING = messageFrame("ping", '{"type":"ping"}');
const STOP = messageFrame("message_stop", '{"type":"message_stop"}');

/** English has about four bytes a token. */
const BYTES_PER_TOKEN = 4;

/** A body of Anthropic's own is not read here, and its inside may be anything. */
function estimateOf(request: TextRequest): number {
  try {
    return estimateTokens(request.prompt());
  } catch {
    return Math.ceil(request.body.bytes.length / BYTES_PER_TOKEN);
  }
}
