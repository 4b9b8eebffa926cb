import type { FinishReason, StreamEvent, ToolStart } from "../../core/event.ts";
import { Failure } from "../../core/failure.ts";
import type { JsonRecord } from "../../core/json.ts";
import type { Usage } from "../../core/usage.ts";
import { SSE_COMMENT } from "../../wire/sse.ts";
import type { StreamWriter } from "../api.ts";
import { Serial } from "../serial.ts";
import { errorEventFields, responseError } from "./error.ts";
import { endingOf } from "./form.ts";
import { type DeltaFields, deltaFields, Frames } from "./frames.ts";
import { citation, type ItemStatus, RESPONSES, tokenLogprobs } from "./items.ts";
import { type OpenItem, openCall, openWords } from "./open-items.ts";
import type { ResponseRecord } from "./record.ts";

/** Longest answer, characters: all of it is said again at its end. */
const HELD_MAX = 64 * 1024 * 1024;

/**
 * Events of OpenAI's Responses, in the order that their own server keeps: one item at a time, each from its beginning to
 * its end. The whole response is kept before its last event is handed out: who got that can go on from it.
 */
export class ResponsesWriter implements StreamWriter {
  readonly comment = SSE_COMMENT;
  readonly #record: ResponseRecord;
  readonly #frames = new Frames();
  readonly #serial = new Serial();
  #started = false;
  #size = 0;
  #open: OpenItem | undefined;
  /** Of the open item, once something of it was said. */
  #deltas: DeltaFields | undefined;
  /** Came before the words they belong to. */
  #logprobs: JsonRecord[] = [];
  #reason: FinishReason = "stop";
  #usage: Usage | undefined;
  readonly #extra: JsonRecord = {};

  constructor(record: ResponseRecord) {
    this.#record = record;
  }

  write(events: readonly StreamEvent[]): string {
    const serial = this.#serial.push(events);
    // Reasons to finish come with the end of the last part: an answer that was cut was cut within that one.
    const finish = serial.find((event) => event.type === "finish");
    const cut = finish !== undefined && endingOf(finish.reason).status === "incomplete";
    const last = cut ? serial.findLastIndex(({ type }) => type === "part-end") : -1;
    let text = "";
    for (const [at, event] of serial.entries()) {
      text +=
        event.type === "part-end" ? this.#end(at === last ? "incomplete" : "completed") : this.#event(event);
    }
    return text;
  }

  error(failure: Failure): string {
    const begun = this.#start(Math.floor(Date.now() / 1000));
    const fields = JSON.stringify(errorEventFields(failure)).slice(1, -1);
    const said = this.#frames.frame("error", fields);
    return begun + said + this.#lifecycle("failed", this.#record.failed(responseError(failure)));
  }

  #event(event: StreamEvent): string {
    switch (event.type) {
      case "start":
        return this.#start(event.created);
      case "part-start":
        return this.#begin(openWords(this.#record.items, event), event.kind !== "reasoning");
      case "tool-start":
        return this.#beginCall(event);
      case "text":
      case "refusal":
      case "reasoning":
        return this.#say(event.text);
      case "tool-args":
        return this.#say(event.json);
      case "annotation":
        return this.#cite(citation(event.annotation));
      case "logprobs":
        this.#logprobs.push(...tokenLogprobs(event.logprobs));
        return "";
      case "opaque":
        this.#open?.opaque.push(event.opaque);
        return "";
      case "foreign":
        return event.dialect === RESPONSES ? this.#whole([this.#record.items.add(event.value)]) : "";
      case "extra":
        if (event.extra.dialect === RESPONSES) Object.assign(this.#extra, event.extra.chunk);
        return "";
      case "finish":
        this.#reason = event.reason;
        return "";
      case "usage":
        this.#usage = event.usage;
        return "";
      case "end":
        return this.#complete();
      case "error":
        return this.error(event.failure);
      default:
        throw new Error(`a ${event.type} left the normaliser`);
    }
  }

  #start(created: number): string {
    if (this.#started) return "";
    this.#started = true;
    const response = this.#record.begin(created);
    return this.#lifecycle("created", response) + this.#lifecycle("in_progress", response);
  }

  #lifecycle(what: string, response: string): string {
    return this.#frames.frame(`response.${what}`, `"response":${response}`);
  }

  #beginCall(event: ToolStart): string {
    const { items } = this.#record;
    const state = this.#whole(items.addState(event.opaque ?? []));
    return state + this.#begin(openCall(items, event), true);
  }

  /** `now` is false for a thought: it may be state alone, which the client may not want. */
  #begin(open: OpenItem, now: boolean): string {
    this.#open = open;
    this.#deltas = undefined;
    return now ? this.#introduce(open) : "";
  }

  #introduce({ empty }: OpenItem): string {
    const index = this.#record.items.shown.length;
    this.#deltas = deltaFields(empty, index);
    return this.#frames.begin(empty, index);
  }

  #say(words: string): string {
    const open = this.#open;
    if (!open) return "";
    this.#size += words.length;
    if (this.#size > HELD_MAX)
      throw new Failure("upstream_bad_response", "The backend's answer is too long to be held.");
    open.words.push(words);
    const begun = this.#deltas ? "" : this.#introduce(open);
    if (!this.#deltas) return begun;
    if (this.#logprobs.length === 0) return begun + this.#frames.delta(this.#deltas, words);
    const logprobs = this.#logprobs;
    this.#logprobs = [];
    open.logprobs.push(...logprobs);
    return begun + this.#frames.delta(this.#deltas, words, logprobs);
  }

  #cite(annotation: JsonRecord | undefined): string {
    const open = this.#open;
    if (!open || !annotation) return "";
    const at = open.citations.push(annotation) - 1;
    return this.#frames.annotation(open.empty, this.#record.items.shown.length, { annotation, at });
  }

  #end(status: ItemStatus): string {
    const open = this.#open;
    if (!open) return "";
    this.#open = undefined;
    const index = this.#record.items.shown.length;
    const items = open.finish(status);
    const [first] = items;
    if (!this.#deltas || !first) return this.#whole(items);
    return this.#frames.end(first, index) + this.#whole(items.slice(1));
  }

  /** Items that are whole already, and the last ones of the output. */
  #whole(items: readonly JsonRecord[]): string {
    const from = this.#record.items.shown.length - items.length;
    return items.map((item, at) => this.#frames.whole(item, from + at)).join("");
  }

  #complete(): string {
    const { status, incomplete } = endingOf(this.#reason);
    const response = this.#record.complete({
      status,
      ...(incomplete === undefined ? {} : { incomplete }),
      ...(this.#usage === undefined ? {} : { usage: this.#usage }),
      extra: this.#extra,
    });
    return this.#lifecycle(status, response);
  }
}
