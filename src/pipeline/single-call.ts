import type { StreamEvent } from "../core/event.ts";
import { emulated, type Note } from "../core/note.ts";

/**
 * Keeps a turn to one tool call for a client that asked for no more: llama-server, for one, reads the wish and makes several
 * all the same. The first one counts; the model is asked again once that is answered.
 */
export class SingleCall {
  readonly #field: string;
  readonly #notes: Note[];
  /** Parts that are left out, until their end. */
  readonly #left = new Set<number>();
  #noted = false;

  /** `field` is the client's. */
  constructor(field: string, notes: Note[]) {
    this.#field = field;
    this.#notes = notes;
  }

  /** Normalised events; the same list unless there is something to leave out. */
  pass(events: StreamEvent[]): StreamEvent[] {
    return events.some((event) => this.#isLeft(event))
      ? events.filter((event) => !this.#leave(event))
      : events;
  }

  #isLeft(event: StreamEvent): boolean {
    if (event.type === "tool-start") return event.call > 0;
    return (event.type === "tool-args" || event.type === "part-end") && this.#left.has(event.part);
  }

  #leave(event: StreamEvent): boolean {
    if (event.type === "tool-start" && event.call > 0) {
      this.#left.add(event.part);
      this.#note();
      return true;
    }
    return this.#isLeft(event);
  }

  #note(): void {
    if (this.#noted) return;
    this.#noted = true;
    this.#notes.push(emulated(this.#field, ": the calls after the first one were left out"));
  }
}
