import { describe, expect, test } from "bun:test";
import { refusedUrl } from "../upstream/nowhere.ts";
import { startUpstream } from "../upstream/scripted.ts";
import { lists } from "./questions.ts";
import { backendAt, startServer } from "./running.ts";

async function ask(server: { get(path: string): Promise<Response> }, path: string) {
  const answer = await server.get(path);
  return [answer.status, await answer.json()];
}

describe("health", () => {
  test("is good while the process lives, whatever its backends do", async () => {
    await using server = await startServer({ backends: [backendAt({ url: refusedUrl() })], look: true });
    expect(await ask(server, "/health")).toEqual([200, { status: "ok" }]);
  });

  test("may be asked without a key, and says nothing that needs one", async () => {
    await using server = await startServer({ server: { apiKeys: ["sk-good"] } });
    expect(await ask(server, "/health")).toEqual([200, { status: "ok" }]);
    expect((await server.get("/v1/models")).status).toBe(401);
  });
});

describe("readiness", () => {
  test("is there when a backend is", async () => {
    await using upstream = await startUpstream(lists(["m"]));
    const dead = backendAt({ url: refusedUrl() }, { name: "dead" });
    await using server = await startServer({ backends: [dead, backendAt(upstream)], look: true });
    expect(await ask(server, "/health/ready")).toEqual([200, { status: "ready" }]);
  });

  test("is missing before the first look, and when no backend is there", async () => {
    const dead = backendAt({ url: refusedUrl() });
    const notReady = [503, { status: "not ready", reason: "no backend is connected" }];
    await using unlooked = await startServer({ backends: [dead] });
    expect(await ask(unlooked, "/health/ready")).toEqual(notReady);
    await using looked = await startServer({ backends: [dead], look: true });
    expect(await ask(looked, "/health/ready")).toEqual(notReady);
  });

  test("is there with the built-in model alone", async () => {
    await using server = await startServer({ look: true });
    expect(await ask(server, "/health/ready")).toEqual([200, { status: "ready" }]);
  });
});
