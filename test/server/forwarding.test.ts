import { describe, expect, test } from "bun:test";
import type { JsonRecord } from "../../src/core/json.ts";
import { type Chunk, chatChunks, chatCompletion, payloads } from "../upstream/answers.ts";
import { neverAnswers } from "../upstream/faults.ts";
import { type Script, startUpstream } from "../upstream/scripted.ts";
import { sseFrame } from "../upstream/wire.ts";
import { answersHello, CHAT, HELLO, question, STREAMED } from "./questions.ts";
import { backendAt, type Parts, startServer } from "./running.ts";
import { readStream } from "./said.ts";

const answersWhole: Script = (_, wire) => wire.json(200, chatCompletion({ text: ["hi"] }));

/** What the backend received, and what the client did. */
async function sent(body: unknown, { script = answersWhole, headers, parts, type }: Scene = {}) {
  await using upstream = await startUpstream(script);
  const backend = backendAt(upstream, { type: type ?? "openai", apiKey: "sk-ours" });
  await using server = await startServer({ backends: [backend], ...parts });
  const answer = await (await server.caller()).ask(CHAT, { body, ...(headers && { headers }) });
  return { received: upstream.requests[0], answer, line: await server.nextLine() };
}

interface Scene {
  script?: Script;
  headers?: Record<string, string>;
  parts?: Parts;
  type?: string;
}

/** Everything that a second writer of JSON would change: spaces, order, escapes, numbers, a name that stands twice. */
const ODD = `{ "seed" : 9007199254740993,\t"temperature":1.0 , "messages":[ {"role":"user", "content":"h\\u00e9 \\/ é",
  "cache_control":{"type":"ephemeral"},"a":1,"a":2} ],"logit_bias":{"50256":-1E2}, "x_unknown":{"deep":[1e400,-0,""]}`;

describe("a request goes to a backend of its own dialect as it came", () => {
  test("byte for byte, but for the model's name", async () => {
    const { received, answer } = await sent(`${ODD}, "model" : "up/m" }\n`);
    expect(answer.status).toBe(200);
    expect(received?.text()).toBe(`${ODD}, "model" : "m" }\n`);
  });

  test("and for the usage, which is always asked for in a stream", async () => {
    const { received } = await sent(`${ODD}, "model":"m","stream":true}`, { script: answersHello });
    expect(received?.text()).toBe(
      `${ODD}, "model":"m","stream":true,"stream_options":{"include_usage":true}}`,
    );
  });

  test("and for nothing at all when the client asks for both itself", async () => {
    const text = `${ODD},"stream":true,"stream_options":{"include_usage":true,"x":1},"model":"m"}`;
    expect((await sent(text, { script: answersHello })).received?.text()).toBe(text);
  });

  test("also when it is too large to be parsed", async () => {
    const long = `${ODD},"tools":[${'{"type":"function","function":{"name":"f"}},'.repeat(5_000)}{}],"model":"up/m"}`;
    const { received } = await sent(long);
    expect(received?.text()).toBe(long.replace('"up/m"', '"m"'));
  });

  test("on the path of its backend, with a length and nothing of the client's own headers", async () => {
    const headers = {
      "x-request-id": "mine",
      "user-agent": "client/1",
      cookie: "a=b",
      "x-forwarded-for": "10.0.0.1",
      "openai-organization": "org",
      accept: "text/html",
      "x-api-key": "sk-the-clients",
    };
    const { received } = await sent(question(), { headers });
    expect([received?.method, received?.path]).toEqual(["POST", CHAT]);
    expect(received?.headers.map(([name]) => name.toLowerCase()).sort()).toEqual([
      "accept-encoding",
      "authorization",
      "content-length",
      "content-type",
      "host",
      "user-agent",
    ]);
    expect(received?.header("authorization")).toBe("Bearer sk-ours");
    expect(received?.header("user-agent")).toBe("fairlead");
  });

  test("never with the client's key, whichever header it came in", async () => {
    const parts: Parts = { server: { apiKeys: ["sk-the-clients"] } };
    for (const name of ["authorization", "x-api-key", "api-key"]) {
      const value = name === "authorization" ? "Bearer sk-the-clients" : "sk-the-clients";
      const { received, answer } = await sent(question(), {
        headers: { [name]: value },
        parts: { ...parts },
      });
      expect(answer.status).toBe(200);
      expect(JSON.stringify(received?.headers)).not.toContain("sk-the-clients");
    }
  });

  test("nothing in it chooses where it goes, or makes us fetch anything", async () => {
    await using elsewhere = await startUpstream(answersWhole);
    const image = { type: "image_url", image_url: { url: `${elsewhere.url}/cat.png` } };
    const body = question({
      messages: [{ role: "user", content: [image] }],
      api_base: elsewhere.url,
      base_url: elsewhere.url,
      api_key: "sk-other",
    });
    const headers = { "x-forwarded-host": "evil.example", "x-upstream-url": elsewhere.url };
    const { received } = await sent(body, { headers });
    expect(received?.json()).toEqual(body);
    expect(received?.header("host")).toStartWith("127.0.0.1:");
    expect(received?.header("authorization")).toBe("Bearer sk-ours");
    expect(elsewhere.connections.opened).toBe(0);
  });

  test("what means nothing in OpenAI's dialect is spelled out for engines that take it literally", async () => {
    const nothing = { stream: null, tools: [], tool_choice: null, stop: null, n: 1, max_tokens: -1, x: null };
    const { received, answer } = await sent(question(nothing));
    expect(answer.status).toBe(200);
    expect(received?.json()).toEqual(question({ n: 1, x: null }));
  });
});

