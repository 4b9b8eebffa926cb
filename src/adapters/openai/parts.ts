import type { JsonRecord } from "../../core/json.ts";
import { dropped, type Note } from "../../core/note.ts";
import type { CacheMark, MediaPart, Part } from "../../core/prompt.ts";
import { audioFormat, dataUrl, documentText, isMedia, isTextual } from "../parts.ts";
import type { Profile } from "../profile.ts";

/** For whom a part is written, and where it stands in the client's body. */
export interface PartPlace {
  profile: Profile;
  notes: Note[];
  at: string;
}

/** A part in chat's form. Of what the host cannot be shown the model is told that it was there. */
export function writePart(part: Part, place: PartPlace): JsonRecord {
  if (part.type === "refusal") return textPart(part.text);
  const written = isMedia(part)
    ? (writeMedia(part, place.profile) ?? lost(part, place))
    : textPart(part.text);
  return { ...written, ...cacheMark(part.cache, place.profile) };
}

export function textPart(text: string): JsonRecord {
  return { type: "text", text };
}

/** Anthropic's mark, for hosts that hand it on; for all others it would be an unknown field. */
export function cacheMark(cache: CacheMark | undefined, { cacheMarks }: Profile): JsonRecord {
  return cache && cacheMarks ? { cache_control: { type: "ephemeral", ...cache } } : {};
}

function writeMedia(part: MediaPart, profile: Profile): JsonRecord | undefined {
  switch (part.type) {
    case "image":
      return writeImage(part);
    case "audio":
      return writeAudio(part, profile);
    case "file":
      return part.mime.startsWith("video/") ? writeVideo(part, profile) : writeFile(part, profile);
  }
}

function writeImage({ source, mime, detail }: MediaPart): JsonRecord | undefined {
  if ("fileId" in source) return undefined;
  const url = "url" in source ? source.url : dataUrl(source.base64, mime || "image/png");
  return { type: "image_url", image_url: { url, ...(detail === undefined ? {} : { detail }) } };
}

function writeAudio({ source, mime }: MediaPart, { media }: Profile): JsonRecord | undefined {
  if ("url" in source)
    return media.includes("audio_url") ? { type: "audio_url", audio_url: { url: source.url } } : undefined;
  if (!("base64" in source) || !media.includes("audio")) return undefined;
  return { type: "input_audio", input_audio: { data: source.base64, format: audioFormat(mime) } };
}

function writeVideo({ source, mime }: MediaPart, { media }: Profile): JsonRecord | undefined {
  if ("fileId" in source || !media.includes("video_url")) return undefined;
  const url = "url" in source ? source.url : dataUrl(source.base64, mime);
  return { type: "video_url", video_url: { url } };
}

/** A text document is words to every model; another one is a file for hosts that can read it. */
function writeFile({ source, mime, name }: MediaPart, { media }: Profile): JsonRecord | undefined {
  if ("base64" in source && isTextual(mime)) {
    const text = documentText(source.base64);
    return textPart(name === undefined ? text : `${name}:\n${text}`);
  }
  if (!media.includes("file")) return undefined;
  if ("fileId" in source)
    return source.issuer === "openai" ? { type: "file", file: { file_id: source.fileId } } : undefined;
  if ("url" in source) return undefined;
  const filename = name ?? `document.${mime === "application/pdf" ? "pdf" : "bin"}`;
  return { type: "file", file: { filename, file_data: dataUrl(source.base64, mime || "application/pdf") } };
}

function lost({ type, name, source }: MediaPart, { notes, at }: PartPlace): JsonRecord {
  const why =
    "fileId" in source ? "it is in its vendor's store" : `this backend takes no ${KINDS[type]} of this form`;
  notes.push(dropped(at, `: ${why}; the model was told so`));
  return textPart(`[${name ?? KINDS[type]}: left out, because it cannot be shown to this model]`);
}

const KINDS = { image: "image", audio: "audio", file: "document" } as const;
