import { describe, expect, test } from "bun:test";
import { openai } from "../../src/adapters/openai.ts";
import { PLAIN_PROFILE, type Profile } from "../../src/adapters/profile.ts";
import type { StreamEvent } from "../../src/core/event.ts";
import { Failure, type FailureCode } from "../../src/core/failure.ts";
import { readBodyText } from "../../src/backends/body-text.ts";
import { readEvents, readFailure } from "../../src/pipeline/read.ts";
import { answered, type Answered, chunk, type Reads, sse } from "./answered.ts";
import { Dice } from "./dice.ts";
import { faults } from "./grammar.ts";

function batches(
  response: Answered,
  parts: { stream?: boolean; profile?: Partial<Profile> } = {},
): Promise<StreamEvent[][]> {
  const events = readEvents(response, {
    adapter: openai,
    profile: { ...PLAIN_PROFILE, ...parts.profile },
    hints: undefined,
    names: undefined,
    stream: parts.stream ?? true,
    ownStart: { id: "ours", model: "asked", created: 7 },
    estimate: (characters) => ({ input: 1, output: characters, estimated: true }),
  });
  return Array.fromAsync(events);
}

const events = async (...args: Parameters<typeof batches>) => (await batches(...args)).flat();
const stream = (reads: string | Reads) => events(answered(reads));

function textOf(said: readonly StreamEvent[]): string {
  return said.map((event) => (event.type === "text" ? event.text : "")).join("");
}

/** Said this much, then failed so; never a reason to finish. */
function expectFailed(said: readonly StreamEvent[], code: FailureCode, words = ""): Failure {
  expect(faults(said)).toEqual([]);
  const last = said.at(-1);
  if (last?.type !== "error") throw new Error(`ended with ${last?.type}`);
  expect([last.failure.code, textOf(said)]).toEqual([code, words]);
  expect(said.filter(({ type }) => type === "finish" || type === "end")).toEqual([]);
  return last.failure;
}

function expectWhole(said: readonly StreamEvent[], words: string): void {
  expect(faults(said)).toEqual([]);
  expect([textOf(said), said.at(-1)]).toEqual([words, { type: "end" }]);
}

