import type { PartStart, ToolStart } from "../../core/event.ts";
import type { JsonRecord } from "../../core/json.ts";
import type { Opaque } from "../../core/opaque.ts";
import {
  callIdKind,
  callItem,
  type ItemStatus,
  messageItem,
  type OutputItems,
  reasoningItem,
} from "./items.ts";

/** What has been said of an item so far. */
export interface Pieces {
  words: string[];
  citations: JsonRecord[];
  logprobs: JsonRecord[];
  opaque: Opaque[];
}

/** An output item that is not whole yet. */
export interface OpenItem extends Pieces {
  /** Its form with none of its words; what it is told from may be nothing in the end, if it is a thought. */
  readonly empty: JsonRecord;
  /** Adds it to the output, with what follows from it; returns what the client gets. */
  finish(status: ItemStatus): JsonRecord[];
}

/** Words, thoughts or a refusal. */
export function openWords(items: OutputItems, part: Pick<PartStart, "kind" | "id" | "extra">): OpenItem {
  return part.kind === "reasoning" ? openThought(items, part.id) : openMessage(items, part);
}

/** A call; state that came with it is an item before it. */
export function openCall(items: OutputItems, call: CallStart): OpenItem {
  const id = call.itemId ?? items.nextId(callIdKind(call.kind));
  const pieces = nothing();
  return {
    ...pieces,
    empty: callItem(id, call, { args: "", status: "in_progress" }),
    finish: (status) => [items.add(callItem(id, call, { args: pieces.words.join(""), status }))],
  };
}

/** What is known of a call when it begins. */
export type CallStart = Pick<ToolStart, "id" | "name" | "namespace" | "kind" | "itemId" | "extra">;

function openThought(items: OutputItems, given: string | undefined): OpenItem {
  const id = given ?? items.nextId("rs");
  const pieces = nothing();
  return {
    ...pieces,
    empty: { ...reasoningItem(id, ""), summary: [{ type: "summary_text", text: "" }] },
    finish: () => items.addReasoning(id, pieces.words.join(""), pieces.opaque),
  };
}

function openMessage(
  items: OutputItems,
  { kind, id: given, extra }: Pick<PartStart, "kind" | "id" | "extra">,
): OpenItem {
  const id = given ?? items.nextId("msg");
  const pieces = nothing();
  const item = (status: ItemStatus, { words, citations: annotations, logprobs }: Pieces) => {
    const text = words.join("");
    const part =
      kind === "refusal"
        ? { type: "refusal", refusal: text }
        : { type: "output_text", text, annotations, logprobs };
    return messageItem(id, part, { status, extra });
  };
  return {
    ...pieces,
    empty: item("in_progress", nothing()),
    finish: (status) => [items.add(item(status, pieces)), ...items.addState(pieces.opaque)],
  };
}

function nothing(): Pieces {
  return { words: [], citations: [], logprobs: [], opaque: [] };
}
