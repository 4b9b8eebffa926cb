import { posix } from "node:path";
import { COMPUTED, type Import, importsOf } from "./imports.ts";
import { codeTokens } from "./tokens.ts";
import type { Tree } from "./tree.ts";

/** For each room below `src/`, the rooms it may import from beside itself. */
export type Plan = Readonly<Record<string, readonly string[]>>;

interface Arrow {
  from: string;
  to: string;
  /** Where the import stands, for the message. */
  place: string;
}

/** Everything in `src/` that breaks the plan, one sentence each; empty when the house stands. */
export function brokenArrows(tree: Tree, plan: Plan): string[] {
  const problems: string[] = [];
  const arrows: Arrow[] = [];
  for (const [path, source] of tree) {
    if (!path.startsWith("src/")) continue;
    const room = roomOf(path);
    if (room === "" && path !== ENTRY) problems.push(`${path}: only main.ts stands in src/ itself`);
    else if (room !== "" && !(room in plan)) problems.push(`${path}: no room is called "${room}"`);
    if (!path.endsWith(".ts")) continue;
    problems.push(...outwardCalls(room, path, source));
    for (const found of importsOf(source)) {
      const { specifier } = found;
      const place = `${path}:${found.line}`;
      if (specifier === COMPUTED) problems.push(`${place}: a computed import can point anywhere`);
      else if (!specifier.startsWith(".")) problems.push(...brokenPackage(room, found, place));
      else arrows.push({ from: path, to: posix.join(posix.dirname(path), specifier), place });
    }
  }
  for (const arrow of arrows) problems.push(...brokenArrow(arrow, tree, plan));
  return [...problems, ...cycles(filesOf(arrows)), ...cycles(roomsOf(arrows))];
}

const ENTRY = "src/main.ts";

/** `core` of `src/core/event.ts`; empty for a file in `src/` itself. */
function roomOf(path: string): string {
  return path.split("/").length > 2 ? (path.split("/")[1] ?? "") : "";
}

function brokenArrow({ from, to, place }: Arrow, tree: Tree, plan: Plan): string[] {
  if (!to.startsWith("src/")) return [`${place}: ${to} is outside src/`];
  if (!tree.has(to)) return [`${place}: there is no ${to}`];
  if (to === ENTRY) return [`${place}: nothing imports main.ts`];
  const [room, target] = [roomOf(from), roomOf(to)];
  const allowed = from === ENTRY ? ["cli"] : [room, ...(plan[room] ?? [])];
  return allowed.includes(target) ? [] : [`${place}: ${room || "main.ts"} may not import ${target}`];
}

/** The only rooms that may know a package. What is not named here is every room's. */
const OWNERS: readonly { package: RegExp; rooms: readonly string[]; why: string; harmless?: RegExp }[] = [
  { package: /^(elysia|@elysiajs\/.*)$/, rooms: ["server"], why: "only the server speaks Elysia" },
  {
    package: /^(node:)?(https?|http2|net|tls|dgram)$/,
    rooms: ["backends"],
    why: "only backends open sockets outward",
    harmless: /^(isIP|isIPv4|isIPv6|BlockList|SocketAddress)$/,
  },
  { package: /^(openai|bun:test)$/, rooms: [], why: "it is for tests" },
];

function brokenPackage(room: string, { specifier, names }: Import, place: string): string[] {
  if (room === "core") return [`${place}: core imports nothing, not even ${specifier}`];
  const owner = OWNERS.find((candidate) => candidate.package.test(specifier));
  if (!owner || owner.rooms.includes(room)) return [];
  const harmless = names.length > 0 && names.every((name) => owner.harmless?.test(name));
  return harmless ? [] : [`${place}: ${specifier}: ${owner.why}`];
}

/** The ways to open a connection that need no import: `fetch(...)` (a method of that name is no call) and Bun.connect. */
function outwardCalls(room: string, path: string, source: string): string[] {
  if (room === "backends") return [];
  const code = codeTokens(source);
  return code.flatMap(({ text, line }, i) => {
    const [before, after] = [code[i - 1]?.text ?? "", code[i + 1]?.text];
    const fetches = text === "fetch" && after === "(" && BEFORE_CALL.has(before);
    const connects = text === "connect" && before === "." && code[i - 2]?.text === "Bun";
    return fetches || connects ? [`${path}:${line}: ${text}: only backends open sockets outward`] : [];
  });
}

const BEFORE_CALL = new Set(["await", "return", "yield", "void", "=", "=>", "(", "[", ";", "?", ":"]);

type Graph = ReadonlyMap<string, ReadonlySet<string>>;

function filesOf(arrows: readonly Arrow[]): Graph {
  return graph(arrows.map(({ from, to }) => [from, to]));
}

function roomsOf(arrows: readonly Arrow[]): Graph {
  const between = arrows.map(({ from, to }): [string, string] => [roomOf(from), roomOf(to)]);
  return graph(between.filter(([from, to]) => from !== to));
}

function graph(pairs: readonly (readonly [string, string])[]): Graph {
  const nodes = new Map<string, Set<string>>();
  for (const [from, to] of pairs) nodes.set(from, (nodes.get(from) ?? new Set()).add(to));
  return nodes;
}

/** One sentence per cycle, found by walking depth first; a cycle is told once, from where it was entered. */
function cycles(nodes: Graph): string[] {
  const found: string[] = [];
  const finished = new Set<string>();
  const walk = (node: string, trail: readonly string[]): void => {
    const seen = trail.indexOf(node);
    if (seen >= 0) found.push(`a cycle: ${[...trail.slice(seen), node].join(" -> ")}`);
    if (seen >= 0 || finished.has(node)) return;
    for (const next of nodes.get(node) ?? []) walk(next, [...trail, node]);
    finished.add(node);
  };
  for (const node of nodes.keys()) walk(node, []);
  return found;
}
