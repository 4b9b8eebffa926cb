import type { FinishReason, StreamEvent, ToolDelta } from "../../core/event.ts";
import { Failure } from "../../core/failure.ts";
import { isRecord, type JsonRecord } from "../../core/json.ts";
import { fieldsOf } from "../../core/lenient.ts";
import type { Hints } from "../adapter.ts";
import { startOf } from "../answer-start.ts";
import { CallText } from "../call-text.ts";
import { completionLogprobs } from "../openai/logprobs.ts";
import { documentRecord, frameRecord } from "../payload.ts";
import type { Profile } from "../profile.ts";
import { carriedFrom, FieldNews, unknownFields } from "../unknown-fields.ts";
import { readLineFailure } from "./failure.ts";
import { COUNTERS, readOllamaUsage } from "./usage.ts";

/** What must be remembered between the lines of one answer. */
export interface OllamaState {
  readonly hints: Hints;
  started: boolean;
  /** `done: true` was seen: the only word for a whole answer. */
  done: boolean;
  /** Tool calls so far. */
  calls: number;
  /** Where the text may turn out to be a tool call. */
  readonly callText: CallText | undefined;
  /** Unknown fields of the lines. */
  readonly news: FieldNews;
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
    callText: hints.callAsText ? new CallText() : undefined,
    news: new FieldNews(LINE_FIELDS),
    places: new Map(),
  };
}

/** One line of a stream, of `/api/chat` or `/api/generate`. */
export function readLine(state: OllamaState, payload: string, out: StreamEvent[]): void {
  readAnswer(state, frameRecord(payload), out);
}

/** A whole answer in one document: its only line. */
export function readDocument(state: OllamaState, payload: string, out: StreamEvent[]): void {
  readAnswer(state, documentRecord(payload), out);
}

function readAnswer(state: OllamaState, line: JsonRecord, out: StreamEvent[]): void {
  if (line.error) throw readLineFailure(line.error);
  // Ollama gives its answers no ids.
  if (!state.started) out.push(startOf({ model: line.model, created: line.created_at }));
  state.started = true;
  const chunk = state.news.of(line);
  if (chunk) out.push({ type: "extra", choice: 0, extra: { dialect: "ollama", chunk } });
  if (Array.isArray(line.logprobs)) readLogprobs(state, line.logprobs, out);
  if (isRecord(line.message)) readMessage(state, line.message, out);
  else readWords(state, line.thinking, line.response, out);
  if (line.done === true) readEnd(state, line, out);
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
  const said = state.callText ? state.callText.push(text) : text;
  if (said !== "") out.push({ type: "text", choice: 0, text: said });
}

/** Every call comes whole. Its own index starts anew in each line (older releases: is always 0), so it is not asked. */
function readCall(state: OllamaState, call: JsonRecord, out: StreamEvent[]): void {
  const { name, arguments: args } = fieldsOf(call.function);
  const delta = callDelta(state, name, args);
  if (typeof call.id === "string" && call.id !== "") delta.id = call.id;
  out.push({ ...delta, ...carriedFrom("ollama", call, CALL_FIELDS) });
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
  if (hints.context?.room !== undefined && line.prompt_eval_count === hints.context.room)
    throw cutPrompt(hints.context.room);
  readTextCall(state, out);
  state.done = true;
  const raw = typeof line.done_reason === "string" ? line.done_reason : "stop";
  const reason = REASONS.get(raw) ?? "other";
  if (reason !== raw)
    out.push({ type: "extra", choice: 0, extra: { dialect: "ollama", chunk: { done_reason: raw } } });
  out.push(
    reason === "other" ? { type: "finish", choice: 0, reason, raw } : { type: "finish", choice: 0, reason },
  );
  const usage = readOllamaUsage(line, hints.context?.tokens);
  if (usage) out.push({ type: "usage", usage });
}

/** The text of an answer that a schema held to the form of a call. */
function readTextCall(state: OllamaState, out: StreamEvent[]): void {
  const said = state.callText?.end() ?? "";
  if (typeof said !== "string") out.push(callDelta(state, said.name, said.args));
  else if (said !== "") out.push({ type: "text", choice: 0, text: said });
}

function cutPrompt(room: number): Failure {
  return new Failure(
    "context_length_exceeded",
    `The prompt is longer than the model's maximum context length of ${room} tokens, and the backend cut it.`,
    { contextTokens: room },
  );
}
