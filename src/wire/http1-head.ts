import { Failure } from "../core/failure.ts";

const HT = 9;
const LF = 10;
const CR = 13;
const SP = 32;

/** Status line and headers of one answer. */
export interface ResponseHead {
  status: number;
  /** Names in lower case; of a repeated header the values joined with `, `. */
  headers: ReadonlyMap<string, string>;
}

const BEGINNING = Buffer.from("HTTP/1.", "latin1");

/** Another protocol may wait for us to speak (SSH, SMTP ...): its first bytes tell. */
export function checkBeginning(bytes: Uint8Array, start: number): void {
  const known = Math.min(BEGINNING.length, bytes.length - start);
  for (let i = 0; i < known; i++) if (bytes[start + i] !== BEGINNING[i]) throw notHttp();
}

/** Where the empty line after the headers ends, or -1. The first `known` bytes hold no end. */
export function endOfHead(bytes: Uint8Array, start: number, known: number): number {
  for (let at = bytes.indexOf(LF, start + known); at !== -1; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at - 1] !== CR) throw protocol("a line of its head does not end with CR LF");
    if (bytes[at - 2] === LF) return at + 1;
  }
  return -1;
}

/**
 * Status line and headers: whole lines, each with its CR LF, and no other LF. `keepAlive`: nothing in them forbids to use
 * the connection again. Throws `upstream_protocol`.
 */
export function parseHead(bytes: Uint8Array): { head: ResponseHead; keepAlive: boolean } {
  const text = latin1(bytes);
  const status = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [^\r]*)?\r\n/.exec(text);
  if (!status || text.includes("\0")) throw notHttp();
  const headers = new Map<string, string>();
  for (let at = status[0].length; at < text.length;) {
    const end = text.indexOf("\r", at);
    const colon = text.indexOf(":", at);
    const name = text.slice(at, colon);
    // A CR inside a line, a name followed by a space or a folded line are read differently by different readers.
    if (text.charCodeAt(end + 1) !== LF || colon > end || !TOKEN.test(name))
      throw protocol("one of its headers is malformed");
    const lower = name.toLowerCase();
    const value = trim(text, colon + 1, end);
    const earlier = headers.get(lower);
    headers.set(lower, earlier === undefined ? value : `${earlier}, ${value}`);
    at = end + 2;
  }
  const keepAlive = status[1] === "1" && !/\bclose\b/i.test(headers.get("connection") ?? "");
  return { head: { status: Number(status[2]), headers }, keepAlive };
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Without spaces and tabs around it; nothing else counts as space in a header. */
function trim(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === SP || code === HT;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

function notHttp(): Failure {
  return protocol("it does not speak HTTP/1.1");
}

/** The Failure for bytes that break HTTP's rules; `how` ends its sentence. */
export function protocol(how: string): Failure {
  return new Failure("upstream_protocol", `The backend's answer is not proper HTTP: ${how}.`);
}
