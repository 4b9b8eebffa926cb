import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openai } from "../../src/adapters/openai.ts";
import type { StreamEvent } from "../../src/core/event.ts";
import {
  CUT,
  events,
  expectFailed,
  expectNoShortAnswer,
  expectSameInEverySlicing,
  isClean,
  lastFinish,
  stream,
} from "./replay.ts";

/**
 * Answers as the hosts that speak OpenAI's dialect really send them: `NAME.sse` is a stream, `NAME.json` a document, and
 * `NAME.events.jsonl` or `NAME.json.events.jsonl` what must leave the normaliser, one event per line. A fixture is found by
 * being there; with `FAIRLEAD_WRITE_EVENTS=1` the events of one that has none yet are written, to be read before they are kept.
 */
const FOLDER = join(import.meta.dir, "../fixtures/openai");
const files = readdirSync(FOLDER).sort();
const streams = files.filter((name) => name.endsWith(".sse"));
const documents = files.filter((name) => /^[^.]+\.json$/.test(name));

/** Holds events against the file beside the fixture. */
function expectGolden(name: string, said: StreamEvent[]): void {
  const path = join(FOLDER, `${name.replace(/\.sse$/, "")}.events.jsonl`);
  const lines = said.map((event) => JSON.stringify(event));
  if (!existsSync(path) && process.env.FAIRLEAD_WRITE_EVENTS === "1")
    writeFileSync(path, `${lines.join("\n")}\n`);
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
    readFileSync(path, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown),
  );
}

describe("streams", () => {
  test.each(streams)("%s says what its events file says", async (name) => {
    expectGolden(name, await stream([readFileSync(join(FOLDER, name))]));
  });

  test.each(streams)("%s means the same in every slicing of its bytes", async (name) => {
    await expectSameInEverySlicing(readFileSync(join(FOLDER, name)));
  });

  test.each(streams)(
    "%s, its connection cut at any byte, is an error and never a short answer",
    async (name) => {
      await expectNoShortAnswer(name, readFileSync(join(FOLDER, name)));
    },
  );

  test.each(streams)(
    "%s, ended in order at any byte, is whole only after every reason to finish",
    async (name) => {
      const bytes = readFileSync(join(FOLDER, name));
      const finished = lastFinish(bytes);
      for (let at = 0; at < bytes.length; at += 1) {
        const said = await stream([bytes.subarray(0, at)]);
        if (at < finished || !isClean(said)) expectFailed(said, `${name} at ${at}`);
      }
      expect(isClean(await stream([bytes.subarray(0, finished)]))).toBe(true);
    },
  );
});

describe("documents", () => {
  test.each(documents)(
    "%s says what its events file says, also where a stream was asked for",
    async (name) => {
      expectGolden(name, await events([readFileSync(join(FOLDER, name))], "application/json"));
    },
  );

  test.each(documents)("%s cut at any byte is an error", async (name) => {
    const bytes = readFileSync(join(FOLDER, name));
    // The newline at the end of the file is no part of the document.
    for (let at = 0; at < bytes.length - 1; at += 1) {
      const cut = bytes.subarray(0, at);
      expectFailed(await events([cut], "application/json"), `${name} at ${at}`);
      expectFailed(await events([cut], "application/json", CUT), `${name} at ${at}`);
    }
  });
});

describe("lists of models", () => {
  test.each([
    ["groq", "openai/gpt-oss-120b", 131_072],
    ["llamacpp", "qwen3-4b-q4_k_m.gguf", undefined],
    ["mistral", "mistral-small-latest", 131_072],
    ["openai", "gpt-5-mini", undefined],
    ["openrouter", "anthropic/claude-sonnet-4.5", 1_000_000],
    ["together", "meta-llama/Llama-3.3-70B-Instruct-Turbo", 131_072],
    ["vllm", "openai/gpt-oss-20b", 131_072],
  ])("%s lists %s and tells its context length where it knows it", (host, id, contextLength) => {
    const [model] = openai.models(read(`${host}.models.json`));
    expect([model?.id, model?.contextLength]).toEqual([id, contextLength]);
  });

  test("an empty list of Ollama's is null, and means none", () => {
    expect(openai.models(read("ollama-empty.models.json"))).toEqual([]);
  });
});

describe("embeddings", () => {
  test.each(["openai-base64", "llamacpp-float"])("%s gives the same vectors and a count", (name) => {
    const { vectors, usage } = openai.embeddings(JSON.stringify(read(`${name}.embeddings.json`)));
    expect(vectors.map((vector) => Float32Array.from(vector))).toEqual([
      Float32Array.of(0.6, -0.8, 0),
      Float32Array.of(0, 0.28, 0.96),
    ]);
    expect(usage).toMatchObject({ input: 6, output: 0 });
  });
});

function read(name: string): unknown {
  return JSON.parse(readFileSync(join(FOLDER, name), "utf8"));
}
