import { Database } from "bun:sqlite";
import { chmodSync, closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";

/** A database that is ready to be used. */
export interface Opened {
  database: Database;
  /** Why it is only in memory, where it is. */
  problem: Problem | undefined;
}

/** What its owner should know: a constant sentence, and what varies. */
export interface Problem {
  message: string;
  file?: string;
  cause?: unknown;
}

/** The form of the tables; a later one gets another number. */
const VERSION = 1;

const SCHEMA = `
CREATE TABLE responses (
  owner TEXT NOT NULL,
  id TEXT NOT NULL,
  previous TEXT,
  used INTEGER NOT NULL,
  size INTEGER NOT NULL,
  response TEXT NOT NULL,
  input TEXT NOT NULL,
  output TEXT NOT NULL,
  PRIMARY KEY (owner, id)
);
CREATE INDEX responses_used ON responses (used, size);
CREATE TABLE items (
  owner TEXT NOT NULL,
  id TEXT NOT NULL,
  response TEXT NOT NULL,
  place INTEGER NOT NULL,
  PRIMARY KEY (owner, id),
  FOREIGN KEY (owner, response) REFERENCES responses (owner, id) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX items_response ON items (owner, response);
`;

/**
 * Opens the file `responses.sqlite` in this directory, which is made if need be. Only the user it belongs to may read
 * either: there are conversations in it. Where that cannot be done the database is in memory, and says why.
 */
export function openDatabase(directory: string | undefined): Opened {
  if (directory === undefined)
    return inMemory({ message: `${MEMORY_ONLY}: this machine has no place for state` });
  const file = join(directory, "responses.sqlite");
  try {
    return { database: openFile(directory, file), problem: undefined };
  } catch (cause) {
    return inMemory({ message: `${MEMORY_ONLY}: their file cannot be used`, file, cause });
  }
}

const MEMORY_ONLY = "responses are kept in memory only, until this server stops";

function inMemory(problem: Problem): Opened {
  return { database: prepared(new Database(":memory:", { strict: true })), problem };
}

function openFile(directory: string, path: string): Database {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  // Made by us first: SQLite would make it, and the files beside it, readable for everybody.
  closeSync(openSync(path, "a", 0o600));
  chmodSync(path, 0o600);
  const database = new Database(path, { create: true, strict: true });
  try {
    return prepared(database);
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

function prepared(database: Database): Database {
  // Another copy of this program may use the same file.
  database.run("PRAGMA busy_timeout = 1000");
  // What is committed survives the end of this process, however it ends; a power cut may take the last moments.
  database.run("PRAGMA journal_mode = WAL");
  database.run("PRAGMA synchronous = NORMAL");
  database.run("PRAGMA journal_size_limit = 16777216");
  // What was deleted is really gone, where that costs nothing.
  database.run("PRAGMA secure_delete = FAST");
  database.run("PRAGMA foreign_keys = ON");
  database.transaction(() => createTables(database)).immediate();
  return database;
}

function createTables(database: Database): void {
  const version = database.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version;
  if (version === VERSION) return;
  if (version !== 0)
    throw Object.assign(new Error(`a file of version ${version}`), { code: "NEWER_VERSION" });
  database.run(SCHEMA);
  database.run(`PRAGMA user_version = ${VERSION}`);
}
