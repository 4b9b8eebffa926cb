import { type Token, codeTokens } from "./tokens.ts";

/** A function with a body, named or not. */
export interface FunctionSize {
  name: string;
  line: number;
  /** First to last line, both counted. */
  lines: number;
  /** A row of a table of tests counts as one: nobody passes its columns by hand. */
  parameters: number;
}

/**
 * Every function, method and arrow function of a file. The callback of a test suite is left out: `describe("...", () => {`
 * is a heading over functions rather than one.
 */
export function functionsOf(source: string): FunctionSize[] {
  const code = codeTokens(source);
  const found: FunctionSize[] = [];
  /** Tokens of return types: an arrow in there is a type, not a function. */
  const types = new Set<number>();
  for (let i = 0; i < code.length; i++) {
    const head = types.has(i) ? undefined : functionAt(code, i);
    if (!head) continue;
    for (let at = head.type; at < head.body; at++) types.add(at);
    const callee = calleeOf(code, head.start);
    if (callee.startsWith("describe")) continue;
    const first = code[head.start]?.line ?? 0;
    const last = code[endOfBody(code, head.body)]?.line ?? first;
    const parameters = callee.endsWith(".each") ? 1 : head.parameters;
    found.push({ name: head.name, line: first, lines: last - first + 1, parameters });
  }
  return found;
}

interface Head {
  name: string;
  /** Index of the token it starts at. */
  start: number;
  /** Index of the token its return type starts at; `body` or the `=>` before it when there is none. */
  type: number;
  /** Index of the token its body starts at. */
  body: number;
  parameters: number;
}

/** Words that stand before a parenthesis and a brace without being a function's name. */
const CONTROL = new Set(["if", "for", "while", "switch", "catch", "with", "await"]);

/** A function is a pair of parentheses, perhaps with a type behind, and then `=>` or a brace that belongs to no `if`. */
function functionAt(code: readonly Token[], i: number): Head | undefined {
  const token = code[i];
  if (token?.kind === "word" && code[i + 1]?.text === "=>") {
    return { name: "=>", start: i, type: i + 1, body: i + 2, parameters: 1 }; // name => ...
  }
  if (token?.text !== "(" || token.kind !== "punctuation") return undefined;
  const close = closing(code, i);
  const type = close + 1;
  let next = type;
  if (code[next]?.text === ":") next = endOfType(code, next + 1);
  const parameters = countParameters(code.slice(i + 1, close));
  if (code[next]?.text === "=>") return { name: "=>", start: i, type, body: next + 1, parameters };
  const nameAt = beforeGenerics(code, i);
  const name = code[nameAt]?.text ?? "";
  if (code[next]?.text !== "{" || CONTROL.has(name) || code[nameAt - 1]?.text === "extends") return undefined;
  return { name, start: nameAt, type, body: next, parameters };
}

/** What a function is the second argument of: `describe` of `describe("...", () =>`, `test.each` of `test.each(T)("...", () =>`. */
function calleeOf(code: readonly Token[], start: number): string {
  const comma = code[start - 1]?.text === "async" ? start - 2 : start - 1;
  if (code[comma]?.text !== "," || code[comma - 2]?.text !== "(") return "";
  let last = comma - 3;
  if (code[last]?.text === ")") last = opening(code, last) - 1;
  const name = code[last]?.text ?? "";
  return code[last - 1]?.text === "." ? `${code[last - 2]?.text}.${name}` : name;
}

const OPENING: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

/** The index of the bracket that closes the one at `i`. */
function closing(code: readonly Token[], i: number): number {
  let depth = 0;
  for (let at = i; at < code.length; at++) {
    const { kind, text } = code[at] ?? { kind: "word", text: "" };
    if (kind !== "punctuation") continue;
    if (text in OPENING) depth++;
    else if (Object.values(OPENING).includes(text) && --depth === 0) return at;
  }
  return code.length - 1;
}

/** The index of the bracket that the one at `i` closes. */
function opening(code: readonly Token[], i: number): number {
  let at = i - 1;
  while (at > 0 && !((code[at]?.text ?? "") in OPENING && closing(code, at) === i)) at--;
  return at;
}

/** From an opening parenthesis back over `<T, U>` to the function's name. */
function beforeGenerics(code: readonly Token[], parenthesis: number): number {
  let at = parenthesis - 1;
  if (code[at]?.text !== ">") return at;
  for (let depth = 0; at > 0; at--) {
    if (code[at]?.text === ">") depth++;
    if (code[at]?.text === "<" && --depth === 0) return at - 1;
  }
  return at;
}

function endOfBody(code: readonly Token[], body: number): number {
  if (code[body]?.text === "{") return closing(code, body);
  // An arrow's expression ends before the bracket, comma or semicolon that is not its own.
  for (let at = body; at < code.length; at++) {
    const { kind, text } = code[at] ?? { kind: "word", text: "" };
    if (kind !== "punctuation") continue;
    if (text in OPENING) at = closing(code, at);
    else if ([")", "]", "}", ",", ";"].includes(text)) return at - 1;
  }
  return code.length - 1;
}

/** Commas of the outermost level, brackets and `<...>` being inner levels. `this` is no parameter of the caller's. */
function countParameters(inside: readonly Token[]): number {
  let depth = 0;
  let count = 0;
  let pending = false;
  for (const { kind, text } of inside) {
    const mark = kind === "punctuation" ? text : "";
    if (mark in OPENING || mark === "<") depth++;
    if (Object.values(OPENING).includes(mark) || mark === ">") depth--;
    if (mark === "," && depth === 0) {
      pending = false;
    } else if (!pending) {
      pending = true;
      if (text !== "this") count++;
    }
  }
  return count;
}

/** Where the type that starts at `i` ends: the index of the first token behind it. */
function endOfType(code: readonly Token[], i: number): number {
  let at = i;
  for (let operand = true; at < code.length;) {
    const { kind, text } = code[at] ?? { kind: "word", text: "" };
    if (kind === "punctuation" && text in OPENING && (operand || text === "[")) {
      at = closing(code, at) + 1;
      operand = false;
    } else if (text === "<" && !operand) {
      at = endOfGenerics(code, at);
    } else if (["|", "&", ".", "?", "-"].includes(text) || TYPE_OPERATORS.has(text)) {
      at++;
      operand = true;
    } else if (operand && kind !== "punctuation") {
      at++;
      operand = false;
    } else if (text === "=>" && code[at - 1]?.text === ")" && code[at + 1]?.text !== "{") {
      at++; // a function type
      operand = true;
    } else {
      return at;
    }
  }
  return at;
}

const TYPE_OPERATORS = new Set([
  "is",
  "asserts",
  "keyof",
  "readonly",
  "typeof",
  "unique",
  "extends",
  "infer",
  "new",
]);

function endOfGenerics(code: readonly Token[], i: number): number {
  for (let depth = 0, at = i; at < code.length; at++) {
    if (code[at]?.text === "<") depth++;
    if (code[at]?.text === ">" && --depth === 0) return at + 1;
  }
  return code.length;
}
