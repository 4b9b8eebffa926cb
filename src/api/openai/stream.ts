import type { Extra, Finish, FinishReason, StreamEvent } from "../../core/event.ts";
import type { Failure } from "../../core/failure.ts";
import type { JsonRecord } from "../../core/json.ts";
import type { Usage } from "../../core/usage.ts";
import { SSE_COMMENT, sseFrame } from "../../wire/sse.ts";
import type { AnswerOptions, StreamWriter } from "../api.ts";
import { clash, innerJson } from "../json-text.ts";
import { usageMark } from "../usage-mark.ts";
import { errorBody } from "./error.ts";
import { writeUsage } from "./usage.ts";

/** What the two OpenAI streams, chat and completions, write differently. All texts are JSON without the outer braces. */
export interface ChunkShape {
  object: string;
  /** The words of a chunk before the first one of a choice, which has these `words`; undefined when it needs none. */
  opening: ((words: string) => string) | undefined;
  /** This event in words; undefined when it has none here. Asked of every event that stands in a choice, in order. */
  words(event: StreamEvent): string | undefined;
  /** The word for why a choice ended. */
  finish(event: Finish): string;
  /** No words: for chunks that say something else. */
  silence: string;
  /** What stands around the words in a choice. */
  before: string;
  after: string;
  /** Stands in a choice that has no log-probabilities. */
  noLogprobs: string;
}

/** What came beside the words of a choice, and goes out with the next ones. */
interface Beside {
  choice?: JsonRecord;
  delta?: JsonRecord;
  logprobs?: { logprobs: unknown };
}

/**
 * Chunks of OpenAI's streams. What never changes within one answer (id, created, model) is written once and reused; a
 * token costs one JSON.stringify of its text.
 */
export class ChunkWriter implements StreamWriter {
  readonly comment = SSE_COMMENT;
  readonly #shape: ChunkShape;
  readonly #options: AnswerOptions;
  #head = "";
  #tail = "]}\n\n";
  readonly #opened = new Set<number>();
  /** Unknown fields of the chunk, waiting for the next one. */
  #top: JsonRecord | undefined;
  readonly #beside = new Map<number, Beside>();
  #usage: Usage | undefined;

  constructor(shape: ChunkShape, options: AnswerOptions) {
    this.#shape = shape;
    this.#options = options;
  }

  write(events: readonly StreamEvent[]): string {
    let text = "";
    for (const event of events) text += this.#event(event);
    // What found no words in this read would wait for ones it does not belong to: progress of a long prompt, for one.
    return text + this.#flush();
  }

  error(failure: Failure): string {
    this.#forget();
    return sseFrame(errorBody(failure));
  }

  #event(event: StreamEvent): string {
    switch (event.type) {
      case "start":
        return this.#start(event.id, event.created);
      case "usage":
        this.#usage = event.usage;
        return "";
      case "error":
        return this.error(event.failure);
      case "end":
        this.#forget();
        return `${this.#usageChunk()}data: [DONE]\n\n`;
      case "extra":
        return this.#keepExtra(event.choice, event.extra);
      case "logprobs":
        return this.#keep(event.choice, "logprobs", { logprobs: event.logprobs });
      case "finish":
        return this.#say(event.choice, this.#shape.silence, JSON.stringify(this.#shape.finish(event)));
      case "tool-delta":
      case "boundary":
        throw new Error(`a ${event.type} left the normaliser`);
      default: {
        const words = this.#shape.words(event);
        return words === undefined ? "" : this.#say(event.choice, words, "null");
      }
    }
  }

  #start(id: string, created: number): string {
    const { object } = this.#shape;
    const constant = JSON.stringify({ id, object, created, model: this.#options.model });
    this.#head = `data: ${constant.slice(0, -1)}`;
    // OpenAI: when usage was asked for, every chunk before the last has a null one.
    if (this.#options.request.includeUsage) this.#tail = '],"usage":null}\n\n';
    return "";
  }

  /** A chunk of the choice with these words, after its first one. */
  #say(choice: number, words: string, finish: string): string {
    const opening = this.#open(choice, words);
    if (this.#beside.size === 0) {
      return `${opening}${this.#chunkHead()}${choice},${this.#shape.before}${words}${this.#shape.after}${this.#shape.noLogprobs},"finish_reason":${finish}}${this.#tail}`;
    }
    const beside = this.#beside.get(choice) ?? {};
    this.#beside.delete(choice);
    const delta = innerJson(beside.delta);
    const said = words === "" ? delta.slice(1) : words + delta;
    const logprobs = beside.logprobs ? innerJson(beside.logprobs) : this.#shape.noLogprobs;
    return `${opening}${this.#chunkHead()}${choice},${this.#shape.before}${said}${this.#shape.after}${logprobs}${innerJson(beside.choice)},"finish_reason":${finish}}${this.#tail}`;
  }

  /** Clients must be told the role before anything else. */
  #open(choice: number, words: string): string {
    if (this.#opened.has(choice)) return "";
    this.#opened.add(choice);
    const { opening, before, after, noLogprobs } = this.#shape;
    if (opening === undefined) return "";
    return `${this.#chunkHead()}${choice},${before}${opening(words)}${after}${noLogprobs},"finish_reason":null}${this.#tail}`;
  }

  #chunkHead(): string {
    const top = this.#top;
    if (top === undefined) return `${this.#head},"choices":[{"index":`;
    this.#top = undefined;
    return `${this.#head}${innerJson(top)},"choices":[{"index":`;
  }

  #usageChunk(): string {
    const usage = this.#usage;
    if (!usage || !this.#options.request.includeUsage) return "";
    return `${this.#head}${innerJson(usageMark(usage))},"choices":[],"usage":${JSON.stringify(writeUsage(usage))}}\n\n`;
  }

  #keepExtra(choice: number, { dialect, chunk, delta, choice: ofChoice }: Extra): string {
    if (dialect !== "openai") return "";
    let text = "";
    if (chunk) {
      if (clash(this.#top, chunk)) text += this.#say(choice, this.#shape.silence, "null");
      this.#top = { ...this.#top, ...chunk };
    }
    if (ofChoice) text += this.#keep(choice, "choice", ofChoice);
    if (delta) text += this.#keep(choice, "delta", delta);
    return text;
  }

  /** What waits already under the same name goes out first: each is a piece of its own, like every delta. */
  #keep<Name extends keyof Beside>(choice: number, name: Name, fields: Beside[Name] & JsonRecord): string {
    const text = clash(this.#beside.get(choice)?.[name], fields)
      ? this.#say(choice, this.#shape.silence, "null")
      : "";
    const beside = this.#beside.get(choice) ?? {};
    this.#beside.set(choice, { ...beside, [name]: { ...beside[name], ...fields } });
    return text;
  }

  #flush(): string {
    let text = "";
    for (const choice of this.#beside.keys()) text += this.#say(choice, this.#shape.silence, "null");
    if (this.#top === undefined) return text;
    return text + (this.#open(0, "") || this.#say(0, this.#shape.silence, "null"));
  }

  #forget(): void {
    this.#top = undefined;
    this.#beside.clear();
  }
}

/** OpenAI's words for the reasons that others tell apart. */
export function finishWord(reason: FinishReason, raw: string | undefined): string {
  switch (reason) {
    case "context":
      return "length";
    case "refusal":
      return "content_filter";
    case "pause":
      return "stop";
    case "other":
      return raw ?? "stop";
    default:
      return reason;
  }
}
