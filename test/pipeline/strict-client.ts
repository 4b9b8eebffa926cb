import { expect } from "bun:test";
import type { StreamEvent, ToolDelta, ToolKind } from "../../src/core/event.ts";
import { type Surroundings, ToolCalls } from "../../src/pipeline/tool-calls.ts";

/** A tool call's fragment as a backend sends it. */
export type Fragment = Omit<ToolDelta, "type" | "choice">;

/** A tool call as a client has it in the end. */
export interface Seen {
  id: string;
  name: string;
  kind: ToolKind;
  args: string;
}

/** What a client sees of these fragments. */
export function seen(fragments: readonly Fragment[]): Seen[] {
  return assemble(events(fragments));
}

export function events(fragments: readonly Fragment[]): StreamEvent[] {
  const calls = new ToolCalls(0, surroundings());
  const out: StreamEvent[] = [];
  for (const fragment of fragments) calls.push({ type: "tool-delta", choice: 0, ...fragment }, out);
  calls.finish(out);
  return out;
}

/** An answer with nothing in it but the calls. */
export function surroundings(): Surroundings {
  let parts = 0;
  return { count: () => {}, nextPart: () => parts++ };
}

/** As a strict client reads: a call begins once, whole, in order of its index; arguments only after it, at least one. */
export function assemble(said: readonly StreamEvent[]): Seen[] {
  const found: (Seen & { pieces: number })[] = [];
  for (const event of said) {
    if (event.type === "tool-start") {
      expect(event.call).toBe(found.length);
      expect(event.id).not.toBe("");
      expect(event.name).not.toBe("");
      found.push({ id: event.id, name: event.name, kind: event.kind, args: "", pieces: 0 });
    } else if (event.type === "tool-args") {
      const call = found[event.call];
      if (!call) throw new Error("arguments before their call");
      expect(event.kind).toBe(call.kind);
      expect(event.json).not.toBe("");
      call.args += event.json;
      call.pieces += 1;
    }
  }
  expect(new Set(found.map(({ id }) => id)).size).toBe(found.length);
  for (const { kind, pieces } of found) if (kind === "function") expect(pieces).toBeGreaterThan(0);
  return found.map(({ id, name, kind, args }) => ({ id, name, kind, args }));
}
