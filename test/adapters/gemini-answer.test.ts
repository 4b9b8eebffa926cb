import { describe, expect, test } from "bun:test";
import type { StreamEvent } from "../../src/core/event.ts";
import { DIALECTS } from "./dialects.ts";

const { stream, document, frames } = DIALECTS.gemini.replay;

const fault = (events: StreamEvent[]) => {
  const last = events.at(-1);
  return last?.type === "error" ? last.failure : undefined;
};
const of = <Type extends StreamEvent["type"]>(type: Type, events: StreamEvent[]) =>
  events.filter((event): event is Extract<StreamEvent, { type: Type }> => event.type === type);

/** A frame with these parts of one candidate. */
const frame = (parts: unknown[], finishReason?: string) => ({
  candidates: [{ content: { role: "model", parts }, ...(finishReason ? { finishReason } : {}) }],
});
const call = (functionCall: object) => frame([{ functionCall }]);

describe("why an answer ended", () => {
  test.each([
    ["STOP", "stop", undefined],
    ["MAX_TOKENS", "length", undefined],
    ["SAFETY", "content_filter", undefined],
    ["RECITATION", "content_filter", undefined],
    ["LANGUAGE", "content_filter", undefined],
    ["BLOCKLIST", "content_filter", undefined],
    ["PROHIBITED_CONTENT", "content_filter", undefined],
    ["SPII", "content_filter", undefined],
    ["IMAGE_SAFETY", "content_filter", undefined],
    ["OTHER", "stop", "OTHER"],
    ["A_NEW_ONE", "stop", "A_NEW_ONE"],
  ])("%s is %s", async (word, reason, raw) => {
    const [finish] = of("finish", await frames(frame([{ text: "a" }], word)));
    expect([finish?.reason, finish?.raw]).toEqual([reason as "stop", raw]);
  });

  test("with a call is the call, unless it was cut", async () => {
    const parts = [{ functionCall: { name: "f" } }];
    expect(of("finish", await frames(frame(parts, "STOP")))[0]?.reason).toBe("tool_calls");
    expect(of("finish", await frames(frame(parts, "MAX_TOKENS")))[0]?.reason).toBe("length");
  });

  test.each([
    "MALFORMED_FUNCTION_CALL",
    "UNEXPECTED_TOOL_CALL",
    "TOO_MANY_TOOL_CALLS",
    "MISSING_THOUGHT_SIGNATURE",
  ])("%s is no end but a failure, in the backend's own words", async (word) => {
    const cut = { candidates: [{ finishReason: word, finishMessage: "It went wrong." }] };
    const events = await frames(frame([{ text: "a" }]), cut);
    expect(fault(events)).toMatchObject({
      code: "upstream_error",
      message: `The backend broke off its answer: finishReason "${word}". It went wrong.`,
    });
    expect(of("finish", events)).toEqual([]);
  });

  test("counts once, and usage may follow it", async () => {
    const usageMetadata = { promptTokenCount: 3, candidatesTokenCount: 1, totalTokenCount: 4 };
    const events = await frames(frame([{ text: "a" }], "STOP"), { ...frame([], "STOP"), usageMetadata });
    expect(of("finish", events)).toHaveLength(1);
    expect(of("usage", events)[0]?.usage).toMatchObject({ input: 3, output: 1 });
  });

  test("that one of two candidates does not say is an answer cut short", async () => {
    const two = { candidates: [{ finishReason: "STOP" }, { index: 1, content: { parts: [{ text: "b" }] } }] };
    expect(fault(await frames(two))?.code).toBe("upstream_truncated");
  });
});

describe("an error inside of a stream", () => {
  test.each([
    [{ code: 503, message: "The model is overloaded.", status: "UNAVAILABLE" }, "overloaded"],
    [{ code: 429, message: "Slow down.", status: "RESOURCE_EXHAUSTED" }, "rate_limited"],
    [{ code: 500, message: "Oops.", status: "INTERNAL" }, "upstream_error"],
    [{ message: "Oops." }, "upstream_error"],
    ["Oops.", "upstream_error"],
  ])("%j is %s", async (error, code) => {
    const events = await frames(frame([{ text: "a" }]), { error });
    expect(fault(events)?.code).toBe(code as "overloaded");
    expect(fault(events)?.message).toBe(typeof error === "string" ? error : error.message);
  });

  test("may come in a list", async () => {
    expect(fault(await frames([{ error: { code: 503, message: "Later." } }]))?.code).toBe("overloaded");
  });

  test.each(["nonsense", "3", '"text"', "[3]"])("%s is no frame", async (payload) => {
    const bytes = new TextEncoder().encode(`data: ${payload}\n\n`);
    expect(fault(await stream([bytes]))?.code).toBe("upstream_bad_frame");
  });

  test.each(["nonsense", "{}", "[]", '{"candidates":[]}'])("%s is no document", async (payload) => {
    expect(fault(await document([new TextEncoder().encode(payload)]))?.code).toBe("upstream_bad_response");
  });
});

