import { openBackends } from "../backends/open.ts";
import { Resolver } from "../pipeline/resolve.ts";
import type { Configuration } from "./configuration.ts";
import type { Terminal } from "./terminal.ts";

/** Longest wait for all backends to answer a command that only looks, ms. */
const PATIENCE_MS = 15_000;

/** One look at every backend, as the server would take it; nothing stays open. */
export async function lookAtBackends({ config }: Configuration, terminal: Terminal) {
  const { registry, monitor, problems } = openBackends(config, terminal.environment);
  monitor.start();
  const timer = setTimeout(() => monitor.stop(), PATIENCE_MS);
  await monitor.settled;
  clearTimeout(timer);
  const backends = registry.backends();
  const models = new Resolver(registry, config).list();
  monitor.stop();
  return { backends, models, problems };
}
