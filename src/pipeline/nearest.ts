import { editDistance } from "../core/spelling.ts";

/** Names longer than this are not compared: the work grows with the product of both lengths. */
const COMPARED_MAX = 128;
/** Models compared at the most. */
const NAMES_MAX = 2000;
/** A part of a name shorter than this says nothing. */
const PART_MIN = 3;

/** The names most like a wrong one, best first; only those near enough to be meant. */
export function nearest(wrong: string, names: readonly string[], limit: number): string[] {
  const asked = wrong.toLowerCase();
  if (asked.length > COMPARED_MAX) return [];
  const scored: { name: string; distance: number }[] = [];
  for (const name of names.slice(0, NAMES_MAX)) {
    const distance = distanceTo(asked, name.toLowerCase());
    if (distance !== undefined) scored.push({ name, distance });
  }
  scored.sort((a, b) => a.distance - b.distance);
  return scored.slice(0, limit).map(({ name }) => name);
}

/** Undefined: too far to be meant. */
function distanceTo(asked: string, known: string): number | undefined {
  const difference = Math.abs(known.length - asked.length);
  // Half a name is meant more often than a typing error: "qwen3" for "qwen3-8b-q4".
  if (isPart(asked, known) || isPart(known, asked)) return difference / 10;
  const most = Math.max(2, asked.length / 3);
  if (known.length > COMPARED_MAX || difference > most) return undefined;
  const distance = editDistance(asked, known);
  return distance <= most && distance < known.length ? distance : undefined;
}

function isPart(part: string, whole: string): boolean {
  return part.length >= PART_MIN && whole.includes(part);
}
