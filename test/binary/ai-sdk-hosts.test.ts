import { APICallError, generateObject, generateText, isStepCount, Output, streamText, tool } from "ai";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { z } from "zod";
import { AI_PROVIDERS, FIRM, readStream } from "./ai-models.ts";
import { START_MS, thrownBy } from "./fleet.ts";
import { type Harbour, HOST_NAMES, modelOf, startHarbour } from "./scripted-hosts.ts";
import { CALM, LOOK, looked, QUESTION, WAVE, waveOf } from "./sea-talk.ts";

/** Every provider of the AI SDK, the compiled binary and a host of every dialect. */
let harbour: Harbour;
beforeAll(async () => {
  harbour = await startHarbour();
}, START_MS);
afterAll(() => harbour[Symbol.asyncDispose]());

const inputSchema = z.object({ port: z.string() });
const tools = {
  tide: tool({ description: "The tide", inputSchema, execute: () => "2 m" }),
  wind: tool({ description: "The wind", inputSchema, execute: () => "force 4" }),
};
const wave = z.object({ wave: z.number(), colour: z.string() });

const PAIRS = AI_PROVIDERS.flatMap((provider) => HOST_NAMES.map((host) => ({ provider, host })));

describe.each(PAIRS.map((pair) => [pair.provider.name, pair.host, pair] as const))(
  "%s and a host of %s",
  (_, host, { provider }) => {
    const ask = () => ({
      ...FIRM,
      model: provider.model(harbour.server, modelOf(host)),
      prompt: QUESTION,
    });
    const thought = provider.thoughtful ? "Look out." : "";

    test("a text with its thoughts and its usage, whole and streamed", async () => {
      harbour.script(host, CALM, CALM);
      const whole = await generateText({ ...ask(), instructions: "Be brief." });
      expect([whole.text, whole.reasoningText ?? "", whole.finishReason]).toEqual([
        "Calm sea.",
        thought,
        "stop",
      ]);
      expect(whole.usage).toMatchObject({ inputTokens: 40, outputTokens: 9, totalTokens: 49 });
      // Ollama does not say what it took from its cache.
      const { cacheReadTokens = 0 } = whole.usage.inputTokenDetails;
      expect(cacheReadTokens).toBe(host === "ollama" ? 0 : 24);
      const streamed = await readStream(ask());
      expect(streamed).toEqual({ text: "Calm sea.", thought, errors: [], ends: "stop", aborted: false });
      const [first, second] = harbour.asked(host);
      expect(first?.lines).toEqual(["system Be brief.", `user ${QUESTION}`]);
      expect([first?.stream, second?.stream]).toEqual([false, true]);
    });

    test("two tools at once are run, and the next step has their results, whole and streamed", async () => {
      for (const stream of [false, true]) {
        harbour.script(host, LOOK, CALM);
        const question = { ...ask(), tools, stopWhen: isStepCount(3) };
        const result = stream
          ? streamText({ ...question, onError: ({ error }) => void expect(error).toBeUndefined() })
          : await generateText(question);
        const steps = await result.steps;
        expect(steps.map(({ toolResults }) => toolResults.map(({ output }) => output))).toEqual([
          ["2 m", "force 4"],
          [],
        ]);
        expect(steps.map(({ finishReason }) => finishReason)).toEqual(["tool-calls", "stop"]);
        expect(await result.text).toBe("Calm sea.");
        const [first, second] = harbour.asked(host);
        expect(first?.tools).toEqual(["tide", "wind"]);
        expect(second?.lines).toEqual(
          looked(host, provider.thoughtful && (provider.chats || host === "ollama")),
        );
      }
    });

    test("an object of a schema, by both of the SDK's ways", async () => {
      harbour.script(host, waveOf, waveOf);
      expect((await generateObject({ ...ask(), schema: wave })).object).toEqual(WAVE);
      const streamed = streamText({ ...ask(), output: Output.object({ schema: wave }) });
      expect(await streamed.output).toEqual(WAVE);
      expect(harbour.asked(host)).toHaveLength(2);
    });

    test.each(["error", "cut"] as const)(
      "a fault in the stream is one error, never an end: %s",
      async (fault) => {
        harbour.script(host, { ...CALM, fault });
        const { text, errors, ends } = await readStream(ask());
        expect(text).toBe("Calm sea.");
        expect(errors).toHaveLength(1);
        expect(String(errors[0])).toContain(fault === "error" ? "The engine broke." : "ended before");
        expect(ends).toBe("error");
        harbour.asked(host);
      },
    );

    test("an answer that is cut off while it comes whole is an error", async () => {
      harbour.script(host, { ...CALM, fault: "cut" });
      const thrown = await thrownBy(generateText(ask()));
      expect(thrown).toBeInstanceOf(APICallError);
      expect(thrown).toMatchObject({ statusCode: 502 });
    });

    test("a host that is busy, and one for which it is too much: errors that the SDK can tell apart", async () => {
      harbour.script(host, { refuses: "limit" }, { refuses: "context" }, { refuses: "context" });
      const busy = await thrownBy(generateText(ask()));
      expect(busy).toBeInstanceOf(APICallError);
      expect(busy).toMatchObject({ isRetryable: true });
      const tooLong = await thrownBy(generateText(ask()));
      expect(tooLong).toBeInstanceOf(APICallError);
      expect(tooLong).toMatchObject({ statusCode: 400, isRetryable: false });
      const { errors, text } = await readStream(ask());
      expect(errors).toMatchObject([{ statusCode: 400 }]);
      expect(text).toBe("");
    });
  },
);
