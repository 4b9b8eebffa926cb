import type { Boundary, Foreign, PartKind, StreamEvent } from "../core/event.ts";

interface OpenPart {
  part: number;
  kind: PartKind;
}

/**
 * The parts of an answer: numbers them, opens one where words of another kind come, closes the one before. Tool calls
 * take their numbers here and close themselves, for several of them may be open at once.
 */
export class Parts {
  #count = 0;
  readonly #open = new Map<number, OpenPart>();
  /** Choices that said something. */
  readonly spoken = new Set<number>();
  /** What the backend said of the part that comes next in a choice. */
  readonly #announced = new Map<number, Boundary>();

  /** A number for a part that opens and closes itself. */
  next(): number {
    return this.#count++;
  }

  /** Words of this kind come: their part is open from now on. */
  enter(choice: number, kind: PartKind, out: StreamEvent[]): void {
    if (this.#open.get(choice)?.kind === kind) return;
    this.close(choice, out);
    const part = this.next();
    this.#open.set(choice, { part, kind });
    this.spoken.add(choice);
    const { id, extra } = this.#announced.get(choice) ?? {};
    this.#announced.delete(choice);
    out.push({
      type: "part-start",
      choice,
      part,
      kind,
      ...(id === undefined ? {} : { id }),
      ...(extra === undefined ? {} : { extra }),
    });
  }

  /** State or a source of the open part; state alone is a piece of reasoning without words. */
  attach(event: Extract<StreamEvent, { type: "annotation" | "opaque" }>, out: StreamEvent[]): void {
    if (!this.#open.has(event.choice)) this.enter(event.choice, KIND_OF[event.type], out);
    out.push(event);
  }

  boundary(event: Boundary, out: StreamEvent[]): void {
    this.close(event.choice, out);
    this.#announced.set(event.choice, event);
  }

  foreign(event: Foreign, out: StreamEvent[]): void {
    this.close(event.choice, out);
    this.spoken.add(event.choice);
    out.push({ ...event, part: this.next() });
  }

  close(choice: number, out: StreamEvent[]): void {
    const open = this.#open.get(choice);
    if (!open) return;
    this.#open.delete(choice);
    out.push({ type: "part-end", choice, part: open.part });
  }

  closeAll(out: StreamEvent[]): void {
    for (const choice of [...this.#open.keys()]) this.close(choice, out);
  }
}

const KIND_OF = { annotation: "text", opaque: "reasoning" } as const;
