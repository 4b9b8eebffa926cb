import { textOf } from "../core/lenient.ts";
import type { MediaSource } from "../core/prompt.ts";

/** Media as a prompt holds it. */
export interface Media {
  source: MediaSource;
  /** Empty where nobody said it and the bytes do not tell. */
  mime: string;
}

/**
 * What an image or file URL of a client means. A data URL of any form becomes plain base64; so does base64 that came
 * without `data:`, if its first bytes are those of a known format. Everything else is an address for the backend to fetch.
 */
export function mediaFromUrl(url: string): Media {
  const data = DATA_URL.exec(url);
  if (data) return fromDataUrl(data[1] ?? "", url.slice(data[0].length));
  if (SCHEME.test(url)) return { source: { url }, mime: "" };
  const base64 = standardBase64(url);
  const mime = sniffMime(base64);
  return mime === "" ? { source: { url }, mime } : { source: { base64 }, mime };
}

/** A data URL, an address, or base64 without a word of what it is. */
export function mediaFromText(text: string): Media {
  return /^\s*(?:data|https?):/i.test(text) ? mediaFromUrl(text) : mediaFromBase64(text, undefined);
}

/** Base64 in any dress, and the type that the client says it has, if it says one. */
export function mediaFromBase64(data: string, mime: unknown): Media {
  const base64 = standardBase64(data);
  return { source: { base64 }, mime: cleanMime(textOf(mime) ?? "") || sniffMime(base64) };
}

/** OpenAI's two fields for a sound: base64, which some send as a data URL, and what its file name would end in. */
export function soundFrom(data: string, format: unknown): Media {
  if (/^\s*data:/i.test(data)) return mediaFromUrl(data);
  const ending = textOf(format);
  return mediaFromBase64(data, ending === undefined ? undefined : `audio/${ending}`);
}

/** What clients call a format, in the one word for it: `image/jpg` is `image/jpeg`. */
export function cleanMime(mime: string): string {
  const plain = mime.trim().toLowerCase();
  return SYNONYMS.get(plain) ?? plain;
}

/** The type that base64 data begins like; empty where its first bytes are of no known format. */
export function sniffMime(base64: string): string {
  // 32 characters are 24 bytes: enough for every mark below.
  const head = Buffer.from(base64.slice(0, 32), "base64").toString("latin1");
  return MAGIC.find(([pattern]) => pattern.test(head))?.[1] ?? "";
}

/** Base64 in any dress (line breaks, URL-safe, percent-encoded, no padding) in the standard one. */
export function standardBase64(text: string): string {
  // Most is clean already, and megabytes long: one look is cheaper than four copies.
  if (/^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0) return text;
  const letters = unescape(text)
    .toString("latin1")
    .replace(/[^\w+/-]/g, "");
  const standard = letters.replaceAll("-", "+").replaceAll("_", "/");
  return standard.padEnd(Math.ceil(standard.length / 4) * 4, "=");
}

/** Up to the comma; the data after it, megabytes perhaps, is no business of an expression. */
const DATA_URL = /^\s*data:([^,]{0,1000}),/i;

/** A letter alone before the colon would be a drive of Windows, and no address either. */
const SCHEME = /^\s*[a-z][a-z0-9+.-]+:/i;

const SYNONYMS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-png": "image/png",
    "audio/mp3": "audio/mpeg",
    "audio/mpeg3": "audio/mpeg",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/x-m4a": "audio/mp4",
    "audio/m4a": "audio/mp4",
    "application/x-pdf": "application/pdf",
  }),
);

/** First bytes, as Latin-1, and the type they are of. */
const MAGIC: readonly (readonly [RegExp, string])[] = [
  [/^\x89PNG\r\n/, "image/png"],
  [/^\xff\xd8\xff/, "image/jpeg"],
  [/^GIF8[79]a/, "image/gif"],
  [/^RIFF[^]{4}WEBP/, "image/webp"],
  [/^RIFF[^]{4}WAVE/, "audio/wav"],
  [/^[^]{4}ftypavi[fs]/, "image/avif"],
  [/^[^]{4}ftyp(?:hei[cmsx]|hev[cx])/, "image/heic"],
  [/^[^]{4}ftyp(?:mif1|msf1)/, "image/heif"],
  [/^[^]{4}ftypM4[AB]/, "audio/mp4"],
  [/^[^]{4}ftypqt/, "video/quicktime"],
  [/^[^]{4}ftyp/, "video/mp4"],
  [/^BM[^]{4}\0\0\0\0/, "image/bmp"],
  [/^(?:II\*\0|MM\0\*)/, "image/tiff"],
  [/^%PDF-/, "application/pdf"],
  [/^(?:ID3|\xff[\xfb\xf3\xf2\xfa])/, "audio/mpeg"],
  [/^\xff[\xf1\xf9]/, "audio/aac"],
  [/^OggS/, "audio/ogg"],
  [/^fLaC/, "audio/flac"],
  [/^\x1aE\xdf\xa3/, "video/webm"],
];

/** Types that say nothing. */
const VAGUE: ReadonlySet<string> = new Set([
  "",
  "application/octet-stream",
  "binary/octet-stream",
  "image/*",
]);

function fromDataUrl(head: string, data: string): Media {
  const [type = "", ...parameters] = head.split(";").map((piece) => piece.trim());
  // `data:base64,..` without a type is seen too.
  const encoded = [type, ...parameters].some((piece) => piece.toLowerCase() === "base64");
  const said = type.includes("/") ? cleanMime(type) : "";
  const base64 = encoded ? standardBase64(data) : unescape(data).toString("base64");
  const seen = sniffMime(base64);
  // Anthropic refuses a picture whose bytes are of another format than was said: clients guess it from file names.
  const believed = VAGUE.has(said) || (said.startsWith("image/") && seen.startsWith("image/")) ? seen : said;
  // A data URL without a type is a text (RFC 2397).
  return { source: { base64 }, mime: believed || said || (encoded ? "" : "text/plain") };
}

/** Percent-encoded bytes; characters beyond ASCII, which should not be there, are what they are in UTF-8. */
function unescape(text: string): Buffer {
  if (!text.includes("%")) return Buffer.from(text);
  const bytes = Buffer.from(text);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const pair = bytes[at] === PERCENT ? bytes.toString("latin1", at + 1, at + 3) : "";
    const encoded = /^[0-9a-f]{2}$/i.test(pair);
    bytes[length++] = encoded ? Number.parseInt(pair, 16) : (bytes[at] ?? 0);
    if (encoded) at += 2;
  }
  return bytes.subarray(0, length);
}

const PERCENT = 0x25;
