import type { FinishReason, StreamEvent } from "../core/event.ts";
import type { Usage } from "../core/usage.ts";
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

interface Finish {
  reason: FinishReason;
  raw?: string;
}

/**
 * Repairs what breaks clients, between every adapter and every api. What leaves it keeps the grammar of `StreamEvent`:
 * one `start` first, whole tool calls with indices 0, 1, 2.., one `finish` per choice, one `usage`, then `end`.
 *
 * The reasons to finish are held back until the backend has said everything: an answer that is cut after its last token
 * must not have looked complete before.
 */
export class Normaliser {
  readonly #ownStart: OwnStart;
  readonly #choices = new Map<number, ToolCalls>();
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

  /** The answer is whole. `estimate` counts where the backend did not. Throws Failure for a tool call without a name. */
  end(estimate: (characters: number) => Usage, out: StreamEvent[]): void {
    this.#start(undefined, out);
    for (const calls of this.#choices.values()) calls.finish(out);
    for (const [choice, finish] of [...this.#finishes].sort(([a], [b]) => a - b)) {
      // Several hosts say "stop" after tool calls; agent loops then end without running them.
      const called = finish.reason === "stop" && this.#choices.has(choice);
      out.push({ type: "finish", choice, ...finish, reason: called ? "tool_calls" : finish.reason });
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
        return this.#calls(event.choice).push(event, out);
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
    });
    out.push(...this.#early.splice(0));
  }

  /** The first reason counts: some hosts send a second finish chunk with nothing new. */
  #finish({ choice, reason, raw }: Extract<StreamEvent, { type: "finish" }>): void {
    if (this.#finishes.has(choice)) return;
    this.#finishes.set(choice, raw === undefined ? { reason } : { reason, raw });
  }

  #calls(choice: number): ToolCalls {
    let calls = this.#choices.get(choice);
    if (!calls) {
      calls = new ToolCalls(choice, (characters) => {
        this.characters += characters;
      });
      this.#choices.set(choice, calls);
    }
    return calls;
  }
}
