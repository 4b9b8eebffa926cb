import type { JsonRecord } from "../../core/json.ts";
import type { Usage } from "../../core/usage.ts";

/** Milliseconds since 1970, with their fractions. */
export type Clock = () => number;

/** This machine's. */
export const clock: Clock = () => performance.timeOrigin + performance.now();

/** Times one answer, because Ollama's tell how long everything took. Starts when it is made. */
export class Stopwatch {
  readonly #now: Clock;
  readonly #began: number;
  #spoke: number | undefined;

  constructor(now: Clock) {
    this.#now = now;
    this.#began = now();
  }

  /** The model says something: the first time ends the reading of the prompt. */
  words(): void {
    this.#spoke ??= this.#now();
  }

  /** This moment in the form of Ollama's `created_at`: RFC 3339 with nanoseconds. */
  stamp(): string {
    return timeText(this.#now());
  }

  /**
   * Counts, and durations in nanoseconds: the backend's own where it is an Ollama, else ours. All are always there, since
   * clients divide by them; of an answer that came as a whole nobody knows when its writing began.
   */
  ending({ input, output, native }: Usage): JsonRecord {
    const now = this.#now();
    const spoke = this.#spoke ?? this.#began;
    return {
      total_duration: nanoseconds(now - this.#began),
      load_duration: 0,
      prompt_eval_count: input,
      prompt_eval_duration: nanoseconds(spoke - this.#began),
      eval_count: output,
      eval_duration: nanoseconds(now - spoke),
      ...(native?.dialect === "ollama" ? native.value : {}),
    };
  }
}

/** The last millisecond that a Date can tell. */
const TIME_MAX = 8.64e15;

/** A time in milliseconds since 1970 as Ollama writes it; 1970 where it makes no sense. */
export function timeText(time: number): string {
  const known = time >= 0 && time <= TIME_MAX ? time : 0;
  const whole = Math.floor(known);
  const rest = Math.floor((known - whole) * 1e6);
  return `${new Date(whole).toISOString().slice(0, -1)}${String(rest).padStart(6, "0")}Z`;
}

function nanoseconds(milliseconds: number): number {
  return Math.max(0, Math.round(milliseconds * 1e6));
}
