import type { FinishReason, StreamEvent } from "../../core/event.ts";
import { Failure } from "../../core/failure.ts";
import { isRecord, type JsonRecord } from "../../core/json.ts";
import { entriesOf } from "../../core/lenient.ts";
import type { Opaque } from "../../core/opaque.ts";
import { startOf } from "../answer-start.ts";
import { badDocument, badFrame, parseDocument, parseFrame } from "../payload.ts";
import { unknownFields } from "../unknown-fields.ts";
import { Calls } from "./calls.ts";
import { readErrorFrame } from "./failure.ts";
import { chatLogprobs } from "./logprobs.ts";
import { PLACED_TEXT_MAX, type Said, sourcesOf } from "./sources.ts";
import { readUsage } from "./usage.ts";

/** What must be remembered between the frames of one answer. */
export interface AnswerState {
  started: boolean;
  readonly candidates: Map<number, Candidate>;
}

interface Candidate extends Said {
  finished: boolean;
  readonly calls: Calls;
  /** What it said, for places in it; undefined: too long for that. */
  text: string | undefined;
  /** The part that is open was signed, which ends it. */
  sealed: boolean;
}

/** Nothing was read yet. */
export function beginAnswer(): AnswerState {
  return { started: false, candidates: new Map() };
}

/** There is no mark of the end: an answer is whole when every candidate said why it ended. */
export function isWhole({ candidates }: AnswerState): boolean {
  if (candidates.size === 0) return false;
  for (const { finished } of candidates.values()) if (!finished) return false;
  return true;
}

/** One frame of a stream. */
export function readFrame(state: AnswerState, payload: string, out: StreamEvent[]): void {
  for (const answer of answersIn(parseFrame(payload), badFrame)) readAnswer(state, answer, out);
}

/** A whole answer in one document, or a stream without `alt=sse`, which is a list of frames. */
export function readDocument(state: AnswerState, payload: string, out: StreamEvent[]): void {
  for (const answer of answersIn(parseDocument(payload), badDocument)) readAnswer(state, answer, out);
  if (state.candidates.size === 0) throw badDocument("it has no candidates");
  // It cannot be cut between its candidates: those without a reason ended all the same.
  for (const [choice, candidate] of state.candidates)
    if (!candidate.finished) finish(candidate, { choice, raw: "STOP", message: undefined }, out);
}

function answersIn(value: unknown, bad: (how: string) => Failure): JsonRecord[] {
  const answers: unknown[] = Array.isArray(value) ? value : [value];
  return answers.map((answer) => {
    if (isRecord(answer)) return answer;
    throw bad("it is not a JSON object");
  });
}

function readAnswer(state: AnswerState, answer: JsonRecord, out: StreamEvent[]): void {
  if (answer.error) throw readErrorFrame(answer.error);
  if (!state.started) {
    state.started = true;
    // Vertex alone says the time.
    const { responseId: id, modelVersion: model, createTime: created } = answer;
    out.push(startOf({ id, model, created }));
  }
  const extra = unknownFields(answer, ANSWER_FIELDS);
  if (extra) out.push({ type: "extra", choice: 0, extra: { dialect: "gemini", chunk: extra } });
  entriesOf(answer.candidates).forEach((candidate, i) => {
    if (isRecord(candidate)) readCandidate(state, candidate, i, out);
  });
  const { promptFeedback: feedback, usageMetadata } = answer;
  // A blocked prompt has no candidate, and is no error to Gemini.
  if (state.candidates.size === 0 && isRecord(feedback) && typeof feedback.blockReason === "string")
    finish(candidateOf(state, 0), { choice: 0, raw: "SAFETY", message: undefined }, out);
  const usage = isRecord(usageMetadata) ? readUsage(usageMetadata) : undefined;
  if (usage) out.push({ type: "usage", usage });
}

const ANSWER_FIELDS = new Set([
  "candidates",
  "usageMetadata",
  "modelVersion",
  "responseId",
  "createTime",
  "error",
]);
const CANDIDATE_FIELDS = new Set(["content", "index", "finishReason", "logprobsResult"]);

