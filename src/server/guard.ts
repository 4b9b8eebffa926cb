import { hostname } from "node:os";
import { Failure } from "../core/failure.ts";
import { isLoopback, isWildcard, readHost, readAuthority } from "./authority.ts";
import type { Authority } from "./authority.ts";
import { readOrigins } from "./cors.ts";
import { printable } from "./printable.ts";

/** What the guard must know of this server. */
export interface GuardFacts {
  /** The address this server listens on, as configured. */
  host: string;
  /** Further names it may be called by (`server.allowed_hosts`). */
  allowedHosts: readonly string[];
  /** Origins whose pages may call (`server.cors_origins`). */
  corsOrigins: readonly string[];
  /** This machine's own name; asked of the system when left out. */
  machineName?: string;
}

/**
 * Keeps the web out of a server that trusts its machine. A page of any site can make a browser send requests to
 * 127.0.0.1; it betrays itself by its Origin, or, after it let its own name point to 127.0.0.1 ("DNS rebinding"), by
 * that name in the Host header. Runs before anything else, for every route, with or without keys.
 *
 * Failures: `misdirected_host`, `forbidden_origin`. A request that names no Host at all is misdirected too.
 */
export function hostAndOriginGuard(facts: GuardFacts): (headers: Headers) => Failure | undefined {
  const knowsHost = hostRule(facts);
  const knowsOrigin = originRule(facts.corsOrigins);
  /** Clients say the same Host again and again: comparing with the last good one spares reading it. */
  let lastGood = "";
  return (headers) => {
    const host = headers.get("host") ?? "";
    if (host === "" || host !== lastGood) {
      if (!knowsHost(host)) return misdirected(host);
      lastGood = host;
    }
    const origin = headers.get("origin");
    if (origin === null || knowsOrigin(origin, host)) return undefined;
    return forbidden(origin);
  };
}

/**
 * Any port will do: the port proves nothing, and forwarded ports differ. A server on all interfaces (which needs keys)
 * also answers for any IP address, since a page cannot rebind an address, and for its machine's own name.
 */
function hostRule(facts: GuardFacts): (host: string) => boolean {
  const bound = readHost(facts.host);
  const everywhere = bound !== undefined && isWildcard(bound);
  const names = new Set<string>();
  const add = (text: string) => {
    const name = readHost(text)?.name;
    if (name !== undefined) names.add(name);
  };
  add(facts.host);
  facts.allowedHosts.forEach(add);
  if (everywhere) add(facts.machineName ?? hostname());
  return (host) => {
    const read = readAuthority(host);
    if (read === undefined) return false;
    return isLoopback(read) || names.has(read.name) || (everywhere && read.literal);
  };
}

/** Pages that this server itself served (its Origin is the Host it was called by) are no strangers. */
function originRule(configured: readonly string[]): (origin: string, host: string) => boolean {
  const origins = readOrigins(configured);
  return (origin, host) => origins.any || origins.exact.has(origin) || isSameOrigin(origin, host);
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { "http://": "80", "https://": "443" };

function isSameOrigin(origin: string, host: string): boolean {
  const scheme = /^https?:\/\//.exec(origin)?.[0];
  if (scheme === undefined) return false;
  const page = readAuthority(origin.slice(scheme.length));
  const here = readAuthority(host);
  if (page === undefined || here === undefined) return false;
  const port = (authority: Authority) => authority.port || DEFAULT_PORTS[scheme];
  return page.name === here.name && port(page) === port(here);
}

function misdirected(host: string): Failure {
  if (host === "") return new Failure("misdirected_host", "The request does not say which host it is for.");
  const quoted = JSON.stringify(printable(host, 100));
  return new Failure(
    "misdirected_host",
    `This server does not answer for the host ${quoted}. If that name is meant to reach it, add the name to allowed_hosts under [server].`,
  );
}

function forbidden(origin: string): Failure {
  const quoted = JSON.stringify(printable(origin, 100));
  return new Failure(
    "forbidden_origin",
    `Pages of the origin ${quoted} may not call this server. If they should, add the origin to cors_origins under [server].`,
  );
}
