import { describe, expect, test } from "bun:test";
import { Failure } from "../../src/core/failure.ts";
import { ResponseReader } from "../../src/wire/http1.ts";

/** What came of an answer's bytes: everything a client could see of it. */
interface Outcome {
  status: number | undefined;
  body: string;
  complete: boolean;
  keepAlive: boolean;
  failed: string | undefined;
}

/** Reads `wire` (text stands for bytes) in slices of the given sizes, the last one for all that follow. */
function read(wire: string, ...sizes: number[]): Outcome {
  const reader = new ResponseReader();
  let body = "";
  let failed: string | undefined;
  let at = 0;
  for (let turn = 0; at < wire.length && failed === undefined; turn++) {
    const size = sizes[Math.min(turn, sizes.length - 1)] ?? wire.length;
    try {
      reader.push(Buffer.from(wire.slice(at, at + size), "latin1"));
    } catch (thrown) {
      failed = thrown instanceof Failure ? thrown.code : String(thrown);
    }
    body += Buffer.from(reader.body).toString("latin1");
    at += size;
  }
  const { head, complete, keepAlive } = reader;
  return { status: head?.status, body, complete, keepAlive: complete && keepAlive, failed };
}

function ends(wire: string): boolean {
  const reader = new ResponseReader();
  reader.push(Buffer.from(wire, "latin1"));
  return reader.endOfConnection();
}

const OK = "HTTP/1.1 200 OK\r\n";
const CHUNKED = `${OK}transfer-encoding: chunked\r\n\r\n`;

