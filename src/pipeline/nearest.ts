/** Names longer than this are not compared: the work grows with the product of both lengths. */
const COMPARED_MAX = 128;
/** Models compared at the most. */
const NAMES_MAX = 2000;

/** The names most like a wrong one, best first; only those near enough to be meant. */
export function nearest(wrong: string, names: readonly string[], limit: number): string[] {
  const asked = wrong.toLowerCase();
  if (asked.length > COMPARED_MAX) return [];
  const scored: { name: string; distance: number }[] = [];
  for (const name of names.slice(0, NAMES_MAX)) {
    const known = name.toLowerCase();
    if (known.length > COMPARED_MAX) continue;
    // Half a name is meant more often than a typing error: "qwen3" for "qwen3-8b-q4".
    const part = asked.length >= 3 && (known.includes(asked) || asked.includes(known));
    const distance = part ? Math.abs(known.length - asked.length) / 10 : editDistance(asked, known);
    if (part || distance <= Math.max(2, asked.length / 3)) scored.push({ name, distance });
  }
  scored.sort((a, b) => a.distance - b.distance);
  return scored.slice(0, limit).map(({ name }) => name);
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
