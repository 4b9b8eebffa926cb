import { isRecord, type JsonRecord } from "../../core/json.ts";
import { fieldsOf, numberOf, present, textOf } from "../../core/lenient.ts";
import { dropped, emulated, type Note } from "../../core/note.ts";
import type { OutputFormat, Prompt, ReasoningWish, Sampling } from "../../core/prompt.ts";
import { keepAliveOf } from "../fields.ts";
import { samplingOf } from "../openai/sampling.ts";

/** What Ollama's chat and generate have alike, in no dialect's words. */
export function wishesOf(
  body: JsonRecord,
  notes: Note[],
): Pick<Prompt, "sampling" | "format" | "reasoning" | "maxOutput" | "keepAlive"> {
  const options = fieldsOf(body.options);
  noteOptions(options, notes);
  return {
    sampling: sampling(options, body),
    format: formatOf(body.format),
    reasoning: reasoningOf(body.think),
    ...present({
      maxOutput: limitOf(options.num_predict),
      keepAlive: keepAliveOf(body.keep_alive),
    }),
  };
}

/** Options that every dialect has under the same name. */
const SAMPLERS: ReadonlySet<string> = new Set([
  "temperature",
  "top_p",
  "top_k",
  "min_p",
  "seed",
  "stop",
  "frequency_penalty",
  "presence_penalty",
  "repeat_penalty",
]);

/** Options about how an engine runs: no answer depends on them. */
const ENGINE: ReadonlySet<string> = new Set([
  "numa",
  "num_batch",
  "num_gpu",
  "main_gpu",
  "num_thread",
  "num_keep",
  "draft_num_predict",
  "low_vram",
  "f16_kv",
  "logits_all",
  "vocab_only",
  "embedding_only",
  "use_mmap",
  "use_mlock",
]);

/** Values that say the same as nothing. */
const IDLE: ReadonlyMap<string, unknown> = new Map(Object.entries({ mirostat: 0, typical_p: 1, tfs_z: 1 }));

function noteOptions(options: JsonRecord, notes: Note[]): void {
  for (const [name, value] of Object.entries(options)) {
    const idle = value === null || value === IDLE.get(name);
    if (idle || name === "num_predict" || SAMPLERS.has(name) || ENGINE.has(name)) continue;
    const field = `options.${name}`;
    // Many clients always send it: strictness must not refuse them for what the backend most likely has.
    if (name === "num_ctx")
      notes.push(emulated(field, " by the context that the model's backend has of its own"));
    else notes.push(dropped(field, ": only Ollama's API knows it"));
  }
}

function sampling(options: JsonRecord, { logprobs, top_logprobs }: JsonRecord): Sampling {
  const known = Object.entries(options).filter(([name]) => SAMPLERS.has(name));
  return samplingOf({ ...Object.fromEntries(known), logprobs, top_logprobs });
}

/** Ollama: -1 is no limit, -2 until the context is full, and 0 is none either. */
function limitOf(limit: unknown): number | undefined {
  const tokens = numberOf(limit);
  return tokens !== undefined && tokens > 0 ? tokens : undefined;
}

function formatOf(format: unknown): OutputFormat {
  if (isRecord(format)) return { type: "json", schema: format };
  return { type: format === "json" ? "json" : "text" };
}

/** Where nothing is said, Ollama lets a model think that can. */
function reasoningOf(think: unknown): ReasoningWish {
  if (typeof think === "boolean") return { enabled: think };
  const effort = textOf(think);
  return effort === undefined ? {} : { enabled: true, effort };
}
