import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describeWithEngine, llamaServerPath, startLlamaServer } from "./llama-server.ts";

describe("llama-server is looked for", () => {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-where-"));
  const own = join(folder, "project/.llama-server/bin/llama-server");
  const onPath = join(folder, "bin/llama-server");
  for (const path of [own, onPath]) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, "#!/bin/sh\n");
    chmodSync(path, 0o755);
  }
  afterAll(() => rmSync(folder, { recursive: true }));
  const project = join(folder, "project");
  const PATH = dirname(onPath);

  test("in the environment, in the project and on the PATH, in this order", () => {
    expect(llamaServerPath({ env: { FAIRLEAD_LLAMA_SERVER: "/opt/mine", PATH }, project })).toBe("/opt/mine");
    expect(llamaServerPath({ env: { PATH }, project })).toBe(own);
    expect(llamaServerPath({ env: { PATH }, project: folder })).toBe(onPath);
    expect(llamaServerPath({ env: { PATH: project }, project: folder })).toBeUndefined();
  });
});

describeWithEngine("a real llama-server", () => {
  test("is gone when it was stopped, and another can take its port", async () => {
    const first = await startLlamaServer({ model: "chat" });
    const port = Number(new URL(first.url).port);
    await first.stop("SIGKILL");
    await expect(fetch(`${first.url}/health`)).rejects.toThrow();
    const second = await startLlamaServer({ model: "chat", port });
    expect(second.url).toBe(first.url);
    await second.stop();
  });

  test("is stopped without waiting for a stream that still runs", async () => {
    const engine = await startLlamaServer({ model: "chat" });
    const endless = {
      messages: [{ role: "user", content: "Hello there" }],
      stream: true,
      ignore_eos: true,
      max_tokens: 30_000,
    };
    const answer = await fetch(`${engine.url}/v1/chat/completions`, {
      method: "POST",
      body: JSON.stringify(endless),
    });
    const reader = answer.body?.getReader();
    await reader?.read();
    await engine.stop();
    expect(() => process.kill(engine.pid, 0)).toThrow("ESRCH");
    await reader?.cancel().catch(() => {});
  });

  test("that cannot start says why", async () => {
    const start = startLlamaServer({ model: "chat", args: ["--no-such-thing"] });
    await expect(start).rejects.toThrow("invalid argument: --no-such-thing");
  });
});
