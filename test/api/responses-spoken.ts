import type { StreamEvent } from "../../src/core/event.ts";
import type { Failure } from "../../src/core/failure.ts";
import { isRecord, type JsonRecord } from "../../src/core/json.ts";
import type { Keeping, KeptResponse } from "../../src/api/responses/keeping.ts";
import { responsesApi } from "../../src/api/responses.ts";
import { readObject } from "../../src/wire/json.ts";
import { expectSchema } from "./oracle.ts";

/** A memory of one caller, which a test can look into. */
export interface Memory extends Keeping {
  readonly kept: KeptResponse[];
}

/** `works`: what `keep` says. */
export function memory(enabled = true, works = true): Memory {
  const kept: KeptResponse[] = [];
  const find = (id: string) => kept.find((one) => one.id === id);
  return {
    enabled,
    kept,
    history(id) {
      const turns: KeptResponse[] = [];
      for (let next = find(id); next; next = find(next.previous ?? "")) turns.unshift(next);
      return turns.length === 0 ? undefined : turns.flatMap(({ input, output }) => [...input, ...output]);
    },
    item: (id) => kept.flatMap(({ output }) => output).find((item) => item.id === id),
    keep(response) {
      if (works) kept.push(response);
      return works;
    },
  };
}

export const bodyOf = (fields: JsonRecord) => readObject(new TextEncoder().encode(JSON.stringify(fields)));

/** An event with its fields. */
export type Said = JsonRecord & { type: string; sequence_number: number };

export interface SaidStream {
  /** Everything sent, byte for byte. */
  sent: string;
  events: Said[];
  /** The types of the events, without `response.`. */
  types: string[];
  /** The response of the last event. */
  response: Response;
}

export interface Response extends JsonRecord {
  id: string;
  status: string;
  output: (JsonRecord & { id: string; type: string })[];
}

/** What a client gets of these events, one read each list. */
export function streamed(
  reads: readonly (readonly StreamEvent[])[],
  {
    body = {},
    keeping = memory(),
    failure,
  }: { body?: JsonRecord; keeping?: Keeping; failure?: Failure } = {},
): SaidStream {
  const api = responsesApi(keeping);
  const request = api.read(bodyOf({ model: "asked", input: "hi", ...body }), "req-1", new Headers());
  const writer = api.stream({ model: "asked", request });
  let sent = reads.map((events) => writer.write(events)).join("");
  if (failure) sent += writer.error(failure);
  return readStream(sent);
}

/** Reads a stream, as strictly as the order of its events allows. */
export function readStream(sent: string): SaidStream {
  const events = sent.split("\n\n").slice(0, -1).map(readFrame);
  if (!sent.endsWith("\n\n")) throw new Error("the stream ends within a frame");
  events.forEach(({ sequence_number }, at) => {
    if (sequence_number !== at) throw new Error(`event ${at} has the number ${sequence_number}`);
  });
  checkOrder(events);
  const known = events.filter((event) => !UNLISTED.some((text) => JSON.stringify(event).includes(text)));
  for (const event of known) expectSchema("ResponseStreamEvent", event);
  const response = events.at(-1)?.response as Response;
  const types = events.map(({ type }) => type.replace("response.", ""));
  return { sent, events, types, response };
}

/** Not in OpenAI's lists: a code that Codex knows all the same, and the item `unlisted` of a kind that is none. */
const UNLISTED = ['"code":"context_length_exceeded"', '"unlisted"'];

function readFrame(frame: string): Said {
  const [, type = "", data = ""] = /^event: (\S+)\ndata: ([^\n]*)$/.exec(frame) ?? [];
  const said = JSON.parse(data) as Said;
  if (said.type !== type) throw new Error(`the event ${type} says that it is ${said.type}`);
  return said;
}

/** One item at a time, each from `added` to `done`, and the last event's output is what was said. */
function checkOrder(events: readonly Said[]): void {
  const done: JsonRecord[] = [];
  let open: JsonRecord | undefined;
  for (const { type, output_index, item, item_id, response } of events) {
    if (output_index !== undefined && output_index !== done.length)
      throw new Error(`${type} speaks of item ${String(output_index)} of ${done.length}`);
    if (type === "response.output_item.added") {
      if (open) throw new Error("two items are open");
      open = isRecord(item) ? item : undefined;
    } else if (output_index !== undefined && !open)
      throw new Error(`${type} speaks of an item that is not open`);
    if (item_id !== undefined && item_id !== open?.id) throw new Error(`${type} speaks of another item`);
    if (type === "response.output_item.done") {
      if (!isRecord(item) || item.id !== open?.id) throw new Error("another item is done than was open");
      done.push(item);
      open = undefined;
    }
    if (/completed$|incomplete$/.test(type) && isRecord(response)) {
      if (open) throw new Error("an item is open at the end");
      if (JSON.stringify(response.output) !== JSON.stringify(done))
        throw new Error("the output is not what was said");
    }
  }
}
