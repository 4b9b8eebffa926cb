import { afterEach, describe, expect, spyOn, test } from "bun:test";
import { join } from "node:path";
import { type HttpTransportOptions, httpTransport } from "../../src/backends/client.ts";
import type { Transport } from "../../src/backends/transport.ts";
import * as faults from "../upstream/faults.ts";
import { inTurn, type Script, startUpstream, turn, type Upstream } from "../upstream/scripted.ts";
import { failureOf, hear, question } from "./scene/hearing.ts";

/** What a test opened, closed after it. */
const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function against(
  script: Script,
  options: Partial<HttpTransportOptions> = {},
): Promise<{ upstream: Upstream; client: Transport }> {
  const upstream = await startUpstream(script);
  const client = httpTransport({ url: upstream.url, ...options });
  opened.push(() => upstream.stop());
  opened.push(() => client.close());
  return { upstream, client };
}

async function turns(count: number): Promise<void> {
  for (let n = 0; n < count; n++) await turn();
}

const json: Script = (_, wire) => wire.json(200, { ok: true });
const stream: Script = (_, wire) => wire.sse(["1", "2", "[DONE]"]);
const JSON_TEXT = '{"ok":true}';
const STREAM_TEXT = "data: 1\n\ndata: 2\n\ndata: [DONE]\n\n";

describe("a connection is used again", () => {
  test.each([
    ["after a document", json, JSON_TEXT],
    ["after a stream", stream, STREAM_TEXT],
    ["after an answer without content", (_, wire) => wire.head(204), ""],
  ] satisfies [string, Script, string][])("%s", async (_, script, text) => {
    const { upstream, client } = await against(async (request, wire) => {
      await script(request, wire);
      wire.complete();
    });
    for (let n = 0; n < 50; n++) expect((await hear(client)).text).toBe(text);
    expect(upstream.connections.opened).toBe(1);
  });

  test("also when the reader left with only the end of the answer missing", async () => {
    const end = Promise.withResolvers<void>();
    const { upstream, client } = await against(
      inTurn(async (_, wire) => {
        await wire.sseHead();
        await wire.chunk("data: [DONE]\n\n");
        await end.promise;
        await wire.lastChunk();
      }, json),
    );
    for await (const _ of (await client.send(question())).body) break;
    end.resolve();
    await turns(5);
    expect(await hear(client)).toMatchObject({ text: JSON_TEXT });
    expect(upstream.connections).toMatchObject({ opened: 1 });
  });

  test("by as many requests at a time as there are connections", async () => {
    const { upstream, client } = await against(json);
    for (let round = 0; round < 5; round++) {
      await Promise.all(Array.from({ length: 20 }, () => hear(client)));
    }
    expect(upstream.connections.opened).toBe(20);
  });
});

describe("a connection is not used again", () => {
  test.each<[string, Script]>([
    ["when the server says that it closes it", (_, wire) => wire.json(200, 1, { connection: "close" })],
    [
      "when the server keeps idle ones only for a moment",
      (_, wire) => wire.json(200, 1, { "keep-alive": "timeout=1" }),
    ],
    ["after bytes behind the end of the answer", faults.trailingBytes(["1"], "HTTP/1.1 200 OK\r\n\r\n")],
    [
      "after an answer in HTTP/1.0",
      async (_, wire) => {
        await wire.raw("HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok");
        wire.complete();
      },
    ],
  ])("%s", async (_, script) => {
    const { upstream, client } = await against(script);
    for (let n = 1; n <= 3; n++) {
      expect(await hear(client)).toMatchObject({ status: 200, failed: undefined });
      expect(upstream.connections.opened).toBe(n);
      await upstream.closed(n - 1);
    }
  });

  test("when bytes came that nobody had asked for", async () => {
    const { upstream, client } = await against(async (_, wire) => {
      await wire.json(200, 1);
      await turns(3);
      await wire.raw("HTTP/1.1 408 Request Timeout\r\n\r\n");
    });
    expect(await hear(client)).toMatchObject({ text: "1" });
    expect(await upstream.closed(0)).not.toBe("closed here");
    expect(await hear(client)).toMatchObject({ text: "1" });
    expect(upstream.connections.opened).toBe(2);
  });

  test.each<[string, Script]>([
    ["an answer that goes on", faults.floods("x")],
    ["an answer that has fallen silent", faults.stallsAfter(["1"])],
  ])("when its reader left in the middle of %s: it is closed", async (_, script) => {
    const { upstream, client } = await against(script);
    for await (const _ of (await client.send(question())).body) break;
    expect(await upstream.closed(0)).not.toBe("closed here");
  });

  test("when it has waited too long: it is closed, without a request to notice it", async () => {
    const { upstream, client } = await against(json, { idleLimit: 20 });
    await hear(client);
    expect(await upstream.closed(0)).toBe("client closed");
    await Promise.all([hear(client), hear(client), hear(client)]);
    await Promise.all([upstream.closed(1), upstream.closed(2), upstream.closed(3)]);
  });

  test("when the transport was closed, but the answer under way is read to its end", async () => {
    const go = Promise.withResolvers<void>();
    const { upstream, client } = await against(inTurn(json, json, faults.after(go.promise, stream)));
    await Promise.all([hear(client), hear(client)]);
    const last = hear(client);
    await turns(3);
    client.close();
    go.resolve();
    expect(await last).toMatchObject({ text: STREAM_TEXT, failed: undefined });
    expect(await Promise.all([upstream.closed(0), upstream.closed(1)])).toEqual([
      "client closed",
      "client closed",
    ]);
  });
});

