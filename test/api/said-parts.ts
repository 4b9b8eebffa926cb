import { messages } from "../../src/api/messages.ts";
import { readObject } from "../../src/api/body.ts";
import type { FinishReason, PartKind, StreamEvent, ToolKind } from "../../src/core/event.ts";
import type { JsonRecord } from "../../src/core/json.ts";
import type { Opaque } from "../../src/core/opaque.ts";
import type { TextRequest } from "../../src/core/request.ts";
import type { Usage } from "../../src/core/usage.ts";
import { type Message, readMessage } from "./anthropic-reader.ts";

/** Normalised events, each part with its beginning and its end. */
export const START: StreamEvent = { type: "start", id: "x-1", model: "real", created: 3, inputTokens: 7 };
export const END: StreamEvent = { type: "end" };

export const begin = (part: number, kind: PartKind): StreamEvent => ({
  type: "part-start",
  choice: 0,
  part,
  kind,
});
export const close = (part: number, argsOk?: boolean): StreamEvent =>
  argsOk === undefined
    ? { type: "part-end", choice: 0, part }
    : { type: "part-end", choice: 0, part, argsOk };
export const word = (kind: PartKind, text: string, choice = 0): StreamEvent => ({ type: kind, choice, text });
export const opaque = (sealed: Opaque): StreamEvent => ({ type: "opaque", choice: 0, opaque: sealed });
export const call = (part: number, at: number, name: string, kind: ToolKind = "function"): StreamEvent => ({
  type: "tool-start",
  choice: 0,
  part,
  call: at,
  id: `id-${name}`,
  name,
  kind,
});
export const args = (part: number, at: number, json: string, kind: ToolKind = "function"): StreamEvent => ({
  type: "tool-args",
  choice: 0,
  part,
  call: at,
  kind,
  json,
});
export const finish = (
  reason: FinishReason = "stop",
  more: { raw?: string; stopSequence?: string } = {},
): StreamEvent => ({ type: "finish", choice: 0, reason, ...more });
export const usage = (parts: Partial<Usage> = {}): StreamEvent => ({
  type: "usage",
  usage: { input: 10, output: 4, ...parts },
});

/** A whole part of words. */
export const part = (at: number, kind: PartKind, ...words: string[]): StreamEvent[] => [
  begin(at, kind),
  ...words.map((text) => word(kind, text)),
  close(at),
];

/** A whole tool call. */
export const tool = (at: number, number: number, name: string, ...pieces: string[]): StreamEvent[] => [
  call(at, number, name),
  ...pieces.map((json) => args(at, number, json)),
  close(at, true),
];

/** A Messages request with this body. */
export function asked(body: JsonRecord = {}, headers: Record<string, string> = {}): TextRequest {
  const whole = { model: "asked", messages: [{ role: "user", content: "Hi" }], ...body };
  const bytes = new TextEncoder().encode(JSON.stringify(whole));
  return messages.read(readObject(bytes), "req-1", new Headers(headers));
}

/** What a client gets of these events, one read each list; every byte of it is also given. */
export function streamed(
  reads: readonly (readonly StreamEvent[])[],
  request = asked(),
): Message & { sent: string } {
  const writer = messages.stream({ model: "asked", request });
  const sent = reads.map((events) => writer.write(events)).join("");
  return { ...readMessage(sent), sent };
}

/** A whole answer of these parts in one read. */
export function said(...events: StreamEvent[]): Message & { sent: string } {
  const ended = events.some(({ type }) => type === "finish") ? [] : [finish()];
  const counted = events.some(({ type }) => type === "usage") ? [] : [usage()];
  return streamed([[START, ...events, ...ended, ...counted, END]]);
}
