import type { BackendConfig, Config } from "../config/config.ts";
import type { Environment } from "../core/environment.ts";
import { type Address, loopbackPort, placeOf, readAddress, readOllamaHost } from "./address.ts";
import type { Origin } from "./backend.ts";
import { PRESETS, type Preset, USUAL_ENGINES, presetNamed } from "./presets.ts";

/** Somewhere a backend is, or may be one day. */
export interface Place {
  origin: Origin;
  /** Order among all places: configuration, then environment, then usual ports. */
  rank: number;
  /** The backend's name; of a usual port, the name is that of the engine found there. */
  name: string;
  /** What it is said to be, or usually is. */
  preset: Preset;
  /** May its own answers say that it is something else? What the configuration says is final. */
  recognise: boolean;
  /** Undefined: inside this process. */
  url: string | undefined;
  headers: Readonly<Record<string, string>>;
  key: string | undefined;
  settings: Pick<
    BackendConfig,
    "apiVersion" | "concurrency" | "contextWindow" | "thinkTags" | "timeouts" | "models" | "tls"
  >;
}

/** All places to look at, in order. */
export interface Plan {
  places: Place[];
  /** Sentences about environment variables that make no sense. */
  problems: string[];
}

/**
 * Where to look for backends, in order: the configuration, the environment, the usual ports of this machine. Each place is
 * looked at once, under the first name it has. With discovery off the ports are left alone, but the environment still
 * counts: somebody wrote those variables. This program's own address is never a place, even where `OPENAI_BASE_URL` says so,
 * as it does for everybody who points their clients here.
 */
export function plan(config: Config, environment: Environment): Plan {
  const planner = new Planner(config, environment);
  for (const backend of config.backends) planner.addConfigured(backend);
  for (const preset of Object.values(PRESETS)) planner.addFromEnvironment(preset);
  if (config.discovery.enabled) for (const name of USUAL_ENGINES) planner.addPort(PRESETS[name]);
  if (config.backends.length === 0) planner.addEcho();
  return { places: planner.places, problems: planner.problems };
}

const NO_SETTINGS: Place["settings"] = {
  concurrency: undefined,
  contextWindow: undefined,
  thinkTags: undefined,
  apiVersion: undefined,
  timeouts: { connect: undefined, firstByte: undefined, idle: undefined },
  models: [],
  tls: { ca: undefined, pinSha256: [] },
};

class Planner {
  readonly places: Place[] = [];
  readonly problems: string[] = [];
  readonly #config: Config;
  readonly #environment: Environment;
  /** Presets whose address the environment names: their usual port is not meant. */
  readonly #named = new Set<string>();

  constructor(config: Config, environment: Environment) {
    this.#config = config;
    this.#environment = environment;
  }

