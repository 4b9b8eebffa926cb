import { expect, test } from "bun:test";
import type { FinishReason, StreamEvent } from "../../src/core/event.ts";
import { responsesApi } from "../../src/api/responses.ts";
import { fold } from "../../src/pipeline/fold.ts";
import { args, begin, call, ending, opaque, over, start, words } from "./responses-events.ts";
import { bodyOf, memory, type Response, streamed } from "./responses-spoken.ts";
import { Dice } from "../pipeline/dice.ts";

const SEEDS = 60;
const REASONS: [FinishReason, ...FinishReason[]] = ["stop", "length", "tool_calls", "content_filter"];
const STATE = { issuer: "anthropic", kind: "signature", data: "s" } as const;

/** A stream as the pipeline lets it out: words one part after the other, calls that may overlap. */
function normalised(dice: Dice): StreamEvent[] {
  const events: StreamEvent[] = [start];
  /** Open calls: their parts, and their numbers among the calls. */
  const open: { part: number; number: number }[] = [];
  let calls = 0;
  const some = () => "x".repeat(1 + dice.below(3));
  const parts = dice.below(7);
  for (let part = 0; part < parts; part++) {
    const kind = dice.pick(["text", "reasoning", "refusal", "function", "custom"] as const);
    if (kind === "function" || kind === "custom") {
      const state = dice.one(3) ? { opaque: [STATE] } : {};
      events.push(call(part, `t${part}`, { kind, call: calls, ...state }));
      open.push({ part, number: calls++ });
    } else {
      events.push(begin(part, kind));
      for (let n = dice.below(3); n > 0; n--) events.push(words(kind, some()));
      if (dice.one(3)) events.push(opaque(STATE));
      events.push(over(part));
    }
    for (const { part: one, number } of open)
      if (dice.one(2)) events.push({ ...args(one, some()), call: number } as StreamEvent);
    if (open.length > 0 && dice.one(2)) {
      const [closed] = open.splice(dice.below(open.length), 1);
      events.push(over(closed?.part ?? 0));
    }
  }
  return [...events, ...open.map(({ part }) => over(part)), ...ending(dice.pick(REASONS))];
}

test.each(Array.from({ length: SEEDS }, (_, seed) => seed))(
  "a stream keeps the order of its events and says what the whole answer says: seed %i",
  async (seed) => {
    const dice = new Dice(seed);
    const events = normalised(dice);
    const body = dice.one(2) ? { include: ["reasoning.encrypted_content"] } : {};
    const at = dice.below(events.length);
    const keeping = memory();
    const stream = streamed([events.slice(0, at), events.slice(at)], { body, keeping });

    const api = responsesApi(keeping);
    const request = api.read(bodyOf({ model: "m", input: "hi", ...body }), "req-1", new Headers());
    const answer = await fold(listed(events), "openai-responses");
    const whole = JSON.parse(api.answer(answer, { model: "m", request })) as Response;
    const plain = ({ output, status }: Response) =>
      output.map((item) => ({ ...item, id: item.id.split("_")[0], status: undefined, whole: status }));
    expect(plain(stream.response)).toEqual(plain(whole));
    const [one, two] = keeping.kept.map(({ output }) =>
      output.map((item) => ({ ...item, id: undefined, status: undefined })),
    );
    expect(one).toEqual(two ?? []);
  },
);

async function* listed(events: StreamEvent[]) {
  yield await Promise.resolve(events);
}
