import { parse } from "smol-toml";
import type { Path } from "./problems.ts";

/** Where each key of a TOML document stands. */
export class Locations {
  readonly #offsets = new Map<string, number>();
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** Line of a key, from 1; of the table or list around it when the key itself is not there. */
  line(path: Path): number | undefined {
    for (let length = path.length; length > 0; length--) {
      const offset = this.offset(path.slice(0, length));
      if (offset !== undefined) return this.#text.slice(0, offset).split("\n").length;
    }
    return undefined;
  }

  /** Position in the text: tells which of two keys was written first, which an object does not (`1` precedes `a`). */
  offset(path: Path): number | undefined {
    return this.#offsets.get(JSON.stringify(path));
  }

  /** A table's own header wins over a mention (`[a.b]` mentions `a`). */
  note(path: Path, offset: number, own: boolean): void {
    const key = JSON.stringify(path);
    if (own || !this.#offsets.has(key)) this.#offsets.set(key, offset);
  }
}

/** Finds every key of a document that a TOML parser has already accepted. */
export function locate(text: string): Locations {
  const found = new Locations(text);
  const scan: Scan = { text, at: text.startsWith("\uFEFF") ? 1 : 0, found, lists: new Map() };
  let table: Path = [];
  for (;;) {
    blank(scan);
    const start = scan.at;
    if (start >= text.length) return found;
    if (text[start] === "[") table = header(scan);
    else entry(scan, table);
    if (scan.at === start) return found;
  }
}

interface Scan {
  readonly text: string;
  at: number;
  readonly found: Locations;
  /** How many elements each list of tables has so far. */
  readonly lists: Map<string, number>;
}

/** `[a.b]` or `[[a.b]]`: returns the path that the following keys belong to. */
function header(scan: Scan): Path {
  const start = scan.at;
  const element = scan.text[start + 1] === "[";
  scan.at += element ? 2 : 1;
  const names = key(scan);
  scan.at += element ? 2 : 1;
  let path: Path = [];
  for (const [index, name] of names.entries()) {
    const last = index === names.length - 1;
    path = [...path, name];
    scan.found.note(path, start, last && !element);
    const id = JSON.stringify(path);
    const count = scan.lists.get(id) ?? 0;
    if (last && element) scan.lists.set(id, count + 1);
    if (last && element) path = [...path, count];
    else if (count > 0) path = [...path, count - 1];
  }
  scan.found.note(path, start, element);
  return path;
}

/** `a.b = value`. */
function entry(scan: Scan, table: Path): void {
  const start = scan.at;
  let path = table;
  for (const name of key(scan)) {
    path = [...path, name];
    scan.found.note(path, start, false);
  }
  scan.at++; // the =
  blank(scan);
  value(scan, path);
}

function value(scan: Scan, path: Path): void {
  const first = scan.text[scan.at];
  if (first === '"' || first === "'") quoted(scan);
  else if (first === "[") list(scan, path);
  else if (first === "{") inlineTable(scan, path);
  else {
    // The first character in any case: a text that no parser accepts must not hang this one either.
    do scan.at++;
    while (scan.at < scan.text.length && !",]}#\n".includes(scan.text.charAt(scan.at)));
  }
}

function list(scan: Scan, path: Path): void {
  scan.at++;
  for (let index = 0; more(scan, "]"); index++) {
    const element = [...path, index];
    scan.found.note(element, scan.at, true);
    value(scan, element);
  }
}

function inlineTable(scan: Scan, path: Path): void {
  scan.at++;
  while (more(scan, "}")) entry(scan, path);
}

/** Steps over space, comments and a comma; false at the closing bracket, which is stepped over too. */
function more(scan: Scan, close: string): boolean {
  blank(scan);
  if (scan.text[scan.at] === ",") {
    scan.at++;
    blank(scan);
  }
  if (scan.at >= scan.text.length) return false;
  if (scan.text[scan.at] !== close) return true;
  scan.at++;
  return false;
}

/** A dotted key; stops at what follows it. */
function key(scan: Scan): string[] {
  const names: string[] = [];
  for (;;) {
    blank(scan);
    const start = scan.at;
    const first = scan.text[start];
    if (first === '"' || first === "'") {
      quoted(scan);
      names.push(unquote(scan.text.slice(start, scan.at)));
    } else {
      while (/[A-Za-z0-9_-]/.test(scan.text.charAt(scan.at))) scan.at++;
      names.push(scan.text.slice(start, scan.at));
    }
    blank(scan);
    if (scan.text[scan.at] !== ".") return names;
    scan.at++;
  }
}

function unquote(raw: string): string {
  if (!raw.includes("\\")) return raw.slice(1, -1);
  return String(parse(`key = ${raw}`)["key"]);
}

/** Steps over any of the four kinds of string. */
function quoted(scan: Scan): void {
  const quote = scan.text.charAt(scan.at);
  const long = scan.text.startsWith(quote.repeat(3), scan.at);
  const close = long ? quote.repeat(3) : quote;
  scan.at += close.length;
  while (scan.at < scan.text.length && !scan.text.startsWith(close, scan.at)) {
    scan.at += quote === '"' && scan.text[scan.at] === "\\" ? 2 : 1;
  }
  scan.at += close.length;
  // A long string may end in up to two quotes of its own: """a"""""
  while (long && scan.text[scan.at] === quote) scan.at++;
}

function blank(scan: Scan): void {
  for (;;) {
    const char = scan.text[scan.at];
    if (char === "#") {
      const end = scan.text.indexOf("\n", scan.at);
      scan.at = end < 0 ? scan.text.length : end;
    } else if (char === " " || char === "\t" || char === "\n" || char === "\r") scan.at++;
    else return;
  }
}
