import type { StreamEvent, ToolDelta, ToolKind, ToolStart } from "../core/event.ts";
import { Failure } from "../core/failure.ts";
import type { Opaque } from "../core/opaque.ts";
import type { Carried } from "../core/prompt.ts";

interface Call {
  /** Its index for the client: its place among the calls that have begun. Undefined until it begins. */
  at: number | undefined;
  /** Its number among the parts of the answer, once it has begun. */
  part: number;
  /** Nothing more of it can come. */
  ended: boolean;
  /** The backend's own index, where it sent one. */
  index: number | undefined;
  /** The first id the backend gave it, empty for none: the client's. */
  id: string;
  /** The last one: some hosts make up a new id for every fragment. */
  lastId: string;
  name: string;
  namespace: string | undefined;
  kind: ToolKind;
  itemId: string | undefined;
  opaque: Opaque[];
  extra: Carried | undefined;
  /** All argument text so far, until there is more than anybody compares. */
  args: string;
}

/** What the calls of a choice need of the answer that they are in. */
export interface Surroundings {
  /** Told of characters the model wrote. */
  count(characters: number): void;
  /** A number for a part. */
  nextPart(): number;
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
  readonly #around: Surroundings;
  readonly #calls: Call[] = [];
  #begun = 0;

  constructor(choice: number, around: Surroundings) {
    this.#choice = choice;
    this.#around = around;
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
    if (args !== undefined && args !== "") this.#write(call, args, out);
    if (delta.done && call.name !== "") {
      this.#beginUpTo(call, out);
      this.#end(call, out);
    }
  }

  /** The answer is whole: calls that still wait for an argument begin, and functions without any get `{}`. */
  finish(out: StreamEvent[]): void {
    for (const call of this.#calls) {
      if (call.at === undefined) this.#begin(call, out);
      this.#end(call, out);
    }
  }

  #write(call: Call, args: string, out: StreamEvent[]): void {
    if (call.ended) {
      if (args.trim() === "") return;
      throw new Failure(
        "upstream_bad_frame",
        "The backend sent arguments for a tool call that was complete.",
      );
    }
    this.#around.count(args.length);
    // Before its first argument a call may still be given its name, or more of it: clients need it whole at once.
    if (call.at === undefined && call.name !== "") this.#beginUpTo(call, out);
    if (call.at !== undefined) out.push(this.#args(call, args));
    if (call.args.length <= ARGS_KEPT_MAX) call.args += args;
    else if (call.at === undefined) throw nameless();
  }

  #end(call: Call, out: StreamEvent[]): void {
    if (call.ended) return;
    call.ended = true;
    const { part, kind } = call;
    const end = { type: "part-end", choice: this.#choice, part } as const;
    if (kind === "custom") {
      out.push(end);
      return;
    }
    if (call.args.trim() === "") {
      call.args = "{}";
      out.push(this.#args(call, "{}"));
    }
    const known = call.args.length <= ARGS_KEPT_MAX;
    out.push(known ? { ...end, argsOk: parses(call.args) } : end);
  }

  /** Clients know the calls by their order, so those before it begin first; one without a name goes on waiting. */
  #beginUpTo(last: Call, out: StreamEvent[]): void {
    for (const call of this.#calls) {
      if (call.at === undefined && call.name !== "") this.#begin(call, out);
      if (call === last) return;
    }
  }

  #begin(call: Call, out: StreamEvent[]): void {
    if (call.name === "") throw nameless();
    // A call with whole arguments is over when the next one begins; one that is not may be continued beside it.
    for (const earlier of this.#calls)
      if (earlier.at !== undefined && isWhole(earlier.args)) this.#end(earlier, out);
    const at = this.#begun++;
    const { id, args } = call;
    call.at = at;
    call.part = this.#around.nextPart();
    // Two calls of one id: their results could not be told apart.
    const taken = this.#calls.some((other) => other.id === id && (other.at ?? at) < at);
    call.id = id === "" || taken ? newId() : id;
    out.push(startOf(this.#choice, call, at));
    if (args !== "") out.push(this.#args(call, args));
  }

  #args({ at = 0, part, kind }: Call, json: string): StreamEvent {
    return { type: "tool-args", choice: this.#choice, part, call: at, kind, json };
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
      part: -1,
      ended: false,
      index,
      id: "",
      lastId: "",
      name: "",
      namespace: undefined,
      kind,
      itemId: undefined,
      opaque: [],
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

function describe(call: Call, { name, namespace, kind, itemId, opaque, extra }: ToolDelta): void {
  // Names come whole, repeated whole, or in pieces.
  if (name && name !== call.name) call.name += name;
  if (kind) call.kind = kind;
  call.namespace ??= namespace;
  call.itemId ??= itemId;
  if (opaque) call.opaque.push(...opaque);
  if (extra) call.extra = { dialect: extra.dialect, fields: { ...call.extra?.fields, ...extra.fields } };
}

function startOf(choice: number, call: Call, at: number): ToolStart {
  const { part, id, name, namespace, kind, itemId, opaque, extra } = call;
  const start: ToolStart = { type: "tool-start", choice, part, call: at, id, name, kind };
  if (namespace !== undefined) start.namespace = namespace;
  if (itemId !== undefined) start.itemId = itemId;
  if (opaque.length > 0) start.opaque = opaque;
  if (extra !== undefined) start.extra = extra;
  return start;
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
  return args.trimEnd().endsWith("}") && parses(args);
}

function parses(args: string): boolean {
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
