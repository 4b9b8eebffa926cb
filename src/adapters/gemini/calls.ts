import type { StreamEvent, ToolDelta } from "../../core/event.ts";
import { Failure } from "../../core/failure.ts";
import { isRecord, type JsonRecord } from "../../core/json.ts";
import type { Opaque } from "../../core/opaque.ts";

/** Argument text of one call, characters: a bound for what a broken backend may make us hold. */
const ARGS_MAX = 16 * 1024 * 1024;

/**
 * The calls of one candidate. Gemini numbers none and names some by an id: their order is their number. A call is whole in
 * one part; Vertex may be asked to send it in several, each with values for places in its arguments.
 */
export class Calls {
  readonly #choice: number;
  #count = 0;
  #open: { index: number; args: PartialArgs } | undefined;

  constructor(choice: number) {
    this.#choice = choice;
  }

  /** One `functionCall`. Throws `upstream_bad_frame` for values at places that make no sense. */
  read(call: JsonRecord, opaque: Opaque | undefined, out: StreamEvent[]): void {
    const { name, partialArgs, willContinue } = call;
    if (typeof name === "string" && name !== "") {
      this.end(out);
      this.#begin({ ...call, name }, opaque, out);
    }
    if (!this.#open) return;
    if (Array.isArray(partialArgs)) for (const entry of partialArgs) this.#open.args.add(entry);
    if (willContinue !== true) this.end(out);
  }

  /** Nothing more of the open call comes. */
  end(out: StreamEvent[]): void {
    if (!this.#open) return;
    const { index, args } = this.#open;
    this.#open = undefined;
    out.push({ type: "tool-delta", choice: this.#choice, index, args: args.value, done: true });
  }

  #begin(call: JsonRecord & { name: string }, opaque: Opaque | undefined, out: StreamEvent[]): void {
    const { id, name, args, partialArgs, willContinue } = call;
    const index = this.#count++;
    const delta: ToolDelta = { type: "tool-delta", choice: this.#choice, index, name };
    if (typeof id === "string" && id !== "") delta.id = id;
    if (opaque) delta.opaque = [opaque];
    if (willContinue === true || Array.isArray(partialArgs)) this.#open = { index, args: new PartialArgs() };
    else {
      if (isRecord(args)) delta.args = args;
      delta.done = true;
    }
    out.push(delta);
  }
}

/** Arguments that come as values for JSON paths; a text may come in pieces. */
class PartialArgs {
  /** Without a prototype, so that any name is only a name. */
  readonly value: JsonRecord = empty();
  #size = 0;

  add(entry: unknown): void {
    if (!isRecord(entry) || typeof entry.jsonPath !== "string") return;
    const steps = stepsOf(entry.jsonPath);
    const value = valueOf(entry);
    this.#size += entry.jsonPath.length + (typeof value === "string" ? value.length : 1);
    if (this.#size > ARGS_MAX) throw badArgs("they are too long");
    let at: Container = this.value;
    steps.forEach((step, i) => {
      if (Array.isArray(at) !== (typeof step === "number")) throw badArgs("a path leads nowhere");
      // A place far behind the end would make a list of nothing.
      if (Array.isArray(at) && Number(step) > at.length) throw badArgs("a path leads nowhere");
      const next = steps[i + 1];
      const known = get(at, step);
      if (next === undefined) {
        set(at, step, typeof value === "string" && typeof known === "string" ? known + value : value);
        return;
      }
      const inner: Container = isContainer(known) ? known : typeof next === "number" ? [] : empty();
      set(at, step, inner);
      at = inner;
    });
  }
}

type Container = JsonRecord | unknown[];

function isContainer(value: unknown): value is Container {
  return typeof value === "object" && value !== null;
}

function empty(): JsonRecord {
  return Object.create(null) as JsonRecord;
}

function get(container: Container, step: string | number): unknown {
  return Array.isArray(container) ? container[Number(step)] : container[step];
}

function set(container: Container, step: string | number, value: unknown): void {
  if (Array.isArray(container)) container[Number(step)] = value;
  else container[step] = value;
}

function valueOf(entry: JsonRecord): unknown {
  if (typeof entry.stringValue === "string") return entry.stringValue;
  if (typeof entry.numberValue === "number") return entry.numberValue;
  return typeof entry.boolValue === "boolean" ? entry.boolValue : null;
}

/** Deeper paths are nobody's arguments. */
const STEPS_MAX = 64;

/** `$.list[0].name`, `$["odd name"]`. */
function stepsOf(path: string): (string | number)[] {
  const steps: (string | number)[] = [];
  let rest = path.startsWith("$") ? path.slice(1) : `.${path}`;
  while (rest !== "") {
    const [whole, name, index, quoted] = STEP.exec(rest) ?? [];
    if (whole === undefined || steps.length === STEPS_MAX) throw badArgs("a path makes no sense");
    steps.push(index === undefined ? (name ?? unquoted(quoted ?? "")) : Number(index));
    rest = rest.slice(whole.length);
  }
  if (steps.length === 0) throw badArgs("a path makes no sense");
  return steps;
}

const STEP = /^(?:\.([^.[\]]+)|\[(\d{1,6})\]|\[("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\])/;

function unquoted(quoted: string): string {
  return quoted.slice(1, -1).replace(/\\(.)/g, "$1");
}

function badArgs(how: string): Failure {
  return new Failure("upstream_bad_frame", `The backend sent arguments that make no sense: ${how}.`);
}
