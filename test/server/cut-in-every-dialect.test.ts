import { describe, expect, test } from "bun:test";
import type { Dialect } from "../../src/core/request.ts";
import { DIALECTS, markEnd, type Spoken, wholeEnd } from "../adapters/dialects.ts";
import { fixture, streamsOf } from "../adapters/fixtures.ts";
import { CUT } from "../adapters/replay.ts";
import { type Script, startUpstream, turn } from "../upstream/scripted.ts";
import { type Asker, ASKERS, type Ended, faultOf } from "./endings.ts";
import { type Sends, serveInside } from "./inside.ts";
import { backendAt, startServer } from "./running.ts";

/** A kind of backend that is asked in this dialect whatever its client speaks. */
const TYPES: Readonly<Record<Dialect, string>> = {
  openai: "openai-compatible",
  "openai-responses": "openai-responses",
  anthropic: "anthropic",
  gemini: "gemini",
  ollama: "ollama",
};
const backendsAt = (url: string) =>
  Object.entries(TYPES).map(([name, type]) => backendAt({ url }, { name, type }));

const hosts = Object.entries(DIALECTS) as [Dialect, Spoken][];
const askers = Object.entries(ASKERS).map(([name, asker], rank) => [name, asker, rank] as const);
const typeOf = ({ ending }: Spoken) => (ending === ".sse" ? "text/event-stream" : "application/x-ndjson");

/**
 * Places where a stream is cut for each kind of client, beside those around its end; each kind has places of its own. Every
 * byte is tried where the dialects are read (test/adapters).
 */
const PLACES = 16;
/** For clients that do not stream, to whom the same happens before anything is written. */
const PLACES_WHOLE = 3;

interface Cut {
  at: number;
  /** The connection ends in order. */
  clean: boolean;
  stream: boolean;
}

/** Where to cut: by turns with a fault of the connection and in order, and in each way at the last byte that counts. */
function cutsOf(spoken: Spoken, bytes: Buffer, rank: number): Cut[] {
  const marked = markEnd(spoken, bytes) ?? bytes.length + 1;
  const ended = wholeEnd(spoken, bytes) ?? 0;
  const spread = (places: number, stream: boolean): Cut[] =>
    Array.from({ length: places }, (_, n) => {
      const at = Math.floor(((n + rank / askers.length) * ended) / places);
      return { at, clean: n % 2 === 1, stream };
    });
  return [
    ...spread(PLACES, true),
    ...spread(PLACES_WHOLE, false),
    { at: ended - 1, clean: true, stream: true },
    { at: marked - 1, clean: false, stream: true },
    { at: marked - 1, clean: false, stream: false },
  ];
}

describe.each(hosts)("a stream of %s", (dialect, spoken) => {
  /** What the backend sends next. */
  let next: Sends = { type: "", bytes: Buffer.of() };
  const server = serveInside({ backends: backendsAt("http://127.0.0.1:1") }, () => next);
  const ask = async (asker: Asker, stream: boolean): Promise<Ended> => {
    const answer = await server.post(asker.path, asker.body(`${dialect}/m`, stream), asker.headers);
    return { status: answer.status, text: await answer.text() };
  };
  const type = typeOf(spoken);

  describe.each(askers)("to a client of %s", (_, asker, rank) => {
    test.each(streamsOf(spoken))(
      "is an error when %s is cut anywhere, and an answer when it is not",
      async (name) => {
        const bytes = fixture(spoken, name);
        const faults: string[] = [];
        for (const { at, clean, stream } of cutsOf(spoken, bytes, rank)) {
          next = { type, bytes: bytes.subarray(0, at), ...(clean ? {} : { fault: CUT }) };
          const fault = faultOf(asker, stream, await ask(asker, stream));
          if (fault !== undefined) faults.push(`${fault} at ${at} (clean: ${clean}, stream: ${stream})`);
        }
        expect(faults).toEqual([]);
        next = { type, bytes };
        const { status, text } = await ask(asker, true);
        expect([status, asker.isWhole(text)]).toEqual([200, true]);
        expect((await ask(asker, false)).status).toBe(200);
      },
    );
  });
});

describe.each(["fin", "reset"] as const)("a connection that ends with %s", (how) => {
  test.each(hosts)(
    "in a stream of %s is an error to every client, whose own connection ends in order",
    async (dialect, spoken) => {
      const [name = ""] = streamsOf(spoken);
      const bytes = fixture(spoken, name);
      const places = [0, Math.floor(bytes.length / 3), (wholeEnd(spoken, bytes) ?? 0) - 2];
      let at = 0;
      const cuts: Script = async (_, wire) => {
        await wire.head(200, { "content-type": typeOf(spoken), "transfer-encoding": "chunked" });
        if (at > 0) await wire.chunk(bytes.subarray(0, at));
        // The reader may take what has arrived: a reset can otherwise overtake it.
        await turn();
        if (how === "reset") wire.reset();
        else await wire.fin();
      };
      await using upstream = await startUpstream(cuts);
      await using server = await startServer({ backends: backendsAt(upstream.url) });
      const caller = await server.caller();
      for (const [client, asker] of askers) {
        for (at of places) {
          for (const stream of [true, false]) {
            const answer = await caller.ask(asker.path, {
              body: asker.body(`${dialect}/m`, stream),
              headers: asker.headers ?? {},
            });
            const fault = faultOf(asker, stream, answer);
            expect([client, at, stream, answer.whole, fault]).toEqual([client, at, stream, true, undefined]);
          }
        }
      }
    },
  );
});
