import { dropped } from "../core/note.ts";
import type { Prompt } from "../core/prompt.ts";
import type { Asked } from "./asked.ts";

/** Wishes that some dialect has no word for, by the names they have in chat. */
export type Wish =
  | "n"
  | "seed"
  | "stop"
  | "top_k"
  | "min_p"
  | "logprobs"
  | "logit_bias"
  | "frequency_penalty"
  | "presence_penalty"
  | "repeat_penalty"
  | "verbosity"
  | "suffix"
  | "user"
  | "metadata"
  | "service_tier";

/** Notes those of a prompt that a backend cannot be told. One that asks for what is so anyway loses nothing. */
export function noteLosses({ prompt, notes, named }: Asked, wishes: readonly Wish[], why: string): void {
  for (const wish of wishes) if (ASKS[wish](prompt)) notes.push(dropped(named(wish), why));
}

/** Does the prompt ask for something with it? */
const ASKS: Readonly<Record<Wish, (prompt: Prompt) => boolean>> = {
  n: ({ sampling: { n } }) => isOther(n, 1),
  seed: ({ sampling: { seed } }) => seed !== undefined,
  stop: ({ sampling: { stop = [] } }) => stop.length > 0,
  top_k: ({ sampling: { topK = 0 } }) => topK > 0,
  min_p: ({ sampling: { minP } }) => isOther(minP, 0),
  logprobs: ({ sampling: { logprobs } }) => logprobs === true,
  logit_bias: ({ sampling: { logitBias = {} } }) => Object.keys(logitBias).length > 0,
  frequency_penalty: ({ sampling: { frequencyPenalty } }) => isOther(frequencyPenalty, 0),
  presence_penalty: ({ sampling: { presencePenalty } }) => isOther(presencePenalty, 0),
  repeat_penalty: ({ sampling: { repeatPenalty } }) => isOther(repeatPenalty, 1),
  verbosity: ({ verbosity }) => isOther(verbosity, "medium"),
  suffix: ({ suffix = "" }) => suffix !== "",
  user: ({ user }) => user !== undefined,
  metadata: ({ metadata }) => metadata !== undefined,
  service_tier: ({ serviceTier }) => isOther(serviceTier, "auto") && serviceTier !== "default",
};

function isOther<T>(value: T | undefined, usual: T): boolean {
  return value !== undefined && value !== usual;
}
