import { isRecord, type JsonRecord } from "../../core/json.ts";
import { fieldsOf, present, textOf } from "../../core/lenient.ts";
import type { CacheMark, MediaPart, Part } from "../../core/prompt.ts";
import { cacheOf, invalid } from "../fields.ts";
import { type Media, mediaFromBase64, mediaFromText, mediaFromUrl, soundFrom } from "../media.ts";

/**
 * What a chat message says: a text, or parts of any form that clients send, those of other dialects included. Parts that
 * hold earlier thoughts are left to whoever reads those. Throws `invalid_request` for what nobody can make sense of.
 */
export function partsOf(content: unknown, at: string): Part[] {
  if (content === undefined || content === null || content === "") return [];
  if (typeof content === "string") return [{ type: "text", text: content }];
  // One part without a list around it.
  if (isRecord(content)) return [partOf(content, at)];
  if (!Array.isArray(content)) throw invalid(at, "string or array");
  return content.flatMap((part: unknown, i) => {
    if (typeof part === "string") return partsOf(part, at);
    if (!isRecord(part)) throw invalid(`${at}[${i}]`, "object");
    if (isThought(part)) return [];
    const read = partOf(part, `${at}[${i}]`);
    return read.type === "text" && read.text === "" ? [] : [read];
  });
}

/** A part of an earlier answer that is no word of it: Mistral's `thinking`, others' `reasoning`. */
export function isThought({ type }: JsonRecord): boolean {
  return type === "thinking" || type === "reasoning" || type === "redacted_thinking";
}

function partOf(part: JsonRecord, at: string): Part {
  const read = READERS.get(part.type)?.(part) ?? plainText(part);
  if (!read) throw invalid(at, "a part of a known type, with its content");
  return { ...read, ...cacheMark(part) };
}

/** Also of a type that nobody knows, as long as there is a text in it. */
function plainText({ text }: JsonRecord): Part | undefined {
  return typeof text === "string" ? { type: "text", text } : undefined;
}

type PartReader = (part: JsonRecord) => Part | undefined;

const image: PartReader = (part) => {
  const { image_url: said = part.image ?? part.url, file_id: id, source } = part;
  const detail = present({ detail: textOf(fieldsOf(said).detail) ?? textOf(part.detail) });
  const url = isRecord(said) ? said.url : said;
  if (typeof url === "string") return { type: "image", ...mediaFromUrl(url), ...detail };
  if (isRecord(source)) return sourced("image", source);
  return typeof id === "string" ? { type: "image", ...stored(id), ...detail } : undefined;
};

const audio: PartReader = ({ input_audio: said, audio: other }) => {
  const { data, format } = fieldsOf(said ?? other);
  return typeof data === "string" ? { type: "audio", ...soundFrom(data, format) } : undefined;
};

const file: PartReader = (part) => {
  const { file_id: id, filename, file_data: data, file_url: url } = fieldsOf(part.file ?? part);
  const name = present({ name: textOf(filename) });
  if (typeof data === "string") return { type: "file", ...mediaFromText(data), ...name };
  if (typeof url === "string") return { type: "file", ...mediaFromUrl(url), ...name };
  return typeof id === "string" ? { type: "file", ...stored(id), ...name } : undefined;
};

/** vLLM's `audio_url` and `video_url`, of the shape that `image_url` has. */
function addressed(type: "audio" | "file", field: string): PartReader {
  return (part) => {
    const said = part[field];
    const url = isRecord(said) ? (said.url ?? said.data) : said;
    return typeof url === "string" ? { type, ...mediaFromUrl(url) } : undefined;
  };
}

const READERS: ReadonlyMap<unknown, PartReader> = new Map<unknown, PartReader>(
  Object.entries<PartReader>({
    text: plainText,
    input_text: plainText,
    output_text: plainText,
    refusal: ({ refusal }) => (typeof refusal === "string" ? { type: "refusal", text: refusal } : undefined),
    image_url: image,
    input_image: image,
    image,
    input_audio: audio,
    audio,
    audio_url: addressed("audio", "audio_url"),
    file,
    input_file: file,
    // A prompt has no word for moving pictures: they are files, whose type says what they are.
    video_url: addressed("file", "video_url"),
    input_video: addressed("file", "input_video"),
    document: ({ source, title }) => {
      const read = isRecord(source) ? sourced("file", source) : undefined;
      return read && { ...read, ...present({ name: textOf(title) }) };
    },
  }),
);

/** Anthropic's form, which clients that speak both dialects mix up. */
function sourced(type: MediaPart["type"], source: JsonRecord): MediaPart | undefined {
  const { url, data, media_type: mime } = source;
  if (typeof url === "string") return { type, ...mediaFromUrl(url) };
  if (typeof data !== "string") return undefined;
  if (source.type === "text")
    return { type, source: { base64: Buffer.from(data).toString("base64") }, mime: "text/plain" };
  return { type, ...mediaFromBase64(data, mime) };
}

function stored(fileId: string): Media {
  return { source: { fileId, issuer: "openai" }, mime: "" };
}

/** Anthropic's mark, as OpenRouter and others take it in chat, or OpenAI's own. */
function cacheMark(part: JsonRecord): { cache?: CacheMark } {
  return isRecord(part.prompt_cache_breakpoint) ? { cache: {} } : cacheOf(part);
}
