import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type NewResponse, ResponseStore } from "../../src/store/responses.ts";

/** A directory that is gone at the end of the test. */
export interface Place extends Disposable {
  readonly path: string;
}

export function place(): Place {
  const path = mkdtempSync(join(tmpdir(), "fairlead-store-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export interface Opened {
  store: ResponseStore;
  /** What its owner was told. */
  warnings: { message: string; file?: string; cause?: unknown }[];
  clock: { now: number };
}

export interface OpenOptions {
  ttl?: number;
  sizeMax?: number;
  clock?: { now: number };
}

/** A store in this directory; undefined: in memory. */
export function open(directory: string | undefined, options: OpenOptions = {}): Opened {
  const { ttl = 1_000_000, sizeMax = 10_000_000, clock = { now: 1_000_000 } } = options;
  const warnings: Opened["warnings"] = [];
  const store = new ResponseStore({
    directory,
    limits: { ttl, sizeMax },
    warn: (message, fields) => void warnings.push({ message, ...fields }),
    now: () => clock.now,
  });
  return { store, warnings, clock };
}

/** A response with one item each way; `text` makes it larger. */
export function response(id: string, previous?: string, text = ""): NewResponse {
  return {
    id,
    previous,
    response: JSON.stringify({ id, text }),
    input: [{ role: "user", content: `to ${id}` }],
    output: [{ id: `msg_${id}`, role: "assistant", content: `of ${id}` }],
  };
}