describe("a server that gives its connections up", () => {
  test.each([
    ["documents", json, JSON_TEXT],
    ["streams", stream, STREAM_TEXT],
  ])("after promising to keep them is no error: 500 %s back to back", async (_, script, text) => {
    // At once, and just before or after the next request is on its way.
    const { upstream, client } = await against(async (request, wire) => {
      await script(request, wire);
      await turns(Number(request.text()) % 3);
      await wire.fin();
    });
    for (let n = 0; n < 500; n++) {
      const { text: seen, failed } = await hear(client, { body: [Buffer.from(`${n}`)] });
      expect({ n, seen, failed }).toEqual({ n, seen: text, failed: undefined });
    }
    expect(upstream.requests.map((request) => Number(request.text()))).toEqual([...Array(500).keys()]);
  });

  test.each(["fin", "reset"] as const)(
    "as the next request arrives (%s) is asked once more, on a new one",
    async (how) => {
      const { upstream, client } = await against(faults.betraysReuse(json, how));
      expect(await hear(client)).toMatchObject({ text: JSON_TEXT });
      expect(await hear(client)).toMatchObject({ text: JSON_TEXT });
      expect(upstream.requests.map(({ connection, turn: n }) => [connection, n])).toEqual([
        [0, 0],
        [0, 1],
        [1, 0],
      ]);
    },
  );

  test("in a moment when many are unused is asked once more on a new one, not on the next of them", async () => {
    const { upstream, client } = await against(faults.betraysReuse(json, "reset"));
    await Promise.all([hear(client), hear(client), hear(client)]);
    expect(await hear(client)).toMatchObject({ text: JSON_TEXT });
    expect(upstream.requests).toHaveLength(5);
  });

  test("and dies on the new one too is not asked a third time", async () => {
    const { upstream, client } = await against(inTurn(json, faults.hangsUp("reset")));
    await hear(client);
    expect(await hear(client)).toMatchObject({ failed: "upstream_closed" });
    expect(upstream.requests).toHaveLength(3);
  });
});

