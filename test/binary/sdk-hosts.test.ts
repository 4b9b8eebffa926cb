import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import OpenAI from "openai";
import { START_MS, thrownBy } from "./fleet.ts";
import { type Harbour, HOST_NAMES, modelOf, startHarbour } from "./scripted-hosts.ts";
import { SDK_CLIENTS } from "./sdk-clients.ts";
import { CALLS, CALM, LOOK, looked, QUESTION, WAVE, waveOf } from "./sea-talk.ts";

/** The vendors' own SDKs, with their helpers for streams, the compiled binary and a host of every dialect. */
let harbour: Harbour;
beforeAll(async () => {
  harbour = await startHarbour();
}, START_MS);
afterAll(() => harbour[Symbol.asyncDispose]());

/** How each says that an answer is whole, and that tools are to be run. */
const ENDS = {
  chat: ["stop", "tool_calls"],
  responses: ["completed", "completed"],
  messages: ["end_turn", "tool_use"],
  ollama: ["stop", "stop"],
} as const;

/** What each throws when there are too many requests, and when a prompt is too long. */
const ERRORS = {
  chat: [OpenAI.RateLimitError, OpenAI.BadRequestError],
  responses: [OpenAI.RateLimitError, OpenAI.BadRequestError],
  messages: [Anthropic.RateLimitError, Anthropic.BadRequestError],
  ollama: [Error, Error],
} as const;

const NAMES = ["chat", "responses", "messages", "ollama"] as const;
const PAIRS = NAMES.flatMap((name) =>
  HOST_NAMES.map((host) => [SDK_CLIENTS[name].name, host, name] as const),
);

describe.each(PAIRS)("%s and a host of %s", (_, host, name) => {
  const sdk = SDK_CLIENTS[name];
  const model = modelOf(host);
  const [stops, calls] = ENDS[name];

  test("a stream of thoughts and text is put together, with its usage", async () => {
    harbour.script(host, CALM);
    const pieces: string[] = [];
    const answer = await sdk.talk(harbour.server, model, false).ask((text) => pieces.push(text));
    expect(answer).toEqual({
      text: "Calm sea.",
      thought: "Look out.",
      calls: [],
      ends: stops,
      usage: [40, 9],
    });
    expect(pieces).toEqual(["Calm", " sea."]);
  });

  test("two tools called at once in a stream, and the turn after them", async () => {
    harbour.script(host, LOOK, CALM);
    const talk = sdk.talk(harbour.server, model, true);
    expect(await talk.ask()).toMatchObject({
      text: "Let me look.",
      calls: CALLS.map(({ name: tool, args }) => ({ name: tool, args })),
      ends: calls,
    });
    talk.results(["2 m", "force 4"]);
    expect(await talk.ask()).toMatchObject({ text: "Calm sea.", calls: [], ends: stops });
    const [first, second] = harbour.asked(host);
    expect(first).toMatchObject({ lines: [`user ${QUESTION}`], tools: ["tide", "wind"], stream: true });
    expect(second?.lines).toEqual(looked(host, host === "ollama" || name === "chat"));
  });

  test("an object of a schema is parsed", async () => {
    harbour.script(host, waveOf);
    expect(await sdk.parse(harbour.server, model)).toEqual(WAVE);
    expect(harbour.asked(host)).toMatchObject([{ schema: ["wave", "colour"] }]);
  });

  test.each([
    ["error", "The engine broke."],
    ["cut", "ended before"],
  ] as const)("a fault in the stream is thrown, after what came before it: %s", async (fault, words) => {
    harbour.script(host, { ...CALM, fault }, { ...CALM, calls: CALLS, fault }, { ...CALM, fault });
    let text = "";
    const thrown = await thrownBy(sdk.talk(harbour.server, model, false).ask((more) => (text += more)));
    expect(String(thrown)).toContain(words);
    expect(text).toBe("Calm sea.");
    expect(String(await thrownBy(sdk.talk(harbour.server, model, true).ask()))).toContain(words);
    // A client of Ollama reaches an Ollama's own generate, which the scripted one does not have.
    if (name !== "ollama" || host !== "ollama") {
      expect(String(await thrownBy(sdk.raw(harbour.server, model)))).toContain(words);
    }
    harbour.asked(host);
  });

  test("a refusal is thrown as the vendor's own", async () => {
    harbour.script(host, { refuses: "limit" }, { refuses: "context" });
    const ask = () => sdk.talk(harbour.server, model, false).ask();
    const [busy, tooLong] = ERRORS[name];
    // Ollama is busy with a 503, which is passed on.
    if (host !== "ollama") expect(await thrownBy(ask())).toBeInstanceOf(busy);
    else expect(String(await thrownBy(ask()))).toContain("server busy");
    expect(await thrownBy(ask())).toBeInstanceOf(tooLong);
    harbour.asked(host);
  });
});
