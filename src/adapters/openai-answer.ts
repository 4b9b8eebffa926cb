import type { FinishReason, StreamEvent, ToolDelta } from "../core/event.ts";
import { Failure } from "../core/failure.ts";
import { isRecord, type JsonRecord } from "../core/json.ts";
import { readErrorField } from "./openai-failure.ts";
import type { Profile } from "./profile.ts";
import { readUsage } from "./openai-usage.ts";

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
}

export function beginAnswer(profile: Profile): AnswerState {
  return { profile, started: false, doneMark: false, finished: new Map(), constants: new Map() };
}

/** Did the host say that the answer is whole? Every choice must have ended with a reason; the connection's end proves nothing. */
export function isWhole(state: AnswerState): boolean {
  if (state.doneMark && state.profile.finishOptional) return true;
  if (state.finished.size === 0) return false;
  for (const finished of state.finished.values()) if (!finished) return false;
  return true;
}

/** One chunk of a stream, or one whole answer: they differ only in `delta` and `message`, and `text` for completions. */
export function readChunk(state: AnswerState, payload: string, out: StreamEvent[]): void {
  const chunk = parseChunk(payload);
  // Some hosts put `"error": null` on every chunk.
  if (chunk.error) throw readErrorField(chunk.error);
  const choices = Array.isArray(chunk.choices) ? chunk.choices : [];
  if (!state.started && (choices.length > 0 || chunk.id)) readStart(state, chunk, out);
  readChunkExtra(state, chunk, out);
  choices.forEach((choice, i) => {
    if (isRecord(choice)) readChoice(state, choice, i, out);
  });
  const usage = readUsage(chunk);
  if (usage) out.push({ type: "usage", usage });
}

function parseChunk(payload: string): JsonRecord {
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch (cause) {
    throw badFrame("a frame is not JSON", cause);
  }
  if (!isRecord(value)) throw badFrame("a frame is not a JSON object", undefined);
  // Older vLLM: {"object":"error","message":...}, flat.
  if (value.object === "error") throw readErrorField(value);
  return value;
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
const CHUNK_FIELDS = new Set([
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

function readChunkExtra(state: AnswerState, chunk: JsonRecord, out: StreamEvent[]): void {
  let fields: JsonRecord | undefined;
  for (const name in chunk) {
    const value = chunk[name];
    if (CHUNK_FIELDS.has(name) || value === null) continue;
    if (typeof value !== "object" && state.constants.has(name) && state.constants.get(name) === value)
      continue;
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
  if (isRecord(source.logprobs)) out.push({ type: "logprobs", choice, logprobs: source.logprobs });
  const delta = source.delta ?? source.message;
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
  const reasoning = delta.reasoning_content ?? delta.reasoning;
  if (typeof reasoning === "string" && reasoning !== "")
    out.push({ type: "reasoning", choice, text: reasoning });
  const { content } = delta;
  if (typeof content === "string") {
    if (content !== "") out.push({ type: "text", choice, text: content });
  } else if (Array.isArray(content)) readParts(content, choice, out);
  if (typeof delta.refusal === "string" && delta.refusal !== "")
    out.push({ type: "refusal", choice, text: delta.refusal });
  if (!Array.isArray(delta.tool_calls)) return;
  for (const call of delta.tool_calls) if (isRecord(call)) out.push(readToolCall(call, choice));
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

const REASONS: Record<string, FinishReason> = {
  stop: "stop",
  length: "length",
  tool_calls: "tool_calls",
  content_filter: "content_filter",
  function_call: "function_call",
  // Other words for the same, seen from hosts that pass their engine's own through.
  eos: "stop",
  eos_token: "stop",
  end_turn: "stop",
  stop_sequence: "stop",
  max_tokens: "length",
  tool_use: "tool_calls",
};

function readFinish(state: AnswerState, choice: number, raw: string, out: StreamEvent[]): void {
  // OpenRouter: the provider behind it failed, and sometimes this word is all it says.
  if (raw === "error")
    throw new Failure("upstream_error", "The backend ended its answer with an error and no reason.");
  state.finished.set(choice, true);
  const reason = REASONS[raw] ?? "other";
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

function badFrame(how: string, cause: unknown): Failure {
  return new Failure("upstream_bad_frame", `The backend's answer makes no sense: ${how}.`, { cause });
}
