import { isRecord, type JsonRecord } from "../../core/json.ts";
import { fieldsOf, present, textOf } from "../../core/lenient.ts";
import { dropped, type Note } from "../../core/note.ts";
import type { MediaPart, Part } from "../../core/prompt.ts";
import { type Media, mediaFromText, mediaFromUrl, soundFrom } from "../media.ts";

/** What a message says, or a tool answered: a text, or parts. `at` is its place in the body. */
export function partsOf(content: unknown, at: string, notes: Note[]): Part[] {
  if (typeof content === "string") return content === "" ? [] : [{ type: "text", text: content }];
  if (!Array.isArray(content)) return [];
  return content.flatMap((part: unknown, i) => {
    const read = partOf(fieldsOf(part));
    if (!read) notes.push(dropped(`${at}[${i}]`, ": it is nothing that a model can be shown"));
    return read && !(read.type === "text" && read.text === "") ? [read] : [];
  });
}

/** The texts of a list of parts, whatever their type. */
export function textsOf(parts: unknown): string[] {
  if (!Array.isArray(parts)) return [];
  return parts.flatMap((part: unknown) => textOf(fieldsOf(part).text) ?? []);
}

function partOf(part: JsonRecord): Part | undefined {
  switch (part.type) {
    case "input_text":
    case "output_text":
    case "text":
    case "summary_text":
    case "reasoning_text":
      return typeof part.text === "string" ? { type: "text", text: part.text } : undefined;
    case "refusal":
      return typeof part.refusal === "string" ? { type: "refusal", text: part.refusal } : undefined;
    case "input_image":
    case "image_url":
      return image(part);
    case "input_file":
      return file(part);
    case "input_audio":
      return audio(fieldsOf(part.input_audio));
    default:
      return undefined;
  }
}

/** The URL in an object is chat's form, which clients that speak both dialects mix up. */
function image({ image_url: image, file_id: id, detail }: JsonRecord): MediaPart | undefined {
  const url = isRecord(image) ? image.url : image;
  const said = present({ detail: textOf(detail) ?? textOf(fieldsOf(image).detail) });
  if (typeof url === "string") return { type: "image", ...mediaFromUrl(url), ...said };
  return typeof id === "string" ? { type: "image", ...kept(id), ...said } : undefined;
}

function file({ file_data: data, file_url: url, file_id: id, filename }: JsonRecord): MediaPart | undefined {
  const said = present({ name: textOf(filename) });
  if (typeof data === "string") return { type: "file", ...mediaFromText(data), ...said };
  if (typeof url === "string") return { type: "file", ...mediaFromUrl(url), ...said };
  return typeof id === "string" ? { type: "file", ...kept(id), ...said } : undefined;
}

function audio({ data, format }: JsonRecord): MediaPart | undefined {
  return typeof data === "string" ? { type: "audio", ...soundFrom(data, format) } : undefined;
}

/** In the vendor's own store. */
function kept(fileId: string): Media {
  return { source: { fileId, issuer: "openai-responses" }, mime: "" };
}
