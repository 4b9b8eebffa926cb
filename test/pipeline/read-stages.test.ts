import { expect, test } from "bun:test";
import { openai } from "../../src/adapters/openai.ts";
import { PLAIN_PROFILE } from "../../src/adapters/profile.ts";
import type { StreamEvent } from "../../src/core/event.ts";
import { Failure } from "../../src/core/failure.ts";
import { readEvents, type Stage } from "../../src/pipeline/read.ts";
import { answered, chunk, sse } from "./answered.ts";

/** Two reads of an answer that says "hi", looked at by this stage. */
async function read(stage: Stage): Promise<StreamEvent[]> {
  const reads = [sse(chunk({ role: "assistant", content: "hi" })), sse(chunk({}, "stop"), "[DONE]")];
  const body = (async function* () {
    yield* reads;
  })();
  const events = readEvents(answered(body), {
    adapter: openai,
    profile: PLAIN_PROFILE,
    hints: undefined,
    names: undefined,
    stages: [stage],
    stream: true,
    ownStart: { id: "ours", model: "asked", created: 7 },
    estimate: (characters) => ({ input: 1, output: characters, estimated: true }),
  });
  return (await Array.fromAsync(events)).flat();
}

/** Fails at the first batch that has such an event. */
const fails =
  (type: StreamEvent["type"]): Stage =>
  (batch) => {
    if (batch.some((event) => event.type === type)) throw new Failure("upstream_bad_response", "No.");
    return batch;
  };

test.each<[string, StreamEvent["type"], string]>([
  ["in the middle", "text", ""],
  ["at the end", "end", "hi"],
])(
  "what looks at an answer and fails %s is the stream's last event, never an exception",
  async (_, type, words) => {
    const said = await read(fails(type));
    const last = said.at(-1);
    expect(last?.type === "error" && last.failure.code).toBe("upstream_bad_response");
    expect(said.map((event) => (event.type === "text" ? event.text : "")).join("")).toBe(words);
    expect(said.some((event) => event.type === "end")).toBe(false);
  },
);
