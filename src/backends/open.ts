import { ADAPTERS } from "../adapters/index.ts";
import type { Config } from "../config/config.ts";
import type { Environment } from "../core/environment.ts";
import { httpTransport } from "./client.ts";
import { type Clock, systemClock } from "./clock.ts";
import type { Means } from "./means.ts";
import { plan } from "./discovery.ts";
import { echoTransport } from "./echo/transport.ts";
import { Monitor } from "./monitor.ts";
import { Registry } from "./registry.ts";

/** The backends of a running program. */
export interface Backends {
  registry: Registry;
  /** Not started yet. */
  monitor: Monitor;
  /** Sentences about environment variables that make no sense. */
  problems: readonly string[];
}

/** Everything that configuration and environment name, ready to be looked at. Opens no connection before `monitor.start()`. */
export function openBackends(
  config: Config,
  environment: Environment,
  parts: { means?: Means; clock?: Clock } = {},
): Backends {
  const { places, problems } = plan(config, environment);
  const registry = new Registry();
  const { means = MEANS, clock = systemClock } = parts;
  return { registry, monitor: new Monitor({ places, registry, means, clock }), problems };
}

const MEANS: Means = { adapters: ADAPTERS, http: httpTransport, echo: echoTransport };
