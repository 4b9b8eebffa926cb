import { type JsonRecord, parseRecord } from "../../core/json.ts";
import type { Opaque } from "../../core/opaque.ts";
import type { ReasoningItem } from "../../core/prompt.ts";
import type { Profile } from "../profile.ts";

/** What the model thought in an earlier turn, in the fields of its message that the host wants it in. */
export function writeThoughts(
  items: readonly ReasoningItem[],
  { reasoningBack }: Profile,
  withTools: boolean,
): JsonRecord {
  const text = items.map((item) => item.text).join("");
  switch (reasoningBack) {
    case "none":
      return {};
    case "tools":
      return withTools ? { reasoning_content: text } : {};
    case "reasoning_content":
      return text === "" ? {} : { reasoning_content: text };
    case "both":
      return text === "" ? {} : { reasoning: text, reasoning_content: text };
    case "details": {
      const details = items.flatMap(writeDetails);
      return {
        ...(text === "" ? {} : { reasoning: text }),
        ...(details.length === 0 ? {} : { reasoning_details: details }),
      };
    }
  }
}

/** The entry of `reasoning_details` that some state came in, without its text, to be given back whole. */
export function detailState(entry: JsonRecord): Opaque | undefined {
  const { text: _text, signature, data } = entry;
  const kind = typeof data === "string" ? "encrypted" : "signature";
  if (typeof (data ?? signature) !== "string") return undefined;
  return { issuer: "openai", kind, data: JSON.stringify({ ...entry, text: undefined }) };
}

function writeDetails({ text, opaque }: ReasoningItem): JsonRecord[] {
  const entries = opaque.flatMap(({ issuer, kind, data }) => {
    // It was with the client, and may come back as anything.
    const entry = issuer === "openai" && kind !== "thought" ? parseRecord(data) : undefined;
    return entry ? [entry] : [];
  });
  return entries.map((entry) => (entry.type === "reasoning.text" ? { ...entry, text } : entry));
}
