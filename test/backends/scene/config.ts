import type { BackendConfig, Config } from "../../../src/config/config.ts";

/** A configuration with nothing in it but what the test says. */
export function configWith(
  parts: { backends?: BackendConfig[]; discovery?: boolean; port?: number } = {},
): Config {
  return {
    defaultModel: undefined,
    stateDir: undefined,
    server: {
      host: "127.0.0.1",
      port: parts.port ?? 7171,
      apiKeys: [],
      corsOrigins: [],
      allowedHosts: [],
      bodyMax: 1024,
      strict: false,
      drain: 0,
      heartbeat: 0,
    },
    responses: { store: false, ttl: 0, sizeMax: 0 },
    discovery: { enabled: parts.discovery ?? true },
    logLevel: "silent",
    backends: parts.backends ?? [],
    models: [],
    endpoints: [],
  };
}

/** A `[backends.NAME]` table. */
export function backendTable(name: string, type: string, parts: Partial<BackendConfig> = {}): BackendConfig {
  return {
    name,
    type,
    url: undefined,
    apiKey: undefined,
    concurrency: undefined,
    timeouts: { connect: undefined, firstByte: undefined, idle: undefined },
    headers: {},
    apiVersion: undefined,
    contextWindow: undefined,
    thinkTags: undefined,
    models: [],
    tls: { ca: undefined, pinSha256: [] },
    ...parts,
  };
}
