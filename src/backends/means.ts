import { readFileSync } from "node:fs";
import type { Adapter } from "../adapters/adapter.ts";
import type { Profile } from "../adapters/profile.ts";
import type { Dialect } from "../core/request.ts";
import { isLocal } from "./address.ts";
import { Backend } from "./backend.ts";
import type { Place } from "./discovery.ts";
import { patienceWith, type Preset } from "./presets.ts";
import { PROFILES } from "./profiles.ts";
import type { Transport } from "./transport.ts";

/** What turns a place into a backend. */
export interface Means {
  adapters: Readonly<Record<Dialect, Adapter>>;
  /** The HTTP client; `url` is without `/v1`, `ca` is PEM. */
  http(options: { url: string; tls?: { ca: string | undefined; pinSha256: string[] } }): Transport;
  /** The built-in model. */
  echo(): Transport;
}

/**
 * The way to a place: one for all that is asked there. Opens no connection. Throws what the system says when the file of
 * authorities is gone.
 */
export function transportTo(place: Place, means: Means): Transport {
  if (place.url === undefined) return means.echo();
  const { ca, pinSha256 } = place.settings.tls;
  if (ca === undefined && pinSha256.length === 0) return means.http({ url: place.url });
  // Read once, at the start: the configuration has seen that it holds a certificate.
  const pem = ca === undefined ? undefined : readFileSync(ca, "utf8");
  return means.http({ url: place.url, tls: { ca: pem, pinSha256 } });
}

/** The backend at a place, as the kind of backend it turned out to be. */
export function backendAt(
  place: Place,
  kind: { name: string; preset: Preset },
  means: Means,
  transport: Transport,
): Backend {
  const { name, preset } = kind;
  const adapter = means.adapters[preset.dialect];
  const usual = preset.where === "anywhere" ? patienceWith(isNear(place)) : preset.timeouts;
  const { timeouts, concurrency, contextWindow, models } = place.settings;
  const profile = profileOf(place, preset);
  return new Backend({
    name,
    preset,
    origin: place.origin,
    rank: place.rank,
    url: place.url,
    adapter,
    // Where a version must be asked for, the addresses are older than Responses.
    responses:
      profile.apiVersion === undefined && preset.responses ? means.adapters["openai-responses"] : undefined,
    profile,
    transport,
    headers: Object.freeze({
      ...adapter.headers(profile),
      ...(place.key === undefined ? {} : lowerCase(adapter.auth(place.key, profile))),
      ...place.headers,
    }),
    timeouts: {
      connect: timeouts.connect ?? usual.connect,
      firstByte: timeouts.firstByte ?? usual.firstByte,
      idle: timeouts.idle ?? usual.idle,
    },
    concurrency,
    contextWindow,
    models: [...preset.models, ...models],
  });
}

/** The kind's own, but for what the user knows better. */
function profileOf({ settings: { thinkTags, apiVersion } }: Place, preset: Preset): Profile {
  const profile = PROFILES[preset.profile];
  if (thinkTags === undefined && apiVersion === undefined) return profile;
  return {
    ...profile,
    ...(thinkTags === undefined ? {} : { thinkTags: thinkTags ? "opened" : "none" }),
    ...(apiVersion === undefined ? {} : { apiVersion }),
  };
}

/** Inside this process, on this machine or in its network: asked often, and costs nothing. */
export function isNear(place: Place): boolean {
  return place.url === undefined || isLocal(place.url);
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
