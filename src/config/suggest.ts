import { editDistance } from "../core/spelling.ts";

/** `did you mean "x"?`, or undefined when nothing comes near. */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  const found = nearest(word, candidates);
  return found === undefined ? undefined : `did you mean ${JSON.stringify(found)}?`;
}

/**
 * The candidate that the word was most likely meant to be. Spelling first (`apiKey` for `api_key`), then one to three
 * slips of the finger, then shared parts (`base_url` for `url`).
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > LONGEST) return undefined;
  const all = [...candidates].filter((candidate) => candidate.length <= LONGEST);
  const same = all.find((candidate) => plain(candidate) === plain(word));
  if (same !== undefined) return same;
  let best: string | undefined;
  let least = slips(word) + 1;
  for (const candidate of all) {
    if (Math.abs(candidate.length - word.length) >= least) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance >= least || distance >= candidate.length) continue;
    best = candidate;
    least = distance;
  }
  return best ?? all.find((candidate) => sharesParts(word, candidate));
}

/** Longer words are not typed by hand, and the distance costs the product of the lengths. */
const LONGEST = 64;

function slips(word: string): number {
  if (word.length <= 5) return 1;
  return word.length <= 9 ? 2 : 3;
}

function plain(word: string): string {
  return word.toLowerCase().replace(/[^a-z0-9]/g, "");
}

function sharesParts(a: string, b: string): boolean {
  const left = parts(a);
  const right = parts(b);
  return left.isSubsetOf(right) || right.isSubsetOf(left);
}

/** `baseUrl`, `base_url` and `base-url` have the same two. */
function parts(word: string): Set<string> {
  const split = word.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
  return new Set(split.split(/[_.-]/));
}
