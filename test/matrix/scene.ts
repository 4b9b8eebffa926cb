/**
 * One thing that a client can want of a model, in no dialect's words. `clients/` says it in the words of each dialect that
 * comes in and reads the answers, `hosts/` reads it in those that go out and answers: both know the protocols and nothing
 * of this program.
 */
export interface Question {
  system?: string;
  turns: Turn[];
  tools?: readonly ToolOffer[];
  choice?: "none" | "required" | { name: string };
  /** Of the answer. */
  schema?: object;
  max?: number;
  stop?: string[];
  temperature?: number;
  /** The client wants the model to think. */
  think?: boolean;
  stream?: boolean;
  /** A top-level field that no dialect knows. */
  unknown?: { name: string; value: unknown };
}

export type Turn =
  | { user: string; image?: Image }
  | { assistant: string }
  | { calls: readonly Call[] }
  | { results: readonly { id: string; name: string; text: string }[] }
  /** The last answer just as the client got it. */
  | { given: unknown };

export interface Image {
  mime: string;
  base64: string;
}

export interface Call {
  id: string;
  name: string;
  args: Record<string, unknown>;
}

export interface ToolOffer {
  name: string;
  description: string;
  schema: object;
}

/** What a host was asked, as far as the matrix looks at it. */
export interface Asked {
  /** The conversation, one thing said per line: see `linesOf`. */
  lines: string[];
  tools: string[];
  choice: "none" | "auto" | "required" | `named ${string}`;
  /** Names of the properties that the answer must have. */
  schema?: string[];
  max?: number;
  stop?: string[];
  temperature?: number;
  think?: boolean;
  stream: boolean;
  /** Top-level fields of the body. */
  fields: string[];
}

/** What a host answers. */
export interface Reply {
  thought?: string;
  /** The vendor's own state of the thought, which must come back. */
  state?: string;
  /** In the pieces that it is streamed in. */
  text?: readonly string[];
  calls?: readonly Call[];
  refusal?: string;
  ends: Ending;
  /** The sequence that stopped it. */
  stoppedBy?: string;
  usage?: { input: number; cached: number; output: number };
  /** Instead of the end: an error in the stream, or nothing at all. */
  fault?: "error" | "cut";
}

export type Ending = "stop" | "length" | "tools" | "refusal";

/** What a client saw. */
export interface Seen {
  text: string;
  thought: string;
  calls: Call[];
  ends: Ending | string | undefined;
  usage?: { input: number; cached: number | undefined; output: number };
  /** Of an error, before the answer or in it. */
  error?: string;
  /** The dialect's own mark of a whole answer came. */
  whole: boolean;
  /** The answer as it is to be given back. */
  given: unknown;
}

/** One client dialect. */
export interface Client {
  name: string;
  write(question: Question, model: string): { path: string; headers?: Record<string, string>; body: object };
  /** `status` is not 200: an error. */
  read(answer: { status: number; text: string; stream: boolean }): Seen;
  /** What the dialect has no field for in a request, with a sentence. */
  lacks: Readonly<Partial<Record<"stop" | "choice", string>>>;
  /** What the dialect has no words for in an answer, with why. */
  mute: Readonly<Partial<Record<"thought" | "cached" | "refusal" | "stop", string>>>;
}

/** One host dialect. */
export interface Host {
  name: string;
  /** Backend type in the configuration. */
  type: string;
  /** What it calls its model. */
  model: string;
  read(path: string, body: Record<string, unknown>): Asked;
  answer(reply: Reply, stream: boolean): { type: string; body: string };
  /** An error before the answer; `code`: too long a prompt, or too many requests. */
  error(kind: "context" | "limit"): { status: number; body: string; headers?: Record<string, string> };
  /** Does it ask for its own state back, or for thoughts as text? */
  memory: "state" | "text" | "none";
}

/** A conversation as its hosts must hear it. */
export function linesOf({ system, turns }: Question): string[] {
  const lines = system === undefined ? [] : [`system ${system}`];
  for (const turn of turns) {
    if ("user" in turn) {
      if (turn.image) lines.push(`user [${turn.image.mime} ${turn.image.base64}]`);
      lines.push(`user ${turn.user}`);
    } else if ("assistant" in turn) lines.push(`assistant ${turn.assistant}`);
    else if ("calls" in turn) lines.push(...turn.calls.map(callLine));
    else if ("results" in turn)
      lines.push(...turn.results.map(({ name, text }) => `${name} answers ${text}`));
  }
  return lines;
}

export function callLine({ name, args }: Pick<Call, "name" | "args">): string {
  return `assistant calls ${name} ${JSON.stringify(args)}`;
}

/** Fields of a JSON object; of anything else none. */
export function fields(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

export function list(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.map(fields) : [];
}

export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The frames of a stream of server-sent events: the event's name and its data. */
export function frames(body: string): { event: string; data: Record<string, unknown>; raw: string }[] {
  return body
    .split("\n\n")
    .filter((frame) => /^(?:event|data):/m.test(frame))
    .map((frame) => {
      const event = /^event: (.*)$/m.exec(frame)?.[1] ?? "";
      const raw = /^data: (.*)$/m.exec(frame)?.[1] ?? "";
      return { event, raw, data: raw.startsWith("{") ? fields(JSON.parse(raw)) : {} };
    });
}

/** A stream of server-sent events. */
export function sse(events: readonly object[], named = false): string {
  return events
    .map((event) => {
      const name = named && "type" in event ? `event: ${String(event.type)}\n` : "";
      return `${name}data: ${JSON.stringify(event)}\n\n`;
    })
    .join("");
}

/** An object's properties by name, of a schema however deep it is wrapped. */
export function propertiesOf(schema: unknown): string[] {
  return Object.keys(fields(fields(schema).properties));
}

/** How a host answers that has one form for a document and one for a stream. */
export function answersWith(
  whole: (reply: Reply) => object,
  streamed: (reply: Reply) => string,
  streamType = "text/event-stream",
): Host["answer"] {
  return (reply, stream) =>
    stream
      ? { type: streamType, body: streamed(reply) }
      : { type: "application/json", body: JSON.stringify(whole(reply)) };
}

/** How a client reads that has one form for a document, errors included, and one for a stream. */
export function readsWith(
  whole: (body: Record<string, unknown>) => Seen,
  streamed: (body: string) => Seen,
): Client["read"] {
  return ({ status, text: body, stream }) =>
    status === 200 && stream ? streamed(body) : whole(fields(JSON.parse(body)));
}
