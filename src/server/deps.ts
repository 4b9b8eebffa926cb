import type { Registry } from "../backends/registry.ts";
import type { Config } from "../config/config.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { Resolver } from "../pipeline/resolve.ts";
import type { Log } from "./log.ts";
import type { Underway } from "./underway.ts";

/** Everything the routes work with. */
export interface Deps {
  config: Pick<Config, "server" | "endpoints">;
  registry: Registry;
  resolver: Resolver;
  pipeline: Pipeline;
  log: Log;
  underway: Underway;
  /** Resolves when every usual place has been looked at once: until then an unknown model may still turn up. */
  firstLook: Promise<void>;
  /** False from the moment the server drains. */
  accepting(): boolean;
  version: string;
}