describe("what had to be changed is named in the answer", () => {
  const tools = [{ type: "function", function: { name: "f" } }];
  const withheld = { tools, tool_choice: "none" };

  test.each([true, false])("in a header, streaming or not (%p)", async (stream) => {
    const script = stream ? answersHello : answersWhole;
    const { answer, line } = await sent(question({ ...withheld, stream }), { script, type: "llamacpp" });
    expect(answer.headers.get("x-fairlead-notes")).toBe("emulated:tool_choice");
    expect(answer.headers.get("x-fairlead-backend")).toBe("up");
    expect(line.notes).toBe("emulated:tool_choice");
  });

  test("and that fewer choices came than were asked for", async () => {
    const { answer } = await sent(question({ n: 2 }));
    expect(answer.headers.get("x-fairlead-notes")).toBe("dropped:n");
  });

  test("and the backend also where it failed", async () => {
    const refuses: Script = (_, wire) => wire.json(400, { error: "no" });
    for (const stream of [true, false]) {
      const { answer } = await sent(question({ stream }), { script: refuses });
      expect([answer.status, answer.headers.get("x-fairlead-backend")]).toEqual([400, "up"]);
    }
  });

  test("several notes stand in one header", async () => {
    const { answer, received } = await sent(question({ seed: 1, logprobs: true }), { type: "mistral" });
    expect(answer.headers.get("x-fairlead-notes")).toBe("renamed:seed, dropped:logprobs");
    expect(received?.json()).toEqual(question({ random_seed: 1 }));
  });

  test("also when the head goes out before the request does", async () => {
    await using upstream = await startUpstream(neverAnswers);
    const backends = [backendAt(upstream, { type: "llamacpp", concurrency: 1 })];
    await using server = await startServer({ backends, server: { heartbeat: 10 } });
    const [first, queued] = [await server.caller(), await server.caller()];
    first.send(CHAT, { body: STREAMED });
    await upstream.nextRequest();
    queued.send(CHAT, { body: question({ ...withheld, stream: true }) });
    expect((await queued.head()).headers.get("x-fairlead-notes")).toBe("emulated:tool_choice");
    expect(upstream.requests).toHaveLength(1);
  });

  test("and nothing is said where nothing was changed", async () => {
    expect((await sent(question())).answer.headers.has("x-fairlead-notes")).toBe(false);
  });
});

describe("a request has an id", () => {
  test("its client's own, when it can stand in a header and a log line", async () => {
    const { answer, line } = await sent(question(), { headers: { "x-request-id": "run-7:a.b_c" } });
    expect(answer.headers.get("x-request-id")).toBe("run-7:a.b_c");
    expect(line).toMatchObject({ id: "run-7:a.b_c" });
  });

  test.each(["", "a b", "é", "x".repeat(129), "<script>"])("a new one instead of %j", async (id) => {
    const { answer, line } = await sent(question(), { headers: { "x-request-id": id } });
    const given = answer.headers.get("x-request-id");
    expect(given).toMatch(/^[0-9a-f-]{36}$/);
    expect(line).toMatchObject({ id: given });
  });
});

