import { afterEach, describe, expect, test } from "bun:test";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { httpTransport } from "../../src/backends/client.ts";
import type { Transport, UpstreamTimeouts } from "../../src/backends/transport.ts";
import * as faults from "../upstream/faults.ts";
import { BLACK_HOLES, blackHole, refusedUrl } from "../upstream/nowhere.ts";
import {
  type Earlier,
  type Script,
  startUpstream,
  turn,
  type Upstream,
  type Wire,
} from "../upstream/scripted.ts";
import { failureOf, hear, PATIENT, question } from "./scene/hearing.ts";

/** What a test opened, closed after it. */
const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function against(
  script: Script,
  earlier?: Earlier,
): Promise<{ upstream: Upstream; client: Transport }> {
  const upstream = await startUpstream(script, earlier);
  const client = httpTransport({ url: upstream.url });
  opened.push(() => upstream.stop());
  opened.push(() => client.close());
  return { upstream, client };
}

function at(url: string): Transport {
  const client = httpTransport({ url });
  opened.push(() => client.close());
  return client;
}

const patience = (limits: Partial<UpstreamTimeouts>): UpstreamTimeouts => ({ ...PATIENT, ...limits });

const badInOneRead: Script = async (_, wire) => {
  await wire.sseHead();
  await turn();
  await wire.raw("9\r\ndata: 1\n\n\r\nzz\r\n");
};

describe("every byte that arrived before a cut is delivered, then the failure", () => {
  const text = "data: é\n\n".repeat(20_000);
  const bytes = new TextEncoder().encode(text);
  const framed: Record<string, (wire: Wire, data: Uint8Array) => Promise<unknown>> = {
    "a chunked answer": async (wire, data) => {
      await wire.sseHead();
      await wire.chunk(data);
    },
    "an answer with a length": async (wire, data) => {
      await wire.head(200, { "content-length": String(data.length + 1) });
      await wire.raw(data);
    },
  };

  test.each(Object.entries(framed))("%s ended by a FIN in the middle", async (_, send) => {
    const { client } = await against(async (__, wire) => {
      await send(wire, bytes);
      await wire.fin();
    });
    expect(await hear(client)).toMatchObject({ status: 200, text, failed: "upstream_truncated" });
  });

  test.each(Object.entries(framed))("%s ended by a reset in the middle", async (_, send) => {
    const { client } = await against(async (__, wire) => {
      await send(wire, bytes.subarray(0, 1000));
      await turn();
      wire.reset();
    });
    const heard = await hear(client);
    expect(heard.failed).toBe("upstream_truncated");
    expect(heard.text).toBe(new TextDecoder().decode(bytes.subarray(0, 1000), { stream: true }));
  });

  test("an answer without a length is whole after a FIN and cut after a reset", async () => {
    const { client } = await against(async ({ path }, wire) => {
      await wire.head(200);
      await wire.raw("all of it");
      await turn();
      if (path === "/fin") await wire.fin();
      else wire.reset();
    });
    expect(await hear(client, { path: "/fin" })).toMatchObject({ text: "all of it", failed: undefined });
    expect(await hear(client, { path: "/rst" })).toMatchObject({
      text: "all of it",
      failed: "upstream_truncated",
    });
  });

  test("also to a reader who begins long after the cut", async () => {
    const { client } = await against(async (_, wire) => {
      await wire.sseHead();
      for (let n = 0; n < 16; n++) await wire.chunk(bytes);
      await wire.fin();
    });
    const { body } = await client.send(question());
    for (let n = 0; n < 50; n++) await turn();
    let size = 0;
    const reading = (async () => {
      for await (const piece of body) size += piece.length;
    })();
    expect(await failureOf(reading)).toBe("upstream_truncated");
    expect(size).toBe(16 * bytes.length);
  });

  test.each([
    ["bytes that are no HTTP", faults.badChunkSize("data: 1\n\n"), "data: 1\n\n"],
    ["bytes that are no HTTP, in the same read", badInOneRead, "data: 1\n\n"],
    ["a body shorter than its length", faults.shortBody('{"a":1}', 4), '{"a"'],
  ])("%s", async (_, script, before) => {
    const { client } = await against(script);
    const { text: seen, failed } = await hear(client);
    expect(seen).toBe(before);
    expect(failed).toBeOneOf(["upstream_protocol", "upstream_truncated"]);
  });
});

