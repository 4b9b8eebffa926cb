import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ALIGNMENT, writeGguf } from "./gguf.ts";
import { readGguf } from "./gguf-reader.ts";
import { describeWithEngine, startLlamaServer } from "./llama-server.ts";
import type { RunningEngine } from "./llama-server.ts";
import { tinyModel } from "./tiny-models.ts";
import type { TinyKind } from "./tiny-models.ts";
import { PICTURE } from "./vision-projector.ts";
import { vocabulary } from "./vocabulary.ts";

const KINDS: readonly TinyKind[] = ["chat", "think", "tool", "embed", "mmproj"];

describe("a tiny model's file", () => {
  test.each(KINDS)("%s: every count, offset and length in it agrees with what follows", (kind) => {
    const file = tinyModel(kind);
    const { metadata, tensors, dataStart } = readGguf(file);
    let end = dataStart;
    for (const { offset, bytes } of tensors) {
      expect(offset % ALIGNMENT).toBe(0);
      expect(dataStart + offset - end).toBeWithin(0, ALIGNMENT);
      end = dataStart + offset + bytes;
    }
    expect(file.length - end).toBeWithin(0, ALIGNMENT);
    expect(new Set(tensors.map((tensor) => tensor.name)).size).toBe(tensors.length);
    expect(metadata.get("general.name")).toBe(`tiny-${kind}`);
    expect(file.length).toBeLessThan(1 << 20);
  });

  test("one seed always gives the same bytes, another seed others", () => {
    for (const kind of KINDS) {
      expect(tinyModel(kind, 7)).toEqual(tinyModel(kind, 7));
      expect(tinyModel(kind, 7)).not.toEqual(tinyModel(kind, 8));
    }
  });

  test("a tensor whose numbers do not fill its shape is refused", () => {
    const tensor = { name: "odd", shape: [2, 3], values: new Float32Array(5) };
    expect(() => writeGguf({}, [tensor])).toThrow("tensor odd: 5 numbers for 6 places");
  });

  test("no two tokens are spelled alike", () => {
    const spellings = vocabulary().map((token) => token.spelling);
    expect(new Set(spellings).size).toBe(spellings.length);
  });
});

interface Message {
  content: string | null;
  reasoning_content?: string;
  tool_calls?: { id: string; type: string; function: { name: string; arguments: string } }[];
}

interface Answer {
  choices: { message: Message; finish_reason: string }[];
  usage: { prompt_tokens: number };
}

const HELLO = { role: "user", content: "Hello there" };

/** Posts JSON to the engine and gives the answer's text. */
type Post = (path: string, body: object) => Promise<string>;

/** One engine of a kind for the tests inside. */
function withEngine(kind: TinyKind, tests: (post: Post) => void): void {
  describeWithEngine(`a real llama-server on ${kind}`, () => {
    let engine: RunningEngine | undefined;
    beforeAll(async () => {
      engine = await startLlamaServer({ model: kind });
    });
    afterAll(() => engine?.stop());
    tests(async (path, body) => {
      // Idle connections keep llama-server's few threads: without this, one of many at once may wait 5 s for one.
      const headers = { connection: "close" };
      const answer = await fetch(`${engine?.url}${path}`, {
        method: "POST",
        headers,
        body: JSON.stringify(body),
      });
      if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
      return answer.text();
    });
  });
}

async function chat(post: Post, body: object): Promise<Answer> {
  return JSON.parse(await post("/v1/chat/completions", { messages: [HELLO], max_tokens: 400, ...body }));
}

withEngine("chat", (post) => {
  test("streams an answer word by word and ends it", async () => {
    const answer = await post("/v1/chat/completions", {
      messages: [HELLO],
      stream: true,
      seed: 1,
      max_tokens: 400,
    });
    const frames = answer.split("\n\n").filter((frame) => frame.startsWith("data: "));
    expect(frames.at(-1)).toBe("data: [DONE]");
    const chunks = frames.slice(0, -1).map((frame) => JSON.parse(frame.slice(6)));
    const words: string[] = chunks.map((chunk) => chunk.choices[0]?.delta.content).filter((word) => word);
    expect(words.length).toBeGreaterThan(4);
    expect(words.join("")).toMatch(/^[A-Z].* .*\.$/);
    expect(chunks.flatMap((chunk) => chunk.choices[0]?.finish_reason ?? [])).toEqual(["stop"]);
  });

  test("says the same for the same seed, other things for others, and puts whole what is several tokens", async () => {
    const said = await Promise.all(
      Array.from(
        { length: 20 },
        async (_, seed) => (await chat(post, { seed })).choices[0]?.message.content ?? "",
      ),
    );
    expect((await chat(post, { seed: 3 })).choices[0]?.message.content).toBe(said[3] ?? "");
    expect(new Set(said).size).toBeGreaterThan(10);
    expect(said.join(" ")).toMatch(/[é木🚢]/u);
    expect(said.join(" ")).not.toContain("\uFFFD");
  });

  test("goes on from any text that is not a chat", async () => {
    const { choices } = JSON.parse(await post("/v1/completions", { prompt: "Once", max_tokens: 4, seed: 1 }));
    expect(choices[0]).toMatchObject({
      text: expect.stringMatching(/^ [A-Z]\w+ \w+ \w+ /),
      finish_reason: "length",
    });
  });

  test("writes the JSON that a schema wants", async () => {
    const schema = {
      type: "object",
      properties: { name: { type: "string" }, sizes: { type: "array", items: { type: "integer" } } },
      required: ["name", "sizes"],
    };
    for (let seed = 0; seed < 5; seed++) {
      const answer = await chat(post, {
        seed,
        response_format: { type: "json_schema", json_schema: { name: "x", schema } },
      });
      expect(answer.choices[0]?.finish_reason).toBe("stop");
      const value = JSON.parse(answer.choices[0]?.message.content ?? "");
      expect(value).toEqual({ name: expect.any(String), sizes: expect.any(Array) });
    }
  });
});

