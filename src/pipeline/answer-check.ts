import type { FinishReason, StreamEvent } from "../core/event.ts";
import { Failure } from "../core/failure.ts";
import { dropped, type Note } from "../core/note.ts";
import type { Expected } from "./expected.ts";
import { mismatch } from "./format-check.ts";

/** Text of one choice that is kept for a look at its form, characters: what is longer is not looked at. */
const TEXT_MAX = 4 * 1024 * 1024;

interface Seen {
  pieces: string[];
  size: number;
  calls: string[];
  finish: FinishReason | undefined;
}

/** What is to happen when an answer is not what was asked for. */
export interface Consequence {
  strict: boolean;
  notes: Note[];
}

/**
 * Holds an answer against what its client asked for, as it passes by: hosts ignore a response_format, a tool_choice or an n
 * without a word. What is missing is noted; a strict server ends the answer with an error instead of its reason to finish.
 */
export class AnswerCheck {
  readonly #expected: Expected;
  readonly #consequence: Consequence;
  readonly #choices = new Map<number, Seen>();

  constructor(expected: Expected, consequence: Consequence) {
    this.#expected = expected;
    this.#consequence = consequence;
  }

  /** Normalised events, in the client's names; the same list unless there is something to refuse. */
  pass(events: StreamEvent[]): StreamEvent[] {
    for (const event of events) this.#see(event);
    return events.at(-1)?.type === "end" ? this.#judged(events) : events;
  }

  #see(event: StreamEvent): void {
    switch (event.type) {
      case "text": {
        if (!this.#expected.format) return;
        const seen = this.#seen(event.choice);
        seen.size += event.text.length;
        if (seen.size <= TEXT_MAX) seen.pieces.push(event.text);
        return;
      }
      case "tool-start":
        this.#seen(event.choice).calls.push(event.name);
        return;
      case "finish":
        this.#seen(event.choice).finish = event.reason;
        return;
      default:
    }
  }

  #judged(events: StreamEvent[]): StreamEvent[] {
    const { notes, strict } = this.#consequence;
    const known = new Set(notes.filter(({ kind }) => kind === "dropped").map(({ field }) => field));
    // Of several choices the first one tells it.
    const missing = this.#missing().filter(({ field }) => !known.has(field) && known.add(field));
    if (!strict) notes.push(...missing);
    const [first] = missing;
    if (!strict || !first) return events;
    const failure = notKept(first);
    const said = events.findIndex(({ type }) => type === "finish" || type === "usage" || type === "end");
    return [...events.slice(0, said), { type: "error", failure }];
  }

  #missing(): Note[] {
    const { format, call, choices } = this.#expected;
    const missing: Note[] = [];
    const got = this.#choices.size;
    if (choices && got < choices.count)
      missing.push(dropped(choices.field, `: the backend gave ${got} of ${choices.count} choices`));
    for (const seen of this.#choices.values()) {
      if (call && isCallMissing(seen, call.names))
        missing.push(dropped(call.field, ": the model answered without such a call"));
      const fault = format && this.#faultOf(seen);
      if (fault !== undefined)
        missing.push(dropped(format?.field ?? "", `: the answer does not follow it, ${fault}`));
    }
    return missing;
  }

  /** An answer that was cut, refused, or is a call instead has no form to keep. */
  #faultOf({ finish, calls, pieces, size }: Seen): string | undefined {
    if (finish !== "stop" || calls.length > 0 || size > TEXT_MAX) return undefined;
    return mismatch(pieces.join(""), this.#expected.format?.schema);
  }

  #seen(choice: number): Seen {
    let seen = this.#choices.get(choice);
    if (!seen) this.#choices.set(choice, (seen = { pieces: [], size: 0, calls: [], finish: undefined }));
    return seen;
  }
}

/** What an answer has lost is an error of the backend's: the request itself was good. */
export function notKept({ message, field }: Note): Failure {
  return new Failure("upstream_bad_response", `${message}, and this server is strict.`, { param: field });
}

/** `tool_calls` says that there was a call: then it is of another tool. */
function isCallMissing({ finish, calls }: Seen, names: readonly string[] | undefined): boolean {
  if (finish !== "stop" && finish !== "tool_calls") return false;
  return names ? !calls.some((name) => names.includes(name)) : calls.length === 0;
}
