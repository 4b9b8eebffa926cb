import { describe, expect, test } from "bun:test";
import type { Environment } from "../../src/core/environment.ts";
import { Failure, type FailureCode } from "../../src/core/failure.ts";
import { backendTable } from "./scene/config.ts";
import {
  generic,
  list,
  llamaCpp,
  llamaCppLoading,
  lmStudio,
  ollama,
  type Script,
  script,
  vllm,
  webPage,
} from "./scene/engines.ts";
import { Scene } from "./scene/scene.ts";

const P8080 = "http://127.0.0.1:8080";
const P1234 = "http://127.0.0.1:1234";
const P11434 = "http://127.0.0.1:11434";
const P8000 = "http://127.0.0.1:8000";
const GPU = "http://gpu:9000";
const OPENAI = "https://api.openai.com";

const failure = (code: FailureCode): Failure => new Failure(code, `It said ${code}.`);
const refused = { status: 401, json: { error: { message: "Wrong key." } } };
/** An engine that accepts and then breaks every answer. */
const broken = script({ "/health": { status: 500 }, "/v1/models": { status: 500 } });

const configured = (server?: Script | "hangs", type = "llamacpp"): Scene =>
  new Scene({
    ...(server ? { servers: { [GPU]: server } } : {}),
    backends: [backendTable("gpu", type, { url: GPU, models: ["mine"] })],
    discovery: false,
  });

describe("the first round", () => {
  test("finds every engine on a port, each recognised by its answers", async () => {
    const scene = await new Scene({
      servers: { [P8080]: vllm(), [P1234]: ollama(), [P11434]: llamaCpp(), [P8000]: lmStudio() },
    }).start();
    await scene.monitor.firstRound;
    expect(scene.clock.elapsed).toBe(0);
    expect(scene.listed).toEqual([
      "vllm vllm connected",
      "ollama ollama connected",
      "llamacpp llamacpp connected",
      "lmstudio lmstudio connected",
    ]);
  });

  test("lists what is no engine at all as nothing", async () => {
    const scene = await new Scene({ servers: { [P8080]: webPage(), [P8000]: generic() } }).start();
    expect(scene.listed).toEqual(["openai-compatible openai-compatible connected"]);
  });

  test("is over after 500 ms, whoever accepts and never answers", async () => {
    const scene = new Scene({
      servers: { [P8080]: "hangs", [P11434]: ollama(), [GPU]: "hangs" },
      environment: { VLLM_URL: GPU, OPENAI_API_KEY: "k" },
    });
    let over = -1;
    void scene.monitor.firstRound.then(() => {
      over = scene.clock.elapsed;
    });
    await scene.start();
    expect([over, scene.registry.find("ollama")?.state]).toEqual([-1, "connected"]);
    await scene.pass(499);
    expect(over).toBe(-1);
    await scene.pass(1);
    expect(over).toBe(500);
    expect(scene.listed).toContain("vllm vllm connecting");
  });

  test("delays nobody: starting returns before the first question is answered", () => {
    const scene = new Scene({ servers: { [P8080]: llamaCpp() } });
    scene.monitor.start();
    expect(scene.listed).toEqual(["echo echo connecting"]);
    scene.monitor.stop();
  });

  test("is the only one for the built-in model", async () => {
    const scene = await new Scene().start();
    await scene.pass(3_600_000);
    expect(scene.network.asked("echo:", "/v1/models")).toBe(1);
  });

  test("asks remote hosts for their models too, with their key", async () => {
    const scene = await new Scene({
      servers: { [OPENAI]: script({ "/v1/models": list([{ id: "gpt-5-mini" }]) }) },
      environment: { OPENAI_API_KEY: "k" },
      discovery: false,
    }).start();
    expect(scene.models("openai")).toEqual(["gpt-5-mini"]);
    expect(scene.network.seen.find(({ url }) => url === OPENAI)?.headers.get("authorization")).toBe(
      "Bearer k",
    );
  });
});

