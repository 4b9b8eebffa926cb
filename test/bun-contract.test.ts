/**
 * Facts about Bun and Elysia that this program is built on. None of them is ours to change: when one of these tests
 * fails after an upgrade, the code that relies on the fact has to be looked at, not the test.
 */
import { afterEach, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, type Server, type Socket, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  brotliCompressSync,
  brotliDecompressSync,
  gunzipSync,
  gzipSync,
  zstdCompressSync,
  zstdDecompressSync,
} from "node:zlib";
import { Elysia } from "elysia";

/** What a test opened, closed after it in reverse order. */
const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

describe("process", () => {
  test.skipIf(process.platform === "win32")(
    "execve replaces the program and keeps the process id",
    async () => {
      const script = `
      if (process.env.SECOND) console.log(process.pid, process.argv.at(-1));
      else process.execve(process.execPath, [process.argv0, "-e", process.env.SCRIPT, "x"], { ...process.env, SECOND: "1" });`;
      const child = Bun.spawn([process.execPath, "-e", script], { env: { ...process.env, SCRIPT: script } });
      expect(await child.stdout.text()).toBe(`${child.pid} x\n`);
    },
  );

  test("the limit of requests that fetch may have open is read from the environment at the start", async () => {
    const wanted = 300; // above the default of 256
    const all = Promise.withResolvers<void>();
    let open = 0;
    const server = serve(async () => {
      if (++open === wanted) all.resolve();
      await all.promise;
      return new Response("ok");
    });
    const script = `await Promise.all(Array.from({ length: ${wanted} }, () => fetch("${server.url}")));`;
    const env = { ...process.env, BUN_CONFIG_MAX_HTTP_REQUESTS: String(wanted) };
    const child = Bun.spawn([process.execPath, "-e", script], { env, stderr: "inherit" });
    expect(await child.exited).toBe(0);
  });
});

describe("Bun.serve", () => {
  test("headers leave with the first write of a direct stream, not before", async () => {
    const start = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const server = serve(
      () =>
        new Response(
          new ReadableStream({
            type: "direct",
            async pull(controller) {
              await start.promise;
              await controller.write(": ok\n\n");
              await controller.flush();
              await finish.promise;
              controller.close();
            },
          }),
        ),
    );
    const client = await get(server.port);
    await client.until("HTTP/1.1 200 OK\r\n");
    expect(client.text).not.toContain("\r\n\r\n");
    start.resolve();
    await client.until("\r\n\r\n6\r\n: ok\n\n\r\n");
    finish.resolve();
    await client.until("\r\n0\r\n\r\n");
  });

  test.each([
    ["a pull stream", `{ start: (c) => c.enqueue("a"), pull: fail }`],
    [
      "a direct stream",
      `{ type: "direct", async pull(c) { await c.write("a"); await c.flush(); await fail(); } }`,
    ],
  ])("%s that throws cuts the connection without a clean end", async (_, source) => {
    const port = await serveElsewhere(`
      const fail = () => Bun.sleep(5).then(() => { throw new Error(); });
      const fetch = () => new Response(new ReadableStream(${source}));
      const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch });`);
    const client = await get(port);
    await client.closed;
    expect(client.text).toEndWith("\r\n\r\n1\r\na\r\n");
  });

  test("request.signal fires when the client leaves, while the handler waits and while it streams", async () => {
    const gone = Promise.withResolvers<string[]>();
    const seen: string[] = [];
    const server = serve((request) => {
      const streams = new URL(request.url).pathname === "/stream";
      request.signal.addEventListener("abort", () => {
        seen.push(streams ? "stream" : "wait");
        if (seen.length === 2) gone.resolve(seen.sort());
      });
      if (!streams) return new Promise<Response>(() => {});
      return new Response(new ReadableStream({ start: (controller) => controller.enqueue("a") }));
    });
    const streaming = await get(server.port, "/stream");
    await streaming.until("a");
    const waiting = await get(server.port, "/wait");
    waiting.socket.end();
    streaming.socket.terminate();
    expect(await gone.promise).toEqual(["stream", "wait"]);
  });

  test("a handler may switch the idle timeout off for its own request", async () => {
    const server = serve((request, self) => {
      self.timeout(request, 0);
      return new Response("ok");
    });
    expect(await (await fetch(server.url)).text()).toBe("ok");
  });

  test("the idle timeout is at most 255 seconds", () => {
    const start = (idleTimeout: number) =>
      Bun.serve({ port: 0, idleTimeout, fetch: () => new Response() }).stop(true);
    expect(() => start(255)).not.toThrow();
    expect(() => start(256)).toThrow("idleTimeout");
  });
});

