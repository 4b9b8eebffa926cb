import { expect, test } from "bun:test";
import { editDistance } from "../../src/core/spelling.ts";

test.each([
  ["", "", 0],
  ["abc", "abc", 0],
  ["", "abc", 3],
  ["kitten", "sitting", 3],
  ["hsot", "host", 1],
])("the distance from %p to %p is %d", (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
  expect(editDistance(b, a)).toBe(distance);
});
