import { timingSafeEqual } from "node:crypto";
import { Failure } from "../core/failure.ts";

const HOW = "Send it as `Authorization: Bearer KEY`, `x-api-key: KEY` or `api-key: KEY`.";

/**
 * The check of a client's key. Only SHA-256 hashes are kept; every check compares with all of them, so that its time
 * tells nothing about which one was close. With no keys configured everybody may call, whatever key they send: many
 * clients refuse to start without one and send a dummy.
 */
export function clientKeys(keys: readonly string[]): (headers: Headers) => Failure | undefined {
  if (keys.length === 0) return () => undefined;
  const hashes = keys.map(hash);
  return (headers) => {
    const sent = credentials(headers);
    if (sent.size > 1) {
      return new Failure(
        "invalid_request",
        `This request carries two different keys; it may carry one. ${HOW}`,
      );
    }
    const [credential] = sent;
    if (credential === undefined) return new Failure("unauthorized", `This server needs a key. ${HOW}`);
    if (!credential.startsWith(KEY)) {
      return new Failure("unauthorized", `This server does not know that kind of authorization. ${HOW}`);
    }
    if (!isAny(hash(credential.slice(KEY.length)), hashes)) {
      return new Failure("unauthorized", `The key is not one of this server's keys. ${HOW}`);
    }
    return undefined;
  };
}

/**
 * Whose a request is that has passed the check: a name made of the key that does not tell it. Where no keys are asked for
 * everybody is the same, whatever key they send.
 */
export function ownerOf(keys: readonly string[]): (headers: Headers) => string {
  if (keys.length === 0) return () => "";
  return (headers) => {
    const [credential = ""] = credentials(headers);
    return Buffer.from(hash(`owner of ${credential.slice(KEY.length)}`)).toString("base64url");
  };
}

/** Marks a credential that is a key; `Basic` and other schemes are credentials too, though never good ones. */
const KEY = "key ";

/**
 * All different credentials of a request. The same key may come in two headers (some clients do that); two different
 * ones are refused, because checks elsewhere that look at the other header would then see another caller than we do.
 * Bun joins a repeated header with a comma and a space, which no key contains.
 */
function credentials(headers: Headers): Set<string> {
  const sent = new Set<string>();
  const authorization = headers.get("authorization");
  if (authorization !== null) {
    for (const value of authorization.split(", ")) addAuthorization(sent, value);
  }
  for (const name of ["x-api-key", "api-key"]) {
    const keys = headers.get(name);
    if (keys === null) continue;
    for (const key of keys.split(", ")) if (key !== "") sent.add(KEY + key);
  }
  return sent;
}

/** An empty value counts as none: SDKs with an empty key setting send `Authorization: Bearer` with nothing behind it. */
function addAuthorization(sent: Set<string>, value: string): void {
  const space = value.indexOf(" ");
  const scheme = space < 0 ? value : value.slice(0, space);
  const rest = space < 0 ? "" : value.slice(space + 1).trim();
  if (scheme.toLowerCase() !== "bearer") {
    if (value !== "") sent.add(`other ${value}`);
  } else if (rest !== "") {
    sent.add(KEY + rest);
  }
}

function isAny(candidate: Uint8Array, hashes: readonly Uint8Array[]): boolean {
  let found = 0;
  for (const known of hashes) found |= Number(timingSafeEqual(candidate, known));
  return found !== 0;
}

function hash(key: string): Uint8Array {
  const digest = new Uint8Array(32);
  Bun.SHA256.hash(key, digest);
  return digest;
}
