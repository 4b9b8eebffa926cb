import { describe, expect, test } from "bun:test";
import { CallText } from "../../src/adapters/call-text.ts";

/** What is said of a text that came in these pieces: what went out at once, and the end. */
function read(...pieces: string[]): [string, unknown] {
  const held = new CallText();
  return [pieces.map((piece) => held.push(piece)).join(""), held.end()];
}

describe("the text of an answer that was held to the form of a call", () => {
  test("is the call, in however many pieces it came", () => {
    expect(read('{"name":"loo', 'k","arguments":', '{"at":1}}')).toEqual([
      "",
      { name: "look", args: { at: 1 } },
    ]);
  });

  test.each([
    ["an answer in JSON", '{"name":"Ada","age":36}'],
    ["an answer that has only a name", '{"name":"Ada"}'],
    ["arguments that are no object", '{"name":"look","arguments":"north"}'],
    ["a call that was cut off", '{"name":"look","argum'],
    ["words", "I would rather not."],
    ["nothing", ""],
  ])("is text after all, if it is %s", (_, text) => {
    expect(read(text)).toEqual(["", text]);
  });

  test("is text as soon as it is too long for a call", () => {
    const piece = "x".repeat(600_000);
    expect(read(piece, piece, "end")).toEqual([`${piece}${piece}end`, ""]);
  });
});
