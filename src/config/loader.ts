import { isAbsolute, join, resolve } from "node:path";
import { isLoopback } from "./addresses.ts";
import { buildBackends, buildDefaultModel, buildModels } from "./build.ts";
import type { Config, ServerConfig } from "./config.ts";
import { openConfig, openNamed, type Document, type Places } from "./documents.ts";
import { buildEndpoints, type EndpointSource } from "./endpoints.ts";
import { isSecretHeader } from "./headers.ts";
import { readOverrides, type Flags, type Overrides } from "./overrides.ts";
import { Refusal, sortProblems, type Problem } from "./problems.ts";
import { readDocument } from "./walk.ts";
import { isTable, Reading } from "./reading.ts";
import { ConfigSchema, EndpointsFileSchema, type FileConfig } from "./schema.ts";

/** All that a configuration is made from. */
export interface Sources extends Places {
  /** A second file that may hold only [[endpoints]]. */
  endpointsPath?: string | undefined;
  flags?: Flags | undefined;
}

/** A whole configuration, or what is wrong. */
export type Loaded =
  /** `file`: absolute; undefined when there is none and the defaults hold. */
  | { config: Config; file: string | undefined; warnings: Problem[] }
  /** At least one. */
  | { problems: Problem[] };

/**
 * The configuration from all its sources: the command line wins over the environment, the environment over the file, the
 * file over the defaults. Either a whole configuration or every problem at once; never throws for what a user wrote.
 */
export function loadConfig(sources: Sources): Loaded {
  const document = openConfig(sources);
  const { reading, table, whole, mode } = document ?? nothing(sources);
  const overrides = readOverrides(sources.flags ?? {}, sources.env);
  const file = readDocument(ConfigSchema, table, reading);
  const second = openEndpoints(sources);
  const names = isTable(table["backends"]) ? Object.keys(table["backends"]) : [];

  const config: Config = {
    defaultModel: buildDefaultModel(file, names, reading),
    stateDir: file.state_dir ?? usualStateDir(sources.env),
    server: buildServer(file, overrides),
    responses: { store: file.responses.store, ttl: file.responses.ttl, sizeMax: file.responses.size_max },
    discovery: { enabled: overrides.discovery ?? file.discovery.enabled },
    logLevel: overrides.logLevel ?? file.log_level,
    backends: buildBackends(file, reading),
    models: buildModels(file, names, reading),
    endpoints: buildEndpoints([{ reading, endpoints: file.endpoints }, ...second]),
  };

  if (whole) checkExposure(config.server, overrides, reading);
  if (mode & OTHERS_READ) warnOfKeysInClear(reading);
  if (overrides.apiKey !== undefined) warnOfUnusedKey(config.server, overrides.apiKey, overrides.readings[1]);
  const readings = [...overrides.readings, reading, ...second.map((source) => source.reading)];
  const problems = readings.flatMap((each) => each.problems);
  if (problems.length > 0) return { problems: sortProblems(problems) };
  const warnings = sortProblems(readings.flatMap((each) => each.warnings));
  return { config, file: document?.reading.file, warnings };
}

/** Of a file's mode: everybody on the machine may read it. */
const OTHERS_READ = 0o004;

function nothing({ env, cwd }: Sources): Document {
  return { reading: new Reading({ file: "defaults", dir: cwd, env }), table: {}, whole: true, mode: 0 };
}

function openEndpoints({ endpointsPath, env, cwd }: Sources): EndpointSource[] {
  if (endpointsPath === undefined) return [];
  const { reading, table } = openNamed(resolve(cwd, endpointsPath), "--endpoints", env);
  const file = readDocument(EndpointsFileSchema, table, reading);
  return [{ reading, endpoints: file.endpoints }];
}

function buildServer({ server }: FileConfig, overrides: Overrides): ServerConfig {
  const named = server.api_keys.length > 0 || overrides.apiKey === undefined;
  return {
    host: overrides.host?.value ?? server.host,
    port: overrides.port ?? server.port,
    apiKeys: named ? [...new Set(server.api_keys)] : [overrides.apiKey ?? ""],
    corsOrigins: server.cors_origins,
    allowedHosts: server.allowed_hosts,
    bodyMax: server.body_max,
    strict: server.strict,
    drain: server.drain,
    heartbeat: server.heartbeat,
  };
}

/** systemd's `StateDirectory=`, else what the XDG base directory specification says. */
function usualStateDir(env: Sources["env"]): string | undefined {
  const given = env["STATE_DIRECTORY"]?.split(":")[0];
  if (given) return given;
  const home = env["HOME"];
  const base = env["XDG_STATE_HOME"] || (home ? join(home, ".local", "state") : undefined);
  return base && isAbsolute(base) ? join(base, "fairlead") : undefined;
}

/** Whoever reaches an open server uses the models, and the bill, of its owner. */
function checkExposure(server: ServerConfig, overrides: Overrides, reading: Reading): void {
  if (isLoopback(server.host) || server.apiKeys.length > 0 || reading.failed(["server", "api_keys"])) return;
  const refusal = new Refusal(
    `${JSON.stringify(server.host)} can be reached from other machines, but no client key is asked for`,
    'set the environment variable FAIRLEAD_API_KEY or [server] api_keys, or listen on "127.0.0.1" only',
  );
  if (overrides.host) overrides.host.report(refusal);
  else reading.report(["server", "host"], refusal);
}

function warnOfKeysInClear(reading: Reading): void {
  const at = reading.literals.find(
    (path) => !path.includes("headers") || isSecretHeader(String(path.at(-1))),
  );
  if (!at) return;
  const message = "this file holds a key in clear, and every user of this machine may read it";
  reading.warn(at, new Refusal(message, `chmod 600 ${reading.file}, or refer to the key: { env = "NAME" }`));
}

function warnOfUnusedKey(server: ServerConfig, key: string, reading: Reading): void {
  if (server.apiKeys.includes(key)) return;
  reading.warn(["FAIRLEAD_API_KEY"], new Refusal("not used: the config file names its own api_keys"));
}
