import { Failure } from "../../core/failure.ts";
import type { JsonRecord } from "../../core/json.ts";
import { dropped, type Note } from "../../core/note.ts";
import type { CacheMark, MediaPart, Part } from "../../core/prompt.ts";
import { documentText, isMedia, isTextual } from "../parts.ts";

/** Parts of what a user says or a tool answers. Throws `unsupported` for what cannot be shown to a model of Anthropic's. */
export function userBlocks(parts: readonly Part[], at: string): JsonRecord[] {
  return parts.flatMap((part, i) => {
    return isMedia(part) ? [mediaBlock(part, `${at}.content[${i}]`)] : wordBlocks(part);
  });
}

/** Parts of what the model said. */
export function saidBlocks(parts: readonly Part[], at: string, notes: Note[]): JsonRecord[] {
  return parts.flatMap((part, i) => {
    if (!isMedia(part)) return wordBlocks(part);
    notes.push(dropped(`${at}.content[${i}]`, ": Anthropic's models are only told words that they said"));
    return [];
  });
}

/** A text without any words is an error, in the middle of a conversation too. */
export function textBlocks(text: string, cache?: CacheMark): JsonRecord[] {
  return text.trim() === "" ? [] : [{ type: "text", text, ...cacheControl(cache) }];
}

function wordBlocks(part: Exclude<Part, MediaPart>): JsonRecord[] {
  return textBlocks(part.text, part.type === "text" ? part.cache : undefined);
}

/** `cache_control`. */
export function cacheControl(cache: CacheMark | undefined): JsonRecord {
  if (cache === undefined) return {};
  const { ttl } = cache;
  return { cache_control: { type: "ephemeral", ...(ttl === "5m" || ttl === "1h" ? { ttl } : {}) } };
}

const PICTURES = new Set(["image/gif", "image/jpeg", "image/png", "image/webp"]);

function mediaBlock(part: MediaPart, at: string): JsonRecord {
  if (part.type === "audio") throw unsupported(at, "Anthropic's models do not hear audio");
  const { source, mime, cache } = part;
  const picture = part.type === "image" || mime.startsWith("image/");
  const block = { type: picture ? "image" : "document" };
  const title = !picture && part.name !== undefined ? { title: part.name } : {};
  return {
    ...block,
    source: picture ? pictureSource(part, at) : documentSource(source, mime, at),
    ...title,
    ...cacheControl(cache),
  };
}

function pictureSource({ source, mime }: MediaPart, at: string): JsonRecord {
  if (!("base64" in source)) return storedSource(source, at);
  if (!PICTURES.has(mime))
    throw unsupported(
      at,
      `Anthropic's models see GIF, JPEG, PNG and WebP, not ${mime || "an unknown format"}`,
    );
  return { type: "base64", media_type: mime, data: source.base64 };
}

/** Documents are PDF or plain text. */
function documentSource(source: MediaPart["source"], mime: string, at: string): JsonRecord {
  if (!("base64" in source)) return storedSource(source, at);
  if (mime === "application/pdf") return { type: "base64", media_type: mime, data: source.base64 };
  if (!isTextual(mime))
    throw unsupported(at, `Anthropic's models read PDF and plain text, not ${mime || "an unknown format"}`);
  return { type: "text", media_type: "text/plain", data: documentText(source.base64) };
}

function storedSource(
  source: { url: string } | Extract<MediaPart["source"], { fileId: string }>,
  at: string,
): JsonRecord {
  if ("url" in source) return { type: "url", url: source.url };
  if (source.issuer !== "anthropic")
    throw unsupported(at, "Anthropic has no files that another vendor stored");
  return { type: "file", file_id: source.fileId };
}

function unsupported(at: string, why: string): Failure {
  return new Failure("unsupported", `${why}: '${at}' cannot be sent.`, { param: at });
}