describe("Bun.connect", () => {
  const SIZE = 1 << 20;
  const payload = Buffer.alloc(SIZE, "0123456789abcdef\n");

  test.each([
    ["FIN", false],
    ["FIN", true],
    ["RST", false],
    ["RST", true],
  ])("delivers every byte that arrived before a %s, in order (paused meanwhile: %p)", async (end, paused) => {
    // Small enough to be in the client's kernel before the end follows in the same breath: the hardest case.
    const message = payload.subarray(0, 1 << 16);
    const ended = Promise.withResolvers<void>();
    const port = await listen((socket) => {
      socket.on("error", () => {});
      socket.write(message);
      if (end === "FIN") socket.end(ended.resolve);
      else ended.resolve(void socket.resetAndDestroy());
    });
    const received: Buffer[] = [];
    const closed = Promise.withResolvers<Error | undefined>();
    const socket = await Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        open: (self) => void (paused && self.pause()),
        data: (_, bytes) => void received.push(Buffer.from(bytes)),
        close: (_, error) => closed.resolve(error),
        error: () => {},
      },
    });
    await ended.promise;
    if (paused) socket.resume();
    const error = await closed.promise;
    expect(Buffer.concat(received).equals(message)).toBe(true);
    expect(error).toEqual(end === "RST" ? expect.objectContaining({ code: "ECONNRESET" }) : undefined);
  });

  test("a paused socket holds the sender back, and loses nothing when it goes on", async () => {
    const total = 64 * SIZE; // far more than the kernel's buffers hold
    const held = Promise.withResolvers<void>();
    let sent = 0;
    const port = await listen((socket) => {
      const send = () => {
        while (sent < total) {
          sent += SIZE;
          if (!socket.write(payload)) break;
        }
        if (sent < total) socket.once("drain", send);
        else socket.end();
      };
      send();
      setTimeout(held.resolve, 50); // nothing tells that no drain comes: give it every chance to
    });
    let received = 0;
    const closed = Promise.withResolvers<void>();
    const socket = await Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        open: (self) => void self.pause(),
        data: (_, bytes) => void (received += bytes.length),
        close: () => closed.resolve(),
      },
    });
    await held.promise;
    expect(received).toBe(0);
    expect(sent).toBeLessThan(total);
    socket.resume();
    await closed.promise;
    expect(received).toBe(total);
  });

  test("write says how many bytes it took, and drain when it takes more", async () => {
    const total = 32 * SIZE;
    const taken = Promise.withResolvers<void>();
    const done = Promise.withResolvers<number>();
    const port = await listen((socket) => {
      let received = 0;
      socket.pause();
      taken.promise.then(() => socket.resume());
      socket.on("data", (bytes) => (received += bytes.length) === total && done.resolve(received));
    });
    const message = Buffer.alloc(total, "x");
    let at = 0;
    let drains = 0;
    const send = (socket: { write(data: Uint8Array): number }) =>
      void (at += socket.write(message.subarray(at)));
    const socket = await Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: { open: send, drain: (self) => (drains++, send(self)), data: () => {} },
    });
    expect(at).toBeLessThan(total);
    taken.resolve();
    expect(await done.promise).toBe(total);
    expect(at).toBe(total);
    expect(drains).toBeGreaterThan(0);
    socket.end();
  });
});

describe.skipIf(!Bun.which("openssl"))("Bun.connect with TLS", () => {
  let key = "";
  let cert = "";
  beforeAll(() => {
    const folder = mkdtempSync(join(tmpdir(), "fairlead-tls-"));
    const line = "req -x509 -newkey rsa:2048 -nodes -days 2 -keyout key -out cert -subj /CN=localhost";
    Bun.spawnSync(["openssl", ...line.split(" ")], { cwd: folder, stderr: "ignore" });
    key = readFileSync(join(folder, "key"), "utf8");
    cert = readFileSync(join(folder, "cert"), "utf8");
    rmSync(folder, { recursive: true, force: true });
  });

  const handshake = async (tls: Bun.TLSOptions & { serverName?: string }): Promise<string | undefined> => {
    const server = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      tls: { key, cert },
      socket: { data: () => {}, error: () => {} },
    });
    opened.push(() => server.stop(true));
    const result = Promise.withResolvers<string | undefined>();
    const socket = await Bun.connect({
      hostname: "127.0.0.1",
      port: server.port,
      tls,
      socket: {
        handshake: (_, __, error) => result.resolve((error as (Error & { code?: string }) | null)?.code),
        data: () => {},
        error: () => {},
      },
    });
    opened.push(() => socket.terminate());
    return await result.promise;
  };

  test("the handshake says that a certificate is not trusted", async () => {
    expect(await handshake({ serverName: "localhost" })).toBe("DEPTH_ZERO_SELF_SIGNED_CERT");
  });

  test("and trusts one that the caller named as an authority", async () => {
    expect(await handshake({ serverName: "localhost", ca: cert })).toBeUndefined();
  });
});

