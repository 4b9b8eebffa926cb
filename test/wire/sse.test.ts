import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../../src/core/failure.ts";
import { FRAME_BYTES_MAX } from "../../src/wire/lines.ts";
import { sseFrame, SseReader } from "../../src/wire/sse.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** All payloads of a stream, read in slices of `size`. */
function read(stream: string | Uint8Array, size = Number.POSITIVE_INFINITY): string[] {
  const bytes = typeof stream === "string" ? bytesOf(stream) : stream;
  const reader = new SseReader();
  const payloads: string[] = [];
  // Copies: a slice that shared its memory could hide a reader that reads on.
  for (let at = 0; at < bytes.length; at += size) payloads.push(...reader.push(bytes.slice(at, at + size)));
  return [...payloads, ...reader.end()];
}

const STREAMS: readonly (readonly [what: string, stream: string, payloads: string[]])[] = [
  ["LF", "data: a\n\ndata: b\n\n", ["a", "b"]],
  ["CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", ["a", "b"]],
  ["CR", "data: a\r\rdata: b\r\r", ["a", "b"]],
  ["ends of all kinds", "data: a\r\n\ndata: b\n\r\ndata: c\r\n\rdata: d\n\r", ["a", "b", "c", "d"]],
  [
    "a CR before a word, and the LF that follows another line",
    "data: a\rdata: b\n\ndata: c\n\n",
    ["a\nb", "c"],
  ],
  ["empty lines between events", "\n\ndata: a\n\n\n\r\n\rdata: b\n\n\n", ["a", "b"]],
  ["no space after the colon", 'data:{"a":1}\n\n', ['{"a":1}']],
  ["only one space is taken", "data:  a\n\n", [" a"]],
  ["data over several lines", 'data: {"a":\ndata: 1}\n\n', ['{"a":\n1}']],
  ["data without a colon", "data: a\ndata\ndata: b\n\n", ["a\n\nb"]],
  ["events without data", "data\n\ndata:\n\nevent: ping\n\ndata: a\n\n", ["a"]],
  ["comments", ": ok\n\n:\ndata: a\n: OPENROUTER PROCESSING\n\n: bye\n\n", ["a"]],
  ["fields that nobody reads", "event: message\nid: 7\nretry: 1\nfoo: bar\ndatax: no\ndata: a\n\n", ["a"]],
  ["a mark of byte order at the start", "\uFEFFdata: a\n\n", ["a"]],
  ["and elsewhere, where it is a character", "data: \uFEFFa\n\n\uFEFFdata: b\n\n", ["\uFEFFa"]],
  [
    "characters of two, three and four bytes",
    "data: é€😀\u2028\u2029\x85\n\ndata: 語\n\n",
    ["é€😀\u2028\u2029\x85", "語"],
  ],
  ["a last event without its empty line", "data: a\n\ndata: b\n", ["a", "b"]],
  ["a last line without its end", "data: a\n\ndata: b", ["a", "b"]],
  ["a bare JSON line (Ollama)", '{"error":"no such model"}\n', ['{"error":"no such model"}']],
  ["a bare JSON line among events", 'data: a\n\n{"error":"b"}\n\ndata: c\n\n', ["a", '{"error":"b"}', "c"]],
  ["a bare JSON line without its end", 'data: a\n\n{"error":"b"}', ["a", '{"error":"b"}']],
  ["an error line with an object (llama.cpp)", 'error: {"code":500}\n\n', ['{"error":{"code":500}}']],
  ["an error line with bare words", 'error: it "broke"\n\n', ['{"error":"it \\"broke\\""}']],
  ["nothing", "", []],
];

