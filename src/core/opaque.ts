import { DIALECTS, type Dialect } from "./dialect.ts";

/**
 * State of a vendor that must come back unread with the next turn: Anthropic's signatures and redacted thinking, Gemini's
 * thought signatures, OpenAI's encrypted reasoning. Only its issuer can use it; anybody else answers it with an error.
 */
export interface Opaque {
  readonly issuer: Dialect;
  readonly kind: OpaqueKind;
  readonly data: string;
}

/**
 * `signature` of the reasoning it stands with (Anthropic), `redacted` reasoning that has no readable text (Anthropic),
 * `encrypted` reasoning (OpenAI), `thought` signature of the part it stands on (Gemini).
 */
export type OpaqueKind = "signature" | "redacted" | "encrypted" | "thought";

const KINDS: ReadonlySet<string> = new Set<OpaqueKind>(["signature", "redacted", "encrypted", "thought"]);
const MARK = "fl1";

/** What state begins with that is framed: it has another issuer than the vendor whose place it stands in. */
export const FRAME = `${MARK}.`;

/** As a text for a client of this dialect: as it is for the issuer's own, framed with its issuer for any other. */
export function sealOpaque({ issuer, kind, data }: Opaque, dialect: Dialect): string {
  if (issuer === dialect) return data;
  return `${FRAME}${issuer}.${kind}.${Buffer.from(data).toString("base64url")}`;
}

/** Is this state that somebody else than its dialect's own vendor issued? */
export function isFramed(sealed: unknown): boolean {
  return typeof sealed === "string" && sealed.startsWith(FRAME);
}

/** The text that a client of this dialect gave back; without a frame it is what the dialect's own vendor issued. */
export function openOpaque(text: string, dialect: Dialect, kind: OpaqueKind): Opaque {
  const [mark, issuer = "", sealed = "", data, ...more] = text.split(".");
  const framed = mark === MARK && data !== undefined && more.length === 0;
  if (!framed || !isDialect(issuer) || !isKind(sealed)) return { issuer: dialect, kind, data: text };
  return { issuer, kind: sealed, data: Buffer.from(data, "base64url").toString() };
}

function isDialect(text: string): text is Dialect {
  return (DIALECTS as readonly string[]).includes(text);
}

function isKind(text: string): text is OpaqueKind {
  return KINDS.has(text);
}
