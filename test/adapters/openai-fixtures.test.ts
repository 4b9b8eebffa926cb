import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openai } from "../../src/adapters/openai.ts";
import { PLAIN_PROFILE } from "../../src/adapters/profile.ts";
import type { UpstreamResponse } from "../../src/backends/transport.ts";
import type { StreamEvent } from "../../src/core/event.ts";
import { Failure } from "../../src/core/failure.ts";
import { type Reading, readEvents } from "../../src/pipeline/read.ts";

/**
 * Answers as the hosts that speak OpenAI's dialect really send them: `NAME.sse` is a stream, `NAME.json` a document, and
 * `NAME.events.jsonl` or `NAME.json.events.jsonl` what must leave the normaliser, one event per line. A fixture is found by
 * being there; with `FAIRLEAD_WRITE_EVENTS=1` the events of one that has none yet are written, to be read before they are kept.
 */
const FOLDER = join(import.meta.dir, "../fixtures/openai");
const files = readdirSync(FOLDER).sort();
const streams = files.filter((name) => name.endsWith(".sse"));
const documents = files.filter((name) => /^[^.]+\.json$/.test(name));

const READING: Reading = {
  adapter: openai,
  profile: PLAIN_PROFILE,
  stream: true,
  fallback: { id: "chatcmpl-ours", model: "asked", created: 1 },
  estimate: (characters) => ({ input: 1, output: characters, estimated: true }),
};

const CUT = new Failure("upstream_truncated", "The connection was cut.");

/** What a body of these network reads says, whole; or with a fault of the connection after the last of them. */
async function events(reads: Iterable<Uint8Array>, type: string, fault?: Failure): Promise<StreamEvent[]> {
  const response: UpstreamResponse = {
    status: 200,
    headers: new Map([["content-type", type]]),
    body: (async function* () {
      yield* reads;
      if (fault) throw fault;
    })(),
  };
  return (await Array.fromAsync(readEvents(response, READING))).flat();
}

const stream = (reads: Iterable<Uint8Array>, fault?: Failure) => events(reads, "text/event-stream", fault);

function* slices(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

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

function isClean(said: StreamEvent[]): boolean {
  return said.at(-1)?.type === "end";
}

/** Ends in a failure of the backend, and claims nothing else: no reason to finish, no end. */
function expectFailed(said: StreamEvent[], where: string): void {
  const last = said.at(-1);
  const code = last?.type === "error" ? last.failure.code : "no error";
  expect([where, code]).toEqual([where, expect.stringMatching(/^upstream_/)]);
  expect([where, said.filter(({ type }) => type === "finish" || type === "end")]).toEqual([where, []]);
}

describe("streams", () => {
  test.each(streams)("%s says what its events file says", async (name) => {
    expectGolden(name, await stream([readFileSync(join(FOLDER, name))]));
  });

  test.each(streams)("%s means the same in every slicing of its bytes", async (name) => {
    const bytes = readFileSync(join(FOLDER, name));
    const whole = await stream([bytes]);
    expect(isClean(whole)).toBe(true);
    for (let size = 1; size <= 64; size += 1) {
      expect([size, await stream(slices(bytes, size))]).toEqual([size, whole]);
    }
  });

  test.each(streams)(
    "%s, its connection cut at any byte, is an error and never a short answer",
    async (name) => {
      const bytes = readFileSync(join(FOLDER, name));
      const marked = bytes.indexOf("[DONE]") + "[DONE]".length;
      for (let at = 0; at < marked; at += 1) {
        expectFailed(await stream([bytes.subarray(0, at)], CUT), `${name} at ${at}`);
      }
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

/** The first byte after the frame with the last reason to finish, its line ending not included. */
function lastFinish(bytes: Buffer): number {
  const text = bytes.toString("latin1");
  const at = [...text.matchAll(/"finish_reason":"\w+"/g)].at(-1)?.index ?? Number.NaN;
  return text.slice(at).search(/\r?\n/) + at;
}
