import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ADAPTERS } from "../../src/adapters/index.ts";
import { PLAIN_PROFILE } from "../../src/adapters/profile.ts";
import type { StreamEvent } from "../../src/core/event.ts";
import { isRecord } from "../../src/core/json.ts";
import { DIALECTS, type Dialect } from "../../src/core/request.ts";
import { readEvents } from "../../src/pipeline/read.ts";
import { answered } from "./answered.ts";
import { Dice } from "./dice.ts";
import { faults } from "./grammar.ts";
import { spoilt } from "./nonsense.ts";

const FIXTURES = join(import.meta.dir, "../fixtures");
/** A newline-delimited stream has its frames on lines of their own, server-sent events behind a field name. */
const REASON = /"(finish_reason|stop_reason|finishReason|done_reason)":\s*"[^"]+"/g;
const FRAME = /^(data: ?)?(\{.*\})$/;

/** The recorded streams of a dialect. */
function streamsOf(dialect: Dialect): string[] {
  const names = readdirSync(join(FIXTURES, dialect)).filter((name) => /\.(sse|ndjson)$/.test(name));
  return names.sort().map((name) => readFileSync(join(FIXTURES, dialect, name), "utf8"));
}

async function heard(dialect: Dialect, stream: string): Promise<StreamEvent[]> {
  const adapter = ADAPTERS[dialect];
  const type = adapter.framing === "sse" ? "text/event-stream" : "application/x-ndjson";
  const events = readEvents(answered(stream, { type }), {
    adapter,
    profile: PLAIN_PROFILE,
    hints: undefined,
    names: undefined,
    stream: true,
    ownStart: { id: "ours", model: "asked", created: 7 },
    estimate: (characters) => ({ input: 1, output: characters, estimated: true }),
  });
  return (await Array.fromAsync(events)).flat();
}

/** The stream with every frame changed. */
function withFrames(stream: string, change: (frame: unknown) => unknown): string {
  return stream
    .split("\n")
    .map((line) => {
      const found = FRAME.exec(line.trimEnd());
      return found?.[2] ? `${found[1] ?? ""}${JSON.stringify(change(JSON.parse(found[2])))}` : line;
    })
    .join("\n");
}

describe.each(DIALECTS)("a backend that speaks %s", (dialect) => {
  const streams = streamsOf(dialect);

  test("may say more than is known here: what is known stays what it is", async () => {
    expect(streams.length).toBeGreaterThan(0);
    for (const stream of streams) {
      const odd = withFrames(stream, (frame) => (isRecord(frame) ? { ...frame, x_odd: { a: [1] } } : frame));
      expect(known(await heard(dialect, odd))).toEqual(known(await heard(dialect, stream)));
    }
  });

  test("may say things of a kind that nobody here knows: they are passed over", async () => {
    const odd = JSON.stringify({ type: "odd_event", odd: { a: [1] } });
    for (const stream of streams) {
      const more = stream.replace(/^(?:event: [^\n]*\n)?(?:data: ?)?\{/m, (first) =>
        dialect === "ollama" ? `${odd}\n${first}` : `event: odd_event\ndata: ${odd}\n\n${first}`,
      );
      expect(more).not.toBe(stream);
      expect(known(await heard(dialect, more))).toEqual(known(await heard(dialect, stream)));
    }
  });

  test("may end for a reason of its own, which keeps its word", async () => {
    let odd = 0;
    for (const stream of streams) {
      const ended = stream.replace(REASON, (_, name: string) => `"${name}":"full_moon"`);
      if (ended === stream) continue;
      const ends = (await heard(dialect, ended)).filter((event) => event.type === "finish");
      for (const { raw } of ends) expect(raw).toBe("full_moon");
      odd += ends.length;
    }
    // Responses has no word for it: its answers end as one of few events.
    expect(odd > 0).toBe(dialect !== "openai-responses");
  });

  test("may say anything: it is read, or is the backend's fault, and never ours", async () => {
    for (const [i, stream] of streams.entries()) {
      for (let seed = 1; seed <= 60; seed += 1) {
        const dice = new Dice(seed * 1000 + i);
        const said = await heard(
          dialect,
          withFrames(stream, (frame) => spoilt(frame, dice)),
        );
        const last = said.at(-1);
        const code = last?.type === "error" ? last.failure.code : "upstream_none";
        expect([dialect, i, seed, faults(said), code]).toEqual([
          dialect,
          i,
          seed,
          [],
          expect.not.stringMatching(/^internal/),
        ]);
      }
    }
  });
});

/** Without what only a client of the same dialect is told, and without the ids that we make up. */
function known(said: readonly StreamEvent[]): unknown[] {
  return said.flatMap((event): unknown[] => {
    if (event.type === "extra") return [];
    if (event.type === "start") return [{ type: "start" }];
    if (event.type === "tool-start")
      return [{ ...event, id: event.id.replace(/^call_[0-9a-f]{24}$/, "ours") }];
    if (event.type !== "usage") return [event];
    const { native: _, ...usage } = event.usage;
    return [usage];
  });
}