describe("node:zlib", () => {
  const bomb = Buffer.alloc(1 << 20);
  test.each([
    ["gunzip", gzipSync(bomb), gunzipSync],
    ["brotli", brotliCompressSync(bomb), brotliDecompressSync],
    ["zstd", zstdCompressSync(bomb), zstdDecompressSync],
  ])("%s stops at maxOutputLength", (_, packed, unpack) => {
    expect(unpack(packed, { maxOutputLength: bomb.length })).toHaveLength(bomb.length);
    expect(() => unpack(packed, { maxOutputLength: bomb.length - 1 })).toThrow(/larger than/);
  });
});

describe("Elysia", () => {
  test("routes wrongly for a short host name unless standardHostname is off", async () => {
    const ask = (standardHostname: boolean) =>
      new Elysia({ handler: { standardHostname } })
        .get("/v1/models/*", ({ params }) => params["*"])
        .get("/*", () => "elsewhere")
        .handle(new Request("http://ai/v1/models/a/b"))
        .then((response) => response.text());
    expect(await ask(false)).toBe("a/b");
    expect(await ask(true)).toBe("elsewhere");
  });

  test("a generator handler that throws looks like a complete answer: never use one", async () => {
    const port = await serveElsewhere(`
      import { Elysia } from "elysia";
      const app = new Elysia().get("/", async function* () { yield "a"; throw new Error("upstream died"); });
      const { server } = app.listen({ port: 0, hostname: "127.0.0.1" });`);
    const response = await fetch(`http://127.0.0.1:${port}`);
    expect([response.status, await response.text()]).toEqual([200, "a"]);
  });

  test("answers a body over maxRequestBodySize by itself, with a bare 413", async () => {
    let called = false;
    const app = new Elysia({ serve: { maxRequestBodySize: 10 } }).post("/", () => {
      called = true;
    });
    const response = await fetch(`http://127.0.0.1:${start(app)}`, { method: "POST", body: "x".repeat(11) });
    expect([response.status, await response.text(), called]).toEqual([413, "", false]);
  });

  test("shares a port with another process in silence unless reusePort is off", () => {
    const exclusive = () => new Elysia({ serve: { reusePort: false } });
    const port = start(exclusive());
    expect(() => start(exclusive(), port)).toThrow(expect.objectContaining({ code: "EADDRINUSE" }));
  });
});

type Handler = (request: Request, server: Bun.Server<undefined>) => Response | Promise<Response>;

function serve(fetch: Handler): { port: number; url: string } {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    development: false,
    fetch,
    error: () => new Response(),
  });
  opened.push(() => server.stop(true));
  return { port: server.port ?? 0, url: server.url.href };
}

/** A server in a process of its own, for faults that the runtime prints to stderr and nothing can stop it from doing. */
async function serveElsewhere(script: string): Promise<number> {
  const child = Bun.spawn([process.execPath, "-e", `${script}\nprocess.stdout.write(String(server.port));`], {
    cwd: import.meta.dir,
    stdout: "pipe",
    stderr: "ignore",
  });
  opened.push(() => child.kill());
  const { value } = await child.stdout.getReader().read();
  return Number(Buffer.from(value ?? []).toString());
}

function start(app: { listen(options: object): { server: Bun.Server<unknown> | null } }, port = 0): number {
  const { server } = app.listen({ hostname: "127.0.0.1", port });
  opened.push(() => server?.stop(true));
  return server?.port ?? 0;
}

async function listen(connection: (socket: Socket) => void): Promise<number> {
  const server: Server = createServer(connection);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  opened.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** A GET over a plain socket: what a client sees byte by byte. Resolves once the request is written. */
async function get(port: number, path = "/") {
  const closed = Promise.withResolvers<void>();
  let changed = Promise.withResolvers<void>();
  const client = {
    text: "",
    closed: closed.promise,
    async until(part: string): Promise<void> {
      while (!client.text.includes(part)) await changed.promise;
    },
    socket: await Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        open: (socket) => void socket.write(`GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`),
        data(_, bytes) {
          client.text += bytes.toString("latin1");
          changed.resolve();
          changed = Promise.withResolvers();
        },
        close: () => closed.resolve(),
        error: () => {},
      },
    }),
  };
  opened.push(() => client.socket.terminate());
  return client;
}
