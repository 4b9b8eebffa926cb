import type { Finish, StreamEvent } from "../core/event.ts";
import type { ThinkHabit } from "./think-habits.ts";

const OPEN = "<think>";
const CLOSE = "</think>";
/** How far from the beginning the tag may be, blanks included. */
const BLANKS_MAX = 64;

/** Held back of a stream whose model may still turn out to think, characters: about ten seconds of a local engine. */
const HELD_UNKNOWN = 2048;
/** The same for a model that is known to begin in its thoughts. */
const HELD_OPENED = 1024 * 1024;

/** How to split one answer. */
export interface SplitOptions {
  /** The client waits for the whole answer: everything may be held. */
  whole: boolean;
  habit: ThinkHabit;
  /** Told how the model turned out to begin. */
  learn(habit: ThinkHabit): void;
}

/**
 * Reasoning that an engine leaves in the text, `<think>..</think>` at its beginning, made reasoning: between adapter and
 * normaliser, tags and the blank space around them left out. Not closed, it is reasoning to the end.
 *
 * Some chat templates open the tag in the prompt, so that only `</think>` appears. Then the beginning is reasoning, but
 * nobody knows that before the tag comes. A whole answer is held until it is known; of a stream whose habit is unknown the
 * first 2048 characters are. Whether a model does so is learnt from its answers: of one that does, the text is held until the tag or the end,
 * of one that does not nothing is. An engine that says reasoning of its own accord has told the two apart already.
 */
export class ThinkSplitter {
  readonly #options: SplitOptions;
  readonly #choices = new Map<number, Choice>();

  constructor(options: SplitOptions) {
    this.#options = options;
  }

  /** Events of an adapter, as they are to be normalised. */
  pass(events: readonly StreamEvent[]): StreamEvent[] {
    const out: StreamEvent[] = [];
    for (const event of events) {
      if ("choice" in event) this.#choice(event.choice).pass(event, out);
      else out.push(event);
    }
    return out;
  }

  /** Nothing more comes: what was held. */
  flush(): StreamEvent[] {
    const out: StreamEvent[] = [];
    for (const choice of this.#choices.values()) choice.release(out);
    return out;
  }

  #choice(index: number): Choice {
    let choice = this.#choices.get(index);
    if (!choice) this.#choices.set(index, (choice = new Choice(index, this.#options)));
    return choice;
  }
}

type OfChoice = Extract<StreamEvent, { choice: number }>;

/** `start`: not known yet; `inside` the tags; `after` them, before the first word; `done`: the rest is text. */
type Phase = "start" | "inside" | "after" | "done";

class Choice {
  readonly #index: number;
  readonly #options: SplitOptions;
  readonly #room: number;
  #phase: Phase = "start";
  /** At the start: all text so far. Inside: its end, which may be the beginning of a tag. */
  #held = "";
  /** At the start: what came beside the text. */
  readonly #beside: OfChoice[] = [];
  /** Nothing but blanks was said where we are. */
  #blank = true;
  #spoke = false;
  /** Text and reasoning were told apart: nothing is to be learnt from the end. */
  #parted = false;

  constructor(index: number, options: SplitOptions) {
    this.#index = index;
    this.#options = options;
    this.#room = roomFor(options);
  }

  pass(event: OfChoice, out: StreamEvent[]): void {
    if (event.type === "text") return this.#text(event, out);
    if (event.type === "finish") this.#finish(event, out);
    else if (BESIDE.has(event.type)) {
      if (this.#phase === "start") this.#beside.push(event);
      else out.push(event);
      return;
    } else {
      this.release(out);
      this.#parted ||= event.type === "reasoning";
    }
    out.push(event);
  }

  /** Something else begins, or nothing more comes. */
  release(out: StreamEvent[], thinks = this.#phase === "inside"): void {
    const held = this.#held;
    this.#held = "";
    this.#phase = "done";
    out.push(...this.#beside.splice(0));
    if (held !== "") out.push({ type: thinks ? "reasoning" : "text", choice: this.#index, text: held });
  }

  #finish({ reason }: Finish, out: StreamEvent[]): void {
    const { habit, learn } = this.#options;
    // Cut off before the tag that was bound to come.
    const cut = this.#phase === "start" && habit === "opened" && reason === "length";
    if (reason === "stop" && this.#spoke && !this.#parted) learn("plain");
    this.release(out, cut || this.#phase === "inside");
  }

  #text(event: Extract<StreamEvent, { type: "text" }>, out: StreamEvent[]): void {
    this.#spoke = true;
    switch (this.#phase) {
      case "start":
        return this.#begin(event.text, out);
      case "inside":
        return this.#think(event.text, out);
      case "after":
        return this.#say(event.text, out);
      default:
        if (!this.#parted && event.text.includes(CLOSE)) {
          // Too late for this answer, in time for the next one.
          this.#parted = true;
          this.#options.learn("opened");
        }
        out.push(event);
    }
  }

  #begin(text: string, out: StreamEvent[]): void {
    const searched = Math.max(0, this.#held.length - CLOSE.length);
    this.#held += text;
    const beginning = this.#held.slice(0, BLANKS_MAX).trimStart();
    if (beginning.startsWith(OPEN)) return this.#enter(this.#held.indexOf(OPEN) + OPEN.length, out);
    if (OPEN.startsWith(beginning) && this.#held.length < BLANKS_MAX) return;
    const close = this.#held.indexOf(CLOSE, searched);
    if (close >= 0) {
      this.#options.learn("opened");
      this.#enter(0, out);
    } else if (this.#held.length > this.#room) this.release(out);
  }

  /** What was held from here on is reasoning, up to the tag. */
  #enter(at: number, out: StreamEvent[]): void {
    const text = this.#held.slice(at);
    this.#held = "";
    this.#phase = "inside";
    this.#parted = true;
    out.push(...this.#beside.splice(0));
    this.#think(text, out);
  }

  #think(text: string, out: StreamEvent[]): void {
    const all = this.#held + text;
    const close = all.indexOf(CLOSE);
    const end = close >= 0 ? close : all.length - tagBegun(all);
    this.#held = close >= 0 ? "" : all.slice(end);
    this.#push("reasoning", all.slice(0, end), out);
    if (close < 0) return;
    this.#phase = "after";
    this.#blank = true;
    this.#say(all.slice(close + CLOSE.length), out);
  }

  #say(text: string, out: StreamEvent[]): void {
    this.#push("text", text, out);
    if (!this.#blank) this.#phase = "done";
  }

  /** Without the blanks before the first word. */
  #push(type: "reasoning" | "text", text: string, out: StreamEvent[]): void {
    const words = this.#blank ? text.trimStart() : text;
    if (words === "") return;
    this.#blank = false;
    out.push({ type, choice: this.#index, text: words });
  }
}

/** They belong to the text, whichever kind it turns out to be. */
const BESIDE: ReadonlySet<StreamEvent["type"]> = new Set(["logprobs", "extra", "annotation"]);

function roomFor({ whole, habit }: SplitOptions): number {
  if (whole) return Number.POSITIVE_INFINITY;
  return { unknown: HELD_UNKNOWN, opened: HELD_OPENED, plain: 0 }[habit];
}

/** How much of the closing tag this text ends with. */
function tagBegun(text: string): number {
  for (let length = Math.min(CLOSE.length - 1, text.length); length > 0; length--)
    if (text.endsWith(CLOSE.slice(0, length))) return length;
  return 0;
}
