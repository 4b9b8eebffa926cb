import { writeSync } from "node:fs";
import type { Environment } from "../core/environment.ts";

/** What a command sees of the world outside: standard output for results, standard error for everything else. */
export interface Terminal {
  /** Returns when all of it is out, so that no exit can cut a result short. */
  out(text: string): void;
  err(text: string): void;
  environment: Environment;
  cwd: string;
  /** Is standard error read by a person? */
  interactive: boolean;
}

/** Exit codes of every command. */
export const EXIT = { ok: 0, failure: 1, usage: 2 } as const;

/** This process's own. */
export function systemTerminal(): Terminal {
  const err = (text: string) => void put(2, text);
  return {
    out(text) {
      const code = put(1, text);
      // A reader that has left, as `head` does, had what it wanted. A full disk has not.
      if (code === undefined || code === "EPIPE") return;
      err(`fairlead: cannot write to standard output (${code})\n`);
      process.exit(EXIT.failure);
    },
    err,
    environment: process.env,
    cwd: process.cwd(),
    interactive: process.stderr.isTTY,
  };
}

/** A pipe that somebody else made non-blocking is full: look again after so many ms. */
const RETRY_MS = 5;

/**
 * Writes everything before it returns; returns the system's code where it cannot. Not `process.stdout.write`: into a pipe
 * that writes 64 KiB now and the rest later, which process.exit does not wait for (Bun 1.4.4).
 */
function put(descriptor: number, text: string): string | undefined {
  const bytes = Buffer.from(text);
  let written = 0;
  while (written < bytes.length) {
    try {
      written += writeSync(descriptor, bytes, written);
    } catch (thrown) {
      const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "unknown error";
      if (code !== "EAGAIN") return code;
      Bun.sleepSync(RETRY_MS);
    }
  }
  return undefined;
}
