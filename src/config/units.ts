import { Refusal } from "./problems.ts";

const SIZE_UNITS: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

const HOUR = 3600e3;

const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1e3, m: 60e3, h: HOUR };

/** What parseSize and parseDuration take, for the JSON Schema. */
export const SIZE_PATTERN = "^[0-9]+(\\.[0-9]+)? ?([kKMG]B|[KMG]iB|B)$";
export const DURATION_PATTERN = "^[0-9]+(\\.[0-9]+)? ?(ms|s|m|h)$";

/** A timer set for more than 2^31-1 ms (24.8 days) fires at once. */
const LONGEST_MS = 24 * 24 * HOUR;

/** `"64 MiB"`, `"512 KB"` to whole bytes. */
export function parseSize(text: string): number | Refusal {
  const bytes = measure(text, SIZE_UNITS, { what: "size", example: "64 MiB", unit: "MiB" });
  if (typeof bytes === "number" && !Number.isSafeInteger(bytes))
    return new Refusal("this size is out of range");
  return bytes;
}

/** `"3s"`, `"10m"`, `"500ms"`, `"1h"` to whole milliseconds; `"0s"` is 0. At most 24 days. */
export function parseDuration(text: string): number | Refusal {
  const ms = measure(text, DURATION_UNITS, { what: "duration", example: "30s", unit: "s" });
  if (typeof ms === "number" && ms > LONGEST_MS)
    return new Refusal("a duration may be at most 24 days (576h)");
  return ms;
}

interface Wording {
  what: string;
  example: string;
  /** The unit most likely meant where none is written. */
  unit: string;
}

function measure(text: string, units: Readonly<Record<string, number>>, wording: Wording): number | Refusal {
  const match = /^([0-9]+(?:\.[0-9]+)?) ?([A-Za-z]*)$/.exec(text);
  const [, digits = "", unit = ""] = match ?? [];
  if (!match) return new Refusal(`not a ${wording.what}`, `write it like "${wording.example}"`);
  if (unit === "") return missingUnit(digits, wording.what, wording.unit);
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
  if (factor === undefined) return unknownUnit(digits, unit, Object.keys(units));
  const amount = Math.round(Number(digits) * factor);
  // Rounded to 0 it would mean "off", which is not what was written.
  if (amount === 0 && Number(digits) > 0) return new Refusal(`this ${wording.what} is too small`);
  return amount;
}

/** What to say to a bare number, in quotes or not. */
export function missingUnit(digits: string, what: string, unit: string): Refusal {
  return new Refusal(`this ${what} has no unit`, `write "${digits}${unit.length > 1 ? " " : ""}${unit}"`);
}

function unknownUnit(digits: string, unit: string, known: string[]): Refusal {
  const same = known.find((candidate) => candidate.toLowerCase() === unit.toLowerCase());
  const hint = same === undefined ? `units: ${known.join(", ")}` : `did you mean "${digits} ${same}"?`;
  return new Refusal(`unknown unit "${unit}"`, hint);
}