describe("calls in pieces", () => {
  const args = async (...pieces: object[]) => {
    const middle = pieces.map((piece) => call({ partialArgs: [piece], willContinue: true }));
    const events = await frames(
      call({ name: "f", willContinue: true }),
      ...middle,
      call({}),
      frame([], "STOP"),
    );
    const failure = fault(events);
    return failure
      ? failure.code
      : (JSON.parse(
          of("tool-args", events)
            .map(({ json }) => json)
            .join(""),
        ) as unknown);
  };

  test("are put together from their places", async () => {
    expect(
      await args(
        { jsonPath: "$.a.b", stringValue: "x" },
        { jsonPath: "$.a.b", stringValue: "y" },
        { jsonPath: "$.l[0]", numberValue: 1 },
        { jsonPath: "$.l[1].n", boolValue: true },
        { jsonPath: "$['odd \\'key\\'']", nullValue: "NULL_VALUE" },
        { jsonPath: "$.__proto__", stringValue: "p" },
      ),
    ).toEqual(JSON.parse('{"a":{"b":"xy"},"l":[1,{"n":true}],"odd \'key\'":null,"__proto__":"p"}'));
  });

  test.each(["$", "$.", "$[x]", "$.a[999999]", "$[0]", `$${".a".repeat(100)}`, "$.a..b"])(
    "%s is no place in arguments",
    async (jsonPath) => {
      expect(await args({ jsonPath, numberValue: 1 })).toBe("upstream_bad_frame");
    },
  );

  test("end when the next begins, or the answer does", async () => {
    const piece = { partialArgs: [{ jsonPath: "$.n", numberValue: 1 }], willContinue: true };
    const events = await frames(
      call({ name: "f", willContinue: true }),
      call(piece),
      call({ name: "g", willContinue: true }),
      frame([], "STOP"),
    );
    expect(of("tool-start", events).map(({ name, call: at }) => [name, at])).toEqual([
      ["f", 0],
      ["g", 1],
    ]);
    expect(of("tool-args", events).map(({ json }) => json)).toEqual(['{"n":1}', "{}"]);
  });

  test("that belong to no call say nothing", async () => {
    expect(of("tool-start", await frames(call({}), frame([{ text: "a" }], "STOP")))).toEqual([]);
  });
});

describe("what Gemini says beside words", () => {
  test("a signature alone after a call is a piece of reasoning without words", async () => {
    const events = await frames(call({ name: "f" }), frame([{ text: "", thoughtSignature: "UzE=" }], "STOP"));
    const starts = of("part-start", events);
    expect(starts.map(({ kind }) => kind)).toEqual(["reasoning"]);
    expect(of("opaque", events)[0]?.opaque).toEqual({ issuer: "gemini", kind: "thought", data: "UzE=" });
  });

  test("words that it repeats from elsewhere have their source", async () => {
    const citationMetadata = {
      citationSources: [{ endIndex: 4, uri: "https://example.org/e", license: "mit" }, 3],
    };
    const candidate = { content: { parts: [{ text: "Éa, so" }] }, finishReason: "STOP", citationMetadata };
    const [first, second] = of("annotation", await frames({ candidates: [candidate] }));
    expect(first?.annotation).toMatchObject({ url: "https://example.org/e", start: 0, end: 3 });
    expect(second?.annotation.url).toBeUndefined();
  });

  test("places that the text does not have are left out", async () => {
    const groundingMetadata = {
      groundingChunks: [{ maps: { uri: "https://example.org/map", title: "Map" } }],
      groundingSupports: [
        { segment: { startIndex: 2, endIndex: 900, text: "far" }, groundingChunkIndices: [0, 7] },
        { segment: null },
      ],
    };
    const candidate = { content: { parts: [{ text: "short" }] }, finishReason: "STOP", groundingMetadata };
    expect(
      of("annotation", await frames({ candidates: [candidate] })).map(({ annotation }) => annotation),
    ).toEqual([{ url: "https://example.org/map", title: "Map", cited: "far", native: expect.anything() }]);
  });
});

test("a host that names one source a hundred thousand times for a long text keeps nobody waiting", async () => {
  const groundingMetadata = {
    groundingChunks: [{ web: { uri: "https://example.org/", title: "All" } }],
    groundingSupports: Array.from({ length: 20 }, () => ({
      segment: { endIndex: 900_000 },
      groundingChunkIndices: Array<number>(10_000).fill(0),
    })),
  };
  const parts = [{ text: "x".repeat(900_000) }];
  const candidate = { content: { parts }, finishReason: "STOP", groundingMetadata };
  const before = performance.now();
  const cited = of("annotation", await document([Buffer.from(JSON.stringify({ candidates: [candidate] }))]));
  expect(cited.length).toBe(256);
  expect(performance.now() - before).toBeLessThan(2000);
});
