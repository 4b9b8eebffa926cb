import { ADAPTERS } from "../../src/adapters/index.ts";
import { Backend, type BackendParts } from "../../src/backends/backend.ts";
import { PRESETS } from "../../src/backends/presets.ts";
import { PROFILES } from "../../src/backends/profiles.ts";
import { Registry } from "../../src/backends/registry.ts";
import type { Transport, UpstreamRequest, UpstreamResponse } from "../../src/backends/transport.ts";
import { Failure } from "../../src/core/failure.ts";
import type { ModelInfo } from "../../src/core/model.ts";

/** A backend in this process: connected, unless `models` is left out. Asked without a transport it fails. */
export function backend(
  name: string,
  models?: readonly (string | ModelInfo)[],
  parts: Partial<BackendParts> = {},
): Backend {
  const made = new Backend({
    name,
    preset: PRESETS.vllm,
    origin: "config",
    rank: 0,
    url: `http://${name}:8000`,
    adapter: ADAPTERS.openai,
    profile: PROFILES.openai,
    transport: transport(() => Promise.reject(new Failure("upstream_unreachable", "Nobody is there."))),
    headers: {},
    timeouts: { connect: 0, firstByte: 0, idle: 0 },
    concurrency: 1,
    models: [],
    ...parts,
  });
  if (models) made.found({ state: "connected", models: models.map(model) }, 0);
  return made;
}

function model(one: string | ModelInfo): ModelInfo {
  return typeof one === "string" ? { id: one, created: 0, ownedBy: "" } : one;
}

/** What the network says of a backend that is gone. */
export function lose(one: Backend): void {
  one.failed(new Failure("upstream_unreachable", "Nobody is there."), 0, "disconnected");
}

export function registry(...backends: readonly Backend[]): Registry {
  const made = new Registry();
  for (const one of backends) made.put(one);
  return made;
}

export function transport(send: (request: UpstreamRequest) => Promise<UpstreamResponse>): Transport {
  return { send, close: () => {} };
}
