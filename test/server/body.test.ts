import { describe, expect, test } from "bun:test";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { Failure } from "../../src/core/failure.ts";
import { readBody } from "../../src/server/body.ts";
import { dial } from "../upstream/dial.ts";

const MIB = 1 << 20;
const JSON_TYPE = { "content-type": "application/json" };

const TEXT = JSON.stringify({ model: "m", messages: [{ role: "user", content: "Grüße 🙂 ".repeat(500) }] });

interface Sent {
  body?: Bun.BodyInit;
  headers?: Record<string, string>;
  limit?: number;
}

/** What a server that reads its requests with `readBody` makes of one: the text, or the failure. */
async function send({ body, headers = JSON_TYPE, limit = MIB }: Sent) {
  const { promise, resolve } = Promise.withResolvers<string | Failure>();
  await using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      try {
        resolve(Buffer.from(await readBody(request, limit)).toString());
      } catch (thrown) {
        resolve(Failure.from(thrown));
      }
      return new Response("done");
    },
  });
  await fetch(server.url, { method: "POST", headers, ...(body === undefined ? {} : { body }) })
    .then((answer) => answer.text())
    .catch(() => undefined);
  return promise;
}

async function codeOf(sent: Sent) {
  const result = await send(sent);
  return result instanceof Failure ? result.code : `read ${result.length}`;
}