describe("an engine on a usual port", () => {
  test("that starts later is found within 5 s", async () => {
    const scene = await new Scene().start();
    expect(scene.listed).toEqual(["echo echo connected"]);
    scene.network.put(P11434, ollama());
    await scene.pass(5_000);
    expect(scene.listed).toEqual(["ollama ollama connected"]);
  });

  test("that dies is known to be dead, and comes back with other models", async () => {
    const scene = await new Scene({ servers: { [P8080]: llamaCpp("one") } }).start();
    const before = scene.backend("llamacpp");
    scene.network.remove(P8080);
    await scene.pass(10_000);
    expect(scene.description("llamacpp")).toMatchObject({
      state: "disconnected",
      last_error: { code: "upstream_unreachable" },
    });
    scene.network.put(P8080, llamaCpp("two"));
    await scene.pass(15_000);
    expect(scene.description("llamacpp")).toMatchObject({ state: "connected", last_error: null });
    expect(scene.models("llamacpp")).toEqual(["two"]);
    expect(scene.backend("llamacpp")).toBe(before);
  });

  test("that makes way for another kind while nobody looks is recognised anew", async () => {
    const scene = await new Scene({ servers: { [P8080]: llamaCpp() } }).start();
    scene.network.put(P8080, lmStudio());
    await scene.pass(15_000);
    expect(scene.listed).toEqual(["lmstudio lmstudio connected"]);
    scene.network.put(P8080, generic());
    await scene.pass(15_000);
    expect(scene.listed).toEqual(["openai-compatible openai-compatible connected"]);
    scene.network.put(P8080, vllm());
    await scene.pass(15_000);
    expect(scene.listed).toEqual(["vllm vllm connected"]);
  });

  test.each<[string, Script]>([
    ["a web page for everything", webPage()],
    ["a site that knows no such page", script({})],
  ])("that makes way for %s is gone", async (_, site) => {
    const scene = await new Scene({ servers: { [P8080]: llamaCpp() } }).start();
    scene.network.put(P8080, site);
    await scene.pass(10_000);
    expect(scene.listed).toEqual(["llamacpp llamacpp disconnected", "echo echo connected"]);
    await scene.pass(5_000);
    expect(scene.description("llamacpp").last_error?.message).toContain("does not serve models");
  });

  test("that is known is asked only for what it has: LM Studio shows its user all the rest", async () => {
    const scene = await new Scene({ servers: { [P1234]: lmStudio() } }).start();
    const before = scene.network.seen.length;
    await scene.pass(60_000);
    const asked = scene.network.seen.slice(before).filter(({ url }) => url === P1234);
    expect(new Set(asked.map(({ path }) => path))).toEqual(new Set(["/v1/models", "/api/v1/models"]));
    expect(asked).toHaveLength(12);
  });

  test("that wants a key says so", async () => {
    const engine = script({
      "/health": { json: { status: "ok" } },
      "/v1/models": { ...refused, headers: { server: "llama.cpp" } },
    });
    const scene = await new Scene({ servers: { [P8080]: engine } }).start();
    expect(scene.description("llamacpp")).toMatchObject({
      state: "disconnected",
      last_error: { code: "upstream_auth", message: expect.stringContaining("did not accept the key") },
    });
  });
});

describe("a loading engine", () => {
  test("is loading until it is ready, and asked twice a second", async () => {
    const scene = await new Scene({ servers: { [P8080]: llamaCppLoading() } }).start();
    expect(scene.listed).toEqual(["llamacpp llamacpp loading"]);
    const before = scene.network.asked(P8080, "/health");
    await scene.pass(10_000);
    expect(scene.network.asked(P8080, "/health") - before).toBe(20);
    scene.network.put(P8080, llamaCpp());
    await scene.pass(500);
    expect(scene.listed).toEqual(["llamacpp llamacpp connected"]);
    expect(scene.backend("llamacpp").models.size).toBe(1);
  });
});

