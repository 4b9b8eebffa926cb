import type { StreamEvent } from "../../src/core/event.ts";

/**
 * What in this answer is against the grammar of `StreamEvent`, one sentence each: one `start`, first; whole tool calls,
 * numbered from 0 in each choice; then either an `error`, or one `finish` per choice, one `usage` and the `end`; nothing after.
 */
export function faults(said: readonly StreamEvent[]): string[] {
  const reading = new Reading();
  said.forEach((event, i) => reading.next(event, i));
  return [...reading.faults, ...(reading.over ? [] : ["it has no end"])];
}

class Reading {
  readonly faults: string[] = [];
  over = false;
  readonly #calls = new Map<number, number>();
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
        this.faults.push("a tool-delta");
        return;
      case "tool-start": {
        const next = this.#calls.get(event.choice) ?? 0;
        if (event.call !== next) this.faults.push(`call ${event.call} is not call ${next}`);
        this.#calls.set(event.choice, next + 1);
        return;
      }
      case "tool-args":
        if (event.call >= (this.#calls.get(event.choice) ?? 0))
          this.faults.push("arguments before their call");
        return;
      case "finish":
        if (this.#finished.has(event.choice)) this.faults.push(`choice ${event.choice} finishes twice`);
        this.#finished.add(event.choice);
        return;
      case "usage":
        this.#usages += 1;
        return;
      case "end":
        this.over = true;
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
}
