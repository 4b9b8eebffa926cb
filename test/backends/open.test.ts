import { expect, test } from "bun:test";
import type { Profile } from "../../src/adapters/profile.ts";
import { type Backends, openBackends } from "../../src/backends/open.ts";
import { PRESETS, type PresetName } from "../../src/backends/presets.ts";
import { PACE } from "../../src/backends/watch.ts";
import { HandClock } from "./scene/clock.ts";
import { backendTable, configWith } from "./scene/config.ts";
import { generic, llamaCpp, lmStudio, ollama, type Script, vllm } from "./scene/engines.ts";
import { serve } from "./scene/served.ts";

/** The backends of a running program, on real sockets, for as long as the scope lasts. */
function opened(...args: Parameters<typeof openBackends>): Backends & Disposable {
  const backends = openBackends(...args);
  return { ...backends, [Symbol.dispose]: () => backends.monitor.stop() };
}

/** Resolves as soon as a change makes it true. */
function until({ registry }: Backends, isTrue: () => boolean): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const check = (): void => {
    if (!isTrue()) return;
    stop();
    resolve();
  };
  const stop = registry.subscribe(check);
  check();
  return promise;
}

test.each<[PresetName, Script]>([
  ["llamacpp", llamaCpp()],
  ["lmstudio", lmStudio()],
  ["ollama", ollama()],
  ["vllm", vllm()],
  ["openai-compatible", generic()],
])("%s is recognised and listed over a real connection", async (type, script) => {
  using server = serve(script);
  using backends = opened(configWith({ discovery: false }), { OPENAI_BASE_URL: `${server.url}/v1` });
  backends.monitor.start();
  await backends.monitor.firstRound;
  const [description] = backends.registry.describe();
  expect(description).toMatchObject({
    name: "openai",
    type,
    url: server.url,
    state: "connected",
    last_error: null,
  });
  expect(description?.model_count).toBeGreaterThan(0);
});

test.each<[PresetName, boolean | undefined, Profile["thinkTags"]]>([
  ["lmstudio", undefined, "whole"],
  ["lmstudio", false, "none"],
  ["vllm", undefined, "none"],
  ["vllm", true, "opened"],
])("%s with think_tags %p: tags are looked for: %s", (type, thinkTags, expected) => {
  const table = backendTable("gpu", type, { url: "http://127.0.0.1:1", thinkTags });
  using backends = opened(configWith({ backends: [table], discovery: false }), {});
  expect(backends.registry.find("gpu")?.profile.thinkTags).toBe(expected);
});

test("an engine is killed and comes back, on a real connection", async () => {
  const first = serve(llamaCpp("before"));
  const table = backendTable("gpu", "llamacpp", { url: `${first.url}/v1` });
  const clock = new HandClock();
  using backends = opened(configWith({ backends: [table], discovery: false }), {}, { clock });
  backends.monitor.start();
  await backends.monitor.firstRound;
  const gpu = backends.registry.find("gpu");
  if (gpu === undefined) throw new Error("no backend");
  expect([...gpu.models.keys()]).toEqual(["before"]);

  first[Symbol.dispose]();
  const signal = new AbortController().signal;
  const asked = gpu.transport.send({
    method: "GET",
    path: "/health",
    headers: {},
    signal,
    timeouts: gpu.timeouts,
  });
  const failure = await asked.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  backends.monitor.noteFailure(gpu, failure as never);
  expect(gpu.state).toBe("disconnected");

  using second = serve(llamaCpp("after"), first.port);
  await clock.pass(PACE.backoff, async () => {});
  await until(backends, () => gpu.state === "connected");
  expect([second.port, [...gpu.models.keys()]]).toEqual([first.port, ["after"]]);
});

test("the usual ports hold nothing back: the first round over real sockets is bounded", async () => {
  const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  try {
    using backends = opened(configWith({ discovery: false }), {
      LLAMACPP_URL: `http://127.0.0.1:${silent.port}`,
    });
    const begun = performance.now();
    backends.monitor.start();
    expect(performance.now() - begun).toBeLessThan(PACE.firstLook / 2);
    await backends.monitor.firstRound;
    expect(performance.now() - begun).toBeLessThan(PACE.firstLook * 2);
    expect(backends.registry.find("llamacpp")?.state).toBe("connecting");
  } finally {
    silent.stop(true);
  }
});

test("with nothing at all there is the built-in model", async () => {
  using backends = opened(configWith({ discovery: false }), {});
  backends.monitor.start();
  await backends.monitor.settled;
  expect(backends.registry.describe()).toMatchObject([
    { name: "echo", type: "echo", url: null, state: "connected", model_count: 1 },
  ]);
  expect(backends.registry.find("echo")?.preset).toBe(PRESETS.echo);
  expect(backends.problems).toEqual([]);
});
