/** The answers to a browser's questions about other sites' pages. */
export interface Cors {
  /** Headers for the answer to a request of this origin; undefined when there is nothing to add. */
  headers(origin: string | null): Readonly<Record<string, string>> | undefined;
  /** The answer to a preflight of an allowed origin; undefined when `request` is something else. */
  preflight(request: Request): Response | undefined;
}

/** Origins as configured, ready to compare with what browsers send. */
export interface Origins {
  /** `*` was written: every page may call. */
  any: boolean;
  exact: ReadonlySet<string>;
}

const METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE";
const EXPOSED = "x-request-id, request-id, x-fairlead-backend, x-fairlead-notes, retry-after";
/** Seconds a browser may reuse a preflight's answer. Chrome caps it at 7200; short, so that a changed config counts. */
const MAX_AGE = "600";
/** RFC 9110's token, and more names than any SDK sends (openai's about a dozen `x-stainless-*`). */
const HEADER_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]{1,64}$/;
const HEADERS_MAX = 64;

/** CORS for exactly the configured origins. Never with credentials: a page must hold a key of its own, not a cookie. */
export function createCors(configured: readonly string[]): Cors {
  const origins = readOrigins(configured);
  const answers = new Map<string, Readonly<Record<string, string>>>();
  for (const origin of origins.exact) answers.set(origin, answerHeaders(origin));
  const anybody = origins.any ? answerHeaders("*") : undefined;

  const headers = (origin: string | null) => (origin === null ? undefined : (anybody ?? answers.get(origin)));

  const preflight = (request: Request) => {
    if (request.method !== "OPTIONS" || !request.headers.has("access-control-request-method"))
      return undefined;
    const allowed = headers(request.headers.get("origin"));
    return allowed === undefined ? undefined : preflightAnswer(request, allowed);
  };
  return { headers, preflight };
}

/**
 * A browser writes an http origin in one way only (lower case, no default port, no slash); people do not. `null` and
 * `file://` are never anybody's own origin: every sandboxed frame and every saved page has them.
 */
export function readOrigins(configured: readonly string[]): Origins {
  const exact = new Set(configured.map(asBrowsersWrite));
  const any = exact.delete("*");
  exact.delete("null");
  exact.delete("file://");
  return { any, exact };
}

function asBrowsersWrite(origin: string): string {
  if (/^https?:/i.test(origin) && URL.canParse(origin)) return new URL(origin).origin;
  const lower = origin.toLowerCase();
  return lower.endsWith("/") && !lower.endsWith("://") ? lower.slice(0, -1) : lower;
}

function answerHeaders(origin: string): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {
    "access-control-allow-origin": origin,
    "access-control-expose-headers": EXPOSED,
  };
  if (origin !== "*") headers["vary"] = "Origin";
  return Object.freeze(headers);
}

function preflightAnswer(request: Request, allowed: Readonly<Record<string, string>>): Response {
  const headers = new Headers(allowed);
  headers.delete("access-control-expose-headers");
  headers.set("access-control-allow-methods", METHODS);
  headers.set("access-control-max-age", MAX_AGE);
  const wanted = saneNames(request.headers.get("access-control-request-headers"));
  // Named one by one: `*` would not cover Authorization.
  if (wanted.length > 0) headers.set("access-control-allow-headers", wanted.join(", "));
  return new Response(null, { status: 204, headers });
}

function saneNames(list: string | null): string[] {
  if (list === null) return [];
  const names = list
    .split(",", HEADERS_MAX)
    .map((name) => name.trim().toLowerCase())
    .filter((name) => HEADER_NAME.test(name));
  return [...new Set(names)];
}
