import { write } from "node:fs";

/** Where log lines go. Never throws, never waits for the reader. */
export interface LogSink {
  write(line: string): void;
  /** Resolves when everything is out, or cannot get out, or after `patience` ms. */
  flush(patience?: number): Promise<void>;
}

/** Writes some bytes and says how many went out; the shape of `fs.write`. */
export type Send = (
  bytes: Uint8Array,
  done: (error: { code?: string } | null, written: number) => void,
) => void;

/** Characters kept for a reader that does not read; what comes then is counted and dropped. */
const WAITING_MAX = 1 << 20;
const RETRY_MS = 10;
/** Lines of this many ms go out together: at thousands of requests a second one write each would cost more than the line. */
const GATHER_MS = 5;

/** Standard error. `json` only decides how the sink's own line, about lost lines, looks. */
export function stderrSink(json: boolean): LogSink {
  return logSink((bytes, done) => write(2, bytes, done), json);
}

/**
 * One write at a time, in a thread of its own, with all lines that came meanwhile in the next one. A pipe that nobody
 * reads blocks that thread and not the server; a closed one (EPIPE) silences the log for good.
 */
export function logSink(send: Send, json: boolean): LogSink {
  let waiting: string[] = [];
  let size = 0;
  let lost = 0;
  let state: "idle" | "gathering" | "busy" | "dead" = "idle";
  let gathering: Timer | undefined;
  let waiters: (() => void)[] = [];

  const rest = (next: "idle" | "dead") => {
    state = next;
    for (const wake of waiters) wake();
    waiters = [];
  };
  const sendAll = (bytes: Uint8Array) => {
    send(bytes, (error, written) => {
      if (error?.code === "EAGAIN") setTimeout(sendAll, RETRY_MS, bytes);
      else if (error !== null) rest("dead");
      else if (written < bytes.length) sendAll(bytes.subarray(written));
      else sendNext();
    });
  };
  const sendNext = () => {
    clearTimeout(gathering);
    if (lost > 0) waiting.push(lostLine(lost, json));
    if (waiting.length === 0) return rest("idle");
    const bytes = Buffer.from(`${waiting.join("\n")}\n`);
    waiting = [];
    size = lost = 0;
    state = "busy";
    sendAll(bytes);
  };

  return {
    write(line) {
      if (state === "dead") return;
      if (size + line.length > WAITING_MAX) {
        lost++;
        return;
      }
      waiting.push(line);
      size += line.length;
      if (state !== "idle") return;
      state = "gathering";
      gathering = setTimeout(sendNext, GATHER_MS);
    },
    flush(patience = 1000) {
      if (state === "gathering") sendNext();
      if (state !== "busy") return Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, patience);
      waiters.push(() => {
        clearTimeout(timer);
        resolve();
      });
      return promise;
    },
  };
}

function lostLine(count: number, json: boolean): string {
  const message = "log lines lost: standard error is not read fast enough";
  const time = new Date().toISOString();
  return json ? JSON.stringify({ time, level: "warn", message, count }) : `${message} (${count})`;
}
