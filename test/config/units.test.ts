import { describe, expect, test } from "bun:test";
import { Refusal } from "../../src/config/problems.ts";
import { DURATION_PATTERN, parseDuration, parseSize, SIZE_PATTERN } from "../../src/config/units.ts";

describe("sizes", () => {
  test.each([
    ["64 MiB", 64 * 2 ** 20],
    ["64MiB", 64 * 2 ** 20],
    ["512 KB", 512_000],
    ["512 kB", 512_000],
    ["1.5 KiB", 1536],
    ["2 GiB", 2 ** 31],
    ["3 GB", 3e9],
    ["4 MB", 4e6],
    ["100 B", 100],
    ["0 B", 0],
  ])("%s is a number of bytes", (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
    expect(text).toMatch(new RegExp(SIZE_PATTERN));
  });

  test.each([
    ["64", "this size has no unit", 'write "64 MiB"'],
    ["64 mib", 'unknown unit "mib"', 'did you mean "64 MiB"?'],
    ["64 M", 'unknown unit "M"', "units: B, kB, KB, MB, GB, KiB, MiB, GiB"],
    ["64 constructor", 'unknown unit "constructor"', "units: B, kB, KB, MB, GB, KiB, MiB, GiB"],
    ["-1 MiB", "not a size", 'write it like "64 MiB"'],
    ["", "not a size", 'write it like "64 MiB"'],
    ["1e3 B", "not a size", 'write it like "64 MiB"'],
    ["99999999999 GiB", "this size is out of range", undefined],
  ])("%p is refused, with what to write instead", (text, message, hint) => {
    expect(parseSize(text)).toEqual(new Refusal(message, hint));
  });
});

describe("durations", () => {
  test.each([
    ["3s", 3000],
    ["10m", 600_000],
    ["500ms", 500],
    ["1h", 3_600_000],
    ["1.5s", 1500],
    ["2 s", 2000],
    ["0s", 0],
    ["576h", 24 * 24 * 3_600_000],
  ])("%s is a number of milliseconds", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
    expect(text).toMatch(new RegExp(DURATION_PATTERN));
  });

  test.each([
    ["30", "this duration has no unit", 'write "30s"'],
    ["3 S", 'unknown unit "S"', 'did you mean "3 s"?'],
    ["3 days", 'unknown unit "days"', "units: ms, s, m, h"],
    ["3s5s", "not a duration", 'write it like "30s"'],
    ["577h", "a duration may be at most 24 days (576h)", undefined],
  ])("%p is refused, with what to write instead", (text, message, hint) => {
    expect(parseDuration(text)).toEqual(new Refusal(message, hint));
  });

  test("what rounds to nothing is refused, because nothing means off", () => {
    expect(parseDuration("0.1ms")).toEqual(new Refusal("this duration is too small"));
  });
});