describe("a stream reads the same in every slicing", () => {
  test.each(STREAMS)("%s", (_, stream, payloads) => {
    expect(read(stream)).toEqual(payloads);
    for (let size = 1; size <= 64; size++) expect(read(stream, size)).toEqual(payloads);
  });

  test("also when it is cut in two at any place", () => {
    const stream = STREAMS.map(([, text]) => text).join("\n\n");
    const payloads = read(stream);
    expect(payloads.length).toBeGreaterThan(30);
    const bytes = bytesOf(stream);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const reader = new SseReader();
      const seen = [bytes.slice(0, cut), bytes.slice(cut)].flatMap((part) => reader.push(part));
      expect([...seen, ...reader.end()]).toEqual(payloads);
    }
  });

  const folder = join(import.meta.dir, "../fixtures/openai");
  test.each(readdirSync(folder).filter((name) => name.endsWith(".sse")))("%s", (name) => {
    const stream = readFileSync(join(folder, name));
    const whole = read(stream);
    expect(whole.length).toBeGreaterThan(2);
    for (let size = 1; size <= 64; size++) expect(read(stream, size)).toEqual(whole);
  });

  test("and what is no UTF-8 becomes the mark for that, without spilling over its line", () => {
    const stream = Buffer.concat([bytesOf("data: a"), Buffer.from([0xf0, 0x9f]), bytesOf("\n\ndata: b\n\n")]);
    for (let size = 1; size <= stream.length; size++) expect(read(stream, size)).toEqual(["a\uFFFD", "b"]);
  });
});

test("a payload is handed out as soon as its empty line is there", () => {
  const reader = new SseReader();
  expect(reader.push(bytesOf("data: a\n"))).toEqual([]);
  expect(reader.push(bytesOf("\n"))).toEqual(["a"]);
  expect(reader.push(bytesOf("data: b\r"))).toEqual([]);
  expect(reader.push(bytesOf("\r"))).toEqual(["b"]);
  expect(reader.push(bytesOf("\ndata: c\n\nda"))).toEqual(["c"]);
});

test("a payload written as a frame is read back", () => {
  const payload = JSON.stringify({ text: "a\nb\r\u2028\uFEFF" });
  expect(read(sseFrame(payload))).toEqual([payload]);
});

describe("nothing grows without bound", () => {
  const room = FRAME_BYTES_MAX - "data: ".length;

  test("a line of 1 MiB is read, in small slices too", () => {
    const payload = "x".repeat(room - 1);
    expect(read(`data: ${payload}\n\n`)).toEqual([payload]);
    expect(read(`data: ${payload}\n\n`, 4096)).toEqual([payload]);
  });

  test.each([
    ["a longer line", `data: ${"x".repeat(FRAME_BYTES_MAX)}\n\n`],
    ["a line without an end", `data: ${"x".repeat(FRAME_BYTES_MAX)}`],
    ["a longer comment", `: ${"x".repeat(FRAME_BYTES_MAX)}\n\n`],
    ["a longer bare line", `{"a":"${"x".repeat(FRAME_BYTES_MAX)}"}\n\n`],
    ["an event of many lines", `data: ${"x".repeat(1000)}\n`.repeat(1100)],
    ["an event of many empty lines", "data:\n".repeat(FRAME_BYTES_MAX + 1)],
  ])("%s is refused", (_, stream) => {
    for (const size of [stream.length, 4096, 999]) {
      const fault = failureOf(() => read(stream, size));
      expect(fault?.code).toBe("upstream_frame_too_large");
    }
  });

  test("but what the same read brought before is handed out first", () => {
    const reader = new SseReader();
    expect(reader.push(bytesOf(`data: a\n\ndata: ${"x".repeat(FRAME_BYTES_MAX)}`))).toEqual(["a"]);
    expect(failureOf(() => reader.push(bytesOf("x")))?.code).toBe("upstream_frame_too_large");
    expect(failureOf(() => reader.end())?.code).toBe("upstream_frame_too_large");
  });

  test("the time for a long line in small slices grows with its length, not with its square", () => {
    const seconds = (length: number) => {
      const line = bytesOf(`data: ${"x".repeat(length)}\n\n`);
      const began = performance.now();
      expect(read(line, 64)).toHaveLength(1);
      return performance.now() - began;
    };
    seconds(room / 2);
    const short = Math.min(...[1, 2, 3].map(() => seconds(room / 16)));
    const long = Math.min(...[1, 2, 3].map(() => seconds(room - 2)));
    // Sixteen times the length; its square would be 256 times the time.
    expect(long).toBeLessThan(64 * Math.max(short, 0.2));
  });
});

function failureOf(run: () => unknown): Failure | undefined {
  try {
    run();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown;
    throw thrown;
  }
}
