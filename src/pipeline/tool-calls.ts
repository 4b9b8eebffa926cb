import type { StreamEvent, ToolDelta, ToolKind } from "../core/event.ts";
import { Failure } from "../core/failure.ts";
import type { JsonRecord } from "../core/json.ts";

interface Call {
  call: number;
  /** The backend's own index, where it sent one. */
  index: number | undefined;
  id: string;
  name: string;
  kind: ToolKind;
  extra: JsonRecord | undefined;
  started: boolean;
  /** All argument text so far. */
  args: string;
}

/** More calls in one turn than any model makes: a bound for what a broken backend may make us hold. */
const CALLS_MAX = 512;
/** Argument text of one call kept to tell a repeated call from a continued one. */
const ARGS_KEPT_MAX = 64 * 1024;

/**
 * The tool calls of one choice. Backends disagree about how the fragments of one call are told from those of the next:
 * by index (OpenAI), by id with every index 0 (older Ollama), by nothing at all (Gemini's compatible route). Here a
 * fragment belongs to the call with its id if there is one, else to the latest with its index, else to the latest.
 */
export class ToolCalls {
  readonly #choice: number;
  readonly #count: (characters: number) => void;
  readonly #calls: Call[] = [];

  constructor(choice: number, count: (characters: number) => void) {
    this.#choice = choice;
    this.#count = count;
  }

  get count(): number {
    return this.#calls.length;
  }

  push(delta: ToolDelta, out: StreamEvent[]): void {
    const call = this.#find(delta) ?? this.#add(delta);
    if (delta.extra && !call.started) call.extra = { ...call.extra, ...delta.extra };
    if (!call.started && delta.name) call.name = joinName(call.name, delta.name);
    if (delta.args === undefined || delta.args === null) return;
    const args = typeof delta.args === "string" ? delta.args : JSON.stringify(delta.args);
    this.#count(args.length);
    // The name may still be on its way: clients need it complete in the first fragment they see.
    if (!call.started && call.name !== "") this.#start(call, out);
    if (call.started && args !== "")
      out.push({ type: "tool-args", choice: this.#choice, call: call.call, kind: call.kind, json: args });
    if (!call.started || call.args.length < ARGS_KEPT_MAX) call.args += args;
  }

  /** The answer is whole: calls that still wait for their first argument begin, and those without any get `{}`. */
  finish(out: StreamEvent[]): void {
    for (const call of this.#calls) {
      if (!call.started) this.#start(call, out);
      if (call.args === "" && call.kind === "function") {
        call.args = "{}";
        out.push({ type: "tool-args", choice: this.#choice, call: call.call, kind: call.kind, json: "{}" });
      }
    }
  }

  #start(call: Call, out: StreamEvent[]): void {
    if (call.name === "")
      throw new Failure("upstream_bad_frame", "The backend sent a tool call without a name.");
    call.started = true;
    const { id, name, kind, extra } = call;
    const start = { type: "tool-start", choice: this.#choice, call: call.call, id, name, kind } as const;
    out.push(extra ? { ...start, extra } : start);
    if (call.args !== "")
      out.push({ type: "tool-args", choice: this.#choice, call: call.call, kind, json: call.args });
  }

  #find(delta: ToolDelta): Call | undefined {
    const { id, index, name } = delta;
    const candidate =
      (id ? this.#calls.findLast((call) => call.id === id) : undefined) ??
      (index === undefined ? this.#calls.at(-1) : this.#calls.findLast((call) => call.index === index));
    if (!candidate || (id && candidate.id === id)) return candidate;
    // A new id under a known index: the next call of a backend that numbers all calls 0, unless nothing else is new.
    if (id) return name || isWhole(candidate.args) ? undefined : candidate;
    // No id: a name after whole arguments begins the next call; before that it is the same one's, late or repeated.
    if (name && isWhole(candidate.args)) return undefined;
    return name && index === undefined && name !== candidate.name && candidate.started
      ? undefined
      : candidate;
  }

  #add(delta: ToolDelta): Call {
    if (this.#calls.length >= CALLS_MAX) {
      throw new Failure("upstream_bad_frame", `The backend sent more than ${CALLS_MAX} tool calls.`);
    }
    // A call that waits for its name is over when the next one begins.
    const call: Call = {
      call: this.#calls.length,
      index: delta.index,
      id: delta.id || `call_${crypto.randomUUID().replaceAll("-", "").slice(0, 24)}`,
      name: "",
      kind: delta.kind ?? "function",
      extra: undefined,
      started: false,
      args: "",
    };
    this.#calls.push(call);
    return call;
  }
}

/** Names come whole, repeated whole, or in fragments. */
function joinName(known: string, part: string): string {
  return known === part ? known : known + part;
}

function isWhole(args: string): boolean {
  if (!args.endsWith("}")) return false;
  try {
    JSON.parse(args);
    return true;
  } catch {
    return false;
  }
}
