import { describe, expect, test } from "bun:test";
import { tokensIn } from "../../src/adapters/ollama/context.ts";
import { ALWAYS, asked, forwarded, type To, user } from "./ollama-written.ts";

/** `num_ctx` for a prompt of about so many tokens, and an answer of at most so many. */
function room(tokens: number, to: To = {}, maxOutput?: number): unknown {
  const prompt = { items: [user("x".repeat(3 * tokens))], ...(maxOutput === undefined ? {} : { maxOutput }) };
  const { json, hints } = asked(prompt, to);
  const { num_ctx: sent } = (json.options ?? {}) as { num_ctx?: number };
  expect(hints?.context?.room).toBe(sent);
  expect(hints?.context?.tokens).toBeGreaterThanOrEqual(tokens);
  return sent;
}

const info = (contextLength: number, contextLengthMax: number, loaded = false): To => ({
  info: { contextLength, contextLengthMax, loaded },
});
const KNOWN = info(131_072, 131_072);

describe("the context of a model", () => {
  test("is left to Ollama where the prompt and a usual answer fit its smallest", () => {
    expect(room(10)).toBeUndefined();
    expect(room(2000, KNOWN)).toBeUndefined();
    expect(room(3900, KNOWN, 100)).toBeUndefined();
  });

  test("is the next power of two where they do not", () => {
    expect(room(2100, KNOWN)).toBe(8192);
    expect(room(10, KNOWN, 4090)).toBe(8192);
    expect(room(20_000, KNOWN)).toBe(32_768);
    expect(room(20_000)).toBe(32_768);
  });

  test("has room for a long answer, but not for one as long as clients like to allow", () => {
    expect(room(10, KNOWN, 6000)).toBe(8192);
    expect(room(10, KNOWN, 64_000)).toBe(16_384);
  });

  test("is never longer than the model was made for: then Ollama says that it does not fit", () => {
    expect(room(20_000, info(8192, 8192))).toBe(8192);
    expect(room(1_000_000)).toBe(131_072);
  });

  test("stays what it is while the model is loaded, since another would load it anew", () => {
    expect(room(10, info(4096, 131_072, true))).toBe(4096);
    expect(room(10, info(65_536, 131_072, true))).toBe(65_536);
    expect(room(40_000, info(32_768, 131_072, true))).toBe(65_536);
    expect(room(40_000, info(40_960, 40_960, true))).toBe(40_960);
  });

  test("is what its Modelfile says, unless that is too little", () => {
    expect(room(10_000, info(16_384, 131_072))).toBeUndefined();
    expect(room(20_000, info(16_384, 131_072))).toBe(32_768);
  });

  test("is what the user configured, up to the longest possible", () => {
    expect(room(10, { ...KNOWN, contextWindow: 20_000 })).toBe(20_000);
    expect(room(50_000, { ...KNOWN, contextWindow: 20_000 })).toBe(20_000);
    expect(room(10, { ...info(4096, 8192, true), contextWindow: 20_000 })).toBe(8192);
    expect(room(10, { contextWindow: 20_000 })).toBe(20_000);
  });

  test("is what a client of another dialect sent along, if its user configured none", () => {
    const carried = (fields: object) => ({ carried: { dialect: "openai" as const, fields: { ...fields } } });
    expect(asked(carried({ num_ctx: 12_000 })).json.options).toEqual({ num_ctx: 12_000 });
    const inner = asked(carried({ options: { num_ctx: 12_000 } }));
    expect([inner.json.options, inner.notes]).toEqual([{ num_ctx: 12_000 }, []]);
    expect(asked(carried({ options: { num_ctx: 9, mirostat: 1 } })).notes).toEqual(["dropped:options"]);
    expect(asked(carried({ num_ctx: 12_000 }), { contextWindow: 9000 }).json.options).toEqual({
      num_ctx: 9000,
    });
    expect(asked(carried({ num_ctx: "many" })).json.options).toBeUndefined();
  });
});

describe("tokens are guessed", () => {
  test("rather too many than too few, in any language", () => {
    expect(tokensIn("a".repeat(300))).toBe(100);
    expect(tokensIn("語".repeat(100))).toBe(100);
    expect(tokensIn({ role: "user", content: "abc" })).toBeGreaterThan(2);
    expect([undefined, null, true, 5].map((value) => tokensIn(value))).toEqual([0, 1, 1, 1]);
  });

  test("with a picture for a picture, however long its base64 is", () => {
    const tokens = tokensIn({ images: ["A".repeat(1_000_000), "QQ=="] });
    expect([tokens > 1000, tokens < 4000]).toEqual([true, true]);
  });

  test("without an end to the stack for what is nested without end", () => {
    let deep: unknown = "x";
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(tokensIn(deep)).toBeLessThan(1000);
  });
});

describe("a request of Ollama's own dialect", () => {
  const chat = '{"model":"m", "messages":[{"role":"user","content":"hi"}] ,"think":"low","new":1e2}';

  test("keeps its bytes but for the model, and what would cut it", () => {
    const { path, text } = forwarded(chat);
    expect([path, text]).toEqual([
      "/api/chat",
      '{"model":"theirs", "messages":[{"role":"user","content":"hi"}] ,"think":"low","new":1e2,"truncate":false,"shift":false}',
    ]);
  });

  test("keeps its own word about cutting, and about the context", () => {
    const body = {
      model: "m",
      messages: [],
      truncate: true,
      shift: true,
      options: { num_ctx: 512, top_k: 3 },
    };
    const { json, hints } = forwarded(JSON.stringify(body), info(4096, 8192, true));
    expect(json).toEqual({ ...body, model: "theirs" });
    expect(hints?.context?.room).toBe(512);
  });

  test("gets the context that it needs beside its own options", () => {
    const body = { model: "m", prompt: "x".repeat(30_000), options: { top_k: 3 } };
    const { path, json } = forwarded(JSON.stringify(body));
    expect([path, json.options]).toEqual(["/api/generate", { top_k: 3, num_ctx: 16_384 }]);
    expect(forwarded('{"prompt":"a","options":{"num_predict":-1}}').json.options).toEqual({
      num_predict: -1,
    });
  });

  test("streams unless it says otherwise, and says it only where it must", () => {
    expect(forwarded('{"messages":[]}').json).not.toHaveProperty("stream");
    expect(forwarded('{"messages":[],"stream":null}', {}, false).json.stream).toBe(false);
    expect(forwarded('{"messages":[],"stream":false}', {}, false).text).toContain('"stream":false');
    expect(forwarded('{"messages":[]}', {}, false).json.stream).toBe(false);
  });

  test("takes the defaults of its alias into its options", () => {
    const defaults = { temperature: 0.2, max_tokens: 9, top_k: 5, keep_alive: "1h", store: true };
    const { json, notes } = forwarded('{"messages":[],"options":{"top_k":1}}', { defaults });
    expect(json).toEqual({
      ...ALWAYS,
      stream: undefined,
      messages: [],
      options: { top_k: 1, temperature: 0.2, num_predict: 9 },
      keep_alive: "1h",
    });
    expect(notes).toEqual(["dropped:store"]);
    const thinks = { defaults: { reasoning_effort: "high" }, model: "gpt-oss" };
    expect(forwarded('{"messages":[]}', thinks).json.think).toBe("high");
    expect(forwarded('{"messages":[],"think":false}', thinks).json.think).toBe(false);
    expect(forwarded('{"messages":[],"keep_alive":0}', { defaults: { keep_alive: 5 } }).json.keep_alive).toBe(
      0,
    );
  });
});
