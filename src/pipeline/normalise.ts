import type { Finish, StreamEvent } from "../core/event.ts";
import { Failure } from "../core/failure.ts";
import type { Usage } from "../core/usage.ts";
import { Parts } from "./parts.ts";
import { ToolCalls } from "./tool-calls.ts";

/** What our own `start` says where the backend's says nothing. */
export interface OwnStart {
  id: string;
  model: string;
  /** Seconds since 1970. */
  created: number;
}

/** Events kept until the answer has an id of its own. */
const EARLY_MAX = 8;

/**
 * Repairs what breaks clients, between every adapter and every api. What leaves it keeps the grammar of `StreamEvent`:
 * one `start` first, numbered parts, whole tool calls with indices 0, 1, 2.., one `finish` per choice, one `usage`, then
 * `end`.
 *
 * The reasons to finish are held back until the backend has said everything: an answer that is cut after its last token
 * must not have looked complete before.
 */
export class Normaliser {
  readonly #ownStart: OwnStart;
  readonly #choices = new Map<number, ToolCalls>();
  readonly #parts = new Parts();
  readonly #finishes = new Map<number, Finish>();
  #started = false;
  readonly #early: StreamEvent[] = [];
  #usage: Usage | undefined;
  /** Characters the model wrote, for an estimate where the backend counts nothing. */
  characters = 0;

  constructor(ownStart: OwnStart) {
    this.#ownStart = ownStart;
  }

  /** The events of one read, repaired. When it throws a Failure, what came before the fault is in `out`. */
  push(events: readonly StreamEvent[], out: StreamEvent[]): void {
    for (const event of events) this.#event(event, out);
  }

  /**
   * The answer is whole. `estimate` counts where the backend did not. Throws Failure for a tool call without a name, and for
   * a choice that has said something and has no reason to finish.
   */
  end(estimate: (characters: number) => Usage, out: StreamEvent[]): void {
    this.#start(undefined, out);
    this.#parts.closeAll(out);
    for (const calls of this.#choices.values()) calls.finish(out);
    for (const choice of [...this.#parts.spoken, ...this.#choices.keys()])
      if (!this.#finishes.has(choice)) throw endless();
    for (const [choice, finish] of [...this.#finishes].sort(([a], [b]) => a - b)) {
      // Several hosts say "stop" after tool calls; agent loops then end without running them.
      const called = finish.reason === "stop" && this.#choices.has(choice);
      out.push(called ? { ...finish, reason: "tool_calls" } : finish);
    }
    out.push({ type: "usage", usage: this.#usage ?? estimate(this.characters) }, { type: "end" });
  }

  #event(event: StreamEvent, out: StreamEvent[]): void {
    switch (event.type) {
      case "start":
        return this.#start(event, out);
      case "usage":
        this.#usage = event.usage;
        return;
      case "finish":
        return this.#finish(event);
      case "tool-delta":
        this.#start(undefined, out);
        this.#parts.close(event.choice, out);
        return this.#calls(event.choice).push(event, out);
      case "annotation":
      case "opaque":
        this.#start(undefined, out);
        return this.#parts.attach(event, out);
      case "boundary":
        return this.#parts.boundary(event, out);
      case "foreign":
        this.#start(undefined, out);
        return this.#parts.foreign(event, out);
      case "extra":
        // Azure's first chunk brings its filter's results before the answer has an id.
        if (!this.#started && this.#early.length < EARLY_MAX) {
          this.#early.push(event);
          return;
        }
        break;
      case "text":
      case "reasoning":
      case "refusal":
        this.characters += event.text.length;
        this.#start(undefined, out);
        this.#parts.enter(event.choice, event.type, out);
        break;
      default:
    }
    this.#start(undefined, out);
    out.push(event);
  }

  #start(event: Extract<StreamEvent, { type: "start" }> | undefined, out: StreamEvent[]): void {
    if (this.#started) return;
    this.#started = true;
    out.push({
      type: "start",
      id: event?.id || this.#ownStart.id,
      model: event?.model || this.#ownStart.model,
      created: event?.created || this.#ownStart.created,
      ...(event?.inputTokens === undefined ? {} : { inputTokens: event.inputTokens }),
    });
    out.push(...this.#early.splice(0));
  }

  /** The first reason counts: some hosts send a second finish chunk with nothing new. */
  #finish(event: Finish): void {
    if (!this.#finishes.has(event.choice)) this.#finishes.set(event.choice, event);
  }

  #calls(choice: number): ToolCalls {
    let calls = this.#choices.get(choice);
    if (!calls) {
      calls = new ToolCalls(choice, {
        count: (characters) => {
          this.characters += characters;
        },
        nextPart: () => this.#parts.next(),
      });
      this.#choices.set(choice, calls);
    }
    return calls;
  }
}

function endless(): Failure {
  return new Failure("upstream_truncated", "The backend's answer ended before each of its choices had.");
}
