import type { Registry } from "../backends/registry.ts";
import type { Config } from "../config/config.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { Resolver } from "../pipeline/resolve.ts";
import type { ResponseStore } from "../store/responses.ts";
import type { Log } from "./log.ts";
import type { Underway } from "./underway.ts";

/** Everything the routes work with. */
export interface Deps {
  config: Pick<Config, "server" | "endpoints" | "responses">;
  registry: Registry;
  resolver: Resolver;
  pipeline: Pipeline;
  /** What clients of /v1/responses may come back to. */
  responses: ResponseStore;
  log: Log;
  underway: Underway;
  /** Resolves when every place was looked at once, at the latest 500 ms after the start: a model may turn up until then. */
  firstRound: Promise<void>;
  /** False from the moment the server drains. */
  accepting(): boolean;
  version: string;
}
