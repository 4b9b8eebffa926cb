import type { Backend } from "../../../src/backends/backend.ts";
import type { Environment } from "../../../src/core/environment.ts";
import type { Monitor } from "../../../src/backends/monitor.ts";
import { openBackends } from "../../../src/backends/open.ts";
import type { BackendDescription, Registry } from "../../../src/backends/registry.ts";
import type { BackendConfig } from "../../../src/config/config.ts";
import { HandClock } from "./clock.ts";
import { configWith } from "./config.ts";
import type { Script } from "./engines.ts";
import { Network } from "./network.ts";

/** A program's backends, on a network and in a time that the test owns. */
export class Scene {
  readonly network: Network;
  readonly clock = new HandClock();
  readonly registry: Registry;
  readonly monitor: Monitor;
  /** How often a backend came, went, or changed its state or models. */
  changes = 0;

  constructor(
    parts: {
      servers?: Record<string, Script | "hangs">;
      backends?: BackendConfig[];
      environment?: Environment;
      discovery?: boolean;
    } = {},
  ) {
    this.network = new Network(parts.servers);
    const { registry, monitor } = openBackends(configWith(parts), parts.environment ?? {}, {
      means: this.network.means,
      clock: this.clock,
    });
    this.registry = registry;
    registry.subscribe(() => {
      this.changes++;
    });
    this.monitor = monitor;
  }

  /** Starts and lets happen what needs no time. */
  async start(): Promise<this> {
    this.monitor.start();
    await this.network.quiet();
    return this;
  }

  pass(ms: number): Promise<void> {
    return this.clock.pass(ms, this.network.quiet);
  }

  /** The backends that are listed, as `name type state`. */
  get listed(): string[] {
    return this.registry.describe().map(({ name, type, state }) => `${name} ${type} ${state}`);
  }

  backend(name: string): Backend {
    const found = this.registry.find(name);
    if (found === undefined) throw new Error(`no backend ${name}`);
    return found;
  }

  description(name: string): BackendDescription {
    const found = this.registry.describe().find((one) => one.name === name);
    if (found === undefined) throw new Error(`no backend ${name}`);
    return found;
  }

  models(name: string): string[] {
    return [...this.backend(name).models.keys()];
  }
}
