import type { PartKind, StreamEvent } from "../../src/core/event.ts";

/**
 * What in this answer is against the grammar of `StreamEvent`, one sentence each: one `start`, first; numbered parts, whole
 * and of one kind; calls numbered from 0 in each choice; then either an `error`, or one `finish` per choice, one `usage`
 * and the `end`; nothing after.
 */
export function faults(said: readonly StreamEvent[]): string[] {
  const reading = new Reading();
  said.forEach((event, i) => reading.next(event, i));
  return [...reading.faults, ...(reading.over ? [] : ["it has no end"])];
}

interface OpenPart {
  choice: number;
  kind: PartKind | "tool";
  /** Of a tool call: its number among the calls. */
  call?: number;
}

class Reading {
  readonly faults: string[] = [];
  over = false;
  readonly #calls = new Map<number, { count: number; ids: Set<string> }>();
  readonly #open = new Map<number, OpenPart>();
  #parts = 0;
  readonly #finished = new Set<number>();
  readonly #spoke = new Set<number>();
  #usages = 0;

  next(event: StreamEvent, i: number): void {
    const { type } = event;
    if (this.over) this.faults.push(`${type} after the end`);
    if ((type === "start") !== (i === 0) && !(type === "error" && i === 0))
      this.faults.push(`${type} at ${i}`);
    if (this.#finished.size > 0 && type !== "finish" && type !== "usage" && type !== "end")
      this.faults.push(`${type} after a finish`);
    if (this.#usages > 0 && type !== "end") this.faults.push(`${type} after the usage`);
    if ("choice" in event && type !== "finish" && type !== "extra") this.#spoke.add(event.choice);
    this.#read(event);
  }

  #read(event: StreamEvent): void {
    switch (event.type) {
      case "tool-delta":
      case "boundary":
        this.faults.push(`a ${event.type}`);
        return;
      case "part-start":
        return this.#openPart(event.part, { choice: event.choice, kind: event.kind });
      case "tool-start":
        return this.#openCall(event);
      case "foreign":
        return this.#number(event.part);
      case "part-end":
        if (this.#open.get(event.part)?.choice !== event.choice)
          this.faults.push(`end of part ${event.part}, which is not open`);
        this.#open.delete(event.part);
        return;
      case "text":
      case "reasoning":
      case "refusal":
        if (this.#words(event.choice)?.kind !== event.type) this.faults.push(`${event.type} in no such part`);
        return;
      case "annotation":
      case "opaque":
        if (!this.#words(event.choice)) this.faults.push(`${event.type} in no part`);
        return;
      case "tool-args": {
        const { choice, call } = this.#open.get(event.part) ?? {};
        if (choice !== event.choice || call !== event.call) this.faults.push("arguments outside their call");
        return;
      }
      case "finish":
        if (this.#finished.has(event.choice)) this.faults.push(`choice ${event.choice} finishes twice`);
        this.#finished.add(event.choice);
        return this.#expectClosed();
      case "usage":
        this.#usages += 1;
        return;
      case "end":
        this.over = true;
        this.#expectClosed();
        for (const choice of this.#spoke)
          if (!this.#finished.has(choice)) this.faults.push(`choice ${choice} has no reason to finish`);
        if (this.#usages !== 1) this.faults.push(`${this.#usages} usages`);
        return;
      case "error":
        this.over = true;
        return;
      default:
    }
  }

  #openCall({ choice, part, call, id, name }: Extract<StreamEvent, { type: "tool-start" }>): void {
    const calls = this.#calls.get(choice) ?? { count: 0, ids: new Set() };
    this.#calls.set(choice, calls);
    if (call !== calls.count) this.faults.push(`call ${call} is not call ${calls.count}`);
    if (id === "" || calls.ids.has(id)) this.faults.push(`call ${call} has no id of its own: "${id}"`);
    if (name === "") this.faults.push(`call ${call} has no name`);
    calls.count += 1;
    calls.ids.add(id);
    this.#openPart(part, { choice, kind: "tool", call });
  }

  /** Of a choice's parts only calls may be open beside each other. */
  #openPart(part: number, opened: OpenPart): void {
    this.#number(part);
    const words = this.#words(opened.choice);
    if (words) this.faults.push(`part ${part} begins inside ${words.kind}`);
    this.#open.set(part, opened);
  }

  /** Numbers grow, over all choices. */
  #number(part: number | undefined): void {
    if (part !== this.#parts) this.faults.push(`part ${part} is not part ${this.#parts}`);
    this.#parts += 1;
  }

  #words(choice: number): OpenPart | undefined {
    return [...this.#open.values()].find((part) => part.choice === choice && part.kind !== "tool");
  }

  #expectClosed(): void {
    if (this.#open.size > 0) this.faults.push(`${this.#open.size} parts are open at the end`);
  }
}
