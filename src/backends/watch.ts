import { Failure, type FailureCode } from "../core/failure.ts";
import { type Ask, asker, within } from "./ask.ts";
import type { Backend } from "./backend.ts";
import type { Clock } from "./clock.ts";
import { backendAt, isNear, type Means, transportTo } from "./means.ts";
import { freeName, type Place } from "./discovery.ts";
import { type Engine, identify } from "./fingerprint.ts";
import type { Memory } from "./listing.ts";
import { PRESETS, type Preset } from "./presets.ts";
import { probe } from "./probes.ts";
import type { Registry } from "./registry.ts";
import type { Transport } from "./transport.ts";

/** How often and how long a place is looked at, ms. */
export const PACE = {
  /** A usual port has this long to say who listens, at the start, when somebody waits for it; and later. */
  firstLook: 500,
  laterLook: 2_000,
  /** The look at a known backend, details included. */
  nearLook: 5_000,
  farLook: 10_000,
  /** Between two looks: all is well. Local engines change their models under way; remote hosts seldom do. */
  nearCalm: 10_000,
  farCalm: 300_000,
  loading: 500,
  /** Nobody has ever answered on a usual port. */
  silent: 5_000,
  /** After a failure: doubled each time. A refused connection nearby costs nothing, and its user waits for the engine. */
  backoff: 1_000,
  nearBackoffMax: 5_000,
  farBackoffMax: 300_000,
  /** A request reported something odd: nearest time for a look of our own. */
  nearDoubt: 1_000,
  farDoubt: 10_000,
};

/** A busy engine may leave a look unanswered: so many in a row make it disconnected. A refused connection does at once. */
const STRIKES = 3;
const PATIENT: ReadonlySet<FailureCode> = new Set<FailureCode>([
  "upstream_first_byte_timeout",
  "upstream_idle_timeout",
  "upstream_closed",
  "upstream_truncated",
  "upstream_error",
  "overloaded",
]);
/** Reported by a request: nobody is there. */
const GONE: ReadonlySet<FailureCode> = new Set<FailureCode>([
  "upstream_unreachable",
  "upstream_dns",
  "upstream_tls",
  "upstream_connect_timeout",
]);
/** Reported by a request: worth a look of our own. Refusals of one request say nothing about the backend. */
const ODD: ReadonlySet<FailureCode> = new Set<FailureCode>([
  ...PATIENT,
  "upstream_auth",
  "upstream_protocol",
  "upstream_bad_response",
  "upstream_redirect",
]);

/** What a watch needs from outside. */
export interface World {
  registry: Registry;
  means: Means;
  clock: Clock;
  /** Fires when everything ends. */
  stop: AbortSignal;
  /** The watch on a preset's own usual port, if that is looked at. */
  ownPortOf(preset: Preset): Watch | undefined;
}

/** Looks at one place again and again, and keeps its backend true. */
export class Watch {
  readonly place: Place;
  /** What answers here, undefined for nothing: settled by the first look. */
  readonly firstSeen: Promise<Engine | undefined>;
  readonly #settle: (engine: Engine | undefined) => void;
  readonly #world: World;
  readonly #transport: Transport;
  readonly #near: boolean;
  #backend: Backend | undefined;
  #memory: Memory = emptyMemory();
  #looks = 0;
  /** Failed looks in a row. */
  #failures = 0;
  #looking = false;
  #due = Number.POSITIVE_INFINITY;
  /** What was heard during a look may be news to it: the longest pause after it. */
  #pauseMax = Number.POSITIVE_INFINITY;
  #callOff: () => void = () => {};

  constructor(place: Place, world: World) {
    this.place = place;
    this.#world = world;
    this.#near = isNear(place);
    this.#transport = transportTo(place, world.means);
    const seen = Promise.withResolvers<Engine | undefined>();
    this.firstSeen = seen.promise;
    this.#settle = seen.resolve;
    if (place.origin !== "discovered" || place.preset.where === "inside") this.#put(place.name, place.preset);
  }

  get backend(): Backend | undefined {
    return this.#backend;
  }

