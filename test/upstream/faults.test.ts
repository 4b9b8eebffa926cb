import { describe, expect, test } from "bun:test";
import { payloads } from "./answers.ts";
import { dial, get } from "./dial.ts";
import * as faults from "./faults.ts";
import { BLACK_HOLES, blackHole, refusedUrl } from "./nowhere.ts";
import { type Earlier, type Script, startUpstream, turn } from "./scripted.ts";

const STREAM = "data: 1\n\ndata: [DONE]\n\n";
const answers: Script = (_, wire) => wire.sse(["1", "[DONE]"]);
const never: Script = () => undefined;

/** What a client without any library sees of one request: how it ended and all that came before. */
async function seen(script: Script, earlier?: Earlier): Promise<{ over: string; text: string }> {
  await using upstream = await startUpstream(script, earlier);
  const line = await dial(upstream.port);
  line.send(get("/"));
  return { over: await line.over, text: line.reads.join("") };
}

describe("before the answer", () => {
  test("an address where nothing listens refuses", async () => {
    await expect(dial(Number(new URL(refusedUrl()).port))).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test.if(BLACK_HOLES)("a black hole neither accepts nor refuses", async () => {
    using hole = await blackHole();
    await using upstream = await startUpstream(never);
    const state = { dropped: "waiting", accepted: "waiting" };
    const note = (name: keyof typeof state) =>
      [() => (state[name] = "in"), () => (state[name] = "out")] as const;
    void dial(Number(new URL(hole.url).port)).then(...note("dropped"));
    void dial(upstream.port).then(...note("accepted"));
    while (state.accepted === "waiting") await turn();
    for (let n = 0; n < 20; n += 1) await turn();
    expect(state).toEqual({ dropped: "waiting", accepted: "in" });
  });

  test("a connection can be closed or reset on accept, on the head, and after the request", async () => {
    expect(await seen(never, faults.refusesAfterAccept("fin"))).toEqual({ over: "end", text: "" });
    expect(await seen(never, faults.hangsUpOnHead("fin"))).toEqual({ over: "end", text: "" });
    expect(await seen(never, faults.hangsUpOnHead("reset"))).toEqual({ over: "ECONNRESET", text: "" });
    expect(await seen(faults.hangsUp("fin"))).toEqual({ over: "end", text: "" });
    expect(await seen(faults.hangsUp("reset"))).toEqual({ over: "ECONNRESET", text: "" });
  });

  test("an accepted connection can be reset before it was used", async () => {
    await using upstream = await startUpstream(never, faults.refusesAfterAccept("reset"));
    const outcome = await dial(upstream.port).then(({ over }) => over);
    expect(outcome).toBe("ECONNRESET");
    expect(upstream.requests).toEqual([]);
  });

  test("a port can belong to another protocol", async () => {
    await using upstream = await startUpstream(never, faults.speaksSsh);
    expect(await (await dial(upstream.port)).line()).toStartWith("SSH-2.0");
  });

  test("a head can go on without end, until the client leaves", async () => {
    for (const script of [faults.dribblesHead, faults.continuesForever]) {
      await using upstream = await startUpstream(script);
      const line = await dial(upstream.port);
      line.send(get("/"));
      for (let n = 0; n < 10; n += 1) expect(await line.line()).toBeString();
      line.close();
      expect(await upstream.closed(0)).toStartWith("client");
    }
  });

  test("a head can be too large, in one line or in many", async () => {
    await using upstream = await startUpstream(faults.hugeHead(300_000, 5000));
    const line = await dial(upstream.port);
    line.send(get("/"));
    let lines = 0;
    while (await line.line()) lines += 1;
    expect(lines).toBe(5002);
  });

  test("a slow first byte needs no clock", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    await using upstream = await startUpstream(faults.after(promise, answers));
    const response = fetch(upstream.url);
    await upstream.nextRequest();
    resolve();
    expect(await (await response).text()).toBe(STREAM);
  });

  test("a redirect names another place", async () => {
    await using upstream = await startUpstream(faults.redirects("http://127.0.0.1:9/else"));
    const response = await fetch(upstream.url, { redirect: "manual" });
    expect([response.status, response.headers.get("location")]).toEqual([307, "http://127.0.0.1:9/else"]);
  });
});

describe("in the middle of an answer", () => {
  test("every way to cut a stream delivers what came before it", async () => {
    const ends = { reset: "ECONNRESET", fin: "end", "close-delimited": "end" } as const;
    for (const cut of ["reset", "fin", "close-delimited"] as const) {
      const { over, text } = await seen(faults.cutAfter("data: 1\n\nda", cut));
      expect([cut, over]).toEqual([cut, ends[cut]]);
      expect(text).toContain("data: 1\n\nda");
      expect(text).not.toContain("0\r\n\r\n");
    }
  });

  test("a clean end in the middle is clean to HTTP, and the connection lives on", async () => {
    await using upstream = await startUpstream(faults.cutAfter("data: 1\n\nda", "clean"));
    expect(await (await fetch(upstream.url)).text()).toBe("data: 1\n\nda");
    expect(await (await fetch(upstream.url)).text()).toBe("data: 1\n\nda");
    expect(upstream.connections.opened).toBe(1);
  });

  test("a body can be shorter than it said", async () => {
    const { over, text } = await seen(faults.shortBody('{"a":1}', 3));
    expect(over).toBe("end");
    expect(text).toContain("content-length: 7");
    expect(text).toEndWith('\r\n\r\n{"a');
  });

  test("a stream can fall silent and be woken by the test", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    await using upstream = await startUpstream(faults.stallsAfter(["1"], promise));
    const response = await fetch(upstream.url);
    resolve();
    expect(await response.text()).toBe("data: 1\n\n");
  });

  test("the chunked coding can be broken", async () => {
    await using upstream = await startUpstream(faults.badChunkSize("data: 1\n\n"));
    await expect(fetch(upstream.url).then((response) => response.text())).rejects.toThrow();
  });

  test("a line and a flood have no end, until the client leaves", async () => {
    for (const script of [faults.endlessLine, faults.floods("x")]) {
      await using upstream = await startUpstream(script);
      const response = await fetch(upstream.url);
      let bytes = 0;
      for await (const piece of response.body ?? []) if ((bytes += piece.length) > 500_000) break;
      expect(bytes).toBeGreaterThan(500_000);
      expect(await upstream.closed(0)).toStartWith("client");
    }
  });

  test("gzip can be good, endless in effect, and none", async () => {
    const text = async (script: Script, decompress = true) => {
      await using upstream = await startUpstream(script);
      return (await fetch(upstream.url, { decompress })).text();
    };
    expect(await text(faults.gzip({ stream: STREAM }))).toBe(STREAM);
    expect(await text(faults.gzip({ zeros: 1_000_000 }))).toHaveLength(1_000_000);
    expect(await text(faults.gzip({ garbage: "no gzip" }), false)).toBe("no gzip");
  });
});

describe("after an answer", () => {
  test("keep-alive can be promised and betrayed at once", async () => {
    const { over, text } = await seen(faults.closesAfter(answers));
    expect(over).toBe("end");
    expect(text).toEndWith("0\r\n\r\n");
    expect(text).not.toContain("connection: close");
  });

  test("keep-alive can be betrayed at the next request, which is received and not answered", async () => {
    for (const how of ["fin", "reset"] as const) {
      await using upstream = await startUpstream(faults.betraysReuse(answers, how));
      const line = await dial(upstream.port);
      line.send(get("/1"));
      while ((await line.line()) !== "0") continue;
      line.send(get("/2"));
      expect(await line.over).toBe(how === "fin" ? "end" : "ECONNRESET");
      expect(upstream.requests.map(({ path }) => path)).toEqual(["/1", "/2"]);
    }
  });

  test("bytes nobody asked for can follow a whole answer", async () => {
    await using upstream = await startUpstream(faults.trailingBytes(payloads([]), "HTTP/1.1 200 OK\r\n"));
    const line = await dial(upstream.port);
    line.send(get("/"));
    while ((await line.line()) !== "0") continue;
    expect([await line.line(), await line.line()]).toEqual(["", "HTTP/1.1 200 OK"]);
  });
});