/** A body of unknown length, and how much of it was asked for. */
function chunked(sizes: readonly number[]) {
  const asked = { pieces: 0, cancelled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const size = sizes[asked.pieces++];
        if (size === undefined) controller.close();
        else controller.enqueue(new Uint8Array(size).fill(97));
      },
      cancel() {
        asked.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { body, asked };
}

describe("a body within the limit", () => {
  test("is read as it is", async () => {
    expect(await send({ body: TEXT })).toBe(TEXT);
  });

  test("is read when its length is not announced", async () => {
    const { body } = chunked([3, 40_000, 5]);
    expect(await send({ body })).toBe("a".repeat(40_008));
  });

  test("may be exactly as long as the limit", async () => {
    expect(await codeOf({ body: "x".repeat(1000), limit: 1000 })).toBe("read 1000");
    expect(await codeOf({ body: chunked([600, 400]).body, limit: 1000 })).toBe("read 1000");
    expect(
      await codeOf({
        body: gzipSync("x".repeat(1000)),
        headers: { ...JSON_TYPE, "content-encoding": "gzip" },
        limit: 1000,
      }),
    ).toBe("read 1000");
  });

  test("may be missing", async () => {
    expect(await send({})).toBe("");
    expect(await readBody(new Request("http://localhost", { method: "POST" }), MIB)).toHaveLength(0);
  });
});

describe("a body over the limit", () => {
  test("is refused by its announced length, before it is read", async () => {
    const request = new Request("http://localhost", {
      method: "POST",
      headers: { ...JSON_TYPE, "content-length": "1001" },
      body: "x".repeat(10),
    });
    const failure: unknown = await readBody(request, 1000).catch((thrown: unknown) => thrown);
    expect(failure).toBeInstanceOf(Failure);
    expect(failure).toHaveProperty("code", "request_too_large");
    expect(request.bodyUsed).toBe(false);
  });

  test("is refused on the way when nothing was announced, and the rest is not asked for", async () => {
    const { body, asked } = chunked(Array.from({ length: 1000 }, () => 65_536));
    const request = new Request("http://localhost", { method: "POST", headers: JSON_TYPE, body });
    const failure: unknown = await readBody(request, MIB).catch((thrown: unknown) => thrown);
    expect(failure).toHaveProperty("code", "request_too_large");
    expect(asked.cancelled).toBe(true);
    expect(asked.pieces).toBeLessThan(20);
  });

  test.each([
    [64 * MIB, "64 MiB"],
    [1.5 * MIB, "1.5 MiB"],
    [100 * 1024, "0.0977 MiB"],
  ])("hears the limit: %d bytes is %s", async (limit, words) => {
    const request = new Request("http://localhost", {
      method: "POST",
      headers: { ...JSON_TYPE, "content-length": String(limit + 1) },
    });
    const failure: unknown = await readBody(request, limit).catch((thrown: unknown) => thrown);
    expect(failure).toHaveProperty("message", expect.stringContaining(`larger than the ${words} `));
  });
});

const ENCODERS: [string, (data: Buffer) => Uint8Array][] = [
  ["gzip", gzipSync],
  ["deflate", deflateSync],
  ["deflate", deflateRawSync],
  ["br", brotliCompressSync],
  ["zstd", zstdCompressSync],
];

describe.each(ENCODERS)("a body compressed with %s", (encoding, encode) => {
  const headers = { ...JSON_TYPE, "content-encoding": encoding };

  test("is read decompressed", async () => {
    expect(await send({ headers, body: encode(Buffer.from(TEXT)) })).toBe(TEXT);
  });

  test("counts as long as it is decompressed, and a bomb goes no further than the limit", async () => {
    const bomb = encode(Buffer.alloc(20 * MIB, 32));
    expect(bomb.length).toBeLessThan(MIB / 4);
    expect(await codeOf({ headers, body: bomb })).toBe("request_too_large");
  });

  test("is the caller's mistake when it is damaged", async () => {
    expect(await codeOf({ headers, body: `no ${encoding}` })).toBe("invalid_request");
  });
});

test.each(["identity", "GZIP", " gzip "])("the encoding is read as %j", async (encoding) => {
  const plain = Buffer.from(TEXT);
  const body = encoding === "identity" ? plain : gzipSync(plain);
  expect(await send({ headers: { ...JSON_TYPE, "content-encoding": encoding }, body })).toBe(TEXT);
});

test.each(["compress", "gzip, br", "constructor", "utf-8"])(
  "the encoding %j is not understood",
  async (encoding) => {
    const headers = { ...JSON_TYPE, "content-encoding": encoding };
    expect(await codeOf({ headers, body: TEXT })).toBe("unsupported_media_type");
  },
);

describe("the content type", () => {
  const code = async (type: string | undefined) => {
    const headers: Record<string, string> = type === undefined ? {} : { "content-type": type };
    // Bytes, because a string as the body brings a type of its own along.
    const request = new Request("http://localhost", { method: "POST", headers, body: Buffer.from("{}") });
    return readBody(request, MIB).then(
      () => "read",
      (thrown: unknown) => Failure.from(thrown).code,
    );
  };

  test.each([
    undefined,
    "application/json",
    "Application/JSON",
    "application/json; charset=utf-8",
    "application/vnd.x.v1+json",
  ])("%j is JSON", async (type) => {
    expect(await code(type)).toBe("read");
  });

  test.each([
    "text/plain",
    "text/plain;charset=UTF-8",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/json",
    "application/jsonx",
    "application/xml",
    "text/plain; application/json",
    "application/json, text/plain",
  ])("%j is refused: a page of any site could send most of these unasked", async (type) => {
    expect(await code(type)).toBe("unsupported_media_type");
  });
});

test("a client that leaves in the middle of its body is a cancelled request, not an error of ours", async () => {
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
  const { promise: result, resolve } = Promise.withResolvers<string>();
  await using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      arrive();
      resolve(await readBody(request, MIB).then(String, (thrown: unknown) => Failure.from(thrown).code));
      return new Response();
    },
  });
  const socket = await Bun.connect({ hostname: "127.0.0.1", port: server.port ?? 0, socket: { data() {} } });
  socket.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{");
  await arrived;
  socket.terminate();
  expect(await result).toBe("cancelled");
});

test("a body that does not arrive in time is no longer waited for", async () => {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  await using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      await readBody(request, MIB, 20).catch(resolve);
      return new Response("too late");
    },
  });
  const line = await dial(Number(server.port));
  line.send("POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\n{");
  expect(await promise).toMatchObject({
    code: "invalid_request",
    message: expect.stringContaining("arrive"),
  });
  line.close();
});
