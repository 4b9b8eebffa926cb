import { Failure } from "../core/failure.ts";

const FRAMES_MAX = 4;
const DEPTH_MAX = 4;
const FRAME = /^\s+at .{1,300}$/;

/**
 * Anything thrown, as one line for the log: kinds, codes and places, never its words. Messages quote what they complain
 * about: JSON.parse a piece of the prompt, Headers a key, a backend both.
 */
export function describeCause(thrown: unknown): string {
  const parts: string[] = [];
  let current = thrown;
  for (let depth = 0; depth < DEPTH_MAX && current !== undefined && current !== null; depth++) {
    parts.push(describeOne(current));
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join("; cause: ");
}

function describeOne(thrown: unknown): string {
  if (!(thrown instanceof Error)) return `a thrown ${typeof thrown}`;
  const code = "code" in thrown && typeof thrown.code === "string" ? ` ${thrown.code}` : "";
  // A Failure says all by its code; where it was made is no news.
  const places = thrown instanceof Failure ? [] : frames(thrown);
  return [`${thrown.name}${code}`, ...places].join(" ");
}

/** The stack's lines behind the message, which may itself have lines that look like places. */
function frames(error: Error): string[] {
  const stack = error.stack ?? "";
  const message = stack.indexOf(error.message);
  if (message < 0) return [];
  return stack
    .slice(message + error.message.length)
    .split("\n")
    .filter((line) => FRAME.test(line))
    .slice(0, FRAMES_MAX)
    .map((line) => line.trim());
}