describe("a model's name", () => {
  const alias = { name: "fast", targets: ["up/real"], defaults: { temperature: 0.2, top_k: 5 } };
  const parts: Parts = {
    models: [{ ...alias, contextWindow: undefined }],
    defaultModel: "fast",
  };
  const asked = async (fields: JsonRecord) => {
    await using upstream = await startUpstream(answersWhole);
    await using server = await startServer({ backends: [backendAt(upstream)], ...parts });
    const { model: _, ...rest } = question();
    const answer = await server.post(CHAT, { ...rest, ...fields });
    expect(answer.status).toBe(200);
    const { model } = (await answer.json()) as { model: string };
    return { received: upstream.requests[0]?.json() as JsonRecord, model };
  };

  test("may be an alias: its target is asked, with its defaults, and the answer bears the alias", async () => {
    const { received, model } = await asked({ model: "fast", top_k: 1 });
    expect(received).toMatchObject({ model: "real", temperature: 0.2, top_k: 1 });
    expect(model).toBe("fast");
  });

  test("may be default or left out where the configuration says what that is", async () => {
    expect((await asked({ model: "default" })).received).toMatchObject({ model: "real" });
    expect((await asked({ model: null })).received).toMatchObject({ model: "real" });
    expect((await asked({})).received).toMatchObject({ model: "real", temperature: 0.2 });
  });

  test("with its backend before it is forwarded even when the backend does not list it", async () => {
    const { received, model } = await asked({ model: "up/org/odd name:tag" });
    expect(received).toMatchObject({ model: "org/odd name:tag" });
    expect(received).not.toHaveProperty("temperature");
    expect(model).toBe("up/org/odd name:tag");
  });

  test("that two backends have means the first of them", async () => {
    await using first = await startUpstream(answersWhole);
    await using second = await startUpstream(answersWhole);
    const backends = [backendAt(first, { name: "one" }), backendAt(second, { name: "two" })];
    await using server = await startServer({ backends });
    await server.post(CHAT, question());
    await server.post(CHAT, question({ model: "two/m" }));
    expect([first.requests.length, second.requests.length]).toEqual([1, 1]);
  });
});

describe("an answer is the same, streamed or not", () => {
  const said = { reasoning: ["hm"], text: ["Hel", "lo"], usage: { prompt: 3, completion: 2 } };
  const chunks = chatChunks(said);
  const streams: Script = (_, wire) => wire.sse(payloads(chunks));
  const whole: Script = (_, wire) => wire.json(200, chatCompletion(said));

  test("whichever way the backend sends it", async () => {
    for (const script of [streams, whole]) {
      const streamed = readStream((await sent(STREAMED, { script })).answer.text);
      expect(streamed).toMatchObject({ text: "Hello", reasoning: "hm", finishes: ["stop"], done: true });
      const document = JSON.parse((await sent(question(), { script })).answer.text) as Chunk;
      expect(document).toMatchObject({
        object: "chat.completion",
        choices: [{ message: { content: "Hello", reasoning_content: "hm" }, finish_reason: "stop" }],
        usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
      });
    }
  });

  test("however the bytes are cut on their way", async () => {
    const bytes = HELLO.map(sseFrame).join("").replaceAll("\n", "\r\n");
    const slow: Script = async (_, wire) => {
      await wire.sseHead();
      await wire.slices(bytes.slice(0, 400), 1, "chunk");
      await wire.slices(bytes.slice(400), 97, "chunk");
      await wire.lastChunk();
    };
    expect(readStream((await sent(STREAMED, { script: slow })).answer.text)).toMatchObject({
      text: "Hello é",
      done: true,
    });
  });

  test("also where a reason came and [DONE] did not", async () => {
    const script: Script = (_, wire) => wire.sse(HELLO.slice(0, -1));
    expect(readStream((await sent(STREAMED, { script })).answer.text)).toMatchObject({
      finishes: ["stop"],
      done: true,
      error: undefined,
    });
  });
});

describe("usage", () => {
  const include = { stream: true, stream_options: { include_usage: true } };
  const uncounted: Script = (_, wire) => wire.sse(payloads(chatChunks({ text: ["Hello"] })));
  const usages = ({ text }: { text: string }) =>
    readStream(text).chunks.flatMap((chunk) => (chunk.usage ? [chunk] : []));

  test("comes in one chunk of its own to whoever asked, and to nobody else", async () => {
    const { answer } = await sent(question(include), { script: answersHello });
    expect(usages(answer)).toMatchObject([{ choices: [], usage: { prompt_tokens: 3, total_tokens: 5 } }]);
    expect(usages((await sent(STREAMED, { script: answersHello })).answer)).toEqual([]);
  });

  test("is an estimate, and marked as one, where the backend does not count", async () => {
    const { answer, line } = await sent(question(include), { script: uncounted });
    const [chunk] = usages(answer);
    expect(chunk).toMatchObject({ usage: { completion_tokens: 2 }, x_fairlead: { usage: "estimated" } });
    expect(line).toMatchObject({ output_tokens: 2, estimated: true });
  });
});
