import { isAbsolute, join, resolve } from "node:path";
import { readText } from "./files.ts";
import { Refusal, type Path } from "./problems.ts";
import { isTable, mismatch, type Reader, type Reading } from "./reading.ts";
import { didYouMean } from "./suggest.ts";

/** A key is a line; a file that is longer is the wrong file. */
const MAX_SECRET_BYTES = 64 * 1024;

/** Says why a text cannot serve; never repeats it. */
export type Check = (text: string) => Refusal | undefined;

/**
 * Reads a secret: a string, or a reference to one. `fits` is asked about the secret itself, wherever it came from.
 */
export function secretReader(fits: Check): Reader<string> {
  return (value, at, reading) => {
    if (typeof value === "string") reading.literals.push(at);
    else if (!isTable(value)) {
      reading.report(at, mismatch("a string or a reference", value));
      return undefined;
    }
    const secret = typeof value === "string" ? value : resolveReference(value, at, reading);
    const refusal = secret === undefined ? undefined : fits(secret);
    if (refusal) reading.report(at, refusal);
    return refusal ? undefined : secret;
  };
}

/** A key travels in a header: visible ASCII, no space. */
export function checkKey(key: string): Refusal | undefined {
  if (key === "") return new Refusal("the key is empty");
  if (/^[\x21-\x7e]+$/.test(key)) return undefined;
  return new Refusal(
    "the key holds a character that no key has: a space, a line break, or a letter beyond ASCII",
  );
}

type Source = (name: string, reading: Reading) => string | Refusal;

const SOURCES: Readonly<Record<string, Source>> = {
  env: fromEnvironment,
  file: fromFile,
  credential: fromCredential,
};

function resolveReference(table: Record<string, unknown>, at: Path, reading: Reading): string | undefined {
  const keys = Object.keys(table);
  const unknown = keys.filter((key) => !Object.hasOwn(SOURCES, key));
  for (const key of unknown) {
    const hint = didYouMean(key, Object.keys(SOURCES)) ?? REFERENCES;
    reading.report([...at, key], new Refusal("unknown key", hint));
  }
  if (unknown.length > 0) return undefined;
  const [kind = "", ...others] = keys;
  const source = SOURCES[kind];
  if (!source || others.length > 0) {
    reading.report(at, new Refusal("a reference names exactly one source", REFERENCES));
    return undefined;
  }
  const name = table[kind];
  const result = typeof name === "string" ? source(name, reading) : mismatch("a string", name);
  if (!(result instanceof Refusal)) return result;
  reading.report([...at, kind], result);
  return undefined;
}

const REFERENCES = '{ env = "NAME" }, { file = "PATH" } or { credential = "NAME" }';

function fromEnvironment(name: string, reading: Reading): string | Refusal {
  // Not repeated when it does not look like a name: it may be the key itself, put in the wrong place.
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,49}$/.test(name)) {
    return new Refusal(
      "this is not the name of an environment variable",
      'for example { env = "OPENAI_API_KEY" }',
    );
  }
  const value = reading.env[name];
  if (value === undefined) {
    return new Refusal(`the environment variable ${name} is not set`, `set ${name}, or remove this entry`);
  }
  if (value !== "") return value;
  return new Refusal(
    `the environment variable ${name} is empty`,
    `give ${name} a value, or remove this entry`,
  );
}

function fromFile(path: string, reading: Reading): string | Refusal {
  if (path === "") return new Refusal("the path is empty");
  return secretFile(resolve(reading.dir, path), "check the path; a relative one starts at the config file");
}

function fromCredential(name: string, reading: Reading): string | Refusal {
  if (name === "" || name.includes("/") || name === "." || name === "..") {
    return new Refusal(
      "a credential's name is a file name, without a slash",
      "for a path use { file = ... }",
    );
  }
  const recipe = `in the systemd unit: LoadCredential=${name}:PATH`;
  const dir = reading.env["CREDENTIALS_DIRECTORY"];
  if (!dir || !isAbsolute(dir)) {
    return new Refusal("there are no systemd credentials here ($CREDENTIALS_DIRECTORY is not set)", recipe);
  }
  return secretFile(join(dir, name), recipe);
}

function secretFile(path: string, hint: string): string | Refusal {
  const file = readText(path, MAX_SECRET_BYTES);
  if (file === "absent") return new Refusal(`there is no file ${JSON.stringify(path)}`, hint);
  if (file instanceof Refusal) return new Refusal(`${JSON.stringify(path)}: ${file.message}`, hint);
  const secret = file.text.replace(/[\r\n]+$/, "");
  return secret === "" ? new Refusal(`the file ${JSON.stringify(path)} is empty`, hint) : secret;
}
