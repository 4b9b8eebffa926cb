import { basePath } from "../config/addresses.ts";
import { decodePercent } from "../core/percent.ts";

/** Where a backend is, as its user wrote it. */
export interface Address {
  /** Scheme, host, port and path, without `/v1`, without a `/` at the end, without credentials or query. */
  url: string;
  /** An `authorization` header made from `user:password@` in the address. */
  authorization: string | undefined;
}

/**
 * Reads an address as people write it: with or without `http://`, `/v1`, `/`. Undefined when it is not an http(s) address.
 * The unspecified address (`0.0.0.0`, `[::]`) is one to listen on, not one to call: it becomes loopback.
 */
export function readAddress(written: string): Address | undefined {
  const spelled = written.includes("://") ? written : `http://${written}`;
  if (!URL.canParse(spelled)) return undefined;
  const url = new URL(spelled);
  if ((url.protocol !== "http:" && url.protocol !== "https:") || url.hostname === "") return undefined;
  if (url.hostname === "0.0.0.0") url.hostname = "127.0.0.1";
  if (url.hostname === "[::]") url.hostname = "[::1]";
  return { url: url.origin + basePath(url.pathname), authorization: basic(url) };
}

/**
 * Reads `OLLAMA_HOST` by Ollama's own rules: `host`, `host:port`, `:port`, `http://host`, the port 11434 unless there is a
 * scheme. A bare number can only be meant as a port.
 */
export function readOllamaHost(written: string): Address | undefined {
  const value = written.trim().replace(/^["']+|["']+$/g, "");
  if (value.includes("://")) return readAddress(value);
  if (/^\d+$/.test(value)) return readAddress(`127.0.0.1:${value}`);
  const slash = value.indexOf("/");
  const place = slash < 0 ? value : value.slice(0, slash);
  const path = slash < 0 ? "" : value.slice(slash);
  const bare = bareIpv6(place);
  if (place.startsWith(":") && !bare) return readAddress(`127.0.0.1${place}${path}`);
  const host = bare ? `[${place}]` : place;
  return readAddress(/:\d+$/.test(host) && !host.endsWith("]") ? host + path : `${host}:11434${path}`);
}

/** The same text for every spelling of one place: the loopback names are one host. */
export function placeOf(url: string): string {
  const { protocol, hostname, port, pathname } = new URL(url);
  const host = isLoopback(hostname) ? "loopback" : hostname;
  return `${protocol}//${host}:${port || (protocol === "https:" ? "443" : "80")}${pathname.replace(/\/+$/, "")}`;
}

/** The port of an address on this machine; undefined for other machines. */
export function loopbackPort(url: string): number | undefined {
  const { protocol, hostname, port } = new URL(url);
  if (!isLoopback(hostname)) return undefined;
  return port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
}

/** On this machine or in its own network: answers at once or not at all, and costs nothing to ask. */
export function isLocal(url: string): boolean {
  const { hostname } = new URL(url);
  return (
    isLoopback(hostname) ||
    /^(10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.)/.test(hostname) ||
    /^\[f[cde]/.test(hostname) ||
    /\.(local|lan|internal|home\.arpa)$/.test(hostname) ||
    // A name without a dot is one of the local network, or a container's.
    !/[.:]/.test(hostname)
  );
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === "localhost" ||
    hostname.endsWith(".localhost") ||
    hostname === "[::1]" ||
    /^127\.\d+\.\d+\.\d+$/.test(hostname)
  );
}

function bareIpv6(place: string): boolean {
  return !place.startsWith("[") && place.split(":").length > 2;
}

function basic({ username, password }: URL): string | undefined {
  if (username === "" && password === "") return undefined;
  const bytes = new TextEncoder().encode(`${decodePercent(username)}:${decodePercent(password)}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}
