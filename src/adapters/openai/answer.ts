import type { Finish, FinishReason, StreamEvent } from "../../core/event.ts";
import { Failure } from "../../core/failure.ts";
import { isRecord, type JsonRecord } from "../../core/json.ts";
import { entriesOf } from "../../core/lenient.ts";
import type { Usage } from "../../core/usage.ts";
import type { Hints } from "../adapter.ts";
import { startOf } from "../answer-start.ts";
import { readErrorField } from "../failure.ts";
import { badDocument, badFrame, documentRecord, parseFrame } from "../payload.ts";
import type { Profile } from "../profile.ts";
import { FieldNews, unknownFields } from "../unknown-fields.ts";
import { type DeltaState, readDelta, readTextCall } from "./delta.ts";
import { completionLogprobs } from "./logprobs.ts";
import { addUsage, readUsage } from "./usage.ts";

/** What must be remembered between the chunks of one answer. */
export interface AnswerState extends DeltaState {
  readonly profile: Profile;
  started: boolean;
  /** `[DONE]` was seen. */
  doneMark: boolean;
  /** Choices that said something, and whether they said why they ended. */
  readonly finished: Map<number, boolean>;
  /** Unknown fields of the chunks. */
  readonly news: FieldNews;
  /** Of a completion with log-probabilities: characters that each choice's tokens have so far. */
  readonly places: Map<number, number>;
  usage: Usage | undefined;
}

/** Nothing was read yet. */
export function beginAnswer(profile: Profile, hints: Hints = {}): AnswerState {
  return {
    profile,
    details: new Map(),
    callTexts: hints.callAsText ? new Map() : undefined,
    started: false,
    doneMark: false,
    finished: new Map(),
    news: new FieldNews(ANSWER_FIELDS),
    places: new Map(),
    usage: undefined,
  };
}

/** Did the host say that the answer is whole? Every choice must have ended with a reason; the connection's end proves nothing. */
export function isWhole(state: AnswerState): boolean {
  if (state.finished.size === 0) return false;
  for (const finished of state.finished.values()) if (!finished) return false;
  return true;
}

/** One chunk of a stream. */
export function readChunk(state: AnswerState, payload: string, out: StreamEvent[]): void {
  const chunk = parseFrame(payload);
  // llama-server's first frame when it completes a list of prompts.
  if (chunk === null) return;
  if (!isRecord(chunk)) throw badFrame("it is not a JSON object");
  readAnswer(state, chunk, out);
}

/** `[DONE]`. */
export function readDoneMark(state: AnswerState, out: StreamEvent[]): void {
  state.doneMark = true;
  if (state.profile.finishOptional) finishRest(state, out);
}

/** A whole answer in one document. */
export function readDocument(state: AnswerState, payload: string, out: StreamEvent[]): void {
  readAnswer(state, documentRecord(payload), out);
  if (state.finished.size === 0) throw badDocument("it has no choices");
  // It cannot be cut between its choices: those without a reason ended all the same.
  finishRest(state, out);
}

/** Chunks and documents differ only in `delta` and `message`, and `text` for completions. */
function readAnswer(state: AnswerState, answer: JsonRecord, out: StreamEvent[]): void {
  // Some hosts put `"error": null` on every chunk.
  if (answer.error) throw readErrorField(answer.error);
  // Older vLLM: {"object":"error","message":...}, flat.
  if (answer.object === "error") throw readErrorField(answer);
  const choices = entriesOf(answer.choices);
  if (!state.started && (choices.length > 0 || answer.id)) {
    state.started = true;
    const { id, model, created } = answer;
    out.push(startOf({ id, model, created }));
  }
  const news = state.news.of(answer);
  if (news) out.push({ type: "extra", choice: 0, extra: { dialect: "openai", chunk: news } });
  choices.forEach((choice, i) => {
    if (isRecord(choice)) readChoice(state, choice, i, out);
  });
  const usage = readUsage(answer);
  if (!usage) return;
  state.usage = state.profile.usagePerChoice ? addUsage(state.usage, usage) : usage;
  out.push({ type: "usage", usage: state.usage });
}

function finishRest(state: AnswerState, out: StreamEvent[]): void {
  for (const [choice, finished] of state.finished) {
    if (finished) continue;
    readTextCall(state, choice, out);
    out.push(finishOf(state, choice, "stop"));
  }
}

/** `obfuscation` (OpenAI) and `p` (Mistral) only pad the length of a chunk that is not ours: what leaves here is new. */
const ANSWER_FIELDS = new Set([
  "id",
  "object",
  "created",
  "model",
  "choices",
  "usage",
  "error",
  "obfuscation",
  "p",
]);
const CHOICE_FIELDS = new Set(["index", "delta", "message", "text", "finish_reason", "logprobs"]);

function readChoice(state: AnswerState, source: JsonRecord, position: number, out: StreamEvent[]): void {
  const choice = typeof source.index === "number" ? source.index : position;
  if (!state.finished.has(choice)) state.finished.set(choice, false);
  const extra = unknownFields(source, CHOICE_FIELDS);
  if (extra) out.push({ type: "extra", choice, extra: { dialect: "openai", choice: extra } });
  const delta = source.delta ?? source.message;
  if (isRecord(source.logprobs)) {
    const { logprobs } = source;
    const own = isRecord(delta) ? logprobs : completionLogprobs(logprobs, choice, state.places);
    out.push({ type: "logprobs", choice, logprobs: own });
  }
  // Together's chat sends the same words as `text` too.
  if (isRecord(delta)) readDelta(state, delta, choice, out);
  else if (typeof source.text === "string" && source.text !== "") {
    out.push({ type: "text", choice, text: source.text });
  }
  const reason = source.finish_reason;
  if (typeof reason !== "string" || reason === "") return;
  readTextCall(state, choice, out);
  const finish = finishOf(state, choice, reason);
  const stopSequence = finish.reason === "stop" ? stopSequenceOf(source) : undefined;
  out.push(stopSequence === undefined ? finish : { ...finish, stopSequence });
}

/** vLLM says which stop sequence it was, or the number of a token; llama.cpp has another name for it. */
function stopSequenceOf({ stop_reason: reason, stopping_word: word }: JsonRecord): string | undefined {
  return [reason, word].find((value) => typeof value === "string" && value !== "") as string | undefined;
}

const REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ["stop", "stop"],
  ["length", "length"],
  ["tool_calls", "tool_calls"],
  ["content_filter", "content_filter"],
  ["function_call", "function_call"],
  // Other words for the same, seen from hosts that pass their engine's own through.
  ["eos", "stop"],
  ["eos_token", "stop"],
  ["end_turn", "stop"],
  ["stop_sequence", "stop"],
  ["max_tokens", "length"],
  // Mistral: the context is full.
  ["model_length", "length"],
  ["tool_use", "tool_calls"],
]);

/** Reasons that mean the answer broke off: OpenRouter and Mistral; vLLM's engine; DeepSeek. */
const BROKEN_OFF = new Set(["error", "abort", "insufficient_system_resource"]);

function finishOf(state: AnswerState, choice: number, raw: string): Finish {
  // Sometimes this word is all it says.
  if (BROKEN_OFF.has(raw))
    throw new Failure("upstream_error", `The backend broke off its answer: finish_reason "${raw}".`);
  state.finished.set(choice, true);
  const reason = REASONS.get(raw) ?? "other";
  return reason === "other" ? { type: "finish", choice, reason, raw } : { type: "finish", choice, reason };
}