  /** One look, then the next ones by themselves. Never rejects. */
  async look(): Promise<void> {
    if (this.#looking || this.#world.stop.aborted) return;
    this.#callOff();
    this.#due = Number.POSITIVE_INFINITY;
    this.#pauseMax = Number.POSITIVE_INFINITY;
    this.#looking = true;
    let pause: number;
    try {
      pause = await this.#lookOnce();
      this.#failures = 0;
    } catch (thrown) {
      pause = this.#onFailure(Failure.from(thrown));
    } finally {
      this.#looking = false;
      this.#looks++;
      this.#settle(undefined);
    }
    this.#schedule(Math.min(pause, this.#pauseMax));
  }

  /** A request to the backend failed. */
  heardFailure(failure: Failure): void {
    const backend = this.#backend;
    if (backend === undefined) return;
    const now = this.#world.clock.now();
    if (GONE.has(failure.code)) {
      // Once it is known to be gone, requests that try it all the same do not shorten the pauses.
      if (backend.isUp) this.#hurry(PACE.backoff);
      backend.failed(failure, now, "disconnected");
    } else if (failure.code === "model_loading") {
      backend.failed(failure, now, "loading");
      this.#hurry(PACE.loading);
    } else if (ODD.has(failure.code)) {
      backend.failed(failure, now);
      this.#hurry(this.#near ? PACE.nearDoubt : PACE.farDoubt);
    }
  }

  /** A request to the backend went well. */
  heardSuccess(): void {
    const backend = this.#backend;
    if (backend === undefined || (backend.state === "connected" && backend.lastError === undefined)) return;
    const news = backend.state !== "connected";
    backend.recovered();
    if (news) this.#hurry(0);
  }

  stop(): void {
    this.#callOff();
    this.#settle(undefined);
    this.#transport.close();
  }

  /** Returns the pause until the next look. */
  async #lookOnce(): Promise<number> {
    if (this.place.recognise && !this.#backend?.isUp) await this.#recognise();
    const backend = await this.#probe();
    if (backend.state === "loading") return PACE.loading;
    if (this.place.url === undefined) return Number.POSITIVE_INFINITY;
    return this.#near ? PACE.nearCalm : PACE.farCalm;
  }

  /** Asks who answers here, and makes the backend one of that kind. */
  async #recognise(): Promise<void> {
    const unnamed = this.place.origin === "discovered";
    const limit = unnamed ? (this.#looks === 0 ? PACE.firstLook : PACE.laterLook) : this.#patience();
    const headers = this.#backend?.headers ?? this.place.headers;
    const engine = await this.#within(limit, headers, identify);
    this.#settle(engine);
    if (unnamed) {
      if (engine === undefined) {
        throw new Failure("upstream_bad_response", "What answers at this address does not serve models.");
      }
      await this.#become(engine);
    } else if (engine !== undefined && engine !== "openai-compatible") {
      // Where somebody named the address, only a certain answer counts for more than the name of the variable.
      await this.#become(engine);
    }
  }

  async #become(engine: Engine): Promise<void> {
    const preset: Preset = PRESETS[engine];
    if (this.#backend?.preset === preset) return;
    const unnamed = this.place.origin === "discovered";
    const reserved = unnamed && (await this.#isElsewhere(engine, preset));
    if (this.#world.stop.aborted) return;
    const isTaken = (name: string): boolean =>
      (reserved && name === preset.name) || this.#world.registry.isTaken(name, this.#backend);
    this.#put(unnamed ? freeName(preset.name, isTaken) : this.place.name, preset);
  }

  /**
   * The plain name belongs to the engine on its own port: with two of a kind, one of them elsewhere, the names must not
   * depend on who answers first.
   */
  async #isElsewhere(engine: Engine, preset: Preset): Promise<boolean> {
    const own = this.#world.ownPortOf(preset);
    return own !== undefined && own !== this && (await own.firstSeen) === engine;
  }

  #put(name: string, preset: Preset): void {
    const { means, registry } = this.#world;
    const backend = backendAt(this.place, { name, preset }, means, this.#transport);
    registry.put(backend, this.#backend);
    this.#backend = backend;
    this.#memory = emptyMemory();
  }

  async #probe(): Promise<Backend> {
    const backend = this.#backend;
    if (backend === undefined) throw new Failure("cancelled", "The watch has ended.");
    const { adapter, profile, preset } = backend;
    const findings = await this.#within(this.#patience(), backend.headers, (ask) =>
      probe({ ask, adapter, profile, preset, memory: this.#memory }),
    );
    // A port without a model list is not the engine that once was there.
    if (findings.problem && this.place.origin === "discovered") throw findings.problem;
    const ids = findings.models?.map((model) => model.id).join("\n");
    const swapped = ids !== undefined && ids !== [...backend.models.keys()].join("\n");
    if (swapped && this.place.recognise && backend.state === "connected") {
      // Other models may mean another engine, faster there than a look could miss the first.
      await this.#recognise();
      if (this.#backend !== backend) return this.#probe();
    }
    backend.found(findings, this.#world.clock.now());
    return backend;
  }

  #within<T>(
    limit: number,
    headers: Readonly<Record<string, string>>,
    run: (ask: Ask) => Promise<T>,
  ): Promise<T> {
    const { clock, stop } = this.#world;
    return within({ clock, ms: limit, stop }, (signal) =>
      run(asker({ transport: this.#transport, headers }, signal, limit)),
    );
  }

  /** Returns the pause until the next look. */
  #onFailure(failure: Failure): number {
    this.#failures++;
    const backend = this.#backend;
    if (this.#world.stop.aborted) return Number.POSITIVE_INFINITY;
    if (backend === undefined) return PACE.silent;
    const patient = backend.isUp && PATIENT.has(failure.code) && this.#failures < STRIKES;
    if (!patient) this.#memory = emptyMemory();
    backend.failed(failure, this.#world.clock.now(), patient ? undefined : "disconnected");
    const longest = this.#near ? PACE.nearBackoffMax : PACE.farBackoffMax;
    return Math.min(PACE.backoff * 2 ** (this.#failures - 1), longest);
  }

  #patience(): number {
    return this.#near ? PACE.nearLook : PACE.farLook;
  }

  /** The next look no later than `ms` from now. */
  #hurry(ms: number): void {
    if (this.#looking) this.#pauseMax = Math.min(this.#pauseMax, ms);
    else if (this.#due > this.#world.clock.now() + ms) this.#schedule(ms);
  }

  #schedule(ms: number): void {
    this.#callOff();
    if (ms === Number.POSITIVE_INFINITY || this.#world.stop.aborted) return;
    this.#due = this.#world.clock.now() + ms;
    this.#callOff = this.#world.clock.after(ms, () => void this.look());
  }
}

function emptyMemory(): Memory {
  return { shown: new Map(), missing: new Set() };
}
