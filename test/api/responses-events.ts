import type { FinishReason, PartKind, StreamEvent, ToolKind } from "../../src/core/event.ts";
import type { JsonRecord } from "../../src/core/json.ts";
import type { Opaque } from "../../src/core/opaque.ts";
import type { Usage } from "../../src/core/usage.ts";

const choice = 0;

export const start: StreamEvent = { type: "start", id: "up-1", model: "real", created: 1_700_000_000 };
export const begin = (part: number, kind: PartKind, more: { id?: string } = {}): StreamEvent => ({
  type: "part-start",
  choice,
  part,
  kind,
  ...more,
});
export const over = (part: number): StreamEvent => ({ type: "part-end", choice, part });
export const words = (type: PartKind, text: string): StreamEvent => ({ type, choice, text });
export const opaque = (one: Opaque): StreamEvent => ({ type: "opaque", choice, opaque: one });
export const call = (part: number, name: string, more: JsonRecord = {}): StreamEvent => ({
  type: "tool-start",
  choice,
  part,
  call: part,
  id: `call_${name}`,
  name,
  kind: "function",
  ...more,
});
export const args = (part: number, json: string, kind: ToolKind = "function"): StreamEvent => ({
  type: "tool-args",
  choice,
  part,
  call: part,
  kind,
  json,
});
export const finish = (reason: FinishReason = "stop"): StreamEvent => ({ type: "finish", choice, reason });
export const usage = (parts: Partial<Usage> = {}): StreamEvent => ({
  type: "usage",
  usage: { input: 3, output: 2, ...parts },
});
export const end: StreamEvent = { type: "end" };

/** A whole part of words. */
export const part = (number: number, kind: PartKind, ...texts: string[]): StreamEvent[] => [
  begin(number, kind),
  ...texts.map((text) => words(kind, text)),
  over(number),
];

/** What ends every answer. */
export const ending = (reason: FinishReason = "stop"): StreamEvent[] => [finish(reason), usage(), end];
