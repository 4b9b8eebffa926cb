import { readFileSync, readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";

/** Paths relative to the repository, with `/`, to their text. */
export type Tree = ReadonlyMap<string, string>;

export const ROOT = join(import.meta.dir, "../..");

/** What is not ours, or not written by hand. The same that .gitignore names, for copies that have no git. */
const SKIPPED = new Set([".git", "node_modules", "dist", ".llama-server"]);

/** Every text file of the repository, or of some of its folders. */
export function readTree(...folders: string[]): Tree {
  const tree = new Map<string, string>();
  for (const folder of folders.length > 0 ? folders : ["."]) walk(join(ROOT, folder), tree);
  return tree;
}

function walk(folder: string, tree: Map<string, string>): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (SKIPPED.has(entry.name) || entry.name.endsWith(".log")) continue;
    if (entry.isDirectory()) walk(path, tree);
    else if (entry.isFile()) {
      const bytes = readFileSync(path);
      if (!bytes.includes(0)) tree.set(relative(ROOT, path).split(sep).join("/"), bytes.toString("utf8"));
    }
  }
}
