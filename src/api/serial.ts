import type { StreamEvent } from "../core/event.ts";
import { Failure } from "../core/failure.ts";

/** Characters held back for parts whose turn has not come: far more than a model says beside an unfinished call. */
const HELD_MAX = 16 * 1024 * 1024;

/** A part whose turn has not come. */
interface Held {
  part: number;
  events: StreamEvent[];
  /** Nothing more of it can come. */
  closed: boolean;
}

/**
 * One part at a time, for dialects that cannot say two at once (Messages, Responses): normalised events in, the same
 * events out, with every part but the oldest open one held back until that one is closed. Parts keep the order they
 * began in, and what belongs to no part passes at once. Of an answer with several choices only the first is let through:
 * these dialects have no second. What is still held when a stream fails is never said.
 */
export class Serial {
  /** The part whose events go out. */
  #open: number | undefined;
  /** The part that words go to, which may be a held one. */
  #words: number | undefined;
  readonly #held: Held[] = [];
  #size = 0;

  /** Throws `upstream_bad_response` where more would have to be held than fits. */
  push(events: readonly StreamEvent[]): StreamEvent[] {
    const out: StreamEvent[] = [];
    for (const event of events) this.#event(event, out);
    return out;
  }

  #event(event: StreamEvent, out: StreamEvent[]): void {
    if ("choice" in event && event.choice !== 0) return;
    switch (event.type) {
      case "part-start":
        this.#words = event.part;
        return this.#start(event.part, event, out);
      case "tool-start":
        return this.#start(event.part, event, out);
      case "foreign":
        this.#start(event.part ?? -1, event, out);
        return this.#end(event.part ?? -1, out);
      case "text":
      case "reasoning":
      case "refusal":
        return this.#say(this.#words, event, out, event.text.length);
      case "annotation":
      case "opaque":
      case "logprobs":
        return this.#say(this.#words, event, out);
      case "tool-args":
        return this.#say(event.part, event, out, event.json.length);
      case "part-end":
        if (event.part === this.#words) this.#words = undefined;
        this.#say(event.part, event, out);
        return this.#end(event.part, out);
      default:
        out.push(event);
    }
  }

  #start(part: number, event: StreamEvent, out: StreamEvent[]): void {
    if (this.#open !== undefined) {
      this.#held.push({ part, events: [event], closed: false });
      return;
    }
    this.#open = part;
    out.push(event);
  }

  #say(part: number | undefined, event: StreamEvent, out: StreamEvent[], size = 0): void {
    const held = part === this.#open ? undefined : this.#find(part);
    if (!held) {
      out.push(event);
      return;
    }
    this.#size += size;
    if (this.#size > HELD_MAX)
      throw new Failure("upstream_bad_response", "The backend's answer has too much in parts that overlap.");
    held.events.push(event);
  }

  #end(part: number, out: StreamEvent[]): void {
    const held = part === this.#open ? undefined : this.#find(part);
    if (held) {
      held.closed = true;
      return;
    }
    this.#open = undefined;
    for (let next = this.#held.shift(); next; next = this.#held.shift()) {
      for (const event of next.events) out.push(event);
      if (next.closed) continue;
      this.#open = next.part;
      break;
    }
    if (this.#held.length === 0) this.#size = 0;
  }

  #find(part: number | undefined): Held | undefined {
    return this.#held.find((held) => held.part === part);
  }
}
