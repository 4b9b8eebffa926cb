import { afterAll, beforeAll, expect, test } from "bun:test";
import OpenAI from "openai";
import { describeWithEngine, type RunningEngine, startLlamaServer } from "../engine/llama-server.ts";
import { refusedUrl } from "../upstream/nowhere.ts";
import { type RunningBinary, runBinary, startBinary } from "./binary.ts";
import { chunksOf, clientOf, said, thrownBy, START_MS } from "./fleet.ts";

/** Longest wait for the server to notice: a place that refuses is looked at again after 1, 2, 4 and then every 5 s. */
const PATIENCE_MS = 15_000;

describeWithEngine("an engine's life as the compiled binary sees it", () => {
  const url = refusedUrl();
  let server: RunningBinary;
  let client: OpenAI;
  let engine: RunningEngine | undefined;

  beforeAll(async () => {
    server = await startBinary({ env: { LLAMACPP_URL: url } });
    client = clientOf(server);
  }, START_MS);
  afterAll(async () => {
    await server.stop();
    await engine?.stop();
  });

  const start = async () => {
    engine = await startLlamaServer({
      model: "chat",
      port: Number(new URL(url).port),
      args: ["--alias", "tiny"],
    });
  };
  const ask = { model: "tiny", messages: said("Hello"), seed: 1 };
  const models = async () => (await client.models.list()).data.map(({ id }) => id);

  /** Asks for the backend until it is in this state. */
  async function becomes(state: string): Promise<Record<string, unknown>> {
    let seen: Record<string, unknown> = {};
    for (const end = performance.now() + PATIENCE_MS; performance.now() < end; await Bun.sleep(20)) {
      const { data } = (await (await fetch(`${server.url}/v1/backends`)).json()) as {
        data: Record<string, unknown>[];
      };
      seen = data.find(({ name }) => name === "llamacpp") ?? {};
      if (seen["state"] === state) return seen;
    }
    throw new Error(`it is not ${state}: ${JSON.stringify(seen)}`);
  }

  test("before it runs: the built-in model answers, and the place is known to be empty", async () => {
    const nobody = { type: "llamacpp", url, model_count: 0, last_error: { code: "upstream_unreachable" } };
    expect(await becomes("disconnected")).toMatchObject(nobody);
    expect(await models()).toEqual(["echo"]);
    expect(await thrownBy(client.chat.completions.create(ask))).toBeInstanceOf(OpenAI.NotFoundError);
  });

  test(
    "started later: its model appears by itself and answers",
    async () => {
      await start();
      const found = { model_count: 1, last_error: null, capabilities: { context_length: 32768 } };
      expect(await becomes("connected")).toMatchObject(found);
      expect(await models()).toEqual(["tiny"]);
      const { choices } = await client.chat.completions.create(ask);
      expect(choices[0]?.message.content).toMatch(/^[A-Z].*\.$/);
      const { stdout } = await runBinary(["models"], { env: { LLAMACPP_URL: url } });
      expect(stdout).toMatch(/^MODEL +BACKEND +CONTEXT\ntiny +llamacpp +32768 tokens\n$/);
    },
    PATIENCE_MS + 5000,
  );

  test("killed in the middle of an answer: the stream ends with an error, never as if it were whole", async () => {
    const long = { ...ask, max_tokens: 30_000, ...{ ignore_eos: true } };
    const stream = await client.chat.completions.create({ ...long, stream: true });
    const finishes: unknown[] = [];
    const read = async () => {
      for await (const chunk of stream) {
        finishes.push(chunk.choices[0]?.finish_reason);
        await engine?.stop("SIGKILL");
      }
    };
    const thrown = await thrownBy(read());
    expect(thrown).toBeInstanceOf(OpenAI.APIError);
    expect(thrown).toMatchObject({ code: "upstream_truncated" });
    expect(finishes.filter((reason) => reason !== null)).toEqual([]);
  });

  test("dead: a request is told so in OpenAI's words at once, and the model leaves the list", async () => {
    const thrown = await thrownBy(client.chat.completions.create(ask));
    expect(thrown).toBeInstanceOf(OpenAI.InternalServerError);
    expect(thrown).toMatchObject({ status: 502, type: "upstream_error", code: "upstream_unreachable" });
    await becomes("disconnected");
    expect(await models()).not.toContain("tiny");
  });

  test(
    "back again at the same place: it works as before",
    async () => {
      await start();
      await becomes("connected");
      expect(await models()).toEqual(["tiny"]);
      const chunks = await chunksOf(client.chat.completions.create({ ...ask, stream: true }));
      expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
    },
    PATIENCE_MS + 5000,
  );
});