describe("a request that gets no answer says why", () => {
  test("nothing listens", async () => {
    expect(await hear(at(refusedUrl()))).toMatchObject({ failed: "upstream_unreachable" });
  });

  test("the name does not exist", async () => {
    // Longer than a label may be: the system knows without asking anybody.
    expect(await hear(at(`http://${"x".repeat(64)}.invalid`))).toMatchObject({ failed: "upstream_dns" });
  });

  test.if(BLACK_HOLES)("nobody accepts the connection in time", async () => {
    using hole = await blackHole();
    const heard = await hear(at(hole.url), { timeouts: patience({ connect: 30 }) });
    expect(heard).toMatchObject({ status: undefined, failed: "upstream_connect_timeout" });
  });

  test.each(["fin", "reset"] as const)("the connection is closed before the answer (%s)", async (how) => {
    const { upstream, client } = await against(faults.hangsUp(how));
    expect(await hear(client)).toMatchObject({ failed: "upstream_closed" });
    expect(await hear((await against(() => undefined, faults.refusesAfterAccept(how))).client)).toMatchObject(
      {
        failed: "upstream_closed",
      },
    );
    expect(upstream.requests).toHaveLength(1);
  });

  test.each([
    ["another protocol answers", undefined, faults.speaksSsh],
    ["the headers have no end in sight", faults.hugeHead(300_000), undefined],
    ["there are too many headers", faults.hugeHead(300_000, 5_000), undefined],
  ])("%s", async (_, script, earlier) => {
    const { upstream, client } = await against(script ?? (() => undefined), earlier);
    expect(await hear(client)).toMatchObject({ status: undefined, failed: "upstream_protocol" });
    await upstream.closed(0);
  });

  test("the answer is compressed, which nobody asked for", async () => {
    const { client } = await against(faults.gzip({ stream: "data: 1\n\n" }));
    expect(await hear(client)).toMatchObject({ status: undefined, failed: "upstream_bad_response" });
  });

  test("a redirect is not followed: the key stays here", async () => {
    const other = await against(() => undefined);
    const { client } = await against(faults.redirects(other.upstream.url));
    expect(await hear(client)).toMatchObject({ status: 307, failed: undefined });
    expect(other.upstream.connections.opened).toBe(0);
  });
});

describe("silence has a limit", () => {
  test.each<[string, Script]>([
    ["before the head", faults.neverAnswers],
    ["between head and body", (_, wire) => wire.sseHead()],
    ["filled with headers", faults.dribblesHead],
    ["filled with 1xx answers", faults.continuesForever],
  ])("until the first byte of the body: %s", async (_, script) => {
    const { upstream, client } = await against(script);
    const heard = await hear(client, { timeouts: patience({ firstByte: 40 }) });
    expect(heard).toMatchObject({ text: "", failed: "upstream_first_byte_timeout" });
    await upstream.closed(0);
  });

  test("in the middle of the body, however long the first byte may take", async () => {
    const { upstream, client } = await against(faults.stallsAfter(["1", "2"]));
    const heard = await hear(client, { timeouts: patience({ idle: 40 }) });
    expect(heard).toMatchObject({ text: "data: 1\n\ndata: 2\n\n", failed: "upstream_idle_timeout" });
    await upstream.closed(0);
  });

  test("but not when the limit is 0, and not while the reader is slow", async () => {
    const { client } = await against((request, wire) =>
      request.path === "/flood"
        ? faults.floods("x".repeat(1000))(request, wire)
        : faults.stallsAfter(["1"])(request, wire),
    );
    const slow = await client.send(question({ path: "/flood", timeouts: patience({ idle: 20 }) }));
    const patient = await client.send(question({ timeouts: { connect: 0, firstByte: 0, idle: 0 } }));
    // A clock that is no clock: five silences of the same length, one after the other.
    for (let n = 0; n < 5; n++) await hear(client, { timeouts: patience({ idle: 20 }) });
    for await (const bytes of patient.body) {
      expect(Buffer.from(bytes).toString()).toBe("data: 1\n\n");
      break;
    }
    let size = 0;
    for await (const bytes of slow.body) if ((size += bytes.length) > 2_000_000) break;
    expect(size).toBeGreaterThan(2_000_000);
  });
});

