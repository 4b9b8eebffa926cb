import { describe, expect, test } from "bun:test";
import { dial, get } from "./dial.ts";
import { inTurn, type Script, startUpstream, turn } from "./scripted.ts";

const hello: Script = (_, wire) => wire.json(200, { hello: "you" });
const HELLO = '{"hello":"you"}';

/** Reads one answer with a `content-length` off the line. */
async function answer(line: Awaited<ReturnType<typeof dial>>): Promise<string | undefined> {
  let length = 0;
  for (let header = await line.line(); header; header = await line.line()) {
    if (header.startsWith("content-length: ")) length = Number(header.slice(16));
  }
  return line.bytes(length);
}

describe("what the upstream receives", () => {
  test("a request is kept as it came: headers in order and spelling, body, connection, turn", async () => {
    await using upstream = await startUpstream(hello);
    const line = await dial(upstream.port);
    line.send(
      'POST /v1/x?y=1 HTTP/1.1\r\nHOST: a\r\nx-Two: 1\r\nContent-Length: 8\r\nX-two: 2\r\n\r\n{"ü":1}',
    );
    const request = await upstream.nextRequest();
    expect(request).toMatchObject({ method: "POST", path: "/v1/x?y=1", connection: 0, turn: 0 });
    expect(request.headers.map(([name]) => name)).toEqual(["HOST", "x-Two", "Content-Length", "X-two"]);
    expect(request.header("X-TWO")).toBe("1, 2");
    expect(request.header("x-three")).toBeUndefined();
    expect(request.json()).toEqual({ ü: 1 });
  });

  test("a request means the same in any slicing, with a length and in chunks", async () => {
    await using upstream = await startUpstream(hello);
    const bodies = [
      "Content-Length: 5\r\n\r\nabcde",
      "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n",
    ];
    for (const body of bodies) {
      const bytes = `POST / HTTP/1.1\r\n${body}`;
      for (const size of [1, 7, bytes.length]) {
        const line = await dial(upstream.port);
        for (let at = 0; at < bytes.length; at += size) {
          line.send(bytes.slice(at, at + size));
          await turn();
        }
        expect((await upstream.nextRequest()).text()).toBe("abcde");
        line.close();
      }
    }
  });

  test("requests are handed out once each, in order, also to those who asked before they came", async () => {
    await using upstream = await startUpstream(hello);
    const [first, second] = [upstream.nextRequest(), upstream.nextRequest()];
    await fetch(`${upstream.url}/1`);
    await fetch(`${upstream.url}/2`);
    expect([(await first).path, (await second).path]).toEqual(["/1", "/2"]);
    expect(upstream.requests).toHaveLength(2);
  });

  test("what is no HTTP, and what a script throws, fails the test that stops the upstream", async () => {
    const upstream = await startUpstream(hello);
    const line = await dial(upstream.port);
    line.send("nonsense\r\n");
    expect(await line.over).toBe("ECONNRESET");
    await expect(upstream.stop()).rejects.toThrow("not a request line");

    const throwing = await startUpstream(() => {
      throw new Error("the script's own fault");
    });
    await expect(fetch(throwing.url)).rejects.toThrow();
    await expect(throwing.stop()).rejects.toThrow("the script's own fault");
  });
});

