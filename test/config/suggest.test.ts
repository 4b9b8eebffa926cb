import { describe, expect, test } from "bun:test";
import { didYouMean, nearest } from "../../src/config/suggest.ts";

describe("a suggestion", () => {
  const keys = ["url", "api_key", "timeouts", "tls", "headers", "models", "body_max"];

  test.each([
    ["ulr", "url"],
    ["api_kye", "api_key"],
    ["apiKey", "api_key"],
    ["API-KEY", "api_key"],
    ["timeout", "timeouts"],
    ["headres", "headers"],
    ["base_url", "url"],
    ["baseURL", "url"],
    ["key", "api_key"],
    ["max_body", "body_max"],
  ])("%s was meant to be %s", (word, meant) => {
    expect(nearest(word, keys)).toBe(meant);
  });

  test.each(["colour", "x", "", "a".repeat(100_000)])(
    "nothing is suggested where nothing comes near",
    (word) => {
      expect(didYouMean(word, keys)).toBeUndefined();
    },
  );

  test("a short candidate is not reached by replacing all of it", () => {
    expect(nearest("x", ["y"])).toBeUndefined();
    expect(nearest("ab", ["cd"])).toBeUndefined();
  });

  test("it reads as a question", () => {
    expect(didYouMean("ulr", keys)).toBe('did you mean "url"?');
  });
});
