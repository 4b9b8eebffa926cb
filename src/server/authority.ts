import { isIPv4, isIPv6 } from "node:net";

/** The `host[:port]` of a Host header or of an Origin. */
export interface Authority {
  /** Lower case, no trailing dot; IPv6 in its shortest form, in brackets; IPv4 mapped into IPv6 as plain IPv4. */
  name: string;
  /** Empty when none is given. */
  port: string;
  /** True for an IP address. */
  literal: boolean;
}

/** No nested repetition: a hostile header costs linear time. */
const SHAPE = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,254})(?::(\d{0,5}))?$/;
const MAPPED_IPV4 = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/;

/**
 * Reads an authority; undefined when it is malformed. A repeated Host header arrives joined with a comma and is
 * malformed, and so is one with a user name (`a@b`), for which Bun hands out a request without a usable URL.
 */
export function readAuthority(text: string): Authority | undefined {
  const match = SHAPE.exec(text.toLowerCase());
  const host = match?.[1];
  const port = match?.[2] ?? "";
  if (host === undefined || Number(port) > 65_535) return undefined;
  if (host.startsWith("[")) return readIPv6(host, port);
  const name = host.endsWith(".") ? host.slice(0, -1) : host;
  if (name === "" || name.startsWith(".") || name.includes("..") || name.endsWith(".")) return undefined;
  return { name, port, literal: isIPv4(name) };
}

/** A host as the configuration writes it: IPv6 may come without brackets. */
export function readHost(text: string): Authority | undefined {
  return readAuthority(isIPv6(text) ? `[${text}]` : text);
}

/** 127.0.0.0/8, ::1, `localhost` and everything below it: names that never leave this machine. */
export function isLoopback({ name, literal }: Authority): boolean {
  if (literal) return name.startsWith("127.") || name === "[::1]";
  return name === "localhost" || name.endsWith(".localhost");
}

/** All interfaces. */
export function isWildcard({ name }: Authority): boolean {
  return name === "0.0.0.0" || name === "[::]";
}

function readIPv6(bracketed: string, port: string): Authority | undefined {
  if (!isIPv6(bracketed.slice(1, -1))) return undefined;
  const name = new URL(`http://${bracketed}`).hostname;
  const mapped = MAPPED_IPV4.exec(name);
  if (mapped === null) return { name, port, literal: true };
  const high = Number.parseInt(mapped[1] ?? "0", 16);
  const low = Number.parseInt(mapped[2] ?? "0", 16);
  const octets = [high >> 8, high & 255, low >> 8, low & 255];
  return { name: octets.join("."), port, literal: true };
}
