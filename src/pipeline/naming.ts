import type { ToolKind } from "../core/event.ts";

/** A tool by its name, as one side knows it. */
export interface Named {
  readonly name: string;
  /** Responses: the group that it belongs to. */
  readonly namespace?: string;
  readonly kind: ToolKind;
}

/** Which kinds of tools a backend can be told of. */
export type ToolForms = "functions" | "custom" | "namespaces";

/** Longest name of a tool that every vendor takes, characters (OpenAI; Anthropic and Gemini take 128). */
const NAME_MAX = 64;
/** Stands between a namespace and a name: the spelling that models of Responses write themselves. */
const JOINT = "__";

/**
 * The names that tools have at a backend, and the way back. A name stays as it is where it can: within A-Z a-z 0-9 _ and -,
 * not too long, in no namespace. Two tools that would get one name are told apart by a mark made of their own names, the
 * same in every turn of a conversation.
 */
export class Naming {
  readonly #forms: ToolForms;
  readonly #sent = new Map<string, Named>();
  readonly #clients = new Map<string, Named>();

  /** `tools` are those that the backend is told of. */
  constructor(tools: readonly Named[], forms: ToolForms) {
    this.#forms = forms;
    // A name that can stay does stay, whatever others are turned into.
    const staying = tools.filter((tool) => this.#wanted(tool).name === tool.name);
    for (const tool of [...staying, ...tools]) this.sentAs(tool);
  }

  /** What the backend is to call this tool. */
  sentAs(tool: Named): Named {
    const known = this.#sent.get(identity(tool));
    if (known) return known;
    const wanted = this.#wanted(tool);
    let sent = wanted;
    for (let seed = 0; this.#clients.has(address(sent)); seed++) sent = marked(wanted, tool, seed);
    this.#sent.set(identity(tool), sent);
    this.#clients.set(address(sent), tool);
    return sent;
  }

  /**
   * What the backend is to call the tool of an earlier call. Clients that know less than the tool's own forms give back the
   * backend's name, or call a custom tool a function.
   */
  sentBefore(call: Named): Named {
    const other = { ...call, kind: call.kind === "custom" ? "function" : "custom" } as const;
    const known = this.#sent.get(identity(call)) ?? this.#sent.get(identity(other));
    const theirs = known ?? (this.#clients.has(address(call)) ? call : undefined);
    return theirs ?? this.sentAs(call);
  }

  /** What the backend calls the tools of this name, in this namespace or, where none is given, in any. */
  sentFor(name: string, namespace?: string): Named[] {
    const found: Named[] = [];
    for (const [at, tool] of this.#clients) {
      const sent = this.#sent.get(identity(tool));
      const meant = tool.name === name && (namespace === undefined || tool.namespace === namespace);
      if (sent && (meant || at === address({ name }))) found.push(sent);
    }
    return found;
  }

  /** The client's tool that the backend calls so; undefined for a name that was never sent. */
  clientOf(sent: Pick<Named, "name" | "namespace">): Named | undefined {
    return this.#clients.get(address(sent));
  }

  #wanted({ name, namespace, kind }: Named): Named {
    const sent = this.#forms === "functions" ? "function" : kind;
    if (namespace === undefined) return { name: fitted(name), kind: sent };
    if (this.#forms === "namespaces") return { name: fitted(name), namespace, kind };
    return { name: fitted(namespace + JOINT + name), kind: sent };
  }
}

function identity({ name, namespace = "", kind }: Named): string {
  return JSON.stringify([kind, namespace, name]);
}

function address({ name, namespace = "" }: Pick<Named, "name" | "namespace">): string {
  return JSON.stringify([namespace, name]);
}

/** Gemini wants a letter or _ first. */
function fitted(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9_-]/g, "_").replace(/^(?![A-Za-z_])/, "_");
  return plain.length <= NAME_MAX ? plain : withMark(plain, name);
}

function marked(wanted: Named, tool: Named, seed: number): Named {
  return { ...wanted, name: withMark(wanted.name, identity(tool) + seed) };
}

function withMark(name: string, source: string): string {
  const mark = `_${Bun.hash.crc32(source).toString(16).padStart(8, "0")}`;
  return name.slice(0, NAME_MAX - mark.length) + mark;
}
