import { expect, test } from "bun:test";
import { asker, within } from "../../src/backends/ask.ts";
import type { Transport } from "../../src/backends/transport.ts";
import { HandClock } from "./scene/clock.ts";
import { Network } from "./scene/network.ts";

const never = new AbortController().signal;

function saying(body: AsyncIterable<Uint8Array>): Transport {
  return { send: async () => ({ status: 200, headers: new Map(), body }), close: () => {} };
}

async function* repeat(piece: Uint8Array, times: number): AsyncGenerator<Uint8Array> {
  for (let turn = 0; turn < times; turn++) yield piece;
}

test("an answer is JSON when it is, and text always", async () => {
  const euro = new TextEncoder().encode('{"a":"€"}');
  const ask = asker({ transport: saying(repeat(euro.subarray(0, 7), 1)), headers: {} }, never, 1);
  expect((await ask("/")).json).toBeUndefined();
  async function* split(): AsyncGenerator<Uint8Array> {
    for (const byte of euro) yield Uint8Array.of(byte);
  }
  expect(await asker({ transport: saying(split()), headers: {} }, never, 1)("/")).toMatchObject({
    text: '{"a":"€"}',
    json: { a: "€" },
  });
});

test("an answer without end is given up after 16 MiB", async () => {
  const mebibyte = new Uint8Array(1024 * 1024).fill(32);
  const asking = (times: number): Promise<unknown> =>
    asker({ transport: saying(repeat(mebibyte, times)), headers: {} }, never, 1)("/");
  await expect(asking(16)).resolves.toMatchObject({ status: 200 });
  await expect(asking(1_000_000)).rejects.toMatchObject({ code: "upstream_bad_response" });
});

test("a question carries the key, its body and its limits", async () => {
  const network = new Network({ "http://a": { routes: {}, otherwise: { json: 1 } } });
  const transport = network.means.http({ url: "http://a" });
  await asker({ transport, headers: { authorization: "Bearer k" } }, never, 7)("/api/show", { model: "m" });
  const [seen] = network.seen;
  expect(seen).toMatchObject({ path: "/api/show", body: { model: "m" } });
  expect(seen?.headers.toJSON()).toMatchObject({ authorization: "Bearer k", accept: "application/json" });
});

test("what takes too long ends with a failure that says how long it was waited for", async () => {
  const clock = new HandClock();
  const network = new Network({ "http://a": "hangs" });
  const ask = (signal: AbortSignal) =>
    asker({ transport: network.means.http({ url: "http://a" }), headers: {} }, signal, 500)("/");
  const waiting = within({ clock, ms: 500, stop: never }, ask);
  const seen = waiting.catch((failure: unknown) => failure);
  await clock.pass(500, network.quiet);
  expect(await seen).toMatchObject({
    code: "upstream_first_byte_timeout",
    message: expect.stringContaining("500 ms"),
  });
});

test("what ends in time leaves no timer, and a stop ends it at once", async () => {
  const clock = new HandClock();
  expect(await within({ clock, ms: 500, stop: never }, async () => 1)).toBe(1);
  expect(clock.pending).toBe(0);
  const stop = new AbortController();
  const network = new Network({ "http://a": "hangs" });
  const transport = network.means.http({ url: "http://a" });
  const waiting = within({ clock, ms: 500, stop: stop.signal }, (signal) =>
    asker({ transport, headers: {} }, signal, 500)("/"),
  );
  stop.abort();
  await expect(waiting).rejects.toMatchObject({ code: "cancelled" });
  expect(clock.pending).toBe(0);
});
