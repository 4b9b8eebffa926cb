import type { Extra, StreamEvent } from "../core/event.ts";
import type { Failure } from "../core/failure.ts";
import type { JsonRecord } from "../core/json.ts";
import type { Usage } from "../core/usage.ts";
import { SSE_COMMENT, sseFrame } from "../wire/sse.ts";
import { errorBody } from "./openai-error.ts";
import { usageMark, writeUsage } from "./openai-usage.ts";

/** How a client wants its stream. */
export interface StreamOptions {
  /** The name to answer with: the one the client asked for. */
  model: string;
  includeUsage: boolean;
}

/** A stream of one client dialect: events in, bytes' text out. */
export interface StreamWriter {
  /** Keeps a silent connection alive; every client of the dialect ignores it. */
  readonly comment: string;
  write(events: readonly StreamEvent[]): string;
  /** The last words of a stream that failed: no finish reason, no end mark. */
  error(failure: Failure): string;
}

/** What the two OpenAI streams, chat and completions, write differently. */
export interface ChunkShape {
  object: string;
  /** Fields of the first chunk of a choice; undefined when it needs none. */
  opening: string | undefined;
  /** The fields of a choice that carry this event, as JSON without braces; undefined when it says nothing here. */
  fields(event: StreamEvent): string | undefined;
  /** The same for unknown fields of a delta. */
  delta(fields: string): string;
  empty: string;
}

/**
 * Chunks of OpenAI's streams. What never changes within one answer (id, created, model) is written once and reused; a
 * token costs one JSON.stringify of its text.
 */
export class ChunkWriter implements StreamWriter {
  readonly comment = SSE_COMMENT;
  readonly #shape: ChunkShape;
  readonly #options: StreamOptions;
  #head = "";
  #tail = "]}\n\n";
  #chunkExtra = "";
  readonly #choiceExtra = new Map<number, string>();
  readonly #deltaExtra = new Map<number, string>();
  readonly #opened = new Set<number>();
  #usage: Usage | undefined;

  constructor(shape: ChunkShape, options: StreamOptions) {
    this.#shape = shape;
    this.#options = options;
  }

  write(events: readonly StreamEvent[]): string {
    let text = "";
    for (const event of events) text += this.#event(event);
    return text;
  }

  error(failure: Failure): string {
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
        return `${this.#usageChunk()}data: [DONE]\n\n`;
      case "extra":
        this.#keep(event.choice, event.extra);
        return "";
      case "logprobs":
        return this.#logprobs(event.choice, event.logprobs);
      case "finish":
        return this.#finish(event.choice, event.reason === "other" ? (event.raw ?? "stop") : event.reason);
      case "tool-delta":
        throw new Error("a tool-delta left the normaliser");
      default: {
        const fields = this.#shape.fields(event);
        return fields === undefined
          ? ""
          : this.#open(event.choice) + this.#chunk(event.choice, fields, "null");
      }
    }
  }

  #start(id: string, created: number): string {
    const { object } = this.#shape;
    const constant = JSON.stringify({ id, object, created, model: this.#options.model });
    this.#head = `data: ${constant.slice(0, -1)}`;
    // OpenAI: when usage was asked for, every chunk before the last has a null one.
    if (this.#options.includeUsage) this.#tail = '],"usage":null}\n\n';
    return "";
  }

  #open(choice: number): string {
    if (this.#opened.has(choice)) return "";
    this.#opened.add(choice);
    return this.#shape.opening === undefined ? "" : this.#chunk(choice, this.#shape.opening, "null");
  }

  /** They go out with the text they belong to, which follows; a second set before any text must not replace the first. */
  #logprobs(choice: number, logprobs: unknown): string {
    const waiting = this.#choiceExtra.has(choice)
      ? this.#open(choice) + this.#chunk(choice, this.#shape.empty, "null")
      : "";
    this.#add(this.#choiceExtra, choice, `"logprobs":${JSON.stringify(logprobs)}`);
    return waiting;
  }

  #finish(choice: number, reason: string): string {
    const delta = this.#deltaExtra.get(choice);
    this.#deltaExtra.delete(choice);
    const fields = delta === undefined ? this.#shape.empty : this.#shape.delta(delta);
    return this.#open(choice) + this.#chunk(choice, fields, JSON.stringify(reason));
  }

  #chunk(choice: number, fields: string, finish: string): string {
    const delta = this.#deltaExtra.size > 0 ? this.#takeDelta(choice) : "";
    let extra = "";
    if (this.#choiceExtra.size > 0) {
      extra = this.#choiceExtra.get(choice) ?? "";
      if (extra !== "") this.#choiceExtra.delete(choice);
    }
    const top = this.#chunkExtra;
    if (top !== "") this.#chunkExtra = "";
    const more = extra === "" ? "" : `,${extra}`;
    return `${delta}${this.#head}${top},"choices":[{"index":${choice},${fields}${more},"finish_reason":${finish}}${this.#tail}`;
  }

  /** Unknown fields of a delta go out in a chunk of their own, before what came with them. */
  #takeDelta(choice: number): string {
    const fields = this.#deltaExtra.get(choice);
    if (fields === undefined) return "";
    this.#deltaExtra.delete(choice);
    return this.#chunk(choice, this.#shape.delta(fields), "null");
  }

  #usageChunk(): string {
    const usage = this.#usage;
    if (!usage || !this.#options.includeUsage) return "";
    const top = `${this.#chunkExtra}${inner(usageMark(usage))}`;
    return `${this.#head}${top},"choices":[],"usage":${JSON.stringify(writeUsage(usage))}}\n\n`;
  }

  #keep(choice: number, extra: Extra): void {
    if (extra.dialect !== "openai") return;
    if (extra.chunk) this.#chunkExtra += inner(extra.chunk);
    if (extra.choice) this.#add(this.#choiceExtra, choice, inner(extra.choice).slice(1));
    if (extra.delta) this.#add(this.#deltaExtra, choice, inner(extra.delta).slice(1));
  }

  #add(extras: Map<number, string>, choice: number, fields: string): void {
    const before = extras.get(choice);
    extras.set(choice, before === undefined ? fields : `${before},${fields}`);
  }
}

/** `{"a":1}` as `,"a":1`; an empty object as nothing. */
function inner(fields: JsonRecord): string {
  const text = JSON.stringify(fields);
  return text === "{}" ? "" : `,${text.slice(1, -1)}`;
}
