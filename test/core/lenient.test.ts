import { expect, test } from "bun:test";
import { countOf, secondsOf } from "../../src/core/lenient.ts";

test.each([
  [1_790_000_000, 1_790_000_000],
  [1_790_000_000.75, 1_790_000_000],
  ["1790000000", 1_790_000_000],
  ["2026-09-21T14:13:20Z", 1_790_000_000],
  // What Ollama says of a model in its cloud.
  ["0001-01-01T00:00:00Z", 0],
  ["", 0],
  ["soon", 0],
  [-1, 0],
  [1e300, 0],
  [Number.POSITIVE_INFINITY, 0],
  [Number.NaN, 0],
  [null, 0],
  [[1_790_000_000], 0],
  [{ toString: null }, 0],
])("the time %j is %d seconds after 1970", (time, seconds) => {
  expect(secondsOf(time)).toBe(seconds);
});

test.each([0, 3, 1.5])("%d is a count", (count) => {
  expect(countOf(count)).toBe(count);
});

test.each([-1, Number.NaN, Number.POSITIVE_INFINITY, "3", null])("%p is no count", (value) => {
  expect(countOf(value)).toBeUndefined();
});
