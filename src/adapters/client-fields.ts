import { isRecord } from "../core/json.ts";
import { dropped, type Note } from "../core/note.ts";
import type { Prompt } from "../core/prompt.ts";
import type { Dialect } from "../core/request.ts";

/** Notes name the client's own field. This is the one that a client of a dialect says in OpenAI's chat as `field`. */
export function fieldIn(dialect: Dialect, field: string): string {
  return OTHERS[dialect]?.get(field) ?? field;
}

/** Where other dialects have another name for it. */
const OTHERS: Readonly<Partial<Record<Dialect, ReadonlyMap<string, string>>>> = {
  "openai-responses": names({
    max_tokens: "max_output_tokens",
    reasoning_effort: "reasoning",
    response_format: "text.format",
    verbosity: "text.verbosity",
  }),
  anthropic: names({
    parallel_tool_calls: "tool_choice.disable_parallel_tool_use",
    reasoning_effort: "thinking",
    response_format: "output_config.format",
    stop: "stop_sequences",
    user: "metadata.user_id",
  }),
  ollama: names({
    frequency_penalty: "options.frequency_penalty",
    max_tokens: "options.num_predict",
    min_p: "options.min_p",
    presence_penalty: "options.presence_penalty",
    reasoning_effort: "think",
    repeat_penalty: "options.repeat_penalty",
    repetition_penalty: "options.repeat_penalty",
    response_format: "format",
    seed: "options.seed",
    stop: "options.stop",
    temperature: "options.temperature",
    top_k: "options.top_k",
    top_p: "options.top_p",
  }),
};

/** A map, because a client may call a field anything, `constructor` too. */
function names(theirs: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(Object.entries(theirs));
}

/** Unknown fields named in notes: enough for any honest client. */
const UNKNOWN_NOTED_MAX = 20;
/** Longest name in a note, characters: notes travel in a header. */
const NAME_MAX = 64;

/**
 * Notes the client's fields that this program does not know, and that a backend of another dialect is therefore not told.
 * `why` goes on after "FIELD was dropped"; `taken` says of a field that the backend got it all the same.
 */
export function noteUnknown(
  { carried }: Prompt,
  why: string,
  notes: Note[],
  taken: (name: string) => boolean = () => false,
): void {
  const lost = Object.entries(carried?.fields ?? {}).filter((field) => !isUnfelt(field) && !taken(field[0]));
  for (const [name] of lost.slice(0, UNKNOWN_NOTED_MAX)) notes.push(dropped(name.slice(0, NAME_MAX), why));
}

/** Fields without which the answer is the same: caching, accounting, the form of the client's own answer. */
const UNFELT: ReadonlySet<string> = new Set([
  "cache_control",
  "client_metadata",
  "diagnostics",
  "include",
  "num_ctx",
  "prompt_cache_key",
  "prompt_cache_options",
  "prompt_cache_retention",
  "safety_identifier",
  "store",
  "stream_options",
]);

/** Ollama's context is read elsewhere, with or without the `options` that it belongs into. */
function isUnfelt([name, value]: [string, unknown]): boolean {
  const inner = name === "options" && isRecord(value) ? Object.keys(value) : [name];
  return inner.every((one) => UNFELT.has(one));
}