const hi = chunk({ role: "assistant", content: "hi" });
const done = chunk({}, "stop");
const document = {
  id: "chatcmpl-1",
  created: 3,
  model: "real",
  choices: [{ index: 0, message: { role: "assistant", content: "hi" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
};

describe("the end of a stream", () => {
  test.each([
    ["with a reason and [DONE]", sse(hi, done, "[DONE]")],
    ["with a reason and no [DONE]", sse(hi, done)],
    ["with a reason and [DONE] without its blank line", `${sse(hi, done)}data: [DONE]`],
    ["with blanks behind [DONE]", sse(hi, done, "[DONE] ")],
  ])("%s is whole", async (_, body) => {
    expectWhole(await stream(body), "hi");
  });

  test.each([
    ["after its text", sse(hi)],
    ["with [DONE] and no reason", sse(hi, "[DONE]")],
    ["in the middle of a frame", `${sse(hi)}data: {"choices":[`],
    ["after one choice of two", sse(hi, chunk({ content: "" }, null, 1), done, "[DONE]")],
  ])("%s is an error, however cleanly the connection closed", async (name, body) => {
    const code = name.includes("frame") ? "upstream_bad_frame" : "upstream_truncated";
    expectFailed(await stream(body), code, "hi");
  });

  test.each(["", ": comment\n\n", sse("[DONE]"), sse({ id: "x", choices: [] })])(
    "before a word is an error: %j",
    async (body) => {
      expectFailed(await stream(body), "upstream_truncated");
    },
  );

  test("without a reason is whole where a host is known to leave it out; but not without a word", async () => {
    const profile = { finishOptional: true };
    const said = await events(answered(sse(hi, "[DONE]")), { profile });
    expectWhole(said, "hi");
    expect(said).toContainEqual({ type: "finish", choice: 0, reason: "stop" });
    expectFailed(await events(answered(sse(hi)), { profile }), "upstream_truncated", "hi");
    expectFailed(await events(answered(sse("[DONE]")), { profile }), "upstream_truncated");
  });

  test("is [DONE]: what follows is not read, and the connection is left at once", async () => {
    const response = answered(
      (async function* () {
        yield sse(hi, done, "[DONE]", chunk({ content: " there" }));
        await new Promise(() => {});
      })(),
    );
    expectWhole(await events(response), "hi");
    expect(response.done).toBe(true);
  });

  test("never comes from a reason alone: a tool call that is cut is no call", async () => {
    const call = chunk({ tool_calls: [{ index: 0, id: "a", function: { name: "now", arguments: '{"at' } }] });
    expectFailed(await stream(sse(call)), "upstream_truncated");
  });
});

describe("a fault", () => {
  const cut = new Failure("upstream_idle_timeout", "Silent.");

  test("of the connection comes after every word that arrived before it", async () => {
    expect(
      expectFailed(
        await stream([sse(hi), sse(chunk({ content: " there" })), cut]),
        "upstream_idle_timeout",
        "hi there",
      ),
    ).toBe(cut);
  });

  test("of the connection after the reason to finish, before [DONE], is still a fault", async () => {
    expectFailed(await stream([sse(hi, done), cut]), "upstream_idle_timeout", "hi");
  });

  test("nobody foresaw is ours, its words kept from the caller", async () => {
    const failure = expectFailed(
      await stream([sse(hi), new TypeError("secret words")]),
      "internal_error",
      "hi",
    );
    expect(failure.message).not.toContain("secret");
  });

  test.each<[string, string, FailureCode]>([
    ["no JSON", sse("{oops"), "upstream_bad_frame"],
    ["no object", sse("[1]"), "upstream_bad_frame"],
    [
      "an event of more than 1 MiB",
      sse(chunk({ content: "x".repeat(1024 * 1024) })),
      "upstream_frame_too_large",
    ],
    ["a line without an end", `data: ${"x".repeat(1024 * 1024)}`, "upstream_frame_too_large"],
  ])("%s: what the same read brought before it is delivered", async (_, frame, code) => {
    expectFailed(await stream(sse(hi) + frame + sse(done)), code, "hi");
  });

  test("in a tool call: what the same read brought before it is delivered", async () => {
    const nameless = chunk({ tool_calls: [{ index: 0, id: "a", function: { arguments: "{}" } }] });
    expectFailed(await stream(sse(hi, nameless, done, "[DONE]")), "upstream_bad_frame", "hi");
    const many = Array.from({ length: 600 }, (_, index) => ({
      index,
      id: `${index}`,
      function: { name: "now" },
    }));
    expectFailed(await stream(sse(hi, chunk({ tool_calls: many }), "{oops")), "upstream_bad_frame", "hi");
  });
});

describe("an error inside the answer", () => {
  test.each<[string, unknown, FailureCode, string]>([
    ["a string", { error: "boom" }, "upstream_error", "boom"],
    ["an object", { error: { message: "boom", type: "server_error", code: null } }, "upstream_error", "boom"],
    ["with a status for a code", { error: { message: "boom", code: 429 } }, "rate_limited", "boom"],
    [
      "with a type that implies a status",
      { error: { message: "boom", type: "invalid_request_error" } },
      "upstream_rejected",
      "boom",
    ],
    ["flat (older vLLM)", { object: "error", message: "boom", code: 400 }, "upstream_rejected", "boom"],
    [
      "beside choices (OpenRouter)",
      { ...chunk({ content: "" }, "error"), error: { message: "boom", code: 502 } },
      "upstream_error",
      "boom",
    ],
    ["without a text", { error: {} }, "upstream_error", "without a text"],
    ["true", { error: true }, "upstream_error", "without a text"],
    [
      "the wrong key, whose words stay here",
      { error: { message: "sk-x", code: 401 } },
      "upstream_auth",
      "did not accept the key",
    ],
    [
      "a context that is too long",
      { error: { message: "prompt is too long" } },
      "context_length_exceeded",
      "too long",
    ],
  ])("%s", async (_, frame, code, words) => {
    expect(expectFailed(await stream(sse(frame)), code).message).toContain(words);
    expect(expectFailed(await stream(sse(hi, frame, "[DONE]")), code, "hi").message).toContain(words);
    expect(
      expectFailed(await events(answered(JSON.stringify(frame), { type: "application/json" })), code).message,
    ).toContain(words);
  });

  test("as a bare line (Ollama), and behind a field name of its own (older llama.cpp)", async () => {
    expect(expectFailed(await stream(`${sse(hi)}{"error":"boom"}\n`), "upstream_error", "hi").message).toBe(
      "boom",
    );
    const line = 'error: {"code":500,"message":"boom","type":"server_error"}\n\n';
    expect(expectFailed(await stream(sse(hi) + line), "upstream_error", "hi").message).toBe("boom");
  });

  test.each(["error", "abort", "insufficient_system_resource"])(
    "as no more than the reason %s",
    async (reason) => {
      expect(
        expectFailed(await stream(sse(hi, chunk({}, reason), "[DONE]")), "upstream_error", "hi").message,
      ).toContain(reason);
    },
  );

  test("null is none", async () => {
    expectWhole(await stream(sse({ ...hi, error: null }, { ...done, error: null })), "hi");
  });
});

describe("the content type tells what came, not what was asked for", () => {
  test.each([true, false])("JSON, a stream asked for: %p", async (asked) => {
    const said = await events(
      answered(JSON.stringify(document), { type: "application/json; charset=utf-8" }),
      { stream: asked },
    );
    expectWhole(said, "hi");
    expect(said).toContainEqual(
      expect.objectContaining({ type: "usage", usage: expect.objectContaining({ input: 1, output: 2 }) }),
    );
  });

  test.each([true, false])("an event stream, a stream asked for: %p", async (asked) => {
    expectWhole(await events(answered(sse(hi, done, "[DONE]")), { stream: asked }), "hi");
  });

  test.each([true, false])("a type that says nothing, a stream asked for: %p", async (asked) => {
    const body = asked ? sse(hi, done) : JSON.stringify(document);
    expectWhole(await events(answered(body, { type: "text/plain" }), { stream: asked }), "hi");
  });

  test.each([
    ["text/html", "<html><body>It works!</body></html>"],
    ["application/json", "<html>"],
    ["application/json", "[]"],
    ["application/json", '{"message":"Hello"}'],
    ["application/json", '{"choices":[]}'],
  ])("an answer that is none: %s %s", async (type, body) => {
    for (const asked of [true, false])
      expectFailed(await events(answered(body, { type }), { stream: asked }), "upstream_bad_response");
  });

  test("a document without a reason to finish ended all the same", async () => {
    const choices = [{ message: { content: "hi" } }, { message: { content: "" }, finish_reason: null }];
    const said = await events(answered(JSON.stringify({ choices }), { type: "application/json" }));
    expectWhole(said, "hi");
    expect(said.filter(({ type }) => type === "finish")).toHaveLength(2);
  });

  test("a document's calls are told apart by their places", async () => {
    const tool_calls = [1, 2].map(() => ({ function: { name: "now", arguments: "" } }));
    const body = JSON.stringify({
      choices: [{ message: { content: null, tool_calls }, finish_reason: "tool_calls" }],
    });
    const said = await events(answered(body, { type: "application/json" }));
    expect(said.filter(({ type }) => type === "tool-start")).toHaveLength(2);
  });
});

describe("batches", () => {
  test("are one per network read that says something, the last one with the end", async () => {
    const reads = [
      sse(hi),
      ": ping\n\n",
      sse(chunk({ content: "a" }), chunk({ content: "b" })),
      sse(done, "[DONE]"),
    ];
    const types = (await batches(answered(reads))).map((batch) => batch.map(({ type }) => type));
    expect(types).toEqual([
      ["start", "part-start", "text"],
      ["text", "text"],
      ["part-end", "finish", "usage", "end"],
    ]);
  });

  test("stop when their reader leaves, and so does the connection", async () => {
    const response = answered([sse(hi), sse(done)]);
    for await (const batch of readEvents(response, {
      adapter: openai,
      profile: PLAIN_PROFILE,
      hints: undefined,
      names: undefined,
      stream: true,
      ownStart: { id: "", model: "", created: 0 },
      estimate: () => ({ input: 0, output: 0 }),
    }))
      if (batch.length > 0) break;
    expect(response.done).toBe(true);
  });
});

test("random chunks, cut and broken anywhere, never break the grammar and never look whole when they are not", async () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const dice = new Dice(seed);
    const frames = Array.from({ length: 1 + dice.below(10) }, () => randomFrame(dice));
    const broken = dice.one(2);
    const body = sse(...frames, ...(broken ? [] : [done, chunk({}, "stop", 1)]));
    const reads: (string | Error)[] = dice.pieces(body, 200);
    if (dice.one(4)) reads.push(new Failure("upstream_closed", "Cut."));
    const said = await stream(reads);
    expect([seed, faults(said)]).toEqual([seed, []]);
    const whole = !broken && reads.every((read) => typeof read === "string") && !body.includes("oops");
    if (!whole) expect([seed, said.at(-1)?.type]).toEqual([seed, "error"]);
  }
});

function randomFrame(dice: Dice): unknown {
  const index = dice.below(2);
  const call = {
    index: dice.below(2),
    id: dice.pick(["", "a", "b"]),
    function: { name: "now", arguments: dice.pick(["", "{}", "{"]) },
  };
  return dice.pick<unknown>([
    chunk({ content: "a" }, null, index),
    chunk({ reasoning: "b", reasoning_content: "b" }, null, index),
    chunk({ tool_calls: [call] }, null, index),
    chunk({ tool_calls: [call, call] }, null, index),
    chunk({ odd: [1] }, null, index),
    { id: "x", choices: null, usage: { prompt_tokens: 1, completion_tokens: 1 } },
    { choices: [], prompt_filter_results: [] },
    ...(dice.one(12) ? ["{oops"] : []),
    ...(dice.one(12) ? [{ error: "oops" }] : []),
  ]);
}

describe("a body", () => {
  test("is read up to its limit, and one byte more is too much", async () => {
    expect(await readBodyText(answered(["Grü", "ße"]), 7)).toBe("Grüße");
    await expect(readBodyText(answered(["Grü", "ße"]), 6)).rejects.toMatchObject({
      code: "upstream_bad_response",
    });
  });

  test("may be cut inside a character between two reads", async () => {
    const bytes = new TextEncoder().encode("ä");
    expect(await readBodyText(answered([bytes.subarray(0, 1), bytes.subarray(1)]), 9)).toBe("ä");
  });
});

describe("an error answer", () => {
  const failure = (reads: string | Reads, headers = {}) =>
    readFailure(answered(reads, { status: 500, type: "application/json", headers }), openai);

  test("is what its body says", async () => {
    expect(await failure('{"error":"boom"}')).toMatchObject({ code: "upstream_error", message: "boom" });
  });

  test.each<[string, string | Reads, object]>([
    ["endless", "x".repeat(300 * 1024), {}],
    ["cut", ['{"error":', new Failure("upstream_truncated", "Cut.")], {}],
    ["compressed unasked", "\x1f\x8b\x08", { "content-encoding": "gzip" }],
  ])("whose body is %s still says its status", async (_, reads, headers) => {
    expect(await failure(reads, headers)).toMatchObject({
      code: "upstream_error",
      message: "The backend answered with status 500.",
    });
  });

  test("is not one any more when the client has left", async () => {
    expect(await failure([new Failure("cancelled", "Left.")])).toMatchObject({ code: "cancelled" });
  });
});
