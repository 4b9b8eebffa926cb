import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { Refusal } from "./problems.ts";

/** A file that was read whole. */
export interface TextFile {
  text: string;
  /** Permission bits, as of chmod; 0 where the system has none. */
  mode: number;
}

/**
 * Reads a whole UTF-8 file, at most `max` bytes; `absent` when there is none. A pipe will do too (`--config <(...)`).
 * Synchronous: it happens once, before there is anything else to do, and start-up is measured.
 */
export function readText(path: string, max: number): TextFile | "absent" | Refusal {
  if (path.includes("\0")) return new Refusal("a path may not hold a NUL character");
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, "r");
    const stat = fstatSync(descriptor);
    if (stat.isDirectory()) return new Refusal("this is a directory, not a file");
    const bytes = readUpTo(descriptor, max + 1);
    if (bytes.length > max) return new Refusal(`this file is longer than ${max / 1024} KiB`);
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return { text, mode: process.platform === "win32" ? 0 : stat.mode & 0o777 };
  } catch (error) {
    return explain(error);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function readUpTo(descriptor: number, max: number): Buffer {
  const chunks: Buffer[] = [];
  let total = 0;
  while (total < max) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK, max - total));
    const count = readSync(descriptor, chunk);
    if (count === 0) break;
    chunks.push(chunk.subarray(0, count));
    total += count;
  }
  return Buffer.concat(chunks);
}

const CHUNK = 64 * 1024;

function explain(error: unknown): "absent" | Refusal {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOENT" || code === "ENOTDIR") return "absent";
  if (code === "EACCES" || code === "EPERM") return new Refusal("this file may not be read by this user");
  if (error instanceof TypeError) return new Refusal("this file is not UTF-8 text");
  return new Refusal(`this file cannot be read (${code || "unknown error"})`);
}