describe("an address in the environment", () => {
  test.each<[Environment, Script, string]>([
    [{ OLLAMA_URL: GPU }, ollama(), "ollama ollama connected"],
    [{ OLLAMA_URL: GPU }, lmStudio(), "ollama lmstudio connected"],
    [{ VLLM_URL: GPU }, generic(), "vllm vllm connected"],
    [{ OPENAI_BASE_URL: GPU }, llamaCpp(), "openai llamacpp connected"],
    [{ OPENAI_BASE_URL: GPU, OPENAI_API_KEY: "k" }, generic(), "openai openai-compatible connected"],
    [{ LLAMACPP_URL: GPU }, webPage(), "llamacpp llamacpp disconnected"],
    [{ LLAMACPP_URL: GPU }, { routes: {}, otherwise: refused }, "llamacpp llamacpp disconnected"],
  ])("%j keeps its name and is what it answers", async (environment, server, expected) => {
    const scene = await new Scene({ servers: { [GPU]: server }, environment, discovery: false }).start();
    expect(scene.listed[0]).toBe(expected);
  });

  test("is listed though nobody answers there", async () => {
    const scene = await new Scene({ environment: { LMSTUDIO_URL: GPU }, discovery: false }).start();
    expect(scene.listed[0]).toBe("lmstudio lmstudio disconnected");
  });
});

describe("a configured backend", () => {
  test("is what the configuration says, whatever answers", async () => {
    const scene = await configured(ollama(["a"]), "openai-compatible").start();
    expect(scene.listed).toEqual(["gpu openai-compatible connected"]);
    expect(scene.models("gpu")).toEqual(["mine", "a"]);
  });

  test("that is down is asked again after 1, 2, 4, 5 and 5 s", async () => {
    const scene = await configured().start();
    const times: number[] = [];
    scene.network.put(GPU, {
      ...broken,
      routes: { "/health": () => (times.push(scene.clock.elapsed), { status: 500 }) },
    });
    await scene.pass(20_000);
    expect(times).toEqual([1_000, 3_000, 7_000, 12_000, 17_000]);
  });

  test("without a model list serves the models that its user named", async () => {
    const scene = await configured(script({}), "openai-compatible").start();
    expect(scene.description("gpu")).toMatchObject({
      state: "connected",
      model_count: 1,
      last_error: { code: "upstream_rejected" },
    });
  });

  test("far away is asked again after at most 5 minutes", async () => {
    const scene = await new Scene({ environment: { OPENAI_API_KEY: "k" }, discovery: false }).start();
    await scene.pass(3_600_000);
    expect(scene.network.asked(OPENAI, "/v1/models")).toBe(1 + 9 + 10);
    scene.network.put(OPENAI, generic());
    await scene.pass(300_000);
    expect(scene.listed).toEqual(["openai openai connected"]);
    const before = scene.network.asked(OPENAI, "/v1/models");
    await scene.pass(3_000_000);
    expect(scene.network.asked(OPENAI, "/v1/models") - before).toBe(10);
  });
});

describe("a busy engine is not a dead one", () => {
  test("the third look in a row without an answer makes it disconnected", async () => {
    const scene = await configured(vllm(), "vllm").start();
    scene.network.put(GPU, "hangs");
    await scene.pass(10_000 + 5_000);
    expect(scene.description("gpu")).toMatchObject({
      state: "connected",
      last_error: { code: "upstream_first_byte_timeout" },
    });
    await scene.pass(1_000 + 5_000);
    expect(scene.description("gpu").state).toBe("connected");
    await scene.pass(2_000 + 5_000);
    expect(scene.description("gpu").state).toBe("disconnected");
  });

  test("one answer in between and it starts again", async () => {
    const scene = await configured(vllm(), "vllm").start();
    scene.network.put(GPU, broken);
    await scene.pass(11_000);
    scene.network.put(GPU, vllm());
    await scene.pass(3_000);
    expect(scene.description("gpu")).toMatchObject({ state: "connected", last_error: null });
    scene.network.put(GPU, broken);
    await scene.pass(11_000);
    expect(scene.description("gpu").state).toBe("connected");
    await scene.pass(1_000);
    expect(scene.description("gpu").state).toBe("disconnected");
  });
});

