import type { TextApi } from "../../src/api/api.ts";
import type { StreamEvent, ToolKind } from "../../src/core/event.ts";
import type { JsonRecord } from "../../src/core/json.ts";
import type { Usage } from "../../src/core/usage.ts";
import { streamed } from "./asked.ts";

export const start: StreamEvent = { type: "start", id: "x-1", model: "real", created: 3 };
export const end: StreamEvent = { type: "end" };

export const text = (words: string, choice = 0): StreamEvent => ({ type: "text", choice, text: words });
export const finish = (reason: "stop" | "length" | "tool_calls" = "stop", choice = 0): StreamEvent => ({
  type: "finish",
  choice,
  reason,
});
export const usage = (parts: Partial<Usage> = {}): StreamEvent => ({
  type: "usage",
  usage: { input: 1, output: 2, ...parts },
});
export const logprobs = (token: string, choice = 0): StreamEvent => ({
  type: "logprobs",
  choice,
  logprobs: { content: [{ token, logprob: -1, bytes: null, top_logprobs: [] }], refusal: null },
});
export const call = (at: number, name: string, kind: ToolKind = "function"): StreamEvent => ({
  type: "tool-start",
  choice: 0,
  part: at,
  call: at,
  id: `id-${name}`,
  name,
  kind,
});
export const args = (at: number, json: string, kind: ToolKind = "function"): StreamEvent => ({
  type: "tool-args",
  choice: 0,
  part: at,
  call: at,
  kind,
  json,
});

/** Unknown fields of OpenAI's dialect at one level. */
export const extra = (level: "chunk" | "choice" | "delta", fields: JsonRecord, choice = 0): StreamEvent => ({
  type: "extra",
  choice,
  extra: { dialect: "openai", [level]: fields },
});

export interface Chunk extends JsonRecord {
  choices: (JsonRecord & { index: number; delta: JsonRecord; finish_reason: string | null })[];
}

export interface Stream {
  /** Everything sent, byte for byte. */
  sent: string;
  /** Every frame but `[DONE]`. */
  chunks: Chunk[];
  /** Was `[DONE]` the last frame, and the only one? */
  done: boolean;
}

/** What a client gets of these events, one read each list. */
export function spoken(api: TextApi, reads: readonly StreamEvent[][], includeUsage = false): Stream {
  const writer = api.stream({ model: "asked", request: streamed(includeUsage) });
  const sent = reads.map((events) => writer.write(events)).join("");
  const payloads = sent.split("\n\n").slice(0, -1).map(payload);
  const done = payloads.at(-1) === "[DONE]" && payloads.filter((one) => one === "[DONE]").length === 1;
  const chunks = payloads.filter((one) => one !== "[DONE]").map((one) => JSON.parse(one) as Chunk);
  return { sent, chunks, done };
}

/** One `data:` line and nothing else: what every client library reads. */
function payload(frame: string): string {
  if (!frame.startsWith("data: ") || frame.includes("\n")) throw new Error(`not one line of data: ${frame}`);
  return frame.slice("data: ".length);
}
