import type { Dialect } from "../core/dialect.ts";
import type { StreamEvent, ToolStart } from "../core/event.ts";
import { Failure } from "../core/failure.ts";
import { isRecord } from "../core/json.ts";
import type { Note } from "../core/note.ts";
import type { Prompt } from "../core/prompt.ts";
import { Naming, type ToolForms } from "./naming.ts";
import { isSame, sentItems } from "./tool-history.ts";
import { INPUT, namesOf, noteTools, sentChoice, sentTools } from "./tool-list.ts";

/** What a backend understands of tools. */
export interface ToolSense {
  readonly forms: ToolForms;
  /** Tools that a vendor runs itself are told to the vendor alone. */
  readonly dialect: Dialect;
}

/** Arguments of custom calls that are held at a time, characters. */
const HELD_MAX = 16 * 1024 * 1024;

/** A call of a custom tool that has not ended. */
interface HeldCall {
  call: number;
  pieces: string[];
}

/**
 * Tools of forms that a backend does not know, told to it as functions: a custom tool as one with the text `input`, one in
 * a namespace under both names joined. What the model calls is brought back to the client's own form.
 */
export class ToolNames {
  /** The prompt as the backend can be asked. */
  readonly prompt: Prompt;
  readonly #naming: Naming;
  /** By their part. Half of a JSON text says nothing of the text it stands for. */
  readonly #held = new Map<number, HeldCall>();
  #heldSize = 0;

  private constructor(prompt: Prompt, naming: Naming) {
    this.prompt = prompt;
    this.#naming = naming;
  }

  /** Undefined: the backend knows all of them as they are. Says in `notes` what is told in another form, or not at all. */
  static of(prompt: Prompt, { forms, dialect }: ToolSense, notes: Note[]): ToolNames | undefined {
    const kept = prompt.tools.filter((tool) => tool.type !== "hosted" || tool.dialect === dialect);
    const naming = new Naming(namesOf(kept), forms);
    const tools = sentTools(kept, naming);
    const items = sentItems(prompt.items, naming);
    if (isSame(tools, prompt.tools) && isSame(items, prompt.items)) return undefined;
    noteTools(prompt.tools, tools, notes);
    const { toolChoice: _, ...rest } = prompt;
    return new ToolNames({ ...rest, tools, items, ...sentChoice(prompt, { tools, naming }, notes) }, naming);
  }

  /**
   * Normalised events with the client's names and forms; the same list where there is nothing to bring back. Throws
   * `upstream_bad_response` where more would have to be held than fits.
   */
  restore(events: StreamEvent[]): StreamEvent[] {
    return events.some(isOfCall) ? events.flatMap((event) => this.#restored(event)) : events;
  }

  #restored(event: StreamEvent): StreamEvent | StreamEvent[] {
    switch (event.type) {
      case "tool-start":
        return this.#begun(event);
      case "tool-args": {
        const held = this.#held.get(event.part);
        if (!held) return event;
        return this.#hold(held, event.json);
      }
      case "part-end":
        return this.#ended(event);
      default:
        return event;
    }
  }

  #begun(start: ToolStart): ToolStart {
    const tool = this.#naming.clientOf(start);
    if (!tool) return start;
    const { namespace: _, ...rest } = start;
    const { name, namespace } = tool;
    const kind = tool.kind === "custom" ? tool.kind : start.kind;
    if (kind !== start.kind) this.#held.set(start.part, { call: start.call, pieces: [] });
    return { ...rest, name, kind, ...(namespace === undefined ? {} : { namespace }) };
  }

  #hold({ pieces }: HeldCall, json: string): StreamEvent[] {
    this.#heldSize += json.length;
    if (this.#heldSize > HELD_MAX)
      throw new Failure("upstream_bad_response", "The backend's tool calls are too long to be held.");
    pieces.push(json);
    return [];
  }

  #ended(event: Extract<StreamEvent, { type: "part-end" }>): StreamEvent | StreamEvent[] {
    const { choice, part } = event;
    const held = this.#held.get(part);
    if (!held) return event;
    this.#held.delete(part);
    if (this.#held.size === 0) this.#heldSize = 0;
    const json = inputOf(held.pieces.join(""));
    const end: StreamEvent = { type: "part-end", choice, part };
    return json === ""
      ? end
      : [{ type: "tool-args", choice, part, call: held.call, kind: "custom", json }, end];
  }
}

function isOfCall({ type }: StreamEvent): boolean {
  return type === "tool-start" || type === "tool-args" || type === "part-end";
}

/** The free text in a call's arguments. A model that did not keep to the form has still said something: that, then. */
function inputOf(json: string): string {
  try {
    const args: unknown = JSON.parse(json);
    if (!isRecord(args)) return typeof args === "string" ? args : json;
    const input = args[INPUT];
    if (typeof input === "string") return input;
    return Object.keys(args).length === 0 ? "" : json;
  } catch {
    return json;
  }
}
