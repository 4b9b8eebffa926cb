import type { Note } from "../core/note.ts";
import type { Prompt } from "../core/prompt.ts";
import type { Dialect, TextRequest } from "../core/request.ts";
import type { Destination } from "./adapter.ts";
import { fieldIn } from "./client-fields.ts";

/** What each part of a request is written from. */
export interface Writing {
  request: TextRequest;
  prompt: Prompt;
  to: Destination;
  notes: Note[];
}

/** Wishes of a prompt that may have to be named in a note. */
export type Wish =
  | "format"
  | "frequencyPenalty"
  | "logitBias"
  | "maxOutput"
  | "metadata"
  | "minP"
  | "parallelTools"
  | "presencePenalty"
  | "reasoning"
  | "repeatPenalty"
  | "seed"
  | "serviceTier"
  | "stop"
  | "suffix"
  | "topLogprobs"
  | "truncate"
  | "user"
  | "verbosity";

/** The field that a client of this dialect said it in. */
export function fieldOf(wish: Wish, dialect: Dialect): string {
  return fieldIn(dialect, CHAT[wish]);
}

const CHAT: Readonly<Record<Wish, string>> = {
  format: "response_format",
  frequencyPenalty: "frequency_penalty",
  logitBias: "logit_bias",
  maxOutput: "max_tokens",
  metadata: "metadata",
  minP: "min_p",
  parallelTools: "parallel_tool_calls",
  presencePenalty: "presence_penalty",
  reasoning: "reasoning_effort",
  repeatPenalty: "repeat_penalty",
  seed: "seed",
  serviceTier: "service_tier",
  stop: "stop",
  suffix: "suffix",
  topLogprobs: "top_logprobs",
  truncate: "truncate",
  user: "user",
  verbosity: "verbosity",
};
