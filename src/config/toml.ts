import { parse, TomlError } from "smol-toml";
import { locate, type Locations } from "./locate.ts";
import { Refusal } from "./problems.ts";

/** A document that is valid TOML. */
export interface Parsed {
  /** Null-prototype objects throughout; no key is `__proto__` or `constructor`. */
  table: Readonly<Record<string, unknown>>;
  locations: Locations;
}

/** Where a document stops being TOML: the line, from 1. */
export interface SyntaxProblem {
  line: number;
  refusal: Refusal;
}

/** Deeper lists and inline tables are an attack or a mistake, and every reader of the result recurses. */
const MAX_DEPTH = 64;

/** Never throws for what a user wrote. */
export function parseToml(text: string): Parsed | SyntaxProblem {
  try {
    const table = parse(text, { unsafeKeyBehaviour: "throw", maxDepth: MAX_DEPTH });
    return { table, locations: locate(text) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    return { line: error.line, refusal: explain(error) };
  }
}

/** The parser's message without its picture of the line: the line may hold a key. */
function explain(error: TomlError): Refusal {
  const first = error.message.split("\n", 1)[0] ?? "";
  const said = first.replace("Invalid TOML document: ", "");
  if (said.includes("unsafe property")) {
    return new Refusal('"__proto__" and "constructor" cannot be names here', "choose another name");
  }
  const hint = HINTS.find(([part]) => said.includes(part))?.[1];
  return new Refusal(`not valid TOML: ${said} (column ${error.column})`, hint);
}

const HINTS: readonly (readonly [part: string, hint: string])[] = [
  ["invalid value", 'text goes in quotes: key = "value"'],
  ["unfinished string", "the closing quote is missing"],
  ["redefine", "each key and each [table] may be written once; a list of tables has [[two]] brackets"],
  ["illegal character in key", "a key is letters, digits, _ and -, or it is quoted"],
  ["find end of key", "a setting is written: key = value"],
  ["losslessly", "whole numbers go up to 9007199254740991"],
  ["excessively nested", `lists and inline tables may be ${MAX_DEPTH} deep`],
];
