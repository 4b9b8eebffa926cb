import type { FinishReason, StreamEvent, ToolDelta } from "../core/event.ts";
import { Failure } from "../core/failure.ts";
import { isRecord, type JsonRecord } from "../core/json.ts";
import type { Usage } from "../core/usage.ts";
import { readErrorField } from "./openai-failure.ts";
import { completionLogprobs } from "./openai-logprobs.ts";
import type { Profile } from "./profile.ts";
import { addUsage, readUsage } from "./openai-usage.ts";

/** What must be remembered between the chunks of one answer. */
export interface AnswerState {
  readonly profile: Profile;
  started: boolean;
  /** `[DONE]` was seen. */
  doneMark: boolean;
  /** Choices that said something, and whether they said why they ended. */
  readonly finished: Map<number, boolean>;
  /** Constant unknown fields (system_fingerprint on every chunk) are reported when they change, not every time. */
  readonly constants: Map<string, unknown>;
  /** Of a completion with log-probabilities: characters that each choice's tokens have so far. */
  readonly places: Map<number, number>;
  usage: Usage | undefined;
}

/** Nothing was read yet. */
export function beginAnswer(profile: Profile): AnswerState {
  return {
    profile,
    started: false,
    doneMark: false,
    finished: new Map(),
    constants: new Map(),
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
  const chunk = parse(payload, badFrame);
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
  const document = parse(payload, badDocument);
  if (!isRecord(document)) throw badDocument("it is not a JSON object");
  readAnswer(state, document, out);
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
  const choices = Array.isArray(answer.choices) ? answer.choices : [];
  if (!state.started && (choices.length > 0 || answer.id)) readStart(state, answer, out);
  readAnswerExtra(state, answer, out);
  choices.forEach((choice, i) => {
    if (isRecord(choice)) readChoice(state, choice, i, out);
  });
  const usage = readUsage(answer);
  if (!usage) return;
  state.usage = state.profile.usagePerChoice ? addUsage(state.usage, usage) : usage;
  out.push({ type: "usage", usage: state.usage });
}

function finishRest(state: AnswerState, out: StreamEvent[]): void {
  for (const [choice, finished] of state.finished) if (!finished) readFinish(state, choice, "stop", out);
}

function parse(payload: string, bad: (how: string, cause: unknown) => Failure): unknown {
  try {
    return JSON.parse(payload);
  } catch (cause) {
    throw bad("it is not JSON", cause);
  }
}

function readStart(state: AnswerState, chunk: JsonRecord, out: StreamEvent[]): void {
  state.started = true;
  out.push({
    type: "start",
    id: typeof chunk.id === "string" ? chunk.id : "",
    model: typeof chunk.model === "string" ? chunk.model : "",
    created: Math.trunc(Number(chunk.created)) || 0,
  });
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
const DELTA_FIELDS = new Set(["role", "content", "reasoning_content", "reasoning", "refusal", "tool_calls"]);
const CALL_FIELDS = new Set(["index", "id", "type", "function", "custom"]);

function readAnswerExtra(state: AnswerState, answer: JsonRecord, out: StreamEvent[]): void {
  let fields: JsonRecord | undefined;
  for (const name in answer) {
    const value = answer[name];
    if (ANSWER_FIELDS.has(name) || value === null) continue;
    if (state.constants.get(name) === value) continue;
    state.constants.set(name, value);
    fields ??= {};
    fields[name] = value;
  }
  if (fields) out.push({ type: "extra", choice: 0, extra: { dialect: "openai", chunk: fields } });
}

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
  if (isRecord(delta)) readDelta(delta, choice, out);
  else if (typeof source.text === "string" && source.text !== "") {
    out.push({ type: "text", choice, text: source.text });
  }
  const reason = source.finish_reason;
  if (typeof reason === "string" && reason !== "") readFinish(state, choice, reason, out);
}

function readDelta(delta: JsonRecord, choice: number, out: StreamEvent[]): void {
  const extra = unknownFields(delta, DELTA_FIELDS);
  if (extra) out.push({ type: "extra", choice, extra: { dialect: "openai", delta: extra } });
  // Hosts that send both names say the same thing twice.
  const reasoning = delta.reasoning_content || delta.reasoning;
  if (typeof reasoning === "string" && reasoning !== "")
    out.push({ type: "reasoning", choice, text: reasoning });
  const { content } = delta;
  if (typeof content === "string") {
    if (content !== "") out.push({ type: "text", choice, text: content });
  } else if (Array.isArray(content)) readParts(content, choice, out);
  if (typeof delta.refusal === "string" && delta.refusal !== "")
    out.push({ type: "refusal", choice, text: delta.refusal });
  if (Array.isArray(delta.tool_calls)) readToolCalls(delta.tool_calls, choice, out);
}

/** Mistral's reasoning models send content as parts: `text`, and `thinking` that holds text parts again. */
function readParts(parts: unknown[], choice: number, out: StreamEvent[]): void {
  for (const part of parts) {
    if (!isRecord(part)) continue;
    if (part.type === "thinking" && Array.isArray(part.thinking)) {
      const text = part.thinking
        .map((inner) => (isRecord(inner) && typeof inner.text === "string" ? inner.text : ""))
        .join("");
      if (text !== "") out.push({ type: "reasoning", choice, text });
    } else if (typeof part.text === "string" && part.text !== "")
      out.push({ type: "text", choice, text: part.text });
  }
}

function readToolCalls(calls: unknown[], choice: number, out: StreamEvent[]): void {
  calls.forEach((call, position) => {
    if (!isRecord(call)) return;
    const delta = readToolCall(call, choice);
    // Documents number no calls: their places in the list do.
    if (calls.length > 1 && delta.index === undefined && (delta.id || delta.name)) delta.index = position;
    out.push(delta);
  });
}

function readToolCall(call: JsonRecord, choice: number): ToolDelta {
  const delta: ToolDelta = { type: "tool-delta", choice };
  const body = isRecord(call.function) ? call.function : isRecord(call.custom) ? call.custom : undefined;
  if (typeof call.index === "number") delta.index = call.index;
  if (typeof call.id === "string") delta.id = call.id;
  if (call.type === "custom" || isRecord(call.custom)) delta.kind = "custom";
  if (typeof body?.name === "string") delta.name = body.name;
  const args = body?.arguments ?? body?.input;
  if (args !== undefined && args !== null) delta.args = args;
  const extra = unknownFields(call, CALL_FIELDS);
  if (extra) delta.extra = extra;
  return delta;
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

function readFinish(state: AnswerState, choice: number, raw: string, out: StreamEvent[]): void {
  // Sometimes this word is all it says.
  if (BROKEN_OFF.has(raw))
    throw new Failure("upstream_error", `The backend broke off its answer: finish_reason "${raw}".`);
  state.finished.set(choice, true);
  const reason = REASONS.get(raw) ?? "other";
  out.push(reason === "other" ? { type: "finish", choice, reason, raw } : { type: "finish", choice, reason });
}

function unknownFields(source: JsonRecord, known: ReadonlySet<string>): JsonRecord | undefined {
  let fields: JsonRecord | undefined;
  for (const name in source) {
    if (known.has(name)) continue;
    // `audio: null`, `function_call: null` and the like say nothing.
    if (source[name] === null) continue;
    fields ??= {};
    fields[name] = source[name];
  }
  return fields;
}

function badFrame(how: string, cause?: unknown): Failure {
  return new Failure("upstream_bad_frame", `The backend sent a frame that makes no sense: ${how}.`, {
    cause,
  });
}

function badDocument(how: string, cause?: unknown): Failure {
  return new Failure("upstream_bad_response", `The backend's answer makes no sense: ${how}.`, { cause });
}
