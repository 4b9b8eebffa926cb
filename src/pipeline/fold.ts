import type { Answer, AnswerChoice } from "../core/answer.ts";
import type { EventStream, Extra, StreamEvent } from "../core/event.ts";
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

class Folding {
  readonly #dialect: Dialect;
  readonly #choices = new Map<number, AnswerChoice>();
  readonly #texts = new Map<AnswerChoice, { text: string[]; reasoning: string[]; args: string[][] }>();
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
        throw new Error("a tool-delta left the normaliser");
      default:
        this.#addToChoice(event, this.#choice(event.choice));
    }
  }

  finish(): Answer {
    if (!this.#ended) throw new Failure("internal_error", "The answer ended without an end.");
    for (const [choice, { text, reasoning, args }] of this.#texts) {
      choice.text = text.join("");
      choice.reasoning = reasoning.join("");
      choice.toolCalls.forEach((call, i) => {
        call.args = args[i]?.join("") ?? "";
      });
    }
    this.#answer.choices = [...this.#choices.values()].sort((a, b) => a.index - b.index);
    return this.#answer;
  }

  #addToChoice(event: Extract<StreamEvent, { choice: number }>, choice: AnswerChoice): void {
    const parts = this.#texts.get(choice);
    if (!parts) return;
    switch (event.type) {
      case "text":
        parts.text.push(this.#count(event.text));
        return;
      case "reasoning":
        parts.reasoning.push(this.#count(event.text));
        return;
      case "refusal":
        choice.refusal += this.#count(event.text);
        return;
      case "logprobs":
        choice.logprobs = joined(choice.logprobs, event.logprobs);
        return;
      case "tool-start":
        choice.toolCalls.push({
          id: event.id,
          name: event.name,
          kind: event.kind,
          args: "",
          ...(event.extra ? { extra: event.extra } : {}),
        });
        parts.args.push([]);
        return;
      case "tool-args":
        parts.args[event.call]?.push(this.#count(event.json));
        return;
      case "extra":
        return this.#addExtra(event.extra, choice);
      case "finish":
        choice.finish = event.reason;
        if (event.raw !== undefined) choice.raw = event.raw;
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

  #choice(index: number): AnswerChoice {
    let choice = this.#choices.get(index);
    if (!choice) {
      choice = {
        index,
        text: "",
        reasoning: "",
        refusal: "",
        toolCalls: [],
        logprobs: undefined,
        finish: "stop",
        extra: {},
        messageExtra: {},
      };
      this.#choices.set(index, choice);
      this.#texts.set(choice, { text: [], reasoning: [], args: [] });
    }
    return choice;
  }
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
