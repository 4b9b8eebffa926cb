import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ADAPTERS } from "../../src/adapters/index.ts";
import { PLAIN_PROFILE } from "../../src/adapters/profile.ts";
import { Failure } from "../../src/core/failure.ts";
import { NESTING_MAX } from "../../src/core/json.ts";
import { DIALECTS, type Dialect } from "../../src/core/request.ts";
import { Dice } from "../pipeline/dice.ts";
import { spoilt } from "../pipeline/nonsense.ts";

const FIXTURES = join(import.meta.dir, "../fixtures");
const ROUNDS = 100;

/** Documents that hosts of a dialect really send: answers, and lists of models or vectors. */
function documents(dialect: Dialect, ending: RegExp): unknown[] {
  const names = readdirSync(join(FIXTURES, dialect)).filter((name) => ending.test(name));
  return names.map((name) => JSON.parse(readFileSync(join(FIXTURES, dialect, name), "utf8")) as unknown);
}

/** What is thrown must be the backend's fault: anything else is ours. */
function blamed(read: () => unknown): string {
  try {
    read();
    return "upstream_none";
  } catch (thrown) {
    return thrown instanceof Failure ? thrown.code : String(thrown);
  }
}

/** Any word of the closed list but one. An error in an answer may be of any kind. */
const CODE = /^(?!internal_error)[a-z_]+$/;

const DEEP = `${'{"a":'.repeat(4 * NESTING_MAX)}1${"}".repeat(4 * NESTING_MAX)}`;
const ERROR = {
  error: {
    message: "No.",
    type: "invalid_request_error",
    code: 400,
    param: "model",
    details: [{ reason: "X" }],
  },
};

describe.each(DIALECTS)("a backend that speaks %s", (dialect) => {
  const adapter = ADAPTERS[dialect];
  const whole = (body: string) => () => adapter.whole(adapter.begin(PLAIN_PROFILE), body, []);

  test("may answer with any document: it is read, or is the backend's fault", () => {
    const known = documents(dialect, /^[^.]+\.json$/);
    expect(known.length).toBeGreaterThan(0);
    for (let seed = 0; seed < ROUNDS; seed++)
      for (const document of known) {
        const body = JSON.stringify(spoilt(document, new Dice(seed)));
        expect([body, blamed(whole(body))]).toEqual([body, expect.stringMatching(CODE)]);
      }
  });

  test("may list its models in any way: those that make sense are read", () => {
    for (let seed = 0; seed < ROUNDS; seed++)
      for (const list of [...documents(dialect, /\.models\.json$/), { data: [{ id: "a", created: 1 }] }])
        for (const { id, created, ownedBy } of adapter.models(spoilt(list, new Dice(seed)))) {
          expect([typeof id, typeof ownedBy]).toEqual(["string", "string"]);
          expect(() => new Date(created * 1000).toISOString()).not.toThrow();
        }
  });

  test("may send any vectors, and any error", () => {
    const vectors = [...documents(dialect, /\.embeddings\.json$/), { data: [{ index: 0, embedding: [1] }] }];
    for (let seed = 0; seed < ROUNDS; seed++) {
      const dice = new Dice(seed);
      for (const answer of vectors) {
        const body = JSON.stringify(spoilt(answer, dice));
        expect([body, blamed(() => adapter.embeddings(body))]).toEqual([
          body,
          expect.stringMatching(/^(?:upstream_none|upstream_bad_response|unsupported)$/),
        ]);
      }
      const error = JSON.stringify(spoilt(ERROR, dice));
      expect(adapter.failure(dice.pick([400, 404, 429, 500]), error, new Map())).toBeInstanceOf(Failure);
    }
  });

  test("may nest what it says deeper than anybody could write it again: that is an error", () => {
    const step = () => adapter.step(adapter.begin(PLAIN_PROFILE), DEEP, []);
    expect([blamed(step), blamed(whole(DEEP))]).toEqual(["upstream_bad_frame", "upstream_bad_response"]);
    expect(adapter.failure(500, DEEP, new Map()).code).toBe("upstream_error");
  });
});
