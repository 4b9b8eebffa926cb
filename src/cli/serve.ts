import type { Backend } from "../backends/backend.ts";
import { openBackends } from "../backends/open.ts";
import type { Registry } from "../backends/registry.ts";
import type { Witness } from "../pipeline/attempt.ts";
import { Pipeline } from "../pipeline/pipeline.ts";
import { Resolver } from "../pipeline/resolve.ts";
import { createLog, type Log } from "../server/log.ts";
import { stderrSink } from "../server/log-sink.ts";
import { listen, type Listener } from "../server/listen.ts";
import { ResponseStore } from "../store/responses.ts";
import type { Command } from "./args.ts";
import { banner, clientUrl } from "./banner.ts";
import { wantsColour } from "./colour.ts";
import { type Configuration, readConfiguration } from "./configuration.ts";
import { EXIT, type Terminal } from "./terminal.ts";
import { versionInfo } from "./version.ts";

type Serve = Extract<Command, { name: "serve" }>;

/** Serves until a signal ends it; resolves with the exit code. */
export async function serve(command: Serve, terminal: Terminal): Promise<number> {
  const { host, port, logLevel } = command;
  const configuration = readConfiguration(command, terminal, { host, port, logLevel });
  if (!configuration) return EXIT.usage;
  const { config } = configuration;
  const sink = stderrSink(!terminal.interactive);
  const colour = wantsColour(terminal.interactive, terminal.environment);
  const log = createLog({ level: config.logLevel, json: !terminal.interactive, write: sink.write, colour });
  const { registry, monitor, problems } = openBackends(config, terminal.environment);
  const resolver = new Resolver(registry, config);
  const witness: Witness = {
    succeeded: (backend) => monitor.noteSuccess(backend),
    failed: (backend, failure) => monitor.noteFailure(backend, failure),
  };
  const pipeline = new Pipeline(resolver, witness, { strict: config.server.strict });
  const responses = new ResponseStore({
    directory: config.stateDir,
    limits: config.responses,
    warn: log.warn,
  });
  const { version } = versionInfo();
  const { firstRound } = monitor;
  let listener: Listener;
  try {
    listener = listen({ config, registry, resolver, pipeline, responses, log, firstRound, version });
  } catch (thrown) {
    terminal.err(`fairlead: ${cannotListen(config.server.host, config.server.port, thrown)}\n`);
    return EXIT.failure;
  }
  const stopped = onSignals(listener, log);
  monitor.start();
  registry.subscribe(reporter(log));
  void monitor.firstRound.then(() => {
    const warnings = [...configuration.warnings, ...problems];
    if (listener.stopping) return;
    const text = banner(facts(configuration, warnings, { registry, resolver, listener, version }), colour);
    // In order with the log, and like it never waiting for a reader.
    sink.write(text.replace(/\n$/, ""));
  });
  await stopped;
  monitor.stop();
  await sink.flush();
  return EXIT.ok;
}

interface Running {
  registry: Registry;
  resolver: Resolver;
  listener: Listener;
  version: string;
}

function facts(
  { config, file }: Configuration,
  warnings: string[],
  { registry, resolver, listener, version }: Running,
) {
  const models = resolver.list();
  const { host } = config.server;
  return {
    version,
    url: clientUrl(host, listener.port),
    configFile: file,
    keyNeeded: config.server.apiKeys.length > 0,
    backends: registry
      .backends()
      // The built-in model is no find, but one that the config names is what its owner looks for here.
      .filter((backend) => backend.preset.where !== "inside" || backend.origin === "config")
      .map(backendFacts),
    defaultModel: config.defaultModel,
    exampleModel:
      config.defaultModel ??
      models.find((model) => model.capabilities?.embeddings !== true)?.id ??
      models[0]?.id ??
      "echo",
    endpoints: config.endpoints,
    warnings,
  };
}

function backendFacts(backend: Backend) {
  return {
    name: backend.name,
    type: backend.preset.name,
    url: backend.url,
    state: backend.state,
    models: backend.models.size,
    error: backend.lastError?.message,
  };
}

/** One request to stop may come twice at once: to the whole process group, and handed on by whoever started us. */
const SAME_SIGNAL_MS = 50;

/** Resolves when the server has stopped: running answers may finish first, until a second signal ends them with an error. */
function onSignals(listener: Listener, log: Log): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let first = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    if (listener.stopping && performance.now() - first < SAME_SIGNAL_MS) return;
    if (listener.stopping) return listener.hurry();
    first = performance.now();
    log.info("stopping", { signal, count: listener.running });
    void listener.stop().then(resolve);
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  return promise;
}

/** Tells when a backend comes, goes or fails; what each request met is in the request's own line. */
function reporter(log: Log): (backend: Backend) => void {
  const last = new Map<string, string>();
  return (backend) => {
    const { name, state, lastError, models } = backend;
    if (backend.preset.where === "inside" || last.get(name) === state) return;
    last.set(name, state);
    const fields = { backend: name, type: backend.preset.name, url: backend.url, state, models: models.size };
    if (state === "disconnected") log.warn("backend is disconnected", { ...fields, code: lastError?.code });
    else if (state !== "connecting") log.info(`backend is ${state}`, fields);
  };
}

function cannotListen(host: string, port: number, thrown: unknown): string {
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
  const where = `${host}:${port}`;
  if (code === "EADDRINUSE")
    return `${where} is in use: stop what listens there, or choose another port with --port`;
  if (code === "EACCES")
    return `${where} may not be listened on by this user: ports below 1024 need a privilege`;
  if (code === "EADDRNOTAVAIL") return `${host} is no address of this machine`;
  return `cannot listen on ${where}${code === "" ? "" : ` (${code})`}`;
}
