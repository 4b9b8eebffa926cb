import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../../src/core/failure.ts";
import { FRAME_BYTES_MAX } from "../../src/wire/lines.ts";
import { NdjsonReader } from "../../src/wire/ndjson.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** All frames of a stream, read in slices of `size`. */
function read(stream: string | Uint8Array, size = Number.POSITIVE_INFINITY): string[] {
  const bytes = typeof stream === "string" ? bytesOf(stream) : stream;
  const reader = new NdjsonReader();
  const frames: string[] = [];
  // Copies: a slice that shared its memory could hide a reader that reads on.
  for (let at = 0; at < bytes.length; at += size) frames.push(...reader.push(bytes.slice(at, at + size)));
  return [...frames, ...reader.end()];
}

const STREAMS: readonly (readonly [what: string, stream: string, frames: string[]])[] = [
  ["a document per line", '{"a":1}\n{"b":2}\n', ['{"a":1}', '{"b":2}']],
  ["lines that end in CRLF", '{"a":1}\r\n{"b":2}\r\n', ['{"a":1}', '{"b":2}']],
  ["lines that end in CR", '{"a":1}\r{"b":2}\r', ['{"a":1}', '{"b":2}']],
  ["blank lines, and such as only look blank", '\n\n{"a":1}\n  \t\n\r\n{"b":2}\n\n', ['{"a":1}', '{"b":2}']],
  ["a last line without its end", '{"a":1}\n{"b":2}', ['{"a":1}', '{"b":2}']],
  ["a last line of blanks", '{"a":1}\n  ', ['{"a":1}']],
  [
    "characters of two, three and four bytes",
    '{"a":"é€😀\u2028\u2029\x85"}\n{"b":"語"}\n',
    ['{"a":"é€😀\u2028\u2029\x85"}', '{"b":"語"}'],
  ],
  ["what is no JSON: that is for the adapter to judge", "<html>\nno\n", ["<html>", "no"]],
  ["nothing", "", []],
];

describe("a stream reads the same in every slicing", () => {
  test.each(STREAMS)("%s", (_, stream, frames) => {
    expect(read(stream)).toEqual(frames);
    for (let size = 1; size <= 64; size++) expect(read(stream, size)).toEqual(frames);
  });

  test("also when it is cut in two at any place", () => {
    const stream = STREAMS.map(([, text]) => text).join("\n");
    const frames = read(stream);
    expect(frames.length).toBeGreaterThan(12);
    const bytes = bytesOf(stream);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const reader = new NdjsonReader();
      const seen = [bytes.slice(0, cut), bytes.slice(cut)].flatMap((part) => reader.push(part));
      expect([...seen, ...reader.end()]).toEqual(frames);
    }
  });

  const folder = join(import.meta.dir, "../fixtures/ollama");
  test.each(readdirSync(folder).filter((name) => name.endsWith(".ndjson")))("%s", (name) => {
    const stream = readFileSync(join(folder, name));
    const whole = read(stream);
    expect(whole.length).toBeGreaterThan(2);
    for (let size = 1; size <= 64; size++) expect(read(stream, size)).toEqual(whole);
  });
});

test("a frame is handed out as soon as its end of line is there", () => {
  const reader = new NdjsonReader();
  expect(reader.push(bytesOf('{"a":1}'))).toEqual([]);
  expect(reader.push(bytesOf('\n{"b"'))).toEqual(['{"a":1}']);
  expect(reader.push(bytesOf(":2}\r"))).toEqual(['{"b":2}']);
  expect(reader.push(bytesOf("\n"))).toEqual([]);
  expect(reader.end()).toEqual([]);
});

describe("nothing grows without bound", () => {
  test("a line of 1 MiB is read, in small slices too", () => {
    const line = "x".repeat(FRAME_BYTES_MAX - 1);
    expect(read(`${line}\n`)).toEqual([line]);
    expect(read(`${line}\n`, 4096)).toEqual([line]);
  });

  test.each([
    ["a longer line", `${"x".repeat(FRAME_BYTES_MAX + 1)}\n`],
    ["a line without an end", "x".repeat(FRAME_BYTES_MAX + 1)],
    ["an endless line of blanks", " ".repeat(FRAME_BYTES_MAX + 1)],
  ])("%s is refused", async (_, stream) => {
    for (const size of [stream.length, 4096, 999]) {
      const thrown = await Promise.try(() => read(stream, size)).catch(Failure.from);
      expect(thrown).toMatchObject({ code: "upstream_frame_too_large" });
    }
  });

  test("but what the same read brought before is handed out first", () => {
    const reader = new NdjsonReader();
    const long = "x".repeat(FRAME_BYTES_MAX + 1);
    expect(reader.push(bytesOf(`{"a":1}\n${long}`))).toEqual(['{"a":1}']);
    expect(() => reader.push(bytesOf("x"))).toThrow("The backend sent a frame of more than");
    expect(() => reader.end()).toThrow("The backend sent a frame of more than");
  });
});
