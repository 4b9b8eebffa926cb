import { describe, expect, test } from "bun:test";
import type { StreamEvent, ToolKind } from "../../src/core/event.ts";
import { codeOf, type Note } from "../../src/core/note.ts";
import { SingleCall } from "../../src/pipeline/single-call.ts";

const kind: ToolKind = "function";

/** The events of one call, as the normaliser says them. */
function call(number: number, part: number): StreamEvent[] {
  return [
    { type: "tool-start", choice: 0, part, call: number, id: `c${number}`, name: "tide", kind },
    { type: "tool-args", choice: 0, part, call: number, kind, json: "{}" },
    { type: "part-end", choice: 0, part, argsOk: true },
  ];
}

const words: StreamEvent[] = [
  { type: "part-start", choice: 0, part: 0, kind: "text" },
  { type: "text", choice: 0, text: "Let me look." },
  { type: "part-end", choice: 0, part: 0 },
];

function passed(...batches: StreamEvent[][]): { events: StreamEvent[]; notes: string[] } {
  const notes: Note[] = [];
  const single = new SingleCall("parallel_tool_calls", notes);
  return { events: batches.flatMap((batch) => single.pass(batch)), notes: notes.map(codeOf) };
}

describe("a client that wants one call in a turn", () => {
  test("gets the first, with all that was said before it, and is told of the others once", () => {
    const { events, notes } = passed(words, [...call(0, 1), ...call(1, 2)], call(2, 3));
    expect(events).toEqual([...words, ...call(0, 1)]);
    expect(notes).toEqual(["emulated:parallel_tool_calls"]);
  });

  test("gets it whole where the calls are mixed", () => {
    const [start, args, end] = call(0, 1);
    const [start2, args2, end2] = call(1, 2);
    const mixed = [start, start2, args2, args, end2, end].filter((event) => event !== undefined);
    expect(passed(...mixed.map((event) => [event])).events).toEqual(call(0, 1));
  });

  test("is told nothing where the model made one", () => {
    expect(passed(words, call(0, 1))).toEqual({ events: [...words, ...call(0, 1)], notes: [] });
  });
});
