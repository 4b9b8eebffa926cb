import type { StreamEvent, ToolDelta, ToolKind } from "../core/event.ts";
import { Failure } from "../core/failure.ts";
import type { JsonRecord } from "../core/json.ts";

interface Call {
  /** Its index for the client: its place among the calls that have begun. Undefined until it begins. */
  at: number | undefined;
  /** The backend's own index, where it sent one. */
  index: number | undefined;
  /** The first id the backend gave it, empty for none: the client's. */
  id: string;
  /** The last one: some hosts make up a new id for every fragment. */
  lastId: string;
  name: string;
  kind: ToolKind;
  extra: JsonRecord | undefined;
  /** All argument text so far, until there is more than anybody compares. */
  args: string;
}

/** More calls in one turn than any model makes: a bound for what a broken backend may make us hold. */
const CALLS_MAX = 512;
/** Argument text of one call kept to tell the next call from a continued or a repeated one, characters. */
const ARGS_KEPT_MAX = 64 * 1024;

/**
 * The tool calls of one choice. Backends disagree about how the fragments of one call are told from those of the next:
 * by index (OpenAI), by id with every index 0 (older Ollama), by nothing at all (Gemini's compatible route). Here a
 * fragment belongs to the call with its id if there is one, else to the latest with its index, else to the latest; unless
 * what it brings can only be the beginning of another.
 */
export class ToolCalls {
  readonly #choice: number;
  readonly #count: (characters: number) => void;
  readonly #calls: Call[] = [];
  #begun = 0;

  constructor(choice: number, count: (characters: number) => void) {
    this.#choice = choice;
    this.#count = count;
  }

  /** Throws `upstream_bad_frame` where no client could make sense of it. */
  push(delta: ToolDelta, out: StreamEvent[]): void {
    const args = textOf(delta.args);
    const known = this.#find(delta, args);
    if (known && isRepeated(known, delta, args)) return;
    const call = known ?? this.#add(delta);
    if (delta.id) {
      call.lastId = delta.id;
      call.id ||= delta.id;
    }
    if (call.at === undefined) describe(call, delta);
    if (args === undefined || args === "") return;
    this.#count(args.length);
    // Before its first argument a call may still be given its name, or more of it: clients need it whole at once.
    if (call.at === undefined && call.name !== "") this.#beginUpTo(call, out);
    if (call.at !== undefined) out.push(this.#args(call.at, call.kind, args));
    if (call.args.length <= ARGS_KEPT_MAX) call.args += args;
    else if (call.at === undefined) throw nameless();
  }

  /** The answer is whole: calls that still wait for an argument begin, and functions without any get `{}`. */
  finish(out: StreamEvent[]): void {
    for (const call of this.#calls) {
      const at = call.at ?? this.#begin(call, out);
      if (call.kind === "function" && call.args.trim() === "") {
        call.args = "{}";
        out.push(this.#args(at, call.kind, "{}"));
      }
    }
  }

  /** Clients know the calls by their order, so those before it begin first; one without a name goes on waiting. */
  #beginUpTo(last: Call, out: StreamEvent[]): void {
    for (const call of this.#calls) {
      if (call.at === undefined && call.name !== "") this.#begin(call, out);
      if (call === last) return;
    }
  }

  #begin(call: Call, out: StreamEvent[]): number {
    if (call.name === "") throw nameless();
    const at = this.#begun++;
    const { id, name, kind, extra, args } = call;
    call.at = at;
    // Two calls of one id: their results could not be told apart.
    const taken = this.#calls.some((other) => other.id === id && (other.at ?? at) < at);
    call.id = id === "" || taken ? newId() : id;
    const start = { type: "tool-start", choice: this.#choice, call: at, id: call.id, name, kind } as const;
    out.push(extra ? { ...start, extra } : start);
    if (args !== "") out.push(this.#args(at, kind, args));
    return at;
  }

  #args(call: number, kind: ToolKind, json: string): StreamEvent {
    return { type: "tool-args", choice: this.#choice, call, kind, json };
  }

  #find(delta: ToolDelta, args: string | undefined): Call | undefined {
    const { id, index } = delta;
    const known = id ? this.#calls.findLast((call) => call.lastId === id) : undefined;
    if (known) return isNextOfSameId(known, delta, args) ? undefined : known;
    const latest =
      index === undefined ? this.#calls.at(-1) : this.#calls.findLast((call) => call.index === index);
    if (!latest) return undefined;
    const next = id ? isNextOfNewId(latest, delta, args) : isNextWithoutId(latest, delta, args);
    return next ? undefined : latest;
  }

  #add({ index, kind = "function" }: ToolDelta): Call {
    if (this.#calls.length >= CALLS_MAX) {
      throw new Failure("upstream_bad_frame", `The backend sent more than ${CALLS_MAX} tool calls.`);
    }
    const call: Call = {
      at: undefined,
      index,
      id: "",
      lastId: "",
      name: "",
      kind,
      extra: undefined,
      args: "",
    };
    this.#calls.push(call);
    return call;
  }
}

/** A host that gives all of its calls one id tells the next by a name and arguments after whole ones. */
function isNextOfSameId(call: Call, delta: ToolDelta, args: string | undefined): boolean {
  return Boolean(delta.name) && hasText(args) && isWhole(call.args) && !isRepeated(call, delta, args);
}

/** A new id is the next call's if a name comes with it, or after whole arguments; else the same call's, late or changed. */
function isNextOfNewId(call: Call, { name }: ToolDelta, args: string | undefined): boolean {
  if (!name) return isWhole(call.args) && (args === undefined || hasText(args));
  return call.lastId !== "" || (call.name !== "" && (call.name !== name || isWhole(call.args)));
}

/** A name after whole arguments is the next call's; before that it is the same one's, late, in pieces or repeated. */
function isNextWithoutId(call: Call, { name, index }: ToolDelta, args: string | undefined): boolean {
  if (!name || call.name === "") return false;
  if (isWhole(call.args)) return name !== call.name || hasText(args);
  // Who numbers nothing sends names whole.
  return index === undefined && name !== call.name;
}

/** The whole call once more, which some gateways send at the end of a stream. */
function isRepeated(call: Call, { id, name, index }: ToolDelta, args: string | undefined): boolean {
  return (
    Boolean(id) &&
    id === call.lastId &&
    name === call.name &&
    (index === undefined || index === call.index) &&
    args === call.args &&
    isWhole(call.args)
  );
}

function describe(call: Call, { name, kind, extra }: ToolDelta): void {
  // Names come whole, repeated whole, or in pieces.
  if (name && name !== call.name) call.name += name;
  if (kind) call.kind = kind;
  if (extra) call.extra = { ...call.extra, ...extra };
}

/** Argument text; some hosts send the object itself. Undefined: the fragment has none. */
function textOf(args: unknown): string | undefined {
  if (args === undefined || args === null) return undefined;
  return typeof args === "string" ? args : JSON.stringify(args);
}

function hasText(args: string | undefined): boolean {
  return args !== undefined && args.trim() !== "";
}

function isWhole(args: string): boolean {
  if (!args.trimEnd().endsWith("}")) return false;
  try {
    JSON.parse(args);
    return true;
  } catch {
    return false;
  }
}

function newId(): string {
  return `call_${crypto.randomUUID().replaceAll("-", "").slice(0, 24)}`;
}

function nameless(): Failure {
  return new Failure("upstream_bad_frame", "The backend sent a tool call without a name.");
}
