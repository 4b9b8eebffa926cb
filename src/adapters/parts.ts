import type { MediaPart, Part } from "../core/prompt.ts";

/** Something to look at or to listen to, and not to read. */
export function isMedia(part: Part): part is MediaPart {
  return part.type !== "text" && part.type !== "refusal";
}

/** The words among some parts, as one text. A refusal was said like anything else; what says nothing is left out. */
export function textIn(parts: readonly Part[], between: string): string {
  return parts.flatMap((part) => (isMedia(part) || part.text === "" ? [] : [part.text])).join(between);
}

/** A document of this type is words to every model. */
export function isTextual(mime: string): boolean {
  return TEXTUAL.test(mime);
}

const TEXTUAL = /^text\/|[/+](?:json|xml|yaml|x-yaml|toml|javascript|typescript|x-sh|sql)$/;

/** The words of such a document. */
export function documentText(base64: string): string {
  return Buffer.from(base64, "base64").toString();
}

/** As the URL that most dialects take where they take an address. */
export function dataUrl(base64: string, mime: string): string {
  return `data:${mime};base64,${base64}`;
}

/** OpenAI's word for a sound's type: `mp3`, `wav`. */
export function audioFormat(mime: string): string {
  if (mime === "audio/mpeg") return "mp3";
  return mime.split("/")[1] || "wav";
}
