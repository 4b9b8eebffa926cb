import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DIALECTS, type Spoken, wholeEnd } from "./dialects.ts";
import { expectNoShortAnswer, expectSameInEverySlicing } from "./fixtures.ts";
import { isClean } from "./replay.ts";

/**
 * Somebody's own recordings of hosts: every stream below the folder that FAIRLEAD_RECORDINGS names. They are not part of
 * this repository; without the variable nothing is replayed.
 */
const folder = process.env.FAIRLEAD_RECORDINGS;

/** A recording may have tens of thousands of bytes: it is cut in about as many places as this. */
const CUTS = 4_000;
const PATIENCE_MS = 120_000;

for (const spoken of Object.values(DIALECTS)) {
  const recordings = folder === undefined ? [] : recordingsOf(folder, spoken);

  describe.skipIf(recordings.length === 0)(`recorded streams of ${spoken.adapter.dialect}`, () => {
    test.each(recordings)(
      "%s means the same in every slicing, and is an error cut anywhere",
      async (path) => {
        const bytes = readFileSync(path);
        // Recorded only in part, or an error: there is nothing whole to compare with.
        if (wholeEnd(spoken, bytes) === undefined)
          return expect(isClean(await spoken.replay.stream([bytes]))).toBe(false);
        await expectSameInEverySlicing(spoken, bytes);
        await expectNoShortAnswer(spoken, bytes, Math.ceil(bytes.length / CUTS));
      },
      PATIENCE_MS,
    );
  });
}

function recordingsOf(path: string, { ending, telltale }: Spoken): string[] {
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(path, name))
    .filter((name) => telltale.test(readFileSync(name, "utf8")))
    .sort();
}
