/** Numbers that look random and are the same in every run: mean 0, standard deviation 1, roughly normal. */
export type Normals = () => number;

/** Marsaglia's xorshift, twelve draws summed: no function of Math that could differ between machines. */
export function normals(seed: number): Normals {
  // Zero is xorshift's one fixed point.
  let state = seed | 0 || 0x5eed;
  const uniform = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  return () => {
    let sum = -6;
    for (let draw = 0; draw < 12; draw++) sum += uniform();
    return sum;
  };
}

export function scattered(next: Normals, length: number, deviation: number): Float32Array {
  return Float32Array.from({ length }, () => next() * deviation);
}

export function filled(length: number, value: number): Float32Array {
  return new Float32Array(length).fill(value);
}
