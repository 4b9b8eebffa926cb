import type { Database } from "bun:sqlite";
import { Failure } from "../core/failure.ts";

/** A response as it is stored. All texts are JSON. */
export interface StoredResponse extends Turn {
  owner: string;
  id: string;
  previous: string | undefined;
  response: string;
}

/** What one response added to its conversation: lists, as JSON. */
export interface Turn {
  input: string;
  output: string;
}

interface Limits {
  /** Milliseconds since the last use. */
  ttl: number;
  /** Bytes. */
  sizeMax: number;
  now(): number;
}

/** Longer chains than any conversation: what walks one must end. */
const TURNS_MAX = 10_000;
/** Most of a conversation that is put together for one request, bytes. */
const HISTORY_MAX = 64 * 1024 * 1024;
/** What a row costs beside its texts, bytes: about what SQLite needs for it and its entries in the indices. */
const ROW_BYTES = 400;
/** A use is written down at most this often, ms. */
const TOUCH_MS = 60_000;
/** What is too old is looked for at most this often, ms. */
const PRUNE_MS = 60_000;
/** When the store is full, it is emptied to this part: not with every single response. */
const FULL_PART = 0.9;

/** The tables of stored responses, with their limits. */
export class Tables {
  readonly #database: Database;
  readonly #limits: Limits;
  readonly #statements: Statements;
  readonly #insert: (record: StoredResponse, items: readonly ItemPlace[], size: number) => void;
  /** Bytes of all rows, as far as this process knows. */
  #size = 0;
  #pruned = 0;

  constructor(database: Database, limits: Limits) {
    this.#database = database;
    this.#limits = limits;
    this.#statements = prepare(database);
    this.#insert = database.transaction(
      (record: StoredResponse, items: readonly ItemPlace[], size: number) => {
        const { owner, id, previous = null, response, input, output } = record;
        const used = limits.now();
        this.#statements.insert.run({ owner, id, previous, used, size, response, input, output });
        for (const item of items) this.#statements.insertItem.run({ owner, response: id, ...item });
      },
    );
    this.#prune();
  }

  /** False: it alone is larger than all may be together. */
  put(record: StoredResponse, items: readonly ItemPlace[]): boolean {
    const texts = [record.response, record.input, record.output];
    const size = texts.reduce((sum, text) => sum + Buffer.byteLength(text), ROW_BYTES * (1 + items.length));
    if (size > this.#limits.sizeMax * FULL_PART) return false;
    this.#insert(record, items, size);
    this.#size += size;
    if (this.#size > this.#limits.sizeMax || this.#limits.now() - this.#pruned > PRUNE_MS) this.#prune();
    return true;
  }

  get(owner: string, id: string): StoredResponse | undefined {
    const row = this.#use(owner, id) ? this.#statements.get.get({ owner, id }) : null;
    return row ? { owner, id, ...row, previous: row.previous ?? undefined } : undefined;
  }

  delete(owner: string, id: string): boolean {
    return this.#use(owner, id) && this.#statements.delete.run({ owner, id }).changes > 0;
  }

  /** JSON. */
  item(owner: string, id: string): string | undefined {
    const found = this.#statements.item.get({ owner, id });
    return found && this.#use(owner, found.response) ? found.item : undefined;
  }

  /** From the first one to the one of this id. */
  turns(owner: string, id: string): Turn[] | undefined {
    const turns: Turn[] = [];
    let size = 0;
    for (let next: string | null = id; next !== null;) {
      const turn: TurnRow | null = this.#use(owner, next)
        ? this.#statements.turn.get({ owner, id: next })
        : null;
      if (!turn) return undefined;
      size += turn.input.length + turn.output.length;
      if (size > HISTORY_MAX || turns.length >= TURNS_MAX) throw tooLong();
      turns.push(turn);
      next = turn.previous;
    }
    return turns.reverse();
  }

  close(): void {
    this.#database.close();
  }

  /** Is it there, and not too old? It counts as used from now on. */
  #use(owner: string, id: string): boolean {
    const used = this.#statements.used.get({ owner, id })?.used;
    const now = this.#limits.now();
    if (used === undefined || used < now - this.#limits.ttl) return false;
    if (used < now - Math.min(TOUCH_MS, this.#limits.ttl / 2)) this.#statements.touch.run({ owner, id, now });
    return true;
  }

  /** Another process may share the file: what there is, is looked up. */
  #prune(): void {
    const { ttl, sizeMax, now } = this.#limits;
    this.#pruned = now();
    this.#statements.deleteOld.run({ before: this.#pruned - ttl });
    this.#size = this.#statements.size.get()?.size ?? 0;
    if (this.#size <= sizeMax) return;
    const gone: number[] = [];
    for (const { row, size } of this.#statements.oldest.iterate()) {
      if (this.#size <= sizeMax * FULL_PART) break;
      gone.push(row);
      this.#size -= size;
    }
    this.#database.transaction(() => {
      for (const row of gone) this.#statements.deleteRow.run({ row });
    })();
  }
}

/** Where an output item stands in its response. */
export interface ItemPlace {
  id: string;
  place: number;
}

type Statements = ReturnType<typeof prepare>;

// Types and no interfaces: what is bound must have an index signature, which only these have.
type Key = { owner: string; id: string };
type TurnRow = { previous: string | null; input: string; output: string };
type Row = TurnRow & { response: string };
type NewRow = Key & Row & { size: number; used: number };

function prepare(database: Database) {
  return {
    insert: database.query<null, [NewRow]>(
      `INSERT OR REPLACE INTO responses (owner, id, previous, used, size, response, input, output)
       VALUES ($owner, $id, $previous, $used, $size, $response, $input, $output)`,
    ),
    insertItem: database.query<null, [Key & { response: string; place: number }]>(
      "INSERT OR REPLACE INTO items (owner, id, response, place) VALUES ($owner, $id, $response, $place)",
    ),
    used: database.query<{ used: number }, [Key]>(
      "SELECT used FROM responses WHERE owner = $owner AND id = $id",
    ),
    get: database.query<Row, [Key]>(
      "SELECT previous, response, input, output FROM responses WHERE owner = $owner AND id = $id",
    ),
    turn: database.query<TurnRow, [Key]>(
      "SELECT previous, input, output FROM responses WHERE owner = $owner AND id = $id",
    ),
    item: database.query<{ response: string; item: string }, [Key]>(
      `SELECT items.response, json_extract(responses.output, '$[' || items.place || ']') AS item FROM items
       JOIN responses ON responses.owner = items.owner AND responses.id = items.response
       WHERE items.owner = $owner AND items.id = $id`,
    ),
    touch: database.query<null, [Key & { now: number }]>(
      "UPDATE responses SET used = $now WHERE owner = $owner AND id = $id",
    ),
    delete: database.query<null, [Key]>("DELETE FROM responses WHERE owner = $owner AND id = $id"),
    deleteRow: database.query<null, [{ row: number }]>("DELETE FROM responses WHERE rowid = $row"),
    deleteOld: database.query<null, [{ before: number }]>("DELETE FROM responses WHERE used < $before"),
    oldest: database.query<{ row: number; size: number }, []>(
      "SELECT rowid AS row, size FROM responses ORDER BY used, rowid",
    ),
    size: database.query<{ size: number }, []>("SELECT COALESCE(SUM(size), 0) AS size FROM responses"),
  };
}

function tooLong(): Failure {
  return new Failure(
    "invalid_request",
    "The conversation behind 'previous_response_id' is too long to go on: send what still matters as input.",
    { param: "previous_response_id" },
  );
}