describe("a request that may have been carried out is not sent again", () => {
  test("when the connection was new", async () => {
    const { upstream, client } = await against(faults.hangsUp("reset"));
    expect(await hear(client)).toMatchObject({ failed: "upstream_closed" });
    expect(upstream.requests).toHaveLength(1);
  });

  test("when the connection died later than the limit", async () => {
    const { upstream, client } = await against(faults.betraysReuse(json, "fin"), { staleAfter: 0 });
    await hear(client);
    expect(await hear(client)).toMatchObject({ failed: "upstream_closed" });
    expect(upstream.requests).toHaveLength(2);
  });

  test.each(["H", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 100 Continue\r\n\r\n"])(
    "after %j of an answer",
    async (bytes) => {
      const { upstream, client } = await against(
        inTurn(json, async (_, wire) => {
          await wire.raw(bytes);
          await wire.fin();
        }),
      );
      await hear(client);
      expect(await hear(client)).toMatchObject({ status: undefined, failed: "upstream_truncated" });
      expect(upstream.requests).toHaveLength(2);
    },
  );

  test("when the client left", async () => {
    const { upstream, client } = await against(inTurn(json, faults.neverAnswers));
    await hear(client);
    const control = new AbortController();
    const second = failureOf(client.send(question({ signal: control.signal })));
    await upstream.nextRequest();
    await upstream.nextRequest();
    control.abort();
    expect(await second).toBe("cancelled");
    expect(upstream.requests).toHaveLength(2);
  });
});

describe("many requests", () => {
  test("1,000 at a time get each its own answer", async () => {
    const all = Promise.withResolvers<void>();
    const { upstream, client } = await against(async (request, wire) => {
      const text = request.text();
      await all.promise;
      return text.endsWith("0") ? wire.sse([text]) : wire.json(200, Number(text));
    });
    const asked: ReturnType<typeof hear>[] = [];
    while (asked.length < 1_000) {
      // In groups that fit the queue of a listening socket; the answers wait until all are there.
      for (let n = 0; n < 250; n++) asked.push(hear(client, { body: [Buffer.from(`${asked.length}`)] }));
      while (upstream.requests.length < asked.length) await turn();
    }
    expect(upstream.connections.open).toBe(1_000);
    all.resolve();
    for (const [n, heard] of (await Promise.all(asked)).entries())
      expect(heard.text).toBe(n % 10 === 0 ? `data: ${n}\n\n` : `${n}`);
  });

  test("300 that hang do not hold up another", async () => {
    const { client } = await against((request, wire) =>
      request.path === "/hang" ? undefined : json(request, wire),
    );
    const control = new AbortController();
    const hung = Array.from({ length: 300 }, () => hear(client, { path: "/hang", signal: control.signal }));
    expect(await hear(client)).toMatchObject({ text: JSON_TEXT });
    control.abort();
    expect((await Promise.all(hung)).map(({ failed }) => failed)).toEqual(Array(300).fill("cancelled"));
  });

  test("leave nothing behind: no connection, no listener, no timer", async () => {
    const ways = [json, stream, faults.closesAfter(stream), faults.cutAfter("data: 1\n\n", "fin")];
    let asked = 0;
    const { upstream, client } = await against((request, wire) =>
      ways[asked++ % ways.length]?.(request, wire),
    );
    const control = new AbortController();
    const added = spyOn(control.signal, "addEventListener");
    const removed = spyOn(control.signal, "removeEventListener");
    for (let round = 0; round < 50; round++)
      await Promise.all(Array.from({ length: 20 }, () => hear(client, { signal: control.signal })));
    expect(added.mock.calls.length).toBeGreaterThanOrEqual(1_000);
    expect(removed.mock.calls.length).toBe(added.mock.calls.length);
    client.close();
    while (upstream.connections.open > 0) await turn();
  });

  test("and a program whose requests are done ends by itself, unused connections or not", async () => {
    const { upstream } = await against(json);
    const script = `
      import { httpTransport } from ${JSON.stringify(join(import.meta.dir, "../../src/backends/client.ts"))};
      const client = httpTransport({ url: ${JSON.stringify(upstream.url)}, idleLimit: 60_000 });
      for (let n = 0; n < 3; n++) {
        const timeouts = { connect: 60_000, firstByte: 60_000, idle: 60_000 };
        const { body } = await client.send({ method: "GET", path: "/", headers: {}, signal: AbortSignal.timeout(60_000), timeouts });
        for await (const bytes of body) process.stdout.write(bytes);
      }`;
    const child = Bun.spawn([process.execPath, "-e", script], { stderr: "inherit" });
    opened.push(() => child.kill());
    expect(await child.stdout.text()).toBe(JSON_TEXT.repeat(3));
    expect(await child.exited).toBe(0);
    expect(upstream.connections.opened).toBe(1);
  });
});

describe("a reader that stops reading holds the backend back", () => {
  test("and gets all of it, in order, when it reads on", async () => {
    const frames = 400;
    const frame = (n: number) => `${n}:${"x".repeat(64 * 1024)}\n`;
    let sent = () => 0;
    const { client } = await against(async (_, wire) => {
      sent = () => wire.sent;
      await wire.sseHead();
      for (let n = 0; n < frames; n++) await wire.chunk(frame(n));
      await wire.lastChunk();
    });
    const { body } = await client.send(question());
    let before = -1;
    while (sent() !== before) {
      before = sent();
      await turns(20);
    }
    expect(before).toBeLessThan((frames * frame(0).length) / 2);
    let text = "";
    for await (const bytes of body) text += Buffer.from(bytes).toString("latin1");
    expect(text).toBe(Array.from({ length: frames }, (_, n) => frame(n)).join(""));
  });
});
