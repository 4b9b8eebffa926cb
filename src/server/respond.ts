import { errorAnswer } from "../api/errors.ts";
import type { EventStream } from "../core/event.ts";
import { Failure } from "../core/failure.ts";
import { codeOf } from "../core/note.ts";
import type { Run } from "../pipeline/pipeline.ts";
import type { Call } from "./call.ts";
import { Outlet, type OutletOptions } from "./outlet.ts";

/** One JSON document, logged. */
export function jsonAnswer(
  call: Call,
  body: string,
  more?: Readonly<Record<string, string>>,
  status = 200,
): Response {
  call.finish(status);
  return new Response(body, {
    status,
    headers: { ...call.headers, "content-type": "application/json", ...more },
  });
}

/** Somebody else's answer, with the headers that every answer has, logged. */
export function ownAnswer(call: Call, answer: Response): Response {
  call.finish(answer.status);
  for (const [name, value] of Object.entries(call.headers)) answer.headers.set(name, value);
  return answer;
}

/** A failure before anything was sent: its status and the error object of the client's dialect, logged. */
export function failureAnswer(call: Call, thrown: unknown): Response {
  const failure = Failure.from(thrown);
  const { status, body, headers } = errorAnswer(failure, call);
  call.finish(status, failure);
  return new Response(body, { status, headers: { ...call.headers, ...headers } });
}

/** Longest line of notes, characters: names of unknown fields are the client's, and a header has a limit. */
const NOTES_MAX = 2048;

/** What was changed for a request, as one line for the header and the log; undefined: nothing. */
export function notesLine({ notes }: Pick<Run<unknown>, "notes">): string | undefined {
  if (notes.length === 0) return undefined;
  const line = notes.map(codeOf).join(", ");
  return line.slice(0, NOTES_MAX).replace(/[^\x20-\x7e]/g, "?");
}

/** The header that tells it. */
export function notesHeader(run: Run<unknown>): Record<string, string> {
  const line = notesLine(run);
  return line === undefined ? {} : { "x-fairlead-notes": line };
}

/**
 * The answer to a client that streams. Its head is held until the model says something, so that an early failure keeps
 * its HTTP status (thrown as a Failure); or until a heartbeat is due, because clients and proxies give up on silence.
 */
export async function streamAnswer(
  call: Call,
  run: Run<EventStream>,
  options: OutletOptions & { type: string },
): Promise<Response> {
  const silent = await isSilent(run.result, options.heartbeat);
  const outlet = new Outlet(call, run.result, options);
  if (silent) outlet.beatNow();
  // What only the answer shows is known at its end: too late for a header.
  call.onFinish(() => call.note({ notes: notesLine(run) }));
  const headers = { ...call.headers, "content-type": options.type, ...STREAM_HEADERS, ...notesHeader(run) };
  return new Response(outlet.body, { headers });
}

/** True if nothing came within `limit` ms (0: however long it takes). Rejects with what `result` rejects with. */
async function isSilent(result: Promise<unknown>, limit: number): Promise<boolean> {
  if (limit <= 0) {
    await result;
    return false;
  }
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(true), limit);
  try {
    return await Promise.race([result.then(() => false), promise]);
  } finally {
    clearTimeout(timer);
  }
}

const STREAM_HEADERS = {
  "cache-control": "no-cache",
  // nginx and others hold streams back unless told not to.
  "x-accel-buffering": "no",
};
