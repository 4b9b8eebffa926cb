import { expect, test } from "bun:test";
import { FieldNews, unknownFields } from "../../src/adapters/unknown-fields.ts";

const KNOWN = new Set(["id"]);

test("unknown fields are those that are not known and say something", () => {
  expect(unknownFields({ id: 1, a: null, b: 0, c: "" }, KNOWN)).toEqual({ b: 0, c: "" });
  expect(unknownFields({ id: 1, a: null }, KNOWN)).toBeUndefined();
});

test("a field that stands in every chunk is news once, and again when it changes", () => {
  const news = new FieldNews(KNOWN);
  const chunks = [
    { id: 1, host: "a" },
    { id: 2, host: "a" },
    { host: "b", load: 1 },
    { host: "b", load: 1 },
  ];
  expect(chunks.map((chunk) => news.of(chunk))).toEqual([
    { host: "a" },
    undefined,
    { host: "b", load: 1 },
    undefined,
  ]);
});

test("a host that never says the same field twice is not remembered for ever", () => {
  const news = new FieldNews(KNOWN);
  for (let i = 0; i < 1000; i++) expect(news.of({ [`f${i}`]: i })).toEqual({ [`f${i}`]: i });
  expect([news.of({ f0: 0 }), news.of({ f999: 999 })]).toEqual([undefined, { f999: 999 }]);
});
