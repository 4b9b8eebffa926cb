/** Draws that look random and are the same in every run (mulberry32). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** A whole number from 0 up to, but not including, `bound`. */
  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  }

  /** True one time in `times`. */
  one(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<T>(list: readonly [T, ...T[]]): T {
    return list[this.below(list.length)] ?? list[0];
  }

  /** The text in pieces of random length, none empty. */
  pieces(text: string, longest: number): string[] {
    const pieces: string[] = [];
    for (let at = 0; at < text.length;) {
      const end = at + 1 + this.below(longest);
      pieces.push(text.slice(at, end));
      at = end;
    }
    return pieces;
  }

  /** The lists merged into one at random, the order within each kept. */
  interleave<T>(lists: readonly (readonly T[])[]): T[] {
    const left = lists.map((list) => [...list]).filter((list) => list.length > 0);
    const merged: T[] = [];
    while (left.length > 0) {
      const at = this.below(left.length);
      const [next, ...rest] = left[at] ?? [];
      if (next !== undefined) merged.push(next);
      if (rest.length > 0) left[at] = rest;
      else left.splice(at, 1);
    }
    return merged;
  }
}