describe("what requests meet counts at once", () => {
  test.each<FailureCode>([
    "upstream_unreachable",
    "upstream_connect_timeout",
    "upstream_dns",
    "upstream_tls",
  ])("%s: nobody is there, and a look follows within a second", async (code) => {
    const scene = await configured(vllm(), "vllm").start();
    scene.monitor.noteFailure(scene.backend("gpu"), failure(code));
    expect(scene.description("gpu")).toMatchObject({ state: "disconnected", last_error: { code } });
    await scene.pass(1_000);
    expect(scene.description("gpu")).toMatchObject({ state: "connected", last_error: null });
  });

  test("also while a look is under way: it may have seen the time before", async () => {
    const scene = await configured(vllm(), "vllm").start();
    await scene.clock.pass(10_000, async () => {});
    scene.monitor.noteFailure(scene.backend("gpu"), failure("upstream_unreachable"));
    await scene.network.quiet();
    expect(scene.description("gpu").state).toBe("connected");
    scene.network.remove(GPU);
    await scene.pass(1_000);
    expect(scene.description("gpu").state).toBe("disconnected");
  });

  test("requests that try a dead backend all the same do not hurry the looks", async () => {
    const scene = await configured().start();
    await scene.pass(7_000);
    const before = scene.network.asked(GPU, "/health");
    for (let second = 0; second < 4; second++) {
      scene.monitor.noteFailure(scene.backend("gpu"), failure("upstream_unreachable"));
      await scene.pass(1_000);
    }
    expect(scene.network.asked(GPU, "/health") - before).toBe(0);
  });

  test("a loading model makes it loading", async () => {
    const scene = await configured(vllm(), "vllm").start();
    scene.monitor.noteFailure(scene.backend("gpu"), failure("model_loading"));
    expect(scene.description("gpu").state).toBe("loading");
    await scene.pass(500);
    expect(scene.description("gpu").state).toBe("connected");
  });

  test("a cut answer is remembered and looked into, but kills nobody", async () => {
    const scene = await configured(vllm(), "vllm").start();
    scene.monitor.noteFailure(scene.backend("gpu"), failure("upstream_truncated"));
    expect(scene.description("gpu")).toMatchObject({
      state: "connected",
      last_error: { code: "upstream_truncated" },
    });
    scene.network.remove(GPU);
    await scene.pass(1_000);
    expect(scene.description("gpu").state).toBe("disconnected");
  });

  test.each<FailureCode>(["upstream_rejected", "rate_limited", "context_length_exceeded", "model_not_found"])(
    "%s says nothing about the backend",
    async (code) => {
      const scene = await configured(vllm(), "vllm").start();
      const before = scene.network.seen.length;
      scene.monitor.noteFailure(scene.backend("gpu"), failure(code));
      await scene.pass(2_000);
      expect(scene.description("gpu")).toMatchObject({ state: "connected", last_error: null });
      expect(scene.network.seen.length).toBe(before);
    },
  );

  test("a success brings a dead one back, and its models with it", async () => {
    const scene = await configured(undefined, "vllm").start();
    scene.network.put(GPU, vllm("m"));
    const gpu = scene.backend("gpu");
    scene.monitor.noteSuccess(gpu);
    expect(gpu.state).toBe("connected");
    await scene.pass(0);
    expect(scene.models("gpu")).toEqual(["mine", "m"]);
    scene.monitor.noteFailure(gpu, failure("upstream_error"));
    scene.monitor.noteSuccess(gpu);
    expect(gpu.lastError).toBeUndefined();
  });

  test("of a backend that made way for another, nothing counts", async () => {
    const scene = await new Scene({ servers: { [P8080]: llamaCpp() } }).start();
    const old = scene.backend("llamacpp");
    scene.network.put(P8080, lmStudio());
    await scene.pass(15_000);
    const { changes } = scene;
    scene.monitor.noteFailure(old, failure("upstream_unreachable"));
    scene.monitor.noteSuccess(old);
    expect([scene.changes, scene.listed[0]]).toEqual([changes, "lmstudio lmstudio connected"]);
  });
});

test("after a stop nobody is asked any more, and nobody waits", async () => {
  const scene = await new Scene({ servers: { [P8080]: "hangs", [P11434]: ollama() } }).start();
  scene.monitor.stop();
  await Promise.all([scene.monitor.firstRound, scene.monitor.settled]);
  await scene.network.quiet();
  const before = scene.network.seen.length;
  await scene.pass(600_000);
  expect([scene.network.seen.length - before, scene.clock.pending]).toEqual([0, 0]);
});