describe("an abort closes the connection at once", () => {
  const deaf: Earlier = { headed: () => new Promise(() => undefined) };
  test.each<[string, Script, Earlier | undefined]>([
    ["before the request was read", () => undefined, deaf],
    ["while nothing has come", faults.neverAnswers, undefined],
    ["after the head", (_, wire) => wire.sseHead(), undefined],
    ["in the body", faults.stallsAfter(["1"]), undefined],
    ["while the reader is slow", faults.floods("x".repeat(1000)), undefined],
  ])("%s", async (_, script, earlier) => {
    const { upstream, client } = await against(script, earlier);
    const control = new AbortController();
    const body = [new Uint8Array(100)];
    const heard = failureOf(
      client.send(question({ signal: control.signal, body })).then(async (response) => {
        for (let n = 0; n < 10; n++) await turn();
        control.abort();
        for await (const _ of response.body);
      }),
    );
    for (let n = 0; n < 30; n++) await turn();
    control.abort();
    expect(await heard).toBe("cancelled");
    expect(await upstream.closed(0)).toBe("client reset");
  });

  test("before anything was done", async () => {
    const { upstream, client } = await against(() => undefined);
    expect(await hear(client, { signal: AbortSignal.abort() })).toMatchObject({ failed: "cancelled" });
    expect(upstream.connections.opened).toBe(0);
  });

  test.if(BLACK_HOLES)("while it is being opened", async () => {
    using hole = await blackHole();
    const control = new AbortController();
    const heard = hear(at(hole.url), { signal: control.signal });
    await turn();
    control.abort();
    expect(await heard).toMatchObject({ failed: "cancelled" });
  });

  test("as soon as it stands, if that is later", async () => {
    const { upstream, client } = await against(() => undefined);
    const control = new AbortController();
    const heard = hear(client, { signal: control.signal });
    control.abort();
    expect(await heard).toMatchObject({ failed: "cancelled" });
    expect(await upstream.closed(0)).not.toBe("closed here");
    expect(upstream.requests).toHaveLength(0);
  });

  test("and after the end it changes nothing: the connection serves on", async () => {
    const { upstream, client } = await against((_, wire) => wire.json(200, 1));
    const control = new AbortController();
    await hear(client, { signal: control.signal });
    control.abort();
    expect(await hear(client)).toMatchObject({ text: "1" });
    expect(upstream.connections.opened).toBe(1);
  });
});