withEngine("think", (post) => {
  test("thinks apart from what it answers", async () => {
    const { choices } = await chat(post, { seed: 1 });
    expect(choices[0]?.message.reasoning_content).toMatch(/\w+ \w+ \w+/);
    expect(choices[0]?.message.content).toMatch(/^[A-Z][^<>]*\.$/);
    expect(choices[0]?.finish_reason).toBe("stop");
  });

  test("answers at once when thinking is switched off", async () => {
    const { choices } = await chat(post, { chat_template_kwargs: { enable_thinking: false } });
    expect(choices[0]?.message.reasoning_content ?? "").toBe("");
    expect(choices[0]?.message.content).toMatch(/^[A-Z][^<>]*\.$/);
  });
});

withEngine("tool", (post) => {
  const parameters = {
    type: "object",
    properties: {
      city: { type: "string" },
      unit: { enum: ["celsius", "fahrenheit"] },
      days: { type: "integer" },
    },
    required: ["city", "unit", "days"],
  };
  const tools = [{ type: "function", function: { name: "weather", description: "Of a city", parameters } }];
  const ask = (body: object) => chat(post, { tools, ...body });

  test.each(["auto", "required"])(
    "tool_choice %s: every call fits the tool's schema",
    async (tool_choice) => {
      for (let seed = 0; seed < 5; seed++) {
        const { choices } = await ask({ seed, tool_choice });
        const calls = choices[0]?.message.tool_calls ?? [];
        expect(choices[0]?.finish_reason).toBe("tool_calls");
        expect(calls.length).toBeGreaterThan(0);
        for (const call of calls) {
          expect(call).toMatchObject({
            type: "function",
            id: expect.any(String),
            function: { name: "weather" },
          });
          const given = JSON.parse(call.function.arguments);
          expect(given).toEqual({
            city: expect.any(String),
            unit: expect.any(String),
            days: expect.any(Number),
          });
          expect(["celsius", "fahrenheit"]).toContain(given.unit);
        }
      }
    },
  );

  test("calls several tools at once now and then, if it may, and one in the likeliest case", async () => {
    const counts = await Promise.all(
      Array.from({ length: 12 }, async (_, seed) => {
        const { choices } = await ask({ seed, parallel_tool_calls: true });
        return choices[0]?.message.tool_calls?.length ?? 0;
      }),
    );
    expect(new Set(counts).size).toBeGreaterThan(1);
    expect(Math.min(...counts)).toBe(1);
    const likeliest = await ask({ temperature: 0, parallel_tool_calls: true });
    expect(likeliest.choices[0]?.message.tool_calls).toHaveLength(1);
  });

  test("writes words, not calls, when tools are given but none may be called", async () => {
    const { choices } = await ask({ seed: 1, tool_choice: "none" });
    expect(choices[0]?.message.tool_calls).toBeUndefined();
    expect(choices[0]?.finish_reason).toBe("stop");
  });

  test("answers in words after a tool's result, and without tools", async () => {
    const [called] = (await ask({ seed: 1 })).choices;
    const [call] = called?.message.tool_calls ?? [];
    const result = { role: "tool", tool_call_id: call?.id, content: "18 degrees" };
    for (const body of [{ messages: [HELLO, called?.message, result] }, { tools: undefined }]) {
      const { choices } = await ask(body);
      expect(choices[0]?.message.tool_calls).toBeUndefined();
      expect(choices[0]?.message.content).toMatch(/^[A-Z].*\.$/);
    }
  });
});

withEngine("embed", (post) => {
  test("turns texts into 64 numbers, close together where they share words", async () => {
    const input = ["the red boat", "the blue boat", "seven 4 % x"];
    const { data } = JSON.parse(await post("/v1/embeddings", { input }));
    const [red, blue, other]: number[][] = data.map((item: { embedding: number[] }) => item.embedding);
    expect(red).toHaveLength(64);
    expect(cosine(red, red)).toBeCloseTo(1, 3);
    expect(cosine(red, blue)).toBeGreaterThan(cosine(red, other));
  });
});

withEngine("mmproj", (post) => {
  test("takes a picture as a data URL, sees it as tokens and answers", async () => {
    const text = { type: "text", text: "What is this?" };
    const picture = { type: "image_url", image_url: { url: PICTURE } };
    const ask = (content: object[]) => chat(post, { messages: [{ role: "user", content }] });
    const [blind, seeing] = [await ask([text]), await ask([text, picture])];
    expect(seeing.choices[0]?.message.content).toMatch(/^[A-Z].*\.$/);
    expect(seeing.usage.prompt_tokens - blind.usage.prompt_tokens).toBeGreaterThanOrEqual(16);
  });
});

function cosine(a: readonly number[] = [], b: readonly number[] = []): number {
  return a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
}
