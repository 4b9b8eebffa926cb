import type { Extra, Finish, StreamEvent, ToolStart } from "../../core/event.ts";
import { Failure } from "../../core/failure.ts";
import type { JsonRecord } from "../../core/json.ts";
import type { Usage } from "../../core/usage.ts";
import type { StreamWriter } from "../api.ts";
import { clash, innerJson } from "../json-text.ts";
import { usageMark } from "../usage-mark.ts";
import { ollamaErrorBody } from "./error.ts";
import { callJson, doneReason, lineHead, type LineShape, logprobsOf, SILENCE } from "./lines.ts";
import type { Stopwatch } from "./time.ts";

/** Longest arguments of all calls of an answer, characters. */
const HELD_MAX = 16 * 1024 * 1024;

/** A call whose arguments are still coming. */
interface OpenCall {
  start: ToolStart;
  pieces: string[];
}

/**
 * An answer as Ollama streams it: one JSON document per line, the last one with `done: true`. Calls go out whole. A stream
 * that failed ends with an error line and without `done`.
 */
export class OllamaStream implements StreamWriter {
  /**
   * Space before a document, which every reader of JSON skips. A blank line would do for ollama-js, but ollama-python
   * parses every line.
   */
  readonly comment = " ";
  readonly #shape: LineShape;
  readonly #head: string;
  readonly #watch: Stopwatch;
  readonly #calls = new Map<number, OpenCall>();
  #callCount = 0;
  /** Characters of arguments that are held. */
  #held = 0;
  /** What came beside the words and goes out with the next ones: fields of the line, of its message, log-probabilities. */
  #top: JsonRecord | undefined;
  #message: JsonRecord | undefined;
  #logprobs: unknown[] = [];
  #finish: Finish | undefined;
  #usage: Usage = { input: 0, output: 0 };

  constructor(shape: LineShape, model: string, watch: Stopwatch) {
    this.#shape = shape;
    this.#head = lineHead(model);
    this.#watch = watch;
  }

  write(events: readonly StreamEvent[]): string {
    let text = "";
    for (const event of events) text += this.#event(event);
    // What found no words in this read would wait for ones it does not belong to.
    return this.#waits() ? text + this.#line(SILENCE) : text;
  }

  error(failure: Failure): string {
    this.#forget();
    return `${ollamaErrorBody(failure)}\n`;
  }

  #event(event: StreamEvent): string {
    // There is no place for a second answer.
    if ("choice" in event && event.choice !== 0) return "";
    switch (event.type) {
      case "text":
      case "refusal":
        return this.#line(JSON.stringify(event.text));
      case "reasoning":
        return this.#line(SILENCE, `,"thinking":${JSON.stringify(event.text)}`);
      case "tool-start":
        this.#calls.set(event.part, { start: event, pieces: [] });
        return "";
      case "tool-args":
        this.#hold(event.part, event.json);
        return "";
      case "part-end":
        return this.#call(event.part);
      case "logprobs":
        for (const entry of logprobsOf(event.logprobs)) this.#logprobs.push(entry);
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
        return this.#end();
      case "error":
        return this.error(event.failure);
      case "tool-delta":
      case "boundary":
        throw new Error(`a ${event.type} left the normaliser`);
      default:
        return "";
    }
  }

  /** A line that is not the last; `content` and `more`, which stands beside it, are JSON. */
  #line(content: string, more = ""): string {
    this.#watch.words();
    return `${this.#words(content, more)},"done":false${this.#beside()}}\n`;
  }

  #words(content: string, more: string): string {
    const { before, after } = this.#shape;
    const message = innerJson(this.#message);
    this.#message = undefined;
    return `${this.#head}${this.#watch.stamp()}",${before}${content}${more}${message}${after}`;
  }

  #beside(): string {
    if (this.#top === undefined && this.#logprobs.length === 0) return "";
    const fields = { ...this.#top, ...(this.#logprobs.length > 0 ? { logprobs: this.#logprobs } : {}) };
    this.#top = undefined;
    this.#logprobs = [];
    return innerJson(fields);
  }

  /** Throws `upstream_bad_response` where more would have to be held than fits. */
  #hold(part: number, json: string): void {
    this.#held += json.length;
    if (this.#held > HELD_MAX)
      throw new Failure("upstream_bad_response", "The backend's tool calls are too long to be held.");
    this.#calls.get(part)?.pieces.push(json);
  }

  #call(part: number): string {
    const open = this.#calls.get(part);
    if (!open) return "";
    this.#calls.delete(part);
    const { kind, ...start } = open.start;
    const call = callJson({ ...start, tool: kind, args: open.pieces.join("") }, this.#callCount++);
    return this.#line(SILENCE, `,"tool_calls":[${call}]`);
  }

  #keep({ dialect, chunk, delta }: Extra): string {
    if (dialect !== "ollama") return "";
    // Each goes out by itself then, like every piece.
    const clashes = clash(this.#top, chunk) || clash(this.#message, delta);
    const text = clashes ? this.#line(SILENCE) : "";
    if (chunk) this.#top = { ...this.#top, ...chunk };
    if (delta) this.#message = { ...this.#message, ...delta };
    return text;
  }

  #end(): string {
    const { reason = "stop", raw } = this.#finish ?? {};
    const fields = {
      done_reason: doneReason(reason, raw),
      ...this.#watch.ending(this.#usage),
      ...usageMark(this.#usage),
      ...this.#top,
      ...(this.#logprobs.length > 0 ? { logprobs: this.#logprobs } : {}),
    };
    const words = this.#words(SILENCE, "");
    this.#forget();
    return `${words},"done":true${innerJson(fields)}}\n`;
  }

  #waits(): boolean {
    return this.#top !== undefined || this.#message !== undefined || this.#logprobs.length > 0;
  }

  #forget(): void {
    this.#top = undefined;
    this.#message = undefined;
    this.#logprobs = [];
  }
}
