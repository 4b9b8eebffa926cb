/** Something in the configuration that cannot stand (or, as a warning, that should not). */
export interface Problem {
  /** A file's path, or `environment`, or `command line`. */
  file: string;
  /** From 1; absent where there is no line, as in the environment. */
  line?: number | undefined;
  /** The key as one would write it in TOML: `backends.gpu.timeouts.connect`, `endpoints[0].path`. */
  path: string;
  /** Never holds a key, nor a value that might be one. */
  message: string;
  /** What to do about it. */
  hint?: string | undefined;
}

/** A place in a TOML document: table and key names, and indices of lists. */
export type Path = readonly (string | number)[];

/** Why a value was not taken. Whoever knows where the value stands makes a problem of it. */
export class Refusal {
  readonly message: string;
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    this.message = message;
    this.hint = hint;
  }
}

/** One problem for a terminal: `FILE:LINE: PATH: MESSAGE`, and the hint on a line of its own. */
export function formatProblem(problem: Problem): string {
  const where = problem.line === undefined ? problem.file : `${problem.file}:${problem.line}`;
  const parts = [where, problem.path, problem.message].filter((part) => part !== "");
  const hint = problem.hint === undefined ? "" : `\n  hint: ${harmless(problem.hint)}`;
  return harmless(parts.join(": ")) + hint;
}

/** `backends.gpu.timeouts.connect`, `endpoints[0].path`; a name that TOML would quote is quoted. */
export function formatPath(path: Path): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else text += (text === "" ? "" : ".") + (/^[A-Za-z0-9_-]+$/.test(part) ? part : JSON.stringify(part));
  }
  return text;
}

/** The order in which one would mend them: file by file, from the top. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  const files = [...new Set(problems.map((problem) => problem.file))];
  return problems.toSorted(
    (a, b) => files.indexOf(a.file) - files.indexOf(b.file) || (a.line ?? 0) - (b.line ?? 0),
  );
}

/** A file's name or a key may hold an escape sequence; a terminal would obey it. */
function harmless(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f]/g, "?");
}
