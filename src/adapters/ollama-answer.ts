import type { FinishReason, StreamEvent, ToolDelta } from "../core/event.ts";
import { Failure } from "../core/failure.ts";
import { isRecord, type JsonRecord } from "../core/json.ts";
import type { Hints } from "./adapter.ts";
import { readLineFailure } from "./ollama-failure.ts";
import { COUNTERS, readOllamaUsage } from "./ollama-usage.ts";
import { completionLogprobs } from "./openai-logprobs.ts";
import type { Profile } from "./profile.ts";

/** What must be remembered between the lines of one answer. */
export interface OllamaState {
  readonly hints: Hints;
  started: boolean;
  /** `done: true` was seen: the only word for a whole answer. */
  done: boolean;
  /** Tool calls so far. */
  calls: number;
  /** Text that may turn out to be a tool call; undefined: what comes is text. */
  held: string[] | undefined;
  heldLength: number;
  /** Constant unknown fields (`remote_model` on every line) are reported when they change, not every time. */
  readonly constants: Map<string, unknown>;
  /** Of a completion with log-probabilities: characters that its tokens have so far. */
  readonly places: Map<number, number>;
}

/** Nothing was read yet. */
export function beginOllama(_profile: Profile, hints: Hints = {}): OllamaState {
  return {
    hints,
    started: false,
    done: false,
    calls: 0,
    held: hints.callAsText ? [] : undefined,
    heldLength: 0,
    constants: new Map(),
    places: new Map(),
  };
}

/** One line of a stream, of `/api/chat` or `/api/generate`. */
export function readLine(state: OllamaState, payload: string, out: StreamEvent[]): void {
  const line = parse(payload, badFrame);
  if (!isRecord(line)) throw badFrame("it is not a JSON object");
  readAnswer(state, line, out);
}

/** A whole answer in one document: its only line. */
export function readDocument(state: OllamaState, payload: string, out: StreamEvent[]): void {
  const document = parse(payload, badDocument);
  if (!isRecord(document)) throw badDocument("it is not a JSON object");
  readAnswer(state, document, out);
}

function readAnswer(state: OllamaState, line: JsonRecord, out: StreamEvent[]): void {
  if (line.error) throw readLineFailure(line.error);
  if (!state.started) readStart(state, line, out);
  readExtra(state, line, out);
  if (Array.isArray(line.logprobs)) readLogprobs(state, line.logprobs, out);
  if (isRecord(line.message)) readMessage(state, line.message, out);
  else readWords(state, line.thinking, line.response, out);
  if (line.done === true) readEnd(state, line, out);
}

function readStart(state: OllamaState, { model, created_at: time }: JsonRecord, out: StreamEvent[]): void {
  state.started = true;
  out.push({
    type: "start",
    // Ollama gives its answers none.
    id: "",
    model: typeof model === "string" ? model : "",
    created: Math.trunc(Date.parse(String(time)) / 1000) || 0,
  });
}

const LINE_FIELDS: ReadonlySet<string> = new Set([
  ...COUNTERS,
  "model",
  "created_at",
  "message",
  "response",
  "thinking",
  "logprobs",
  "done",
  "done_reason",
  "error",
]);
const MESSAGE_FIELDS: ReadonlySet<string> = new Set(["role", "content", "thinking", "tool_calls"]);
const CALL_FIELDS: ReadonlySet<string> = new Set(["id", "type", "function"]);

function readExtra(state: OllamaState, line: JsonRecord, out: StreamEvent[]): void {
  const chunk = unknownFields(line, LINE_FIELDS);
  if (!chunk) return;
  for (const [name, value] of Object.entries(chunk)) {
    if (state.constants.get(name) === value) delete chunk[name];
    else state.constants.set(name, value);
  }
  if (Object.keys(chunk).length > 0)
    out.push({ type: "extra", choice: 0, extra: { dialect: "ollama", chunk } });
}

/** A list as OpenAI's chat has it under `content`. */
function readLogprobs(state: OllamaState, content: unknown[], out: StreamEvent[]): void {
  if (content.length === 0) return;
  const chat = { content, refusal: null };
  const logprobs = state.hints.completion ? completionLogprobs(chat, 0, state.places) : chat;
  out.push({ type: "logprobs", choice: 0, logprobs });
}

function readMessage(state: OllamaState, message: JsonRecord, out: StreamEvent[]): void {
  const delta = unknownFields(message, MESSAGE_FIELDS);
  if (delta) out.push({ type: "extra", choice: 0, extra: { dialect: "ollama", delta } });
  readWords(state, message.thinking, message.content, out);
  const { tool_calls: calls } = message;
  if (Array.isArray(calls)) for (const call of calls) if (isRecord(call)) readCall(state, call, out);
}

