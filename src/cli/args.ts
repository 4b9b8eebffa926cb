import { parseArgs } from "node:util";
import type { LogLevel } from "../config/config.ts";
import { LOG_LEVELS } from "../config/schema.ts";
import { nearest } from "../config/suggest.ts";
import { printable } from "../server/printable.ts";
import { COMMANDS, isCommandName, usageLine } from "./help.ts";
import type { CommandName } from "./help.ts";
import { OPTIONS, isOptionName } from "./options.ts";
import type { OptionName } from "./options.ts";

/** What the user asked for. `usage` is what they could not have meant; everything else is well-formed. */
export type Command =
  | ({ name: "serve" } & ConfigFlags & ServerFlags)
  | ({ name: "check"; online: boolean } & ConfigFlags)
  | { name: "models"; config: string | undefined; json: boolean }
  | { name: "version"; json: boolean }
  | { name: "help"; topic: CommandName | undefined }
  | UsageError;

/** Paths as typed; undefined: not given. */
export interface ConfigFlags {
  config: string | undefined;
  endpoints: string | undefined;
}

/** What wins over the config file; undefined: not given. */
export interface ServerFlags {
  host: string | undefined;
  /** 0 to 65535. */
  port: number | undefined;
  logLevel: LogLevel | undefined;
}

/** The arguments make no sense. */
export interface UsageError {
  name: "usage";
  /** What is wrong, what was probably meant, and the usage line: for stderr, without a final line feed. */
  text: string;
  exitCode: 2;
}

/**
 * Reads the arguments behind the program's name. `--help` and `--version` win over everything that is right; anything
 * that is wrong is a usage error first, so that a typing mistake never starts a server with half of its options.
 */
export function readArguments(argv: readonly string[]): Command {
  try {
    const { words, values } = scan(argv);
    const name = commandOf(words);
    checkFit(name, values);
    if (values.has("help")) return { name: "help", topic: words.length === 0 ? undefined : name };
    if (values.has("version")) return { name: "version", json: values.has("json") };
    return build(name, words, values);
  } catch (thrown) {
    if (thrown instanceof Misuse) return { name: "usage", text: misuseText(thrown), exitCode: 2 };
    throw thrown;
  }
}

/** The options given, each once; a flag's value is the empty string. */
type Values = ReadonlyMap<OptionName, string>;

/** Thrown inside this file only. */
class Misuse extends Error {
  readonly command: CommandName | undefined;

  constructor(message: string, command?: CommandName) {
    super(message);
    this.command = command;
  }
}

/** parseArgs is used for its tokens: in its strict mode it would stop at a mistake without saying what was near. */
function scan(argv: readonly string[]): { words: string[]; values: Values } {
  const options = Object.fromEntries(
    Object.entries(OPTIONS).map(([name, { value, short }]) => [
      name,
      {
        type: value === undefined ? "boolean" : "string",
        ...(short === undefined ? {} : { short }),
      } as const,
    ]),
  );
  const { tokens } = parseArgs({
    args: [...argv],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const words: string[] = [];
  const values = new Map<OptionName, string>();
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind === "option") values.set(...optionOf(token));
  }
  return { words, values };
}

interface OptionToken {
  name: string;
  rawName: string;
  value: string | undefined;
  inlineValue: boolean | undefined;
}

function optionOf({ name, rawName, value, inlineValue }: OptionToken): [OptionName, string] {
  if (!isOptionName(name)) throw new Misuse(unknownOption(name, rawName));
  const { value: placeholder } = OPTIONS[name];
  if (placeholder === undefined) {
    if (value !== undefined) throw new Misuse(`${rawName} takes no value`);
    return [name, ""];
  }
  // `--config --online`: the second is meant as an option of its own. A value with a dash can be given with `=`.
  const swallowed = inlineValue !== true && value?.startsWith("-") === true;
  if (value === undefined || value === "" || swallowed) {
    throw new Misuse(`${rawName} needs a value: ${rawName} ${placeholder}`);
  }
  return [name, value];
}

function unknownOption(name: string, rawName: string): string {
  const known = Object.keys(OPTIONS);
  // `-p` is near to nothing; `--conf` is too short for a slip of the finger.
  const near = rawName.startsWith("--")
    ? (nearest(name, known) ?? known.find((other) => other.startsWith(name)))
    : undefined;
  return `unknown option ${rawName}${near === undefined ? "" : `, did you mean --${near}?`}`;
}

function commandOf(words: readonly string[]): CommandName {
  const [first, ...rest] = words;
  if (first === undefined) return "serve";
  if (!isCommandName(first)) throw new Misuse(unknownCommand(first));
  const extra = first === "help" ? rest[1] : rest[0];
  if (extra !== undefined) throw new Misuse(`unexpected argument "${extra}"`, first);
  return first;
}

function unknownCommand(word: string): string {
  if (word.endsWith(".toml")) return `"${word}" is not a command; for a config file write --config ${word}`;
  const near = nearest(word, Object.keys(COMMANDS));
  return `unknown command "${word}"${near === undefined ? "" : `, did you mean "${near}"?`}`;
}

function checkFit(command: CommandName, values: Values): void {
  const fitting = new Set<OptionName>([...COMMANDS[command].options, "help", "version"]);
  if (values.has("version")) fitting.add("json");
  for (const name of values.keys()) {
    if (!fitting.has(name)) throw new Misuse(`"${command}" has no option --${name}`, command);
  }
}

function build(name: CommandName, words: readonly string[], values: Values): Command {
  const config = values.get("config");
  const endpoints = values.get("endpoints");
  const json = values.has("json");
  switch (name) {
    case "serve":
      return { name, config, endpoints, ...serverFlags(values) };
    case "check":
      return { name, config, endpoints, online: values.has("online") };
    case "models":
      return { name, config, json };
    case "version":
      return { name, json };
    case "help":
      return { name, topic: topicOf(words[1]) };
  }
}

function topicOf(word: string | undefined): CommandName | undefined {
  if (word === undefined || isCommandName(word)) return word;
  throw new Misuse(unknownCommand(word), "help");
}

function serverFlags(values: Values): ServerFlags {
  return {
    host: values.get("host"),
    port: portOf(values.get("port")),
    logLevel: levelOf(values.get("log-level")),
  };
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw new Misuse(`--port must be a number from 0 to 65535, not "${text}"`, "serve");
  }
  return Number(text);
}

function levelOf(text: string | undefined): LogLevel | undefined {
  if (text === undefined) return undefined;
  const level = LOG_LEVELS.find((candidate) => candidate === text);
  if (level !== undefined) return level;
  const near = nearest(text, LOG_LEVELS);
  const hint = near === undefined ? "" : `, did you mean "${near}"?`;
  throw new Misuse(`--log-level must be one of ${LOG_LEVELS.join(", ")}, not "${text}"${hint}`, "serve");
}

function misuseText({ message, command }: Misuse): string {
  return `fairlead: ${printable(message, 500)}\n${usageLine(command)}`;
}
