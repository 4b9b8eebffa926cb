import { Failure } from "../../core/failure.ts";
import type { JsonRecord } from "../../core/json.ts";
import type { MediaPart } from "../../core/prompt.ts";
import { isOlder } from "./models.ts";

/**
 * A picture, a sound or a document as a part. Bytes go inline; an address is for Gemini to fetch, which models before 2.5
 * do only where it is one of Google's own. Throws `unsupported` for what the model cannot get; `at` names it.
 */
export function mediaPart({ type, source, mime }: MediaPart, model: string, at: string): JsonRecord {
  if ("base64" in source) return { inlineData: { mimeType: mime || USUAL[type], data: source.base64 } };
  if ("fileId" in source) {
    if (source.issuer !== "gemini") throw unsupported(at, "it is a file in the store of another vendor");
    return { fileData: { ...typed(mime), fileUri: source.fileId } };
  }
  const { url } = source;
  if (!/^(?:https?|gs):\/\//i.test(url)) throw unsupported(at, "its address is none that Gemini can fetch");
  if (isOlder(model) && !GOOGLES_OWN.test(url))
    throw unsupported(at, "this model fetches nothing from an address");
  return { fileData: { ...typed(mime || mimeOf(url)), fileUri: url } };
}

/** What a client means that does not say. */
const USUAL = { image: "image/png", audio: "audio/wav", file: "application/pdf" } as const;

/** Files uploaded to Gemini, objects in Google's storage, and videos on YouTube. */
const GOOGLES_OWN =
  /^(?:gs:\/\/|https:\/\/(?:generativelanguage\.googleapis\.com\/|(?:www\.)?youtube\.com\/|youtu\.be\/))/i;

function typed(mime: string): { mimeType?: string } {
  return mime === "" ? {} : { mimeType: mime };
}

/** As its name ends; empty where that says nothing. */
function mimeOf(url: string): string {
  const ending = /\.([a-z0-9]{2,5})(?:[?#]|$)/i.exec(url)?.[1]?.toLowerCase() ?? "";
  return MIMES.get(ending) ?? "";
}

const MIMES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    png: "image/png",
    jpg: "image/jpeg",
    jpeg: "image/jpeg",
    webp: "image/webp",
    heic: "image/heic",
    heif: "image/heif",
    gif: "image/gif",
    pdf: "application/pdf",
    txt: "text/plain",
    mp3: "audio/mp3",
    wav: "audio/wav",
    ogg: "audio/ogg",
    flac: "audio/flac",
    mp4: "video/mp4",
    webm: "video/webm",
    mov: "video/quicktime",
  }),
);

function unsupported(at: string, why: string): Failure {
  return new Failure("unsupported", `Gemini cannot be sent ${at}: ${why}.`, { param: at });
}
