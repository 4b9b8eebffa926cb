import type { ResponsesConfig } from "../config/config.ts";
import { once } from "../core/once.ts";
import { openDatabase } from "./database.ts";
import { type StoredResponse, Tables, type Turn } from "./tables.ts";

/** What the store is made of. */
export interface StoreOptions {
  /** Where its file is; undefined: nowhere, it is in memory. */
  directory: string | undefined;
  limits: Pick<ResponsesConfig, "ttl" | "sizeMax">;
  /** Told what its owner should know: a constant sentence, and what varies. */
  warn(message: string, fields: { file?: string; cause?: unknown }): void;
  /** Milliseconds since 1970. */
  now?(): number;
}

/** A response to be stored; its items are JSON values. */
export interface NewResponse {
  id: string;
  /** The response that it went on from. */
  previous: string | undefined;
  /** JSON. */
  response: string;
  input: readonly unknown[];
  output: readonly unknown[];
}

/** Most that is held in memory where there is no file, bytes. */
const MEMORY_MAX = 64 * 1024 * 1024;

/**
 * Responses of `/v1/responses`, each the property of the caller that made it: nobody else can see whether it exists. They
 * go when they were not used for `ttl`, and the longest unused ones go when all together are larger than `sizeMax`.
 *
 * The file is opened at the first use. What was stored is there after any end of the process. Where there is no file to be
 * had, the store works in memory, and says so once.
 */
export class ResponseStore {
  readonly #options: StoreOptions;
  #opened = false;
  /** The last attempt to store something failed, and its owner was told. */
  #failing = false;
  readonly #tables: () => Tables;

  constructor(options: StoreOptions) {
    this.#options = options;
    this.#tables = once(() => this.#open());
  }

  /** Stores a response with its items; it replaces one of the same id. False: it cannot be stored. */
  put(owner: string, { response, input, output, ...rest }: NewResponse): boolean {
    const record = { owner, ...rest, response, input: JSON.stringify(input), output: JSON.stringify(output) };
    const ids = output.flatMap((item, place) => {
      const id = idOf(item);
      return id === undefined ? [] : [{ id, place }];
    });
    try {
      const stored = this.#tables().put(record, ids);
      this.#failing = false;
      return stored;
    } catch (thrown) {
      if (!this.#failing) this.#options.warn("a response could not be stored", { cause: thrown });
      this.#failing = true;
      return false;
    }
  }

  get(owner: string, id: string): StoredResponse | undefined {
    return this.#tables().get(owner, id);
  }

  /** True: it was there. */
  delete(owner: string, id: string): boolean {
    return this.#tables().delete(owner, id);
  }

  /** An output item of any of the owner's responses. */
  item(owner: string, id: string): unknown {
    const text = this.#tables().item(owner, id);
    return text === undefined ? undefined : JSON.parse(text);
  }

  /**
   * All items of the conversation that ended with this response, in order. Undefined where it, or one before it, is not
   * there. Throws `invalid_request` for a conversation that is too long to be put together.
   */
  history(owner: string, id: string): unknown[] | undefined {
    const turns = this.#tables().turns(owner, id);
    return turns?.flatMap(({ input, output }: Turn) => [...listOf(input), ...listOf(output)]);
  }

  /** Writes what is still to be written. Afterwards nothing can be stored or found. */
  close(): void {
    if (this.#opened) this.#tables().close();
  }

  #open(): Tables {
    const { directory, limits, warn, now = Date.now } = this.#options;
    const { database, problem } = openDatabase(directory);
    this.#opened = true;
    if (problem) {
      const { message, ...fields } = problem;
      warn(message, fields);
    }
    const sizeMax = problem === undefined ? limits.sizeMax : Math.min(limits.sizeMax, MEMORY_MAX);
    return new Tables(database, { ttl: limits.ttl, sizeMax, now });
  }
}

function idOf(item: unknown): string | undefined {
  const has = typeof item === "object" && item !== null && "id" in item;
  return has && typeof item.id === "string" ? item.id : undefined;
}

function listOf(json: string): unknown[] {
  const list: unknown = JSON.parse(json);
  return Array.isArray(list) ? list : [];
}
