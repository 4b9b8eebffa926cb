/**
 * A reader of TypeScript that knows just enough to tell code from strings, comments, templates and regular expressions.
 * The tests of the house's structure look at tokens, so that a word inside a string never trips them. (Bun's own import
 * scanner will not do: it works on what is left after type imports are erased, and those are arrows like any other.)
 */
export interface Token {
  kind: "word" | "number" | "string" | "regex" | "punctuation" | "comment";
  /** Of a string without `${}`: its content. Else the text as written. A template in pieces counts as several tokens. */
  text: string;
  /** Counted from 1; of a token over several lines, the first. */
  line: number;
}

/** The tokens without the comments: what most questions are about. */
export function codeTokens(source: string): Token[] {
  return tokens(source).filter((token) => token.kind !== "comment");
}

export function tokens(source: string): Token[] {
  const out: Token[] = [];
  /** For each open template, how many `{` inside its current `${` are open. */
  const templates: number[] = [];
  let at = 0;
  let line = 1;

  const push = (kind: Token["kind"], end: number, text = source.slice(at, end)) => {
    out.push({ kind, text, line });
    for (let i = at; i < end; i++) if (source[i] === "\n") line++;
    at = end;
  };

  /** From a backtick, or from the `}` that ends a `${`, to the next `${` or the closing backtick. */
  const template = () => {
    const opens = source[at] === "`";
    const end = endOfTemplatePart(source, at + 1);
    const continues = source[end - 1] === "{";
    if (opens && continues) templates.push(0);
    if (!opens && !continues) templates.pop();
    push("string", end, source.slice(at + 1, continues ? end - 2 : end - 1));
  };

  while (at < source.length) {
    const rest = source.slice(at, at + 3);
    const char = rest[0] ?? "";
    const inTemplate = templates.at(-1);
    const blank = match(BLANK, source, at);
    if (blank > at) {
      for (; at < blank; at++) if (source[at] === "\n") line++;
    } else if (rest.startsWith("//") || rest.startsWith("/*") || (at === 0 && rest.startsWith("#!"))) {
      push("comment", endOfComment(source, at));
    } else if (char === '"' || char === "'") {
      const end = match(char === '"' ? DOUBLE : SINGLE, source, at);
      push("string", end, source.slice(at + 1, end - 1));
    } else if (char === "`" || (char === "}" && inTemplate === 0)) {
      template();
    } else if (char === "/" && regexMayStart(out.at(-1))) {
      push("regex", match(REGEX, source, at));
    } else if (match(WORD, source, at) > at) {
      push("word", match(WORD, source, at));
    } else if (match(NUMBER, source, at) > at) {
      push("number", match(NUMBER, source, at));
    } else {
      if (inTemplate !== undefined && char === "{") templates[templates.length - 1] = inTemplate + 1;
      if (inTemplate !== undefined && char === "}") templates[templates.length - 1] = inTemplate - 1;
      push("punctuation", match(PUNCTUATION, source, at));
    }
  }
  return out;
}

const BLANK = /\s*/y;
const DOUBLE = /"(?:[^"\\\n]|\\[^])*"?/y;
const SINGLE = /'(?:[^'\\\n]|\\[^])*'?/y;
const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*|\//y;
const WORD = /[#@]?[\p{ID_Start}$_][\p{ID_Continue}$]*/uy;
const NUMBER = /\d[\w.]*/y;
/** Only those that the questions tell apart from their first character. */
const PUNCTUATION = /=>|===|!==|==|!=|\?\.|\.\.\.|[^]/y;

/** Where `pattern` stops matching when it starts at `at`; `at` itself when it does not match. */
function match(pattern: RegExp, source: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(source) ? pattern.lastIndex : at;
}

function endOfComment(source: string, at: number): number {
  const closing = source.startsWith("/*", at) ? "*/" : "\n";
  const end = source.indexOf(closing, at + 2);
  if (end < 0) return source.length;
  return closing === "*/" ? end + 2 : end;
}

function endOfTemplatePart(source: string, from: number): number {
  for (let i = from; i < source.length; i++) {
    if (source[i] === "\\") i++;
    else if (source[i] === "`") return i + 1;
    else if (source.startsWith("${", i)) return i + 2;
  }
  return source.length;
}

/** A `/` after a value divides; anywhere else it starts a regular expression. */
function regexMayStart(previous: Token | undefined): boolean {
  if (!previous || previous.kind === "comment") return true;
  if (previous.kind === "punctuation") return ![")", "]", "}"].includes(previous.text);
  return previous.kind === "word" && BEFORE_REGEX.has(previous.text);
}

const BEFORE_REGEX = new Set([
  "return",
  "typeof",
  "case",
  "in",
  "of",
  "yield",
  "await",
  "throw",
  "new",
  "delete",
  "void",
]);