function readWords(state: OllamaState, thinking: unknown, text: unknown, out: StreamEvent[]): void {
  if (typeof thinking === "string" && thinking !== "")
    out.push({ type: "reasoning", choice: 0, text: thinking });
  if (typeof text !== "string" || text === "") return;
  if (!state.held) {
    out.push({ type: "text", choice: 0, text });
    return;
  }
  state.held.push(text);
  state.heldLength += text.length;
  if (state.heldLength > HELD_MAX) release(state, out);
}

/** Longest text that is held to see whether it is a call, characters: none is that long. */
const HELD_MAX = 1024 * 1024;

/** What was held is text after all. */
function release(state: OllamaState, out: StreamEvent[]): void {
  const text = state.held?.join("");
  state.held = undefined;
  if (text) out.push({ type: "text", choice: 0, text });
}

/** Every call comes whole. Its own index starts anew in each line (older releases: is always 0), so it is not asked. */
function readCall(state: OllamaState, call: JsonRecord, out: StreamEvent[]): void {
  const { name, arguments: args } = isRecord(call.function) ? call.function : {};
  const delta = callDelta(state, name, args);
  if (typeof call.id === "string" && call.id !== "") delta.id = call.id;
  const fields = unknownFields(call, CALL_FIELDS);
  if (fields) delta.extra = { dialect: "ollama", fields };
  out.push(delta);
}

function callDelta(state: OllamaState, name: unknown, args: unknown): ToolDelta {
  const delta: ToolDelta = {
    type: "tool-delta",
    choice: 0,
    index: state.calls++,
    args: args ?? {},
    done: true,
  };
  if (typeof name === "string") delta.name = name;
  return delta;
}

const REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ["stop", "stop"],
  ["length", "length"],
  // Nothing was asked: the model is in memory now, or is no more.
  ["load", "stop"],
  ["unload", "stop"],
]);

function readEnd(state: OllamaState, line: JsonRecord, out: StreamEvent[]): void {
  const { hints } = state;
  // Releases before 0.12.6 read no `truncate` and cut the prompt to what there is room for, to the token.
  if (hints.asked?.room !== undefined && line.prompt_eval_count === hints.asked.room)
    throw cutPrompt(hints.asked.room);
  readHeldCall(state, out);
  state.done = true;
  const raw = typeof line.done_reason === "string" ? line.done_reason : "stop";
  const reason = REASONS.get(raw) ?? "other";
  if (reason !== raw)
    out.push({ type: "extra", choice: 0, extra: { dialect: "ollama", chunk: { done_reason: raw } } });
  out.push(
    reason === "other" ? { type: "finish", choice: 0, reason, raw } : { type: "finish", choice: 0, reason },
  );
  const usage = readOllamaUsage(line, hints.asked?.tokens);
  if (usage) out.push({ type: "usage", usage });
}

/** The text of an answer that a schema held to the form of a call: `{"name": .., "arguments": {..}}`. */
function readHeldCall(state: OllamaState, out: StreamEvent[]): void {
  const text = state.held?.join("") ?? "";
  if (text === "") return;
  const { name, arguments: args, ...more } = recordIn(text);
  const isCall = typeof name === "string" && isRecord(args) && Object.keys(more).length === 0;
  if (!isCall) return release(state, out);
  state.held = undefined;
  out.push(callDelta(state, name, args));
}

function recordIn(text: string): JsonRecord {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

function unknownFields(source: JsonRecord, known: ReadonlySet<string>): JsonRecord | undefined {
  let fields: JsonRecord | undefined;
  for (const name in source) {
    if (known.has(name) || source[name] === null) continue;
    fields ??= {};
    fields[name] = source[name];
  }
  return fields;
}

function parse(payload: string, bad: (how: string, cause: unknown) => Failure): unknown {
  try {
    return JSON.parse(payload);
  } catch (cause) {
    throw bad("it is not JSON", cause);
  }
}

function cutPrompt(room: number): Failure {
  return new Failure(
    "context_length_exceeded",
    `The prompt is longer than the model's maximum context length of ${room} tokens, and the backend cut it.`,
    { contextTokens: room },
  );
}

function badFrame(how: string, cause?: unknown): Failure {
  return new Failure("upstream_bad_frame", `The backend sent a frame that makes no sense: ${how}.`, {
    cause,
  });
}

function badDocument(how: string, cause?: unknown): Failure {
  return new Failure("upstream_bad_response", `The backend's answer makes no sense: ${how}.`, { cause });
}
