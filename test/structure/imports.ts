import { type Token, codeTokens } from "./tokens.ts";

/** One arrow out of a file: a static, type, side-effect or dynamic import, a re-export, a `require`, a worker's URL. */
export interface Import {
  by: "import" | "export" | "require" | "URL";
  specifier: string;
  /** The names in an import's or re-export's clause; empty where there is no clause. */
  names: string[];
  line: number;
}

/** A dynamic import of something computed has this as its specifier: nobody can say where it points. */
export const COMPUTED = "<computed>";

export function importsOf(source: string): Import[] {
  const code = codeTokens(source);
  const found: Import[] = [];
  for (const [i, token] of code.entries()) {
    if (!isBy(token.text) || token.kind !== "word" || code[i - 1]?.text === ".") continue;
    const specifier = specifierAt(code, i, token.text);
    if (specifier === undefined) continue;
    found.push({ by: token.text, specifier, names: namesAt(code, i), line: token.line });
  }
  return found;
}

function isBy(text: string): text is Import["by"] {
  return ["import", "export", "require", "URL"].includes(text);
}

function specifierAt(code: readonly Token[], i: number, by: Import["by"]): string | undefined {
  const next = code[i + 1];
  switch (by) {
    case "import":
      if (next?.text === ":" || next?.text === ".") return undefined; // a key, or import.meta
      if (next?.text === "(") return argument(code, i + 2) ?? COMPUTED;
      if (next?.kind === "string") return next.text;
      return afterFrom(code, i + 1);
    case "export":
      return next && ["*", "{", "type"].includes(next.text) ? afterFrom(code, i + 1) : undefined;
    case "require":
      return next?.text === "(" ? argument(code, i + 2) : undefined;
    case "URL": {
      const relativeToFile = code[i + 3]?.text === "," && code[i + 4]?.text === "import";
      return relativeToFile ? argument(code, i + 2) : undefined;
    }
  }
}

function namesAt(code: readonly Token[], i: number): string[] {
  const rest = code.slice(i + 1);
  const end = rest.findIndex(({ kind, text }) => kind === "string" || text === "(");
  return rest
    .slice(0, Math.max(end, 0))
    .flatMap(({ kind, text }) => (kind === "word" && !FILLERS.has(text) ? [text] : []));
}

const FILLERS = new Set(["from", "type"]);

function argument(code: readonly Token[], i: number): string | undefined {
  const token = code[i];
  const ends = [")", ","].includes(code[i + 1]?.text ?? "");
  return token?.kind === "string" && ends ? token.text : undefined;
}

/** The string after the clause's `from`. The clause holds names, commas, `*` and one pair of braces, nothing else. */
function afterFrom(code: readonly Token[], start: number): string | undefined {
  for (let i = start; i < code.length; i++) {
    const token = code[i];
    const next = code[i + 1];
    if (token?.text === "from" && next?.kind === "string") return next.text;
    const inClause =
      token?.kind === "word" || token?.kind === "string" || ["{", "}", ",", "*"].includes(token?.text ?? "");
    if (!inClause) return undefined;
  }
  return undefined;
}
