import { describe, expect, test } from "bun:test";
import { chat } from "../../src/api/chat.ts";
import type { EventStream, StreamEvent } from "../../src/core/event.ts";
import { Failure } from "../../src/core/failure.ts";
import { Call } from "../../src/server/call.ts";
import { createLog } from "../../src/server/log.ts";
import { Outlet, type OutletOptions } from "../../src/server/outlet.ts";
import { streamed } from "../api/asked.ts";
import { readStream } from "./said.ts";

const START: StreamEvent = { type: "start", id: "1", model: "m", created: 1 };
const TEXT: StreamEvent = { type: "text", choice: 0, text: "Hello" };

/** A stream of these batches to a client; what it leaves behind is kept. */
function outlet(batches: Iterable<StreamEvent[]>, more: Partial<OutletOptions> = {}) {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>);
  const log = createLog({ level: "info", json: true, write });
  const call = new Call(new Request("http://localhost/"), log, undefined);
  const control = new AbortController();
  const { promise: released, resolve: release } = Promise.withResolvers<string>();
  const source = batches[Symbol.iterator]();
  const events: EventStream = {
    [Symbol.asyncIterator]: () => events,
    next: () => Promise.resolve(source.next() as IteratorResult<StreamEvent[], void>),
    return() {
      release("released");
      return Promise.resolve({ done: true, value: undefined });
    },
  };
  const writer = chat.stream({ model: "m", request: streamed() });
  const options = { writer, heartbeat: 0, signal: control.signal, ...more };
  const { body } = new Outlet(call, Promise.resolve(events), options);
  return { body, control, lines, released, text: () => new Response(body).text() };
}

describe("a stream whose body nobody has read", () => {
  test("lets go of its backend when the client has left", async () => {
    const { control, lines, released } = outlet([[START, TEXT]]);
    control.abort(new Failure("cancelled", "The client left."));
    expect(lines).toMatchObject([{ outcome: "cancelled" }]);
    expect(await released).toBe("released");
  });

  test("and when the body is thrown away", async () => {
    const { body, lines, released } = outlet([[START, TEXT]]);
    await body.cancel();
    expect(lines).toMatchObject([{ outcome: "cancelled" }]);
    expect(await released).toBe("released");
  });
});

describe("a stream never looks complete when it is not", () => {
  test("though its events just stop", async () => {
    const { text, lines } = outlet([[START, TEXT]]);
    const said = readStream(await text());
    expect(said).toMatchObject({
      text: "Hello",
      done: false,
      finishes: [],
      error: { code: "internal_error" },
    });
    expect(lines).toMatchObject([{ outcome: "failed", failure: "internal_error", level: "error" }]);
  });

  test("though its writer breaks", async () => {
    const { text, lines } = outlet([[START, TEXT], [{ type: "tool-delta", choice: 0 }], [{ type: "end" }]]);
    const said = readStream(await text());
    expect(said).toMatchObject({ text: "Hello", done: false, error: { code: "internal_error" } });
    expect(lines).toMatchObject([{ outcome: "failed" }]);
  });
});

test.each([0, 5])(
  "a client that leaves its connection full counts as gone (heartbeat %d)",
  async (heartbeat) => {
    const forever = function* (): Generator<StreamEvent[]> {
      yield [START];
      for (;;) yield [{ type: "text", choice: 0, text: "x".repeat(100_000) }];
    };
    const { body, lines, released } = outlet(forever(), { stall: 20, heartbeat });
    await using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response(body) });
    const socket = await Bun.connect({
      hostname: "127.0.0.1",
      port: Number(server.port),
      socket: { data: () => undefined, error: () => undefined },
    });
    socket.pause();
    socket.write("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
    expect(await released).toBe("released");
    expect(lines).toMatchObject([{ outcome: "cancelled" }]);
    socket.terminate();
  },
);