  addConfigured(backend: BackendConfig): void {
    const preset = presetNamed(backend.type) ?? PRESETS["openai-compatible"];
    const address = backend.url === undefined ? this.#defaultOf(preset) : readAddress(backend.url);
    if (address === undefined && preset.where !== "inside") {
      this.problems.push(`The backend "${backend.name}" has no http or https address.`);
      return;
    }
    this.#add({
      origin: "config",
      name: backend.name,
      preset,
      recognise: false,
      url: preset.where === "inside" ? undefined : address?.url,
      headers: headersOf(address, backend.headers),
      key: backend.apiKey ?? this.#keyOf(preset),
      settings: backend,
    });
  }

  addFromEnvironment(preset: Preset): void {
    const named = this.#addressOf(preset);
    // Whoever points their Ollama clients here has not said where their Ollama is.
    const here = named?.address !== undefined && this.#isOurs(named.address.url);
    if (named !== undefined && !here) this.#named.add(preset.name);
    const key = this.#keyOf(preset);
    // Of a remote host, the key alone says that it is meant.
    const implied = preset.where === "remote" && key !== undefined ? usual(preset) : undefined;
    const address = named === undefined ? implied : named.address;
    if (address === undefined) {
      if (named !== undefined) this.problems.push(`${named.variable} is not an http or https address.`);
      return;
    }
    if (this.#isTaken(address.url)) return;
    // Whoever says OPENAI_BASE_URL means "speaks OpenAI", not "is OpenAI". Other dialects are spoken wherever they are.
    const elsewhere = preset === PRESETS.openai && address.url !== preset.url;
    this.#add({
      origin: "environment",
      name: this.#freeName(preset.name),
      preset: elsewhere ? PRESETS["openai-compatible"] : preset,
      recognise: elsewhere || preset.where === "local",
      url: address.url,
      headers: headersOf(address, {}),
      key,
      settings: NO_SETTINGS,
    });
  }

  addPort(preset: Preset): void {
    const address = usual(preset);
    if (address === undefined || this.#named.has(preset.name) || this.#isPortTaken(address.url)) return;
    // No key goes to whoever happens to listen on a port.
    this.#add({
      origin: "discovered",
      name: preset.name,
      preset,
      recognise: true,
      url: address.url,
      headers: {},
      key: undefined,
      settings: NO_SETTINGS,
    });
  }

  /** The built-in model: the registry shows it only while nothing else is there. */
  addEcho(): void {
    const preset = PRESETS.echo;
    this.#add({
      origin: "discovered",
      name: preset.name,
      preset,
      recognise: false,
      url: undefined,
      headers: {},
      key: undefined,
      settings: NO_SETTINGS,
    });
  }

  #add(place: Omit<Place, "rank">): void {
    this.places.push({ ...place, rank: this.places.length });
  }

  /** The variable that names the preset's address, and the address, if it is one. */
  #addressOf(preset: Preset): { variable: string; address: Address | undefined } | undefined {
    for (const variable of preset.urlVariables) {
      const written = this.#read(variable);
      if (written !== undefined) return { variable, address: readAddress(written) };
    }
    const host = preset.name === "ollama" ? this.#read("OLLAMA_HOST") : undefined;
    return host === undefined ? undefined : { variable: "OLLAMA_HOST", address: readOllamaHost(host) };
  }

  /** Where a configured backend without a `url` is: where the environment says, or else the usual place. */
  #defaultOf(preset: Preset): Address | undefined {
    const address = this.#addressOf(preset)?.address;
    return address !== undefined && !this.#isOurs(address.url) ? address : usual(preset);
  }

  #keyOf(preset: Preset): string | undefined {
    return preset.keyVariable === undefined ? undefined : this.#read(preset.keyVariable);
  }

  #read(variable: string): string | undefined {
    return this.#environment[variable]?.trim() || undefined;
  }

  #isTaken(url: string): boolean {
    return (
      this.#isOurs(url) ||
      this.places.some((place) => place.url !== undefined && placeOf(place.url) === placeOf(url))
    );
  }

  /** A port is taken by any address on it, whatever its path. */
  #isPortTaken(url: string): boolean {
    const port = loopbackPort(url);
    return (
      this.#isOurs(url) ||
      this.places.some((place) => place.url !== undefined && loopbackPort(place.url) === port)
    );
  }

  #isOurs(url: string): boolean {
    const { host, port } = this.#config.server;
    const { hostname, port: written, protocol } = new URL(url);
    if (port === 0 || Number(written || (protocol === "https:" ? 443 : 80)) !== port) return false;
    return loopbackPort(url) !== undefined || hostname === host;
  }

  #freeName(wanted: string): string {
    return freeName(wanted, (name) =>
      this.places.some((place) => place.origin !== "discovered" && place.name === name),
    );
  }
}

/** The name itself, or the first of `name-2`, `name-3` ... that nobody has. */
export function freeName(wanted: string, isTaken: (name: string) => boolean): string {
  let name = wanted;
  for (let number = 2; isTaken(name); number++) name = `${wanted}-${number}`;
  return name;
}

function usual(preset: Preset): Address | undefined {
  return preset.url === undefined ? undefined : { url: preset.url, authorization: undefined };
}

function headersOf(
  address: Address | undefined,
  extra: Readonly<Record<string, string>>,
): Record<string, string> {
  const headers: Record<string, string> = {};
  if (address?.authorization !== undefined) headers.authorization = address.authorization;
  for (const [name, value] of Object.entries(extra)) headers[name.toLowerCase()] = value;
  return headers;
}