function readCandidate(state: AnswerState, source: JsonRecord, position: number, out: StreamEvent[]): void {
  const choice = typeof source.index === "number" ? source.index : position;
  const candidate = candidateOf(state, choice);
  const extra = unknownFields(source, CANDIDATE_FIELDS);
  if (extra) out.push({ type: "extra", choice, extra: { dialect: "gemini", choice: extra } });
  if (isRecord(source.groundingMetadata)) candidate.grounding = source.groundingMetadata;
  if (isRecord(source.citationMetadata)) candidate.citations = source.citationMetadata;
  if (isRecord(source.logprobsResult))
    out.push({ type: "logprobs", choice, logprobs: chatLogprobs(source.logprobsResult) });
  const parts = isRecord(source.content) ? entriesOf(source.content.parts) : [];
  for (const part of parts) if (isRecord(part)) readPart(candidate, part, choice, out);
  const { finishReason: raw, finishMessage: message } = source;
  if (typeof raw === "string" && raw !== "") finish(candidate, { choice, raw, message }, out);
}

function readPart(candidate: Candidate, part: JsonRecord, choice: number, out: StreamEvent[]): void {
  const { thoughtSignature: data } = part;
  const opaque: Opaque | undefined =
    typeof data === "string" && data !== "" ? { issuer: "gemini", kind: "thought", data } : undefined;
  if (isRecord(part.functionCall)) {
    candidate.sealed = false;
    return candidate.calls.read(part.functionCall, opaque, out);
  }
  if (typeof part.text === "string")
    readWords(candidate, { text: part.text, thought: part.thought === true, choice }, out);
  else if (Object.keys(part).some((name) => name !== "thoughtSignature" && name !== "thought")) {
    // Pictures, code that Google ran, its own tools: no other dialect has a word for them.
    candidate.sealed = false;
    out.push({ type: "foreign", choice, dialect: "gemini", value: part });
    return;
  }
  if (!opaque) return;
  out.push({ type: "opaque", choice, opaque });
  candidate.sealed = true;
}

interface Words {
  text: string;
  thought: boolean;
  choice: number;
}

function readWords(candidate: Candidate, { text, thought, choice }: Words, out: StreamEvent[]): void {
  if (text === "") return;
  if (candidate.sealed) {
    candidate.sealed = false;
    out.push({ type: "boundary", choice });
  }
  out.push({ type: thought ? "reasoning" : "text", choice, text });
  if (!thought && candidate.text !== undefined) {
    candidate.text += text;
    if (candidate.text.length > PLACED_TEXT_MAX) candidate.text = undefined;
  }
}

/** Safety in all its forms. `OTHER` and words that are not known yet only say that it ended. */
const REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ["STOP", "stop"],
  ["MAX_TOKENS", "length"],
  ["SAFETY", "content_filter"],
  ["RECITATION", "content_filter"],
  ["LANGUAGE", "content_filter"],
  ["BLOCKLIST", "content_filter"],
  ["PROHIBITED_CONTENT", "content_filter"],
  ["SPII", "content_filter"],
  ["MODEL_ARMOR", "content_filter"],
  ["IMAGE_SAFETY", "content_filter"],
  ["IMAGE_PROHIBITED_CONTENT", "content_filter"],
  ["IMAGE_RECITATION", "content_filter"],
]);

/** The model wrote what Gemini could not read: there is no answer, and another try may have one. */
const BROKEN_OFF = new Set([
  "MALFORMED_FUNCTION_CALL",
  "UNEXPECTED_TOOL_CALL",
  "TOO_MANY_TOOL_CALLS",
  "MISSING_THOUGHT_SIGNATURE",
  "MALFORMED_RESPONSE",
]);

interface Ending {
  choice: number;
  raw: string;
  message: unknown;
}

function finish(candidate: Candidate, { choice, raw, message }: Ending, out: StreamEvent[]): void {
  candidate.calls.end(out);
  if (BROKEN_OFF.has(raw)) {
    const words = typeof message === "string" && message !== "" ? ` ${message.slice(0, MESSAGE_MAX)}` : "";
    throw new Failure("upstream_error", `The backend broke off its answer: finishReason "${raw}".${words}`);
  }
  if (!candidate.finished)
    for (const annotation of sourcesOf(candidate, candidate.text))
      out.push({ type: "annotation", choice, annotation });
  candidate.finished = true;
  const reason = REASONS.get(raw);
  out.push(reason ? { type: "finish", choice, reason } : { type: "finish", choice, reason: "stop", raw });
}

/** Of a message about why the answer broke off, characters. */
const MESSAGE_MAX = 500;

function candidateOf({ candidates }: AnswerState, choice: number): Candidate {
  let candidate = candidates.get(choice);
  if (!candidate) {
    candidate = {
      finished: false,
      calls: new Calls(choice),
      text: "",
      sealed: false,
      grounding: undefined,
      citations: undefined,
    };
    candidates.set(choice, candidate);
  }
  return candidate;
}
