import { describe, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expectNoShortAnswer, expectSameInEverySlicing } from "./replay.ts";

/**
 * Somebody's own recordings of hosts: every `*.sse` below the folder that FAIRLEAD_RECORDINGS names and that is a stream
 * of OpenAI's chat or completions. They are not part of this repository; without the variable nothing is replayed.
 */
const folder = process.env.FAIRLEAD_RECORDINGS;
const recordings = folder === undefined ? [] : openaiStreams(folder);

/** A recording may have tens of thousands of bytes, each of them a place to cut. */
const PATIENCE_MS = 120_000;

describe.skipIf(recordings.length === 0)("recorded streams", () => {
  test.each(recordings)("%s means the same in every slicing of its bytes", async (name) => {
    await expectSameInEverySlicing(read(name));
  });

  test.each(recordings)(
    "%s, its connection cut at any byte, is an error and never a short answer",
    async (name) => {
      await expectNoShortAnswer(name, read(name));
    },
    PATIENCE_MS,
  );
});

function openaiStreams(path: string): string[] {
  const names = readdirSync(path, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".sse"),
  );
  return names
    .filter((name) => /"object":"(chat\.completion\.chunk|text_completion)"/.test(read(name).toString()))
    .sort();
}

function read(name: string): Buffer {
  return readFileSync(join(folder ?? "", name));
}
