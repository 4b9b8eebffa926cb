import { posix } from "node:path";
import { functionsOf } from "./functions.ts";
import { importsOf } from "./imports.ts";
import { type Token, tokens } from "./tokens.ts";
import type { Tree } from "./tree.ts";

const FILE_LINES = { src: 300, scripts: 300, test: 400 };
const FUNCTION_LINES = 70;
const PARAMETERS = 4;

/** Everything in the tree that is against the rules of tidiness, one sentence each. */
export function untidy(tree: Tree): string[] {
  return [...tree].flatMap(([path, text]) => [
    ...untidyName(path),
    ...untidyText(path, text),
    ...(/\.(ts|mjs)$/.test(path) ? untidyCode(path, text) : []),
  ]);
}

/** Words that name no idea: what goes into such a file has not found its room yet. */
const NAMELESS = new Set(["util", "utils", "helper", "helpers", "common", "shared", "misc"]);

function untidyName(path: string): string[] {
  const word = path.split(/[/._-]/).find((part) => NAMELESS.has(part));
  return word ? [`${path}: "${word}" names no idea`] : [];
}

/**
 * What no file of the repository may hold, whatever its kind. Put together from pieces, so that this file passes.
 * bun.lock holds package names and hashes only, and is held to the same rules.
 */
const FORBIDDEN_TEXT: readonly { pattern: RegExp; what: string }[] = [
  {
    pattern: /(?<![\w.}]|[\w}]["'])\/(?:work|root|tmp|home|Users)\/[\w.]/,
    what: "a path of somebody's machine",
  },
  { pattern: /[A-Z]:\\+Users\\/, what: "a path of somebody's machine" },
  {
    pattern: /registry\.(?:npmjs|yarnpkg|npmmirror)|npm\.pkg\.github/,
    what: "the host of a package registry",
  },
  { pattern: /-----BEGIN [A-Z ]*PRIVATE KEY/, what: "a private key" },
  {
    pattern: /\b(?:sk-(?:[a-z]+-)?[A-Za-z0-9]{24,}|gh[pousr]_[A-Za-z0-9]{30,}|AIza[\w-]{30,})/,
    what: "a key",
  },
];

function untidyText(path: string, text: string): string[] {
  return text
    .split("\n")
    .flatMap((line, index) =>
      FORBIDDEN_TEXT.filter(({ pattern }) => pattern.test(line)).map(
        ({ what }) => `${path}:${index + 1}: ${what}`,
      ),
    );
}

function untidyCode(path: string, source: string): string[] {
  const all = tokens(source);
  const code = all.filter(({ kind }) => kind !== "comment");
  return [
    ...tooLong(path, source),
    ...functionsOf(source).flatMap(({ name, line, lines, parameters }) => [
      ...(lines > FUNCTION_LINES
        ? [`${path}:${line}: "${name}" has ${lines} lines, not ${FUNCTION_LINES}`]
        : []),
      ...(parameters > PARAMETERS ? [`${path}:${line}: "${name}" takes ${parameters} parameters`] : []),
    ]),
    ...all.flatMap((token) => (token.kind === "comment" ? untidyComment(path, token) : [])),
    ...code.flatMap((token, i) => untidyToken(path, code, i).map((what) => `${path}:${token.line}: ${what}`)),
    ...importsOf(source).flatMap(({ by, specifier, line }) =>
      by !== "URL" && specifier.startsWith(".") && posix.extname(specifier) === ""
        ? [`${path}:${line}: "${specifier}" lacks its ending`]
        : [],
    ),
  ];
}

function tooLong(path: string, source: string): string[] {
  const limit = new Map(Object.entries(FILE_LINES)).get(path.split("/")[0] ?? "") ?? FILE_LINES.src;
  const lines = source.trimEnd().split("\n").length;
  return lines > limit ? [`${path}: ${lines} lines, not ${limit}`] : [];
}

/** Each is a way to say "not now" to the compiler, the formatter or oneself. */
const FORBIDDEN_COMMENT =
  /@ts-(?:ignore|expect-error|nocheck)|(?:eslint|oxlint|bun-lint)-disable|prettier-ignore|\b(?:TODO|FIXME|XXX)\b/;

function untidyComment(path: string, { text, line }: Token): string[] {
  const found = FORBIDDEN_COMMENT.exec(text);
  return found ? [`${path}:${line}: a comment with ${found[0]}`] : [];
}

/** What is wrong with the token at `i`, seen with its neighbours. */
function untidyToken(path: string, code: readonly Token[], i: number): string[] {
  const { kind, text } = code[i] ?? { kind: "string", text: "" };
  if (kind === "punctuation") {
    const withNull = code[i + 1]?.text === "null";
    return (text === "==" || text === "!=") && !withNull ? [`${text} compares loosely`] : [];
  }
  const before = code[i - 1]?.text ?? "";
  const after = code[i + 1]?.text ?? "";
  // A member or a key of this name is not the thing itself.
  if (kind !== "word" || [".", "?."].includes(before) || (after === ":" && before !== "?")) return [];
  switch (text) {
    case "any":
      return isTypePosition(code, i) ? ["any switches the type checker off"] : [];
    case "console":
      return path.startsWith("scripts/")
        ? []
        : ["console is nobody's: results and log lines have their own writers"];
    case "export":
      if (after === "default") return ["a default export has no name of its own"];
      return after === "*" ? ["export * re-exports a whole file"] : [];
    case "default":
      return before === "as" ? ["a default export has no name of its own"] : [];
    case "var":
    case "debugger":
    case "with":
      return after === "{" ? [] : [`"${text}" is not used here`];
    case "eval":
      return after === "(" ? ["eval runs text as code"] : [];
    case "Function":
      return before === "new" ? ["new Function runs text as code"] : [];
    case "test":
    case "describe":
    case "it":
      return after === "." && ["only", "todo"].includes(code[i + 2]?.text ?? "")
        ? [`a ${code[i + 2]?.text} test`]
        : [];
    default:
      return [];
  }
}

/** Is the name at `i` read as a type? A variable may well be called `any`. */
function isTypePosition(code: readonly Token[], i: number): boolean {
  const before = code[i - 1]?.text ?? "";
  const after = code[i + 1]?.text ?? "";
  if (before === "=") return code[i - 3]?.text === "type";
  if (before === ",") return after === ">" || after === "[";
  return BEFORE_TYPE.has(before);
}

const BEFORE_TYPE = new Set([":", "<", "|", "&", "as", "is", "extends", "readonly", "satisfies", "=>"]);
