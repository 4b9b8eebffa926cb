import { FRAMING_HEADERS } from "../core/headers.ts";
import { Refusal } from "./problems.ts";
import { isTable, mismatch, type Reader } from "./reading.ts";

/** Why a header cannot be sent to a backend, by its name in lower case. */
export const REQUEST_HEADERS: Readonly<Record<string, string>> = {
  ...refusals(FRAMING_HEADERS, "Fairlead sets this header itself"),
  ...refusals(["host"], "Fairlead sets this header from the URL"),
  ...refusals(["content-type"], "Fairlead sets this header itself"),
};

/** Why a custom endpoint cannot send a header, by its name in lower case. */
export const RESPONSE_HEADERS: Readonly<Record<string, string>> = {
  ...refusals(FRAMING_HEADERS, "the server sets this header itself"),
  ...refusals(["content-type"], "use the key content_type"),
};

/** Reads a table of headers; each value with `read`. Names keep their spelling; two that differ only in case do not pass. */
export function headersReader(
  refused: Readonly<Record<string, string>>,
  read: Reader<string>,
): Reader<Record<string, string>> {
  return (value, at, reading) => {
    if (!isTable(value)) {
      reading.report(at, mismatch("a table of headers", value));
      return undefined;
    }
    const result: Record<string, string> = Object.create(null);
    const seen = new Set<string>();
    for (const [name, raw] of Object.entries(value)) {
      const here = [...at, name];
      const refusal = checkName(name, refused, seen);
      seen.add(name.toLowerCase());
      if (refusal) reading.report(here, refusal);
      const text = read(raw, here, reading);
      if (text !== undefined) result[name] = text;
    }
    return result;
  };
}

/** Visible ASCII, inner spaces and tabs; a line break would start another header. */
export function checkHeaderValue(text: string): Refusal | undefined {
  if (/^[\x21-\x7e]([\x20-\x7e\t]*[\x21-\x7e])?$/.test(text)) return undefined;
  if (text === "") return new Refusal("a header's value may not be empty", "remove this header");
  return new Refusal("a header's value is ASCII text on one line, without spaces around it");
}

/** Does a header of this name usually carry a secret? */
export function isSecretHeader(name: string): boolean {
  return /authorization|api-?key|token|secret|password|cookie/i.test(name);
}

function checkName(
  name: string,
  refused: Readonly<Record<string, string>>,
  seen: Set<string>,
): Refusal | undefined {
  const lower = name.toLowerCase();
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) {
    return new Refusal("not a header's name", "a header's name is letters, digits and -");
  }
  const reason = Object.hasOwn(refused, lower) ? refused[lower] : undefined;
  if (reason !== undefined) return new Refusal("this header cannot be set here", reason);
  return seen.has(lower)
    ? new Refusal("this header is set twice", "upper and lower case are the same")
    : undefined;
}

function refusals(names: readonly string[], reason: string): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, reason]));
}
