import type { StreamEvent, ToolStart } from "../core/event.ts";
import type { Opaque } from "../core/opaque.ts";
import type { KeptThought, Vault } from "./vault.ts";

/** Reasoning of one answer that is collected, characters: with a piece missing, its state is worth nothing. */
const TEXT_MAX = 1024 * 1024;

interface Thought {
  id: string | undefined;
  pieces: string[];
  opaque: Opaque[];
}

/** What one choice has said since its last call. */
interface Saying {
  thoughts: Thought[];
  /** The one that is being said. */
  open: Thought | undefined;
  /** Words came before the first thought. */
  afterWords: boolean;
}

/** Puts the state of an answer's tool calls into the vault as the answer passes by. */
export class VaultRecorder {
  readonly #vault: Vault;
  readonly #owner: string;
  readonly #choices = new Map<number, Saying>();
  #size = 0;

  /** `owner`: whose answer it is. */
  constructor(vault: Vault, owner: string) {
    this.#vault = vault;
    this.#owner = owner;
  }

  /** Normalised events. */
  see(events: readonly StreamEvent[]): void {
    for (const event of events) this.#see(event);
  }

  #see(event: StreamEvent): void {
    switch (event.type) {
      case "part-start": {
        const saying = this.#saying(event.choice);
        const thought = { id: event.id, pieces: [], opaque: [] };
        saying.open = event.kind === "reasoning" ? thought : undefined;
        if (saying.open) saying.thoughts.push(thought);
        else saying.afterWords ||= saying.thoughts.length === 0;
        return;
      }
      case "reasoning":
        this.#size += event.text.length;
        if (this.#size <= TEXT_MAX) this.#saying(event.choice).open?.pieces.push(event.text);
        return;
      case "opaque":
        this.#saying(event.choice).open?.opaque.push(event.opaque);
        return;
      case "tool-start":
        return this.#keep(event);
      default:
    }
  }

  #keep({ choice, id, name, opaque = [] }: ToolStart): void {
    const { thoughts, afterWords } = this.#saying(choice);
    this.#choices.delete(choice);
    const sealed = this.#size > TEXT_MAX ? [] : thoughts.filter((thought) => thought.opaque.length > 0);
    if (opaque.length === 0 && sealed.length === 0) return;
    this.#vault.keep(this.#owner, { id, name }, { opaque, thoughts: sealed.map(whole), afterWords });
  }

  #saying(choice: number): Saying {
    let saying = this.#choices.get(choice);
    if (!saying) this.#choices.set(choice, (saying = { thoughts: [], open: undefined, afterWords: false }));
    return saying;
  }
}

function whole({ id, pieces, opaque }: Thought): KeptThought {
  return { text: pieces.join(""), opaque, ...(id === undefined ? {} : { id }) };
}
