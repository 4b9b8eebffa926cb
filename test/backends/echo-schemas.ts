import { type TSchema, Type } from "@sinclair/typebox";

/** Draws a schema of mixed kinds, three levels deep; the same seed always draws the same one. */
export function randomSchema(seed: number): TSchema {
  return draw(generator(seed), 3);
}

type Random = (below: number) => number;

function draw(random: Random, depth: number): TSchema {
  const kinds = depth > 0 ? [...SCALARS, ...CONTAINERS] : SCALARS;
  const kind = kinds[random(kinds.length)] ?? Type.Null;
  return kind(random, depth - 1);
}

const SCALARS: readonly ((random: Random, depth: number) => TSchema)[] = [
  () => Type.Boolean(),
  () => Type.Null(),
  (random) => Type.Literal(random(50)),
  (random) => Type.Union(["red", "green", "blue"].slice(random(2)).map((name) => Type.Literal(name))),
  (random) => Type.String({ minLength: random(4), maxLength: 4 + random(4) }),
  (random) => Type.String({ pattern: PATTERNS[random(PATTERNS.length)] ?? "" }),
  (random) => Type.Integer({ minimum: random(40) - 20, multipleOf: 1 + random(6) }),
  (random) => Type.Integer({ exclusiveMaximum: random(40) - 20 }),
  (random) => Type.Number({ exclusiveMinimum: random(5), maximum: 5 + random(5) }),
];

const PATTERNS = ["^\\d{3}$", "^[a-f]+-x$", "b{2}", "^(yes|no)?$", "^.{2}[^a]$"];

const CONTAINERS: readonly ((random: Random, depth: number) => TSchema)[] = [
  (random, depth) => object(random, depth),
  (random, depth) => object(random, depth),
  (random, depth) => Type.Array(draw(random, depth), { minItems: random(3) }),
  (random, depth) => Type.Tuple([draw(random, depth), draw(random, depth)]),
  (random, depth) => Type.Union([draw(random, depth), draw(random, depth)]),
  (random, depth) => Type.Intersect([object(random, depth), Type.Object({ z: draw(random, depth) })]),
  (random, depth) => Type.Record(Type.String(), draw(random, depth), { minProperties: random(2) }),
];

function object(random: Random, depth: number): TSchema {
  const names = ["a", "b", "c", "d"].slice(0, random(5));
  const member = () => (random(2) === 0 ? draw(random, depth) : Type.Optional(draw(random, depth)));
  return Type.Object(Object.fromEntries(names.map((name) => [name, member()])));
}

/** mulberry32, from 0 up to a bound. */
function generator(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
