import { type Carried, fieldsFrom } from "../../core/dialect.ts";
import type { Annotation, ToolStart } from "../../core/event.ts";
import { isRecord, type JsonRecord } from "../../core/json.ts";
import { type Opaque, sealOpaque } from "../../core/opaque.ts";

/** The dialect that all of this writes. */
export const RESPONSES = "openai-responses";

/** How far an output item has come. `incomplete`: the answer was cut within it. */
export type ItemStatus = "in_progress" | "completed" | "incomplete";

/**
 * The output items of one response, with their ids. Sealed state of another vendor is shown only to a client that asked
 * for such; what is kept for later turns has all of it.
 */
export class OutputItems {
  /** As the client gets them. */
  readonly shown: JsonRecord[] = [];
  /** As later turns need them. */
  readonly kept: JsonRecord[] = [];
  readonly #seed: string;
  readonly #showState: boolean;
  #count = 0;

  constructor(seed: string, showState: boolean) {
    this.#seed = seed;
    this.#showState = showState;
  }

  /** An id of its own for an item of this kind: `msg`, `rs`, `fc` .. */
  nextId(kind: string): string {
    return `${kind}_${this.#seed}${String(this.#count++).padStart(3, "0")}`;
  }

  /** An item that is whole; returns it. */
  add(item: JsonRecord): JsonRecord {
    this.shown.push(item);
    this.kept.push(item);
    return item;
  }

  /**
   * What the model thought; returns what the client gets of it: nothing, where it is state that the client does not want.
   * An item holds one piece of state: further ones are items without words.
   */
  addReasoning(id: string, text: string, opaque: readonly Opaque[]): JsonRecord[] {
    const shown = opaque.filter((one) => this.#shows(one));
    const visible = this.#reasoning(id, text, shown);
    this.shown.push(...visible);
    this.kept.push(...(shown.length === opaque.length ? visible : this.#reasoning(id, text, opaque)));
    return visible;
  }

  /** State that belongs to a part which has no place for it. */
  addState(opaque: readonly Opaque[]): JsonRecord[] {
    return opaque.length === 0 ? [] : this.addReasoning(this.nextId("rs"), "", opaque);
  }

  #shows({ issuer }: Opaque): boolean {
    return this.#showState || issuer === RESPONSES;
  }

  #reasoning(id: string, text: string, opaque: readonly Opaque[]): JsonRecord[] {
    const [first, ...more] = opaque.map((one) => sealOpaque(one, RESPONSES));
    if (text === "" && first === undefined) return [];
    return [
      reasoningItem(id, text, first),
      ...more.map((sealed) => reasoningItem(this.nextId("rs"), "", sealed)),
    ];
  }
}

/** A thought as a summary: the AI SDK shows no other form. */
export function reasoningItem(id: string, text: string, sealed?: string): JsonRecord {
  return {
    id,
    type: "reasoning",
    summary: text === "" ? [] : [{ type: "summary_text", text }],
    ...(sealed === undefined ? {} : { encrypted_content: sealed }),
  };
}

/** What an item may have beside its words. */
interface Beside {
  status: ItemStatus;
  extra: Carried | undefined;
}

/** A message with one part. */
export function messageItem(id: string, part: JsonRecord, { status, extra }: Beside): JsonRecord {
  return { id, type: "message", status, role: "assistant", ...fieldsFrom(extra, RESPONSES), content: [part] };
}

/** A call of a tool of the client's; `args` is JSON, or free text of a custom tool. */
export function callItem(
  id: string,
  {
    id: callId,
    name,
    namespace,
    kind,
    extra,
  }: Pick<ToolStart, "id" | "name" | "namespace" | "kind" | "extra">,
  { args, status }: { args: string; status: ItemStatus },
): JsonRecord {
  return {
    id,
    type: kind === "custom" ? "custom_tool_call" : "function_call",
    status,
    ...fieldsFrom(extra, RESPONSES),
    call_id: callId,
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(kind === "custom" ? { input: args } : { arguments: args }),
  };
}

/** The id's first letters, of a call. */
export function callIdKind(kind: ToolStart["kind"]): string {
  return kind === "custom" ? "ctc" : "fc";
}

/** A source as Responses cites it. Undefined: it has no word for one of another vendor without an address. */
export function citation({ url, title, start, end, native }: Annotation): JsonRecord | undefined {
  if (native.dialect === RESPONSES) return native.value;
  if (url === undefined) return undefined;
  return { type: "url_citation", url, title: title ?? "", start_index: start ?? 0, end_index: end ?? 0 };
}

/** Log-probabilities of chat's form as Responses has them: a list of tokens, their bytes always there. */
export function tokenLogprobs(logprobs: unknown): JsonRecord[] {
  const content = isRecord(logprobs) ? (logprobs.content ?? logprobs.refusal) : undefined;
  return Array.isArray(content) ? content.filter(isRecord).map(tokenOf) : [];
}

function tokenOf({ bytes, top_logprobs: top, ...token }: JsonRecord): JsonRecord {
  const others = Array.isArray(top) ? top.filter(isRecord) : [];
  const alternatives = others.map((other) => ({ ...other, bytes: other.bytes ?? [] }));
  return { ...token, bytes: bytes ?? [], top_logprobs: alternatives };
}