/** Whole answers with their status, body, and whether the connection lives on. */
const ANSWERS: readonly (readonly [
  what: string,
  wire: string,
  body: string,
  status?: number,
  keep?: boolean,
])[] = [
  ["a length", `${OK}content-length: 5\r\n\r\nhello`, "hello"],
  ["a length of nothing", `${OK}content-length: 0\r\n\r\n`, ""],
  ["chunks", `${CHUNKED}5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n`, "hello, world"],
  ["chunks without any data", `${CHUNKED}0\r\n\r\n`, ""],
  [
    "sizes in upper case and with zeros in front",
    `${CHUNKED}0000000A\r\n0123456789\r\n0\r\n\r\n`,
    "0123456789",
  ],
  ["sizes padded with spaces", `${CHUNKED}5  \r\nhello\r\n0 \r\n\r\n`, "hello"],
  ["extensions", `${CHUNKED}5;a=b;c="d e"\r\nhello\r\n0 ;last\r\n\r\n`, "hello"],
  ["trailers", `${CHUNKED}5\r\nhello\r\n0\r\nx-sum: 1\r\nx-more: 2\r\n\r\n`, "hello"],
  ["data that looks like chunks", `${CHUNKED}9\r\n0\r\n\r\n5\r\nx\r\n0\r\n\r\n`, "0\r\n\r\n5\r\nx"],
  ["no reason phrase", `HTTP/1.1 200\r\ncontent-length: 2\r\n\r\nok`, "ok"],
  ["no content, whatever its headers say", "HTTP/1.1 204 No\r\ntransfer-encoding: chunked\r\n\r\n", "", 204],
  [
    "not modified, with the length of what it stands for",
    "HTTP/1.1 304 No\r\ncontent-length: 9\r\n\r\n",
    "",
    304,
  ],
  [
    "news on the way",
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nlink: a\r\n\r\n${OK}content-length: 2\r\n\r\nok`,
    "ok",
  ],
  [
    "a close announced",
    `${OK}Connection: Keep-Alive, Close\r\ncontent-length: 2\r\n\r\nok`,
    "ok",
    200,
    false,
  ],
  ["HTTP/1.0", "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok", "ok", 200, false],
  ["bytes after the end", `${OK}content-length: 2\r\n\r\nok\r\n`, "ok", 200, false],
  ["a second answer", `${CHUNKED}2\r\nok\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n`, "ok", 200, false],
];

describe("an answer reads the same in every slicing", () => {
  test.each(ANSWERS)("%s", (_, wire, body, status = 200, keepAlive = true) => {
    const expected = { status, body, complete: true, keepAlive, failed: undefined };
    expect(read(wire)).toEqual(expected);
    for (let size = 1; size <= 64; size++) expect(read(wire, size)).toEqual(expected);
  });

  test("and its headers by name in lower case, repeated ones joined", () => {
    const reader = new ResponseReader();
    reader.push(Buffer.from(`${OK}X-A:  b c\t\r\nx-a: d\r\nEmpty:\r\nServer: \xe9:1\r\n\r\n`, "latin1"));
    expect([...(reader.head?.headers ?? [])]).toEqual([
      ["x-a", "b c, d"],
      ["empty", ""],
      ["server", "\xe9:1"],
    ]);
  });

  test("and without a length it ends with the connection", () => {
    const wire = `${OK}connection: close\r\n\r\nall of it`;
    expect(read(wire, 3)).toMatchObject({ body: "all of it", complete: false, failed: undefined });
    expect(ends(wire)).toBe(true);
  });
});

describe("an answer that is cut is never complete", () => {
  test.each(ANSWERS.filter(([, , , , keep = true]) => keep))("%s", (_, wire, body) => {
    for (let cut = 0; cut < wire.length; cut++) {
      const seen = read(wire.slice(0, cut));
      expect(seen).toMatchObject({ complete: false, failed: undefined });
      expect(body).toStartWith(seen.body);
      expect(ends(wire.slice(0, cut))).toBe(false);
    }
  });
});

const MALFORMED: readonly (readonly [what: string, wire: string])[] = [
  ["another protocol", "SSH-2.0-OpenSSH_10.0\r\n"],
  ["a page without a head", "<html></html>"],
  ["HTTP/2's preface", "HTTP/2.0 200 OK\r\n\r\n"],
  ["an empty line in front", `\r\n${OK}content-length: 0\r\n\r\n`],
  ["a status below 100", "HTTP/1.1 099 No\r\ncontent-length: 0\r\n\r\n"],
  ["a status of two digits", "HTTP/1.1 20 OK\r\ncontent-length: 0\r\n\r\n"],
  ["a status of four digits", "HTTP/1.1 2000 OK\r\ncontent-length: 0\r\n\r\n"],
  ["two spaces before the status", "HTTP/1.1  200 OK\r\ncontent-length: 0\r\n\r\n"],
  ["a protocol nobody asked for", "HTTP/1.1 101 Switching\r\nupgrade: h2c\r\n\r\n"],
  ["a bare LF after the status", "HTTP/1.1 200 OK\ncontent-length: 0\r\n\r\n"],
  ["a bare LF after a header", `${OK}a: b\ncontent-length: 0\r\n\r\n`],
  ["a bare CR in a header", `${OK}a: b\rcontent-length: 0\r\n\r\n`],
  ["a bare CR in the status line", "HTTP/1.1 200 O\rK\r\ncontent-length: 0\r\n\r\n"],
  ["only LFs", "HTTP/1.1 200 OK\ncontent-length: 0\n\n"],
  ["a NUL in a header", `${OK}a: b\0c\r\ncontent-length: 0\r\n\r\n`],
  ["a folded header", `${OK}a: b\r\n c: d\r\ncontent-length: 0\r\n\r\n`],
  ["a folded header without a colon", `${OK}a: b\r\n\tc\r\ncontent-length: 0\r\n\r\n`],
  ["a space before a header's colon", `${OK}content-length : 0\r\n\r\n`],
  ["a header without a name", `${OK}: b\r\ncontent-length: 0\r\n\r\n`],
  ["a header without a colon", `${OK}content-length\r\n\r\n`],
  ["both lengths", `${OK}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
  ["two different lengths", `${OK}content-length: 5\r\ncontent-length: 6\r\n\r\nhello`],
  ["one length twice", `${OK}content-length: 5\r\ncontent-length: 5\r\n\r\nhello`],
  ["a list of lengths", `${OK}content-length: 5, 5\r\n\r\nhello`],
  ["an empty length", `${OK}content-length:\r\n\r\nhello`],
  ["a signed length", `${OK}content-length: +5\r\n\r\nhello`],
  ["a negative length", `${OK}content-length: -5\r\n\r\nhello`],
  ["a hexadecimal length", `${OK}content-length: 0x5\r\n\r\nhello`],
  ["a length beyond all counting", `${OK}content-length: 9999999999999999\r\n\r\n`],
  ["an unknown coding", `${OK}transfer-encoding: gzip\r\n\r\n`],
  ["two codings", `${OK}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
  ["chunked twice", `${OK}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
  ["chunked with something that is no space", `${OK}transfer-encoding: chunked\xa0\r\n\r\n0\r\n\r\n`],
  ["chunked with a vertical tab", `${OK}transfer-encoding: \x0bchunked\r\n\r\n0\r\n\r\n`],
  ["a chunk without a size", `${CHUNKED}\r\nhello\r\n`],
  ["a chunk's size that is no number", `${CHUNKED}zz\r\nwhat\r\n`],
  ["a signed size", `${CHUNKED}+5\r\nhello\r\n`],
  ["a size with 0x", `${CHUNKED}0x5\r\nhello\r\n`],
  ["a size after a space", `${CHUNKED} 5\r\nhello\r\n`],
  ["two sizes", `${CHUNKED}5 5\r\nhello\r\n`],
  ["a size of nine digits", `${CHUNKED}000000005\r\nhello\r\n`],
  ["a size that ends with a bare LF", `${CHUNKED}5\nhello\r\n`],
  ["a size that ends with a bare CR", `${CHUNKED}5\rhello\r\n`],
  ["an extension with a bare LF", `${CHUNKED}5;a\nhello\r\n`],
  ["a chunk longer than its size", `${CHUNKED}5\r\nhello!\r\n0\r\n\r\n`],
  ["a chunk shorter than its size", `${CHUNKED}6\r\nhello\r\n0\r\n\r\n`],
  ["a chunk that ends with a bare LF", `${CHUNKED}5\r\nhello\n0\r\n\r\n`],
  ["a trailer that ends with a bare LF", `${CHUNKED}0\r\na: b\n\r\n`],
  ["a last chunk that ends with a bare CR", `${CHUNKED}0\r\n\rx`],
];

describe("an answer that two readers could read differently is refused", () => {
  test.each(MALFORMED)("%s", (_, wire) => {
    for (const size of [wire.length, 1, 2, 7])
      expect(read(wire, size)).toMatchObject({ complete: false, failed: "upstream_protocol" });
  });

  test("after the body bytes that came before", () => {
    for (const size of [1000, 1, 3])
      expect(read(`${CHUNKED}5\r\nhello\r\n2\r\n!!\r\nzz`, size)).toMatchObject({
        body: "hello!!",
        failed: "upstream_protocol",
      });
  });

  test("as soon as its first bytes tell, for another protocol may wait for ours", () => {
    expect(read("SSH")).toMatchObject({ failed: "upstream_protocol" });
    expect(read("HTTP/1")).toMatchObject({ failed: undefined });
  });
});

describe("nothing grows without bound", () => {
  const KIB = 1024;
  test.each([
    ["one long header", `${OK}a: ${"x".repeat(64 * KIB)}`],
    ["many headers", OK + "a: b\r\n".repeat(12_000)],
    ["a long status line", `HTTP/1.1 200 ${"x".repeat(64 * KIB)}`],
    ["an extension", `${CHUNKED}5;${"x".repeat(9 * KIB)}`],
    ["spaces after a size", `${CHUNKED}5${" ".repeat(9 * KIB)}`],
    ["one trailer", `${CHUNKED}0\r\na: ${"x".repeat(9 * KIB)}`],
    ["many trailers", `${CHUNKED}0\r\n${"a: b\r\n".repeat(3 * KIB)}`],
  ])("%s", (_, wire) => {
    expect(read(wire)).toMatchObject({ complete: false, failed: "upstream_protocol" });
    expect(read(wire, 1000)).toMatchObject({ complete: false, failed: "upstream_protocol" });
  });

  test("but a head of 60 KiB is read", () => {
    const wire = `${OK}a: ${"x".repeat(60 * KIB)}\r\ncontent-length: 2\r\n\r\nok`;
    expect(read(wire, 1400)).toMatchObject({ body: "ok", complete: true });
  });
});

describe("whatever a backend sends", () => {
  test("an answer with random faults ends in a Failure or reads the same in every slicing", () => {
    const random = randomNumbers(0xfa17);
    for (let round = 0; round < 6_000; round++) {
      const [, wire = ""] = ANSWERS[random(ANSWERS.length)] ?? [];
      let broken = wire;
      for (let faults = 1 + random(3); faults > 0; faults--) broken = mutate(broken, random);
      const whole = read(broken);
      expect([undefined, "upstream_protocol"]).toContain(whole.failed);
      expect({ broken, ...read(broken, 1 + random(9), 1 + random(40)) }).toEqual({ broken, ...whole });
    }
  });

  test("an answer made at random is complete at its last byte and not one earlier", () => {
    const random = randomNumbers(0xc47);
    for (let round = 0; round < 1_000; round++) {
      const body = randomBytes(random(400), random);
      const wire = random(2) ? `${OK}content-length: ${body.length}\r\n\r\n${body}` : inChunks(body, random);
      expect(read(wire, 1 + random(90))).toMatchObject({ body, complete: true, keepAlive: true });
      expect(read(wire.slice(0, -1 - random(wire.length - 1)), 1 + random(90))).toMatchObject({
        complete: false,
        failed: undefined,
      });
    }
  });
});

function inChunks(body: string, random: (below: number) => number): string {
  let wire = CHUNKED;
  for (let at = 0; at < body.length;) {
    const chunk = body.slice(at, at + 1 + random(60));
    wire += `${chunk.length.toString(16)}${random(3) ? "" : ";x=1"}\r\n${chunk}\r\n`;
    at += chunk.length;
  }
  return `${wire}0\r\n${random(3) ? "" : "x-trailer: 1\r\n"}\r\n`;
}

/** One fault: a byte changed, some removed, some doubled, or framing characters inserted. */
function mutate(wire: string, random: (below: number) => number): string {
  const at = random(wire.length + 1);
  const to = at + 1 + random(8);
  switch (random(4)) {
    case 0:
      return wire.slice(0, at) + String.fromCharCode(random(256)) + wire.slice(at + 1);
    case 1:
      return wire.slice(0, at) + wire.slice(to);
    case 2:
      return wire.slice(0, to) + wire.slice(at);
    default:
      return (
        wire.slice(0, at) + (["\r\n", "\n", "\r", "0", ":", " ", ";", "\0"][random(8)] ?? "") + wire.slice(at)
      );
  }
}

function randomBytes(length: number, random: (below: number) => number): string {
  return String.fromCharCode(...Array.from({ length }, () => random(256)));
}

/** Whole numbers below a bound, the same ones in every run (mulberry32). */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) % below;
  };
}
