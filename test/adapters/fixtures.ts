import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StreamEvent } from "../../src/core/event.ts";
import { markEnd, type Spoken, wholeEnd } from "./dialects.ts";
import { CUT, isClean, shortAnswer, slices } from "./replay.ts";

const FOLDER = join(import.meta.dir, "../fixtures");

/** One file of `test/fixtures/DIALECT`. */
export function fixture({ adapter }: Spoken, name: string): Buffer {
  return readFileSync(join(FOLDER, adapter.dialect, name));
}

/** The names of a dialect's recorded streams. */
export function streamsOf({ adapter, ending }: Spoken): string[] {
  return filesOf(adapter.dialect).filter((name) => name.endsWith(ending));
}

/**
 * Holds a dialect against its fixtures, answers as its hosts really send them: `NAME.sse` or `NAME.ndjson` is a stream,
 * `NAME.json` a document, and `NAME.events.jsonl` or `NAME.json.events.jsonl` what must leave the normaliser, one event per
 * line. A fixture is found by being there; with `FAIRLEAD_WRITE_EVENTS=1` the events of one that has none yet are written,
 * to be read before they are kept.
 */
export function testFixtures(spoken: Spoken): void {
  const { adapter, replay } = spoken;
  const streams = streamsOf(spoken);
  const documents = filesOf(adapter.dialect).filter((name) => /^[^.]+\.json$/.test(name));

  describe("streams", () => {
    test.each(streams)("%s says what its events file says", async (name) => {
      expectGolden(spoken, name, await replay.stream([fixture(spoken, name)]));
    });

    test.each(streams)("%s means the same in every slicing of its bytes", async (name) => {
      await expectSameInEverySlicing(spoken, fixture(spoken, name));
    });

    test.each(streams)(
      "%s, its connection cut at any byte, is an error and never a short answer",
      async (name) => {
        await expectNoShortAnswer(spoken, fixture(spoken, name));
      },
    );

    test.each(streams)("%s, ended in order at any byte, is whole only after its last word", async (name) => {
      await expectWholeOnlyAtItsEnd(spoken, fixture(spoken, name));
    });
  });

  describe("documents", () => {
    test.each(documents)(
      "%s says what its events file says, also where a stream was asked for",
      async (name) => {
        expectGolden(spoken, name, await replay.document([fixture(spoken, name)]));
      },
    );

    test.each(documents)("%s, cut at any byte, is an error", async (name) => {
      const bytes = fixture(spoken, name);
      // The newline at the end of the file is no part of the document.
      const document = bytes.subarray(0, bytes.toString("latin1").trimEnd().length);
      const faults = await faultsIn(document, 1, async (cut, at) => {
        if (at === document.length) return undefined;
        return shortAnswer(await replay.document([cut])) ?? shortAnswer(await replay.document([cut], CUT));
      });
      expect(faults).toEqual([]);
    });
  });
}

/** Whole, byte by byte and in every size to 64: the bytes of a stream mean the same. */
export async function expectSameInEverySlicing({ replay }: Spoken, bytes: Buffer): Promise<void> {
  const whole = await replay.stream([bytes]);
  expect(isClean(whole)).toBe(true);
  for (let size = 1; size <= 64; size += 1)
    expect([size, await replay.stream(slices(bytes, size))]).toEqual([size, whole]);
}

/** Its connection cut before its dialect's own mark of the end is over, a stream is an error; after that nothing was lost. */
export async function expectNoShortAnswer(spoken: Spoken, bytes: Buffer, step = 1): Promise<void> {
  const { replay } = spoken;
  const marked = markEnd(spoken, bytes);
  const faults = await faultsIn(bytes, step, async (cut, at) => {
    const said = await replay.stream([cut], CUT);
    return marked !== undefined && at >= marked && isClean(said) ? undefined : shortAnswer(said);
  });
  expect(faults).toEqual([]);
  expect(isClean(await replay.stream([bytes], CUT))).toBe(marked !== undefined);
}

/** Where the connection ends as if all were well, only the dialect can tell that something is missing. */
async function expectWholeOnlyAtItsEnd(spoken: Spoken, bytes: Buffer): Promise<void> {
  const { replay } = spoken;
  const end = wholeEnd(spoken, bytes) ?? Number.NaN;
  const faults = await faultsIn(bytes, 1, async (cut, at) => {
    const said = await replay.stream([cut]);
    return at >= end && isClean(said) ? undefined : shortAnswer(said);
  });
  expect(faults).toEqual([]);
  expect(isClean(await replay.stream([bytes.subarray(0, end)]))).toBe(true);
}

/** What is wrong with the first bytes of an answer, for every length of them. */
async function faultsIn(
  bytes: Buffer,
  step: number,
  faultOf: (cut: Buffer, at: number) => Promise<string | undefined>,
): Promise<string[]> {
  const faults: string[] = [];
  for (let at = 0; at <= bytes.length; at += step) {
    const fault = await faultOf(bytes.subarray(0, at), at);
    if (fault !== undefined) faults.push(`${fault} at ${at}`);
  }
  return faults;
}

/** Holds events against the file beside the fixture. */
function expectGolden({ adapter, ending }: Spoken, name: string, said: StreamEvent[]): void {
  const stem = name.endsWith(ending) ? name.slice(0, -ending.length) : name;
  const path = join(FOLDER, adapter.dialect, `${stem}.events.jsonl`);
  const lines = said.map((event) => JSON.stringify(event));
  if (!existsSync(path) && process.env.FAIRLEAD_WRITE_EVENTS === "1")
    writeFileSync(path, `${lines.join("\n")}\n`);
  const golden = readFileSync(path, "utf8").trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
    golden.map((line) => JSON.parse(line) as unknown),
  );
}

function filesOf(dialect: string): string[] {
  return readdirSync(join(FOLDER, dialect)).sort();
}
