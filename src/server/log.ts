import type { LogLevel } from "../config/config.ts";
import type { FailureCode } from "../core/failure.ts";
import { describeCause } from "./cause.ts";
import { printable, printableUrl } from "./printable.ts";

/** What the log tells about one request: names and numbers, never a key and never a word of a prompt or an answer. */
export interface RequestLine {
  id: string;
  method: string;
  /** A query is cut off: some clients put keys there. */
  path: string;
  status: number;
  outcome: Outcome;
  durationMs: number;
  /** From the request's arrival to the first token sent. */
  ttftMs?: number | undefined;
  model?: string | undefined;
  backend?: string | undefined;
  stream?: boolean | undefined;
  inputTokens?: number | undefined;
  outputTokens?: number | undefined;
  /** The token counts are ours, not the backend's. */
  estimated?: boolean | undefined;
  failure?: FailureCode | undefined;
  /** What really happened, for a failure whose message tells the caller less: only its kind and place are written. */
  cause?: unknown;
  /** What was dropped, renamed or emulated, in the words of `x-fairlead-notes`. */
  notes?: string | undefined;
}

/**
 * `ok`: answered in full; `rejected`: the caller's own fault; `failed`: ours or the backend's; `truncated`: the backend
 * stopped half-way; `cancelled`: the client left.
 */
export type Outcome = "ok" | "rejected" | "failed" | "truncated" | "cancelled";

/** The only facts a message may carry. A new one is a new line here, so that nothing gets into the log by accident. */
export interface LogFields {
  backend?: string | undefined;
  model?: string | undefined;
  /** Written without user, password and query. */
  url?: string | undefined;
  type?: string | undefined;
  state?: string | undefined;
  file?: string | undefined;
  signal?: string | undefined;
  version?: string | undefined;
  code?: FailureCode | undefined;
  status?: number | undefined;
  models?: number | undefined;
  count?: number | undefined;
  durationMs?: number | undefined;
  /** Any thrown thing; only its kind and place are written, for its words may quote a prompt or a key. */
  cause?: unknown;
}

/** Lines for people, or for machines. Nothing here throws or waits. */
export interface Log {
  /** One line for one finished request, of a level that fits its outcome. */
  request(line: RequestLine): void;
  /** `message` is a constant of the program; what varies goes into `fields`. */
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** How the log is written. */
export interface LogOptions {
  level: LogLevel;
  /** One JSON object per line, for machines; else one line to read. */
  json: boolean;
  /** Gets each line without its line feed. If it throws, that line is lost and nothing else happens. */
  write(line: string): void;
  /** Marks warnings and errors with colour; only without `json`. */
  colour?: boolean;
  now?(): Date;
}

type Level = Exclude<LogLevel, "silent">;
/** Undefined ones are left out, by JSON.stringify and by `pairs` alike. */
type Fields = Record<string, string | number | boolean | undefined>;

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3, silent: 4 };

/** A log of the lines at `level` and above. */
export function createLog({ level, json, write, colour = false, now = () => new Date() }: LogOptions): Log {
  const lowest = RANK[level];
  const put = (of: Level, line: () => string) => {
    if (RANK[of] < lowest) return;
    try {
      write(line());
    } catch {
      // A log that cannot be written must not fail the request it tells about.
    }
  };
  const say =
    (of: Level) =>
    (message: string, fields: LogFields = {}) =>
      put(of, () => {
        const safe = safeFields(fields);
        if (json)
          return JSON.stringify({
            time: now().toISOString(),
            level: of,
            message: printable(message),
            ...safe,
          });
        return readable({ time: now(), of, colour, text: [printable(message), ...pairs(safe)] });
      });
  return {
    request: (line) =>
      put(levelOf(line), () => {
        const of = levelOf(line);
        if (json) {
          return JSON.stringify({
            time: now().toISOString(),
            level: of,
            message: "request",
            ...requestFields(line),
          });
        }
        return readable({ time: now(), of, colour, text: requestText(line) });
      }),
    debug: say("debug"),
    info: say("info"),
    warn: say("warn"),
    error: say("error"),
  };
}

function levelOf(line: RequestLine): Level {
  if (line.failure === "internal_error") return "error";
  return line.outcome === "failed" || line.outcome === "truncated" ? "warn" : "info";
}

function requestFields(line: RequestLine): Fields {
  return {
    id: clean(line.id),
    method: clean(line.method),
    path: clean(pathOnly(line.path)),
    model: clean(line.model),
    backend: clean(line.backend),
    stream: line.stream,
    status: line.status,
    outcome: line.outcome,
    failure: line.failure,
    cause: kindAndPlace(line.cause),
    ttft_ms: tenths(line.ttftMs),
    duration_ms: tenths(line.durationMs),
    input_tokens: line.inputTokens,
    output_tokens: line.outputTokens,
    estimated: line.estimated,
    notes: line.notes,
  };
}

function safeFields(fields: LogFields): Fields {
  return {
    backend: clean(fields.backend),
    model: clean(fields.model),
    url: fields.url === undefined ? undefined : printableUrl(fields.url),
    type: clean(fields.type),
    state: clean(fields.state),
    file: clean(fields.file),
    signal: clean(fields.signal),
    version: clean(fields.version),
    code: fields.code,
    status: fields.status,
    models: fields.models,
    count: fields.count,
    duration_ms: tenths(fields.durationMs),
    cause: kindAndPlace(fields.cause),
  };
}

function requestText(line: RequestLine): string[] {
  const about = line.estimated === true ? "~" : "";
  const tokens = line.inputTokens ?? line.outputTokens;
  return [
    `${line.status} ${printable(line.method)} ${printable(pathOnly(line.path))}`,
    line.outcome === "ok" ? "" : [line.outcome, line.failure].filter(Boolean).join(" "),
    printable(line.model ?? ""),
    line.backend === undefined ? "" : `on ${printable(line.backend)}`,
    line.stream === true ? "stream" : "",
    line.ttftMs === undefined ? "" : `first token ${duration(line.ttftMs)}`,
    duration(line.durationMs),
    tokens === undefined
      ? ""
      : `${about}${line.inputTokens ?? "?"} in ${about}${line.outputTokens ?? "?"} out`,
    line.notes ? printable(line.notes) : "",
    kindAndPlace(line.cause) ?? "",
    printable(line.id),
  ];
}

function readable(line: { time: Date; of: Level; colour: boolean; text: string[] }): string {
  const level = line.of === "warn" || line.of === "error" ? ` ${paint(line.of, line.colour)}` : "";
  return `${clock(line.time)}${level} ${line.text.filter((part) => part !== "").join("  ")}`;
}

function paint(level: "warn" | "error", colour: boolean): string {
  if (!colour) return level;
  return `\u001b[${level === "warn" ? 33 : 31}m${level}\u001b[39m`;
}

/** Local time of day: a person at a terminal knows the date. */
function clock(time: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

function pairs(fields: Fields): string[] {
  return Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : `${name}=${value}`));
}

function clean(text: string | undefined): string | undefined {
  return text === undefined ? undefined : printable(text);
}

function kindAndPlace(cause: unknown): string | undefined {
  return cause === undefined ? undefined : printable(describeCause(cause), 400);
}

function tenths(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms * 10) / 10;
}

function pathOnly(path: string): string {
  return path.split(/[?#]/, 1)[0] ?? "";
}
