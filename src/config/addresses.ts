import { isIP } from "node:net";
import { Refusal } from "./problems.ts";

/**
 * A backend's URL to the form that all its spellings share: no `/v1`, no `/` at the end. Messages never repeat the URL,
 * it may hold a password.
 */
export function parseBackendUrl(text: string): string | Refusal {
  const url = /\s/.test(text) ? null : URL.parse(text);
  if (!url || !/^https?:\/\//i.test(text)) return notHttp(text);
  if (url.username !== "" || url.password !== "") {
    return new Refusal("a URL may not hold a user name or password", "use api_key, or headers");
  }
  if (/[?#]/.test(text))
    return new Refusal("a URL may not hold a query (?) or a fragment (#)", "use headers");
  return url.origin + basePath(url.pathname);
}

/** A base URL's path may end in `/v1` (Gemini's in `/v1beta`), in `/`, or in neither: all mean the same place. */
export function basePath(pathname: string): string {
  return pathname
    .replace(/\/+$/, "")
    .replace(/\/v1(?:beta)?$/, "")
    .replace(/\/+$/, "");
}

function notHttp(text: string): Refusal {
  const bare = /^[A-Za-z0-9.-]+:[0-9]+(\/[A-Za-z0-9/._-]*)?$/.test(text);
  return new Refusal("expected an http:// or https:// URL", bare ? `write "http://${text}"` : undefined);
}

/** An address or a name to listen on, or to be called by: lower case, IPv6 without brackets, no port. */
export function parseHost(text: string): string | Refusal {
  const host = text.toLowerCase().replace(/^\[(.*)\]$/, "$1");
  if (isIP(host)) return host;
  if (host.includes("/")) return new Refusal("expected a name or an address, not a URL", 'write "127.0.0.1"');
  if (host.includes(":"))
    return new Refusal("a host has no port here", "the port is a key of its own: port = 7171");
  if (host === "*") return new Refusal('"*" is not an address', '"0.0.0.0" listens on every address');
  if (/^[a-z0-9_]([a-z0-9_.-]{0,252})$/.test(host)) return host.replace(/\.$/, "");
  return new Refusal("expected a name or an address");
}

/** A name that this server may be called by. */
export function parseAllowedHost(text: string): string | Refusal {
  if (text.includes("*")) return new Refusal("a host name has no wildcards here", "list every name");
  const host = parseHost(text);
  if (!(host instanceof Refusal) || !/^[^/]*:[0-9]+$/.test(text)) return host;
  return new Refusal("a host has no port here", "write the name alone");
}

/** Only these addresses cannot be reached from another machine. */
export function isLoopback(host: string): boolean {
  if (host === "localhost") return true;
  if (isIP(host) === 4) return host.startsWith("127.");
  return isIP(host) === 6 && URL.parse(`http://[${host}]`)?.hostname === "[::1]";
}

/** `*`, or an origin exactly as a browser sends it; also of applications (`tauri://localhost`). */
export function parseOrigin(text: string): string | Refusal {
  if (text === "*") return text;
  if (!/^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^\s/?#@]+$/.test(text)) {
    const hint = text.endsWith("/") ? "without the slash at the end" : 'write it like "https://app.example"';
    return new Refusal("not an origin", text.includes("@") ? undefined : hint);
  }
  if (!/^https?:/i.test(text)) return text;
  const origin = URL.parse(text)?.origin;
  if (origin === text) return text;
  return new Refusal("not as a browser sends it", origin && `write ${JSON.stringify(origin)}`);
}

/** 0 to 65535, written in digits alone. */
export function parsePort(text: string): number | Refusal {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return port <= 65535 ? port : new Refusal("expected a whole number from 0 to 65535");
}

/** base64 of a SHA-256: 32 bytes. */
export function parsePin(text: string): string | Refusal {
  const pin = text.replace(/^sha256\/{1,2}/, "");
  if (/^[A-Za-z0-9+/]{43}=$/.test(pin)) return pin;
  return new Refusal("expected the base64 SHA-256 of a public key (44 characters)", PIN_RECIPE);
}

const PIN_RECIPE =
  "openssl x509 -in CERT -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64";
