import type { Dialect } from "../core/dialect.ts";
import type { Opaque } from "../core/opaque.ts";
import type { CallItem, Item, ReasoningItem } from "../core/prompt.ts";

/** A piece of reasoning as its vendor wants it back. */
export type KeptThought = Pick<ReasoningItem, "text" | "opaque" | "id">;

/** What stood with one tool call. */
export interface KeptState {
  /** On the call itself. */
  opaque: readonly Opaque[];
  /** Since the call before it in the turn, or since the turn's beginning. */
  thoughts: readonly KeptThought[];
  /** Did words come before the thoughts? */
  afterWords: boolean;
}

/** Answers to tools come within minutes, those that a person must allow later; nobody waits for older ones. */
const TTL_MS = 3_600_000;
const ENTRIES_MAX = 4096;
/** Of all entries, characters. A turn's reasoning is a few thousand. */
const SIZE_MAX = 32 * 1024 * 1024;

interface Entry {
  state: KeptState;
  size: number;
  /** On the clock of `now`. */
  until: number;
}

/** How much it may hold, and until when. */
export interface VaultLimits {
  entries: number;
  size: number;
  ttl: number;
  now: () => number;
}

/**
 * State that vendors insist on in the next turn, for clients whose dialect has no place for it: Anthropic's signatures,
 * Gemini's thought signatures, OpenAI's sealed reasoning. Kept by the tool call that it stood with, for tool turns are where
 * they insist, and for the caller that got it alone. In memory alone, bounded; what was used last goes last.
 */
export class Vault {
  readonly #entries = new Map<string, Entry>();
  readonly #limits: VaultLimits;
  #size = 0;

  constructor(limits: Partial<VaultLimits> = {}) {
    this.#limits = { entries: ENTRIES_MAX, size: SIZE_MAX, ttl: TTL_MS, now: Date.now, ...limits };
  }

  keep(owner: string, call: Pick<CallItem, "id" | "name">, state: KeptState): void {
    const key = keyOf(owner, call);
    this.#forget(key);
    const size = sizeOf(key, state);
    if (size > this.#limits.size) return;
    this.#entries.set(key, { state, size, until: this.#limits.now() + this.#limits.ttl });
    this.#size += size;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#limits.entries && this.#size <= this.#limits.size) return;
      this.#forget(oldest);
    }
  }

  /** The items with all state of this dialect that their owner could not keep; the same list where there is none. */
  giveBack(owner: string, items: readonly Item[], dialect: Dialect): readonly Item[] {
    if (this.#entries.size === 0 || !items.some(({ type }) => type === "call")) return items;
    const turns = new Turns(dialect);
    for (const item of items)
      turns.add(item, item.type === "call" ? this.#find(keyOf(owner, item), dialect) : undefined);
    return turns.changed ? turns.items : items;
  }

  #find(key: string, dialect: Dialect): KeptState | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key);
    if (entry.until <= this.#limits.now()) {
      this.#size -= entry.size;
      return undefined;
    }
    this.#entries.set(key, entry);
    const { opaque, thoughts, afterWords } = entry.state;
    const own = ({ issuer }: Opaque) => issuer === dialect;
    return {
      opaque: opaque.filter(own),
      thoughts: thoughts.filter((one) => one.opaque.some(own)),
      afterWords,
    };
  }

  #forget(key: string): void {
    this.#size -= this.#entries.get(key)?.size ?? 0;
    this.#entries.delete(key);
  }
}

/** A conversation that is put together again. */
class Turns {
  readonly items: Item[] = [];
  changed = false;
  readonly #dialect: Dialect;
  /** Where the model went on after the call before, or after somebody else. */
  #since = 0;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  add(item: Item, kept: KeptState | undefined): void {
    if (kept && item.type === "call") {
      this.#addThoughts(item, kept);
      this.items.push(this.#withState(item, kept.opaque));
    } else this.items.push(item);
    const said = item.type === "reasoning" || (item.type === "message" && item.role === "assistant");
    if (!said) this.#since = this.items.length;
  }

  #withState(call: CallItem, opaque: readonly Opaque[]): CallItem {
    if (opaque.length === 0 || this.#isOwn(call)) return call;
    this.changed = true;
    return { ...call, opaque: [...call.opaque, ...opaque] };
  }

  /** In place of thoughts that came back without their state; not beside any that came back with it. */
  #addThoughts({ at }: CallItem, { thoughts, afterWords }: KeptState): void {
    const said = this.items.slice(this.#since);
    if (thoughts.length === 0 || said.some((item) => item.type === "reasoning" && this.#isOwn(item))) return;
    this.changed = true;
    const words = said.filter(({ type }) => type !== "reasoning");
    const given = thoughts.map((thought): ReasoningItem => ({ type: "reasoning", ...thought, at }));
    const restored = afterWords ? [...words, ...given] : [...given, ...words];
    this.items.splice(this.#since, said.length, ...restored);
  }

  #isOwn({ opaque }: ReasoningItem | CallItem): boolean {
    return opaque.some(({ issuer }) => issuer === this.#dialect);
  }
}

/** Backends that number their calls ("call_0") give one id to many: the name makes a mistake less likely. */
function keyOf(owner: string, { id, name }: Pick<CallItem, "id" | "name">): string {
  return JSON.stringify([owner, id, name]);
}

function sizeOf(key: string, { opaque, thoughts }: KeptState): number {
  const all = [...opaque, ...thoughts.flatMap((thought) => thought.opaque)];
  const texts = thoughts.reduce((sum, { text }) => sum + text.length, 0);
  return all.reduce((sum, { data }) => sum + data.length, key.length + texts);
}
