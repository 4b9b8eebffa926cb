import {
  type Answer,
  type AnswerChoice,
  type AnswerPart,
  type AnswerToolCall,
  emptyChoice,
  type WordsPart,
} from "../core/answer.ts";
import type { EventStream, Extra, PartStart, StreamEvent, ToolStart } from "../core/event.ts";
import { Failure } from "../core/failure.ts";
import { isRecord, type JsonRecord } from "../core/json.ts";
import type { Dialect } from "../core/request.ts";

/** Longest answer held for a client that does not stream, characters. */
const FOLDED_MAX = 64 * 1024 * 1024;

/**
 * A stream as one answer: the only way a non-streaming answer is made. Throws the failure that the stream ends with.
 * Unknown fields are kept when they are of the client's own `dialect`.
 */
export async function fold(events: EventStream, dialect: Dialect): Promise<Answer> {
  const folding = new Folding(dialect);
  for await (const batch of events) for (const event of batch) folding.add(event);
  return folding.finish();
}

/** A choice that is being put together; its texts are joined at the end, for adding them up one by one is slow. */
interface Folded {
  choice: AnswerChoice;
  /** The part that words go to, and the pieces of every text. */
  words: WordsPart | undefined;
  calls: AnswerToolCall[];
  pieces: Map<AnswerPart, string[]>;
}

class Folding {
  readonly #dialect: Dialect;
  readonly #choices = new Map<number, Folded>();
  readonly #answer: Answer = { id: "", created: 0, choices: [], usage: { input: 0, output: 0 }, extra: {} };
  #size = 0;
  #ended = false;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  add(event: StreamEvent): void {
    switch (event.type) {
      case "start":
        this.#answer.id = event.id;
        this.#answer.created = event.created;
        return;
      case "usage":
        this.#answer.usage = event.usage;
        return;
      case "end":
        this.#ended = true;
        return;
      case "error":
        throw event.failure;
      case "tool-delta":
      case "boundary":
        throw new Error(`a ${event.type} left the normaliser`);
      default:
        this.#addToChoice(event, this.#choice(event.choice));
    }
  }

  finish(): Answer {
    if (!this.#ended) throw new Failure("internal_error", "The answer ended without an end.");
    const choices = [...this.#choices.values()].sort((a, b) => a.choice.index - b.choice.index);
    for (const { pieces } of choices) {
      for (const [part, texts] of pieces) {
        if (part.kind === "tool") part.args = texts.join("");
        else if (part.kind !== "foreign") part.text = texts.join("");
      }
    }
    this.#answer.choices = choices.map(({ choice }) => choice);
    return this.#answer;
  }

  #addToChoice(event: Extract<StreamEvent, { choice: number }>, folded: Folded): void {
    const { choice, words, calls, pieces } = folded;
    switch (event.type) {
      case "part-start":
        return openWords(folded, event);
      case "text":
      case "reasoning":
      case "refusal":
        if (words) pieces.get(words)?.push(this.#count(event.text));
        return;
      case "annotation":
        words?.annotations.push(event.annotation);
        return;
      case "opaque":
        words?.opaque.push(event.opaque);
        return;
      case "tool-start":
        return openCall(folded, event);
      case "tool-args": {
        const call = calls[event.call];
        if (call) pieces.get(call)?.push(this.#count(event.json));
        return;
      }
      case "foreign":
        choice.parts.push({ kind: "foreign", dialect: event.dialect, value: event.value });
        return;
      case "logprobs":
        choice.logprobs = joined(choice.logprobs, event.logprobs);
        return;
      case "extra":
        return this.#addExtra(event.extra, choice);
      case "finish":
        choice.finish = event.reason;
        if (event.raw !== undefined) choice.raw = event.raw;
        if (event.stopSequence !== undefined) choice.stopSequence = event.stopSequence;
        return;
      default:
    }
  }

  #addExtra(extra: Extra, choice: AnswerChoice): void {
    if (extra.dialect !== this.#dialect) return;
    Object.assign(this.#answer.extra, extra.chunk);
    Object.assign(choice.extra, extra.choice);
    Object.assign(choice.messageExtra, extra.delta);
  }

  #count(text: string): string {
    this.#size += text.length;
    if (this.#size > FOLDED_MAX)
      throw new Failure("upstream_bad_response", "The backend's answer is too long to be held.");
    return text;
  }

  #choice(index: number): Folded {
    let folded = this.#choices.get(index);
    if (!folded) {
      folded = { choice: emptyChoice(index), words: undefined, calls: [], pieces: new Map() };
      this.#choices.set(index, folded);
    }
    return folded;
  }
}

function openWords(folded: Folded, { kind, id, extra }: PartStart): void {
  const part: WordsPart = { kind, text: "", annotations: [], opaque: [] };
  if (id !== undefined) part.id = id;
  if (extra !== undefined) part.extra = extra;
  folded.choice.parts.push(part);
  folded.pieces.set(part, []);
  folded.words = part;
}

function openCall(folded: Folded, event: ToolStart): void {
  const { id, name, namespace, kind, itemId, opaque = [], extra } = event;
  const call: AnswerToolCall = { kind: "tool", tool: kind, id, name, args: "", opaque };
  if (namespace !== undefined) call.namespace = namespace;
  if (itemId !== undefined) call.itemId = itemId;
  if (extra !== undefined) call.extra = extra;
  folded.choice.parts.push(call);
  folded.pieces.set(call, []);
  folded.calls.push(call);
}

/**
 * Streams send log-probabilities in pieces of the same shape: lists are joined, everything else is as last said. Adds to
 * `known`, which is ours: copying it for every token would be quadratic.
 */
function joined(known: unknown, next: unknown): unknown {
  if (!isRecord(next)) return next;
  const all: JsonRecord = isRecord(known) ? known : {};
  for (const [name, value] of Object.entries(next)) {
    const before = all[name];
    if (Array.isArray(before) && Array.isArray(value)) for (const entry of value) before.push(entry);
    else if (Array.isArray(value)) all[name] = [...value];
    else all[name] = value ?? before ?? null;
  }
  return all;
}
