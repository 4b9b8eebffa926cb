import { createHash } from "node:crypto";
import type { JsonRecord } from "../core/json.ts";
import { dropped, emulated, type Note } from "../core/note.ts";
import type { Prompt, ReasoningWish, Sampling } from "../core/prompt.ts";
import type { Destination } from "./adapter.ts";
import { noteUnknown } from "./client-fields.ts";
import type { Profile } from "./profile.ts";
import { isReasoner } from "./reasoners.ts";

/** How the words are chosen, in the fields that this host and this model take. */
export function writeSampling(sampling: Sampling, to: Destination, notes: Note[]): JsonRecord {
  const { fields, reasonersRefuse } = to.profile;
  const refused = isReasoner(to) ? reasonersRefuse : [];
  const written: JsonRecord = {};
  for (const [name, value] of Object.entries(candidates(sampling, to.profile, notes))) {
    if (value === undefined) continue;
    const why = refused.includes(name)
      ? ": models that reason refuse it here"
      : EXTENSIONS.has(name) && !fields.includes(name)
        ? ": this backend is not known to take it"
        : undefined;
    if (why === undefined) written[name] = value;
    else if (value !== USUAL[name]) notes.push(dropped(name, why));
  }
  return written;
}

/** All that there is in chat's names. */
function candidates(sampling: Sampling, { fields, stopMax }: Profile, notes: Note[]): JsonRecord {
  const { stop, topLogprobs, logprobs } = sampling;
  if (stop && stop.length > stopMax) notes.push(dropped("stop", `: this backend takes ${stopMax} of them`));
  return {
    temperature: sampling.temperature,
    top_p: sampling.topP,
    top_k: sampling.topK,
    min_p: sampling.minP,
    seed: sampling.seed,
    stop: stop?.slice(0, stopMax),
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
    // vLLM's name, or llama.cpp's.
    [fields.includes("repetition_penalty") ? "repetition_penalty" : "repeat_penalty"]: sampling.repeatPenalty,
    n: sampling.n,
    logprobs,
    top_logprobs: logprobs ? topLogprobs : undefined,
    logit_bias: sampling.logitBias,
  };
}

/** OpenAI has none of these. */
const EXTENSIONS: ReadonlySet<string> = new Set(["top_k", "min_p", "repetition_penalty", "repeat_penalty"]);

/** Values that say what is true without them. */
const USUAL: Readonly<Record<string, unknown>> = {
  temperature: 1,
  top_p: 1,
  min_p: 0,
  repeat_penalty: 1,
  presence_penalty: 0,
  frequency_penalty: 0,
  logprobs: false,
};

/** What the client wishes beside: how to think, how long to write, how fast to be served. */
export function writeWishes(prompt: Prompt, to: Destination, notes: Note[]): JsonRecord {
  const { verbosity, serviceTier, carried } = prompt;
  const { fields } = to.profile;
  const written = writeReasoning(prompt.reasoning, to, notes);
  if (verbosity !== undefined && fields.includes("verbosity")) written.verbosity = verbosity;
  else if (verbosity !== undefined && verbosity !== "medium")
    notes.push(dropped("verbosity", ": this backend is not known to take it"));
  if (serviceTier !== undefined && fields.includes("service_tier")) written.service_tier = serviceTier;
  else if (serviceTier !== undefined && serviceTier !== "auto" && serviceTier !== "default")
    notes.push(dropped("service_tier", ": this backend has only one"));
  // An alias' defaults are in this dialect, and OpenAI's two share some fields.
  const taken = (name: string) => carried?.dialect === "openai" || fields.includes(name);
  for (const [name, value] of Object.entries(carried?.fields ?? {})) if (taken(name)) written[name] = value;
  noteUnknown(prompt, ": chat has no such field", notes, taken);
  return written;
}

/** Longest name of a user that OpenAI takes, characters. */
const USER_MAX = 64;

/** Who the user is; a longer name, which Claude Code has, as one that is as good to tell users apart. */
export function writeUser({ user }: Prompt): JsonRecord {
  if (user === undefined) return {};
  return { user: user.length <= USER_MAX ? user : createHash("sha256").update(user).digest("hex") };
}

function writeReasoning(wish: ReasoningWish, to: Destination, notes: Note[]): JsonRecord {
  const { enabled, effort, budget } = wish;
  if (enabled === undefined && effort === undefined && budget === undefined) return {};
  const off = enabled === false || effort === "none";
  switch (to.profile.reasoning) {
    case "effort":
      return effortFields(wish, off, { to, notes });
    case "template":
      return { chat_template_kwargs: { enable_thinking: !off }, ...templateEffort(wish, off, notes) };
    case "object":
      return { reasoning: reasoningObject(wish, off) };
    case "thinking":
      if (!off) noteCoarse(wish, notes);
      return { thinking: { type: off ? "disabled" : "enabled" } };
    case "switch":
      if (!off && budget === undefined) noteCoarse(wish, notes);
      return { enable_thinking: !off, ...(off || budget === undefined ? {} : { thinking_budget: budget }) };
    case "none":
      if (isReasoner(to))
        notes.push(dropped("reasoning_effort", ": nobody can tell this backend how to think"));
      return {};
  }
}

interface Asked {
  to: Destination;
  notes: Note[];
}

/** OpenAI's own field, which models that do not reason answer with an error. */
function effortFields(wish: ReasoningWish, off: boolean, { to, notes }: Asked): JsonRecord {
  if (!isReasoner(to)) {
    if (!off) notes.push(dropped("reasoning_effort", ": this model is not known to reason"));
    return {};
  }
  if (!off) {
    const effort = effortOf(wish, notes);
    return effort === undefined ? {} : { reasoning_effort: effort };
  }
  if (wish.effort === "none") return { reasoning_effort: "none" };
  // Each generation has another word for less than low, and refuses those of the others.
  notes.push(emulated("reasoning_effort", ": low effort is the nearest to none that every model takes"));
  return { reasoning_effort: "low" };
}

/** Templates know three words. */
function templateEffort(wish: ReasoningWish, off: boolean, notes: Note[]): JsonRecord {
  const effort = off ? undefined : effortOf(wish, notes);
  if (effort === undefined) return {};
  const known = effort === "minimal" ? "low" : effort === "xhigh" || effort === "max" ? "high" : effort;
  return { reasoning_effort: known };
}

function reasoningObject({ effort, budget, summary }: ReasoningWish, off: boolean): JsonRecord {
  if (off) return { enabled: false };
  // It refuses both at once.
  const amount =
    budget === undefined ? (effort === undefined ? { enabled: true } : { effort }) : { max_tokens: budget };
  return { ...amount, ...(summary === "omitted" ? { exclude: true } : {}) };
}

/** The effort that was asked for, or the one nearest to a budget of tokens. */
function effortOf({ effort, budget }: ReasoningWish, notes: Note[]): string | undefined {
  if (effort !== undefined || budget === undefined) return effort;
  const nearest = budget <= 4096 ? "low" : budget <= 16_384 ? "medium" : "high";
  notes.push(emulated("reasoning_effort", `: a budget of ${budget} tokens was sent as effort ${nearest}`));
  return nearest;
}

function noteCoarse({ effort, budget }: ReasoningWish, notes: Note[]): void {
  if (effort === undefined && budget === undefined) return;
  notes.push(emulated("reasoning_effort", ": this backend can be told to think, and not how much"));
}