describe("a request arrives as it was meant", () => {
  test("with the headers that every server needs, and none twice", async () => {
    const { upstream, client } = await against((_, wire) => wire.json(200, 1));
    const headers = { Authorization: "Bearer k", "User-Agent": "mine", "accept-encoding": "gzip" };
    await hear(client, { path: "/v1/chat?a=b", headers, body: [Buffer.from("{"), Buffer.from("}")] });
    await hear(client, { method: "GET", headers: { "content-type": "text/plain" } });
    const [post, get] = upstream.requests;
    expect([post?.method, post?.path, post?.version]).toEqual(["POST", "/v1/chat?a=b", "HTTP/1.1"]);
    expect(post?.headers).toEqual([
      ["host", `127.0.0.1:${upstream.port}`],
      ["accept-encoding", "identity"],
      ["Authorization", "Bearer k"],
      ["User-Agent", "mine"],
      ["content-type", "application/json"],
      ["content-length", "2"],
    ]);
    expect(post?.text()).toBe("{}");
    expect(get?.headers.map(([name]) => name)).toEqual([
      "host",
      "accept-encoding",
      "content-type",
      "user-agent",
    ]);
  });

  test("below the path of the backend's address", async () => {
    const { upstream } = await against((_, wire) => wire.json(200, 1));
    await hear(at(`${upstream.url}/api/openai`), { path: "/v1/models" });
    expect(upstream.requests[0]?.path).toBe("/api/openai/v1/models");
    expect(upstream.requests[0]?.header("content-length")).toBe("0");
  });

  test.each([
    { headers: { a: "b\r\nevil: 1" } },
    { headers: { a: "b\nevil: 1" } },
    { headers: { a: "b\rc" } },
    { headers: { a: "b\0" } },
    { headers: { a: "b\u010aevil: 1" } },
    { headers: { "a\r\nevil": "1" } },
    { headers: { "a b": "1" } },
    { headers: { "": "1" } },
    { headers: { "Content-Length": "7" } },
    { headers: { "transfer-encoding": "chunked" } },
    { headers: { host: "elsewhere" } },
    { path: "/a b" },
    { path: "/a\r\nevil: 1" },
    { path: "/\u010a" },
    { path: "a" },
  ])("or not at all, if it would say more than was meant: %j", async (parts) => {
    const { upstream, client } = await against((_, wire) => wire.json(200, 1));
    expect(await hear(client, parts)).toMatchObject({ failed: "internal_error" });
    expect(upstream.connections.opened).toBe(0);
  });

  test("10 MB in pieces", async () => {
    const { upstream, client } = await against((_, wire) => wire.json(200, 1));
    const pieces = [1, 100_000, 0, 5_000_000, 17, 4_899_982].map((size, n) => Buffer.alloc(size, `${n}`));
    expect(await hear(client, { body: pieces })).toMatchObject({ text: "1" });
    const sent = new Bun.CryptoHasher("sha256").update(Buffer.concat(pieces)).digest("hex");
    const body = upstream.requests[0]?.body ?? "";
    expect(new Bun.CryptoHasher("sha256").update(body).digest("hex")).toBe(sent);
  });

  test("and an answer that comes before all was sent is read, and the connection not used again", async () => {
    const gone = Promise.withResolvers<void>();
    const server = createServer({ pauseOnConnect: true }, (socket) => {
      socket.on("error", () => undefined).on("close", () => gone.resolve());
      socket.write("HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nbig", () => socket.resume());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    opened.push(() => server.close());
    const client = at(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    expect(await hear(client, { body: [Buffer.alloc(32_000_000)] })).toMatchObject({
      status: 413,
      text: "big",
    });
    await gone.promise;
  });
});

describe("an address", () => {
  const answers = {
    data: (socket: { end(data: string): unknown }) =>
      void socket.end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"),
  };
  const hasIpv6 = (() => {
    try {
      Bun.listen({ hostname: "::1", port: 0, socket: answers }).stop(true);
      return true;
    } catch {
      return false;
    }
  })();

  test.each([
    ["127.0.0.1", "localhost"],
    ...(hasIpv6 ? [["::1", "[::1]"] as const, ["::1", "localhost"] as const] : []),
  ])("%s is reached as %s", async (hostname, name) => {
    const listener = Bun.listen({ hostname, port: 0, socket: answers });
    opened.push(() => listener.stop(true));
    expect(await hear(at(`http://${name}:${listener.port}`))).toMatchObject({ text: "ok" });
  });
});