describe("connections", () => {
  test("keep-alive is honoured: requests of one connection are answered in turn, also pipelined ones", async () => {
    await using upstream = await startUpstream((request, wire) => wire.json(200, request.turn));
    const line = await dial(upstream.port);
    line.send(get("/a"));
    expect(await answer(line)).toBe("0");
    line.send(get("/b") + get("/c"));
    expect([await answer(line), await answer(line)]).toEqual(["1", "2"]);
    expect(upstream.connections).toEqual({ opened: 1, open: 1, closedByPeer: 0 });
  });

  test("a client that asks to close gets its answer, then the close", async () => {
    await using upstream = await startUpstream(hello);
    const line = await dial(upstream.port);
    line.send(get("/", "Connection: close"));
    expect(await answer(line)).toBe(HELLO);
    expect(await line.over).toBe("end");
  });

  test("a promised length completes the answer, written in any number of pieces", async () => {
    await using upstream = await startUpstream(async (_, wire) => {
      await wire.head(200, { "content-length": "4" });
      await wire.raw("ab");
      await wire.raw("cd");
    });
    for (const path of ["/1", "/2"]) expect(await (await fetch(upstream.url + path)).text()).toBe("abcd");
    expect(upstream.requests.map(({ turn }) => turn)).toEqual([0, 1]);
  });

  test("a script that returns without an answer is a hung server, until the client leaves", async () => {
    await using upstream = await startUpstream(() => undefined);
    const leaving = await dial(upstream.port);
    leaving.send(get("/") + get("/waits-for-the-first"));
    await upstream.nextRequest();
    await turn();
    expect(upstream.requests).toHaveLength(1);
    expect(upstream.connections.open).toBe(1);
    leaving.close();
    expect(await upstream.closed(0)).toBe("client closed");

    const resetting = await dial(upstream.port);
    resetting.send(get("/"));
    await upstream.nextRequest();
    resetting.reset();
    expect(await upstream.closed(1)).toBe("client reset");
    expect(upstream.connections).toEqual({ opened: 2, open: 0, closedByPeer: 2 });
  });

  test("a script learns that its client left, and writing to nobody is false, not an error", async () => {
    const { promise: seen, resolve } = Promise.withResolvers<unknown>();
    await using upstream = await startUpstream(async (_, wire) => {
      await wire.sseHead();
      const ending = await wire.peerClosed;
      resolve([ending, wire.gone, await wire.chunk("data: late\n\n")]);
    });
    const abort = new AbortController();
    await fetch(upstream.url, { signal: abort.signal });
    abort.abort();
    expect(await seen).toEqual([expect.stringContaining("client"), true, false]);
  });

  test("stopping ends every connection and frees the port", async () => {
    const upstream = await startUpstream(() => undefined);
    const line = await dial(upstream.port);
    line.send(get("/"));
    await upstream.nextRequest();
    await upstream.stop();
    expect(await line.over).toBe("ECONNRESET");
    expect(await upstream.closed(0)).toBe("closed here");
    await expect(dial(upstream.port)).rejects.toThrow();
  });

  test("scripts can take turns, the last one for good", async () => {
    await using upstream = await startUpstream(inTurn((_, wire) => wire.json(503, "no"), hello));
    const statuses = [await fetch(upstream.url), await fetch(upstream.url), await fetch(upstream.url)];
    expect(statuses.map(({ status }) => status)).toEqual([503, 200, 200]);
  });
});

describe("how bytes leave", () => {
  test("slices reach the reader one by one", async () => {
    const text = "0123456789".repeat(20);
    await using upstream = await startUpstream(async (_, wire) => {
      await wire.slices(text, 3);
      await wire.fin();
    });
    const line = await dial(upstream.port);
    line.send(get("/"));
    expect(await line.over).toBe("end");
    expect(line.reads.join("")).toBe(text);
    expect(line.reads).toHaveLength(Math.ceil(text.length / 3));
  });

  test("a reset is a real one: both the socket and fetch see ECONNRESET", async () => {
    await using upstream = await startUpstream(async (_, wire) => {
      await wire.sseHead();
      await wire.chunk("data: 1\n\n");
      await turn();
      wire.reset();
    });
    const line = await dial(upstream.port);
    line.send(get("/"));
    expect(await line.over).toBe("ECONNRESET");
    expect(line.reads.join("")).toEndWith("data: 1\n\n\r\n");
    await expect(fetch(upstream.url).then((response) => response.text())).rejects.toMatchObject({
      code: "ECONNRESET",
    });
  });

  test("an orderly close is one even while the client still sends", async () => {
    await using upstream = await startUpstream(hello, {
      headed: async (_, wire) => {
        await wire.json(413, {});
        await wire.fin();
      },
    });
    const line = await dial(upstream.port);
    line.send("POST / HTTP/1.1\r\nContent-Length: 3000000\r\n\r\n");
    line.send(new Uint8Array(1_000_000));
    expect(await answer(line)).toBe("{}");
    expect(await line.over).toBe("end");
    expect(upstream.requests).toHaveLength(0);
  });

  test("an answer waits for a slow reader, and goes on when it reads", async () => {
    const size = 16 * 1024 * 1024;
    let writing: { sent: number } = { sent: 0 };
    await using upstream = await startUpstream(async (_, wire) => {
      writing = wire;
      await wire.head(200, { "content-length": String(size) });
      await wire.raw(new Uint8Array(size));
    });
    const response = await fetch(upstream.url);
    for (let before = -1; before !== writing.sent; await turn()) before = writing.sent;
    expect(writing.sent).toBeLessThan(size);
    expect((await response.bytes()).length).toBe(size);
  });
});
