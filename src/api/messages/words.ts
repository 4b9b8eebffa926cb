import type { Annotation, FinishReason } from "../../core/event.ts";
import type { JsonRecord } from "../../core/json.ts";
import { type Opaque, sealOpaque } from "../../core/opaque.ts";
import type { Usage } from "../../core/usage.ts";

/** Anthropic's ids begin with `msg_`; another backend's own stays to be seen behind that. */
export function messageId(id: string): string {
  return id.startsWith("msg_") ? id : `msg_${id}`;
}

/** Why a message ended. */
export interface Ending {
  reason: FinishReason;
  raw?: string | undefined;
  stopSequence?: string | undefined;
  /** There were words of a refusal, whatever reason the backend gave. */
  refused: boolean;
  usage: Usage | undefined;
}

/** The two fields that tell why a message ended. */
export function stopFields(ending: Ending): { stop_reason: string; stop_sequence: string | null } {
  const { reason, stopSequence, refused } = ending;
  const stopped = reason === "stop" && stopSequence !== undefined;
  const word = refused && reason === "stop" ? "refusal" : stopped ? "stop_sequence" : reasonWord(ending);
  return { stop_reason: word, stop_sequence: stopSequence ?? null };
}

/** A word of Anthropic's own that is not known here goes on as it is; any other vendor's would mean nothing. */
function reasonWord({ reason, raw, usage }: Ending): string {
  if (reason === "other" && usage?.native?.dialect === "anthropic") return raw ?? REASONS.other;
  return REASONS[reason];
}

const REASONS: Readonly<Record<FinishReason, string>> = {
  stop: "end_turn",
  length: "max_tokens",
  context: "model_context_window_exceeded",
  tool_calls: "tool_use",
  content_filter: "refusal",
  refusal: "refusal",
  pause: "pause_turn",
  function_call: "end_turn",
  other: "end_turn",
};

/** Anthropic's input does not count what came from its cache or went into it. Its own backend's object is kept whole. */
export function usageFields(usage: Usage): JsonRecord {
  const { input, output, cachedInput = 0, cacheWrite = 0, reasoning, native } = usage;
  return {
    input_tokens: Math.max(0, input - cachedInput - cacheWrite),
    cache_creation_input_tokens: cacheWrite,
    cache_read_input_tokens: cachedInput,
    output_tokens: output,
    ...(reasoning === undefined ? {} : { output_tokens_details: { thinking_tokens: reasoning } }),
    ...(native?.dialect === "anthropic" ? native.value : {}),
  };
}

/** A source in Anthropic's words: its own as it came, an address as a result of its web search. */
export function citation({ native, url, title, cited }: Annotation): JsonRecord | undefined {
  if (native.dialect === "anthropic") return native.value;
  if (url === undefined) return undefined;
  return {
    type: "web_search_result_location",
    cited_text: cited ?? "",
    encrypted_index: "",
    title: title ?? null,
    url,
  };
}

/** A thinking block's signature; engines have none, and clients take an empty one. */
export function signature(opaque: Opaque | undefined): string {
  return opaque === undefined ? "" : sealOpaque(opaque, "anthropic");
}

/** Thinking that only its vendor can read. */
export function redactedBlock(opaque: Opaque): JsonRecord {
  return { type: "redacted_thinking", data: sealOpaque(opaque, "anthropic") };
}
