import type { Failure } from "../core/failure.ts";
import type { Backend } from "./backend.ts";
import type { Clock } from "./clock.ts";
import type { Means } from "./means.ts";
import type { Place } from "./discovery.ts";
import type { Preset } from "./presets.ts";
import type { Registry } from "./registry.ts";
import { PACE, Watch } from "./watch.ts";

/**
 * The health of all backends: looks at every place side by side, each at its own pace, so that an engine which appears,
 * dies, comes back, changes its models or makes way for another is known within seconds. Requests tell it what they met.
 */
export class Monitor {
  /** Resolves when every place has been looked at once, but never later than 500 ms after the start. */
  readonly firstRound: Promise<void>;
  /** Resolves when every place has been looked at once, however long that takes. */
  readonly settled: Promise<void>;
  readonly #watches: readonly Watch[];
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  readonly #firstRound = Promise.withResolvers<void>();
  readonly #settled = Promise.withResolvers<void>();

  /** The registry has every configured and named backend at once, in state `connecting`; the others when they are found. */
  constructor(options: { places: readonly Place[]; registry: Registry; means: Means; clock: Clock }) {
    const { places, registry, means, clock } = options;
    this.firstRound = this.#firstRound.promise;
    this.settled = this.#settled.promise;
    this.#clock = clock;
    const ownPortOf = (preset: Preset): Watch | undefined =>
      this.#watches.find(({ place }) => place.origin === "discovered" && place.preset === preset);
    const world = { registry, means, clock, stop: this.#stop.signal, ownPortOf };
    this.#watches = places.map((place) => new Watch(place, world));
  }

  /** Returns at once: the looks go on by themselves until `stop`. */
  start(): void {
    const callOff = this.#clock.after(PACE.firstLook, this.#firstRound.resolve);
    void Promise.all(this.#watches.map((watch) => watch.look())).then(() => {
      callOff();
      this.#firstRound.resolve();
      this.#settled.resolve();
    });
  }

  /** Ends every look under way and closes idle connections; running answers go on. */
  stop(): void {
    this.#stop.abort();
    for (const watch of this.#watches) watch.stop();
    this.#firstRound.resolve();
    this.#settled.resolve();
  }

  /** A request to this backend failed with this. */
  noteFailure(backend: Backend, failure: Failure): void {
    this.#watchOf(backend)?.heardFailure(failure);
  }

  /** A request to this backend went well. */
  noteSuccess(backend: Backend): void {
    if (backend.state !== "connected" || backend.lastError !== undefined)
      this.#watchOf(backend)?.heardSuccess();
  }

  #watchOf(backend: Backend): Watch | undefined {
    return this.#watches.find((watch) => watch.backend === backend);
  }
}
