import { Failure } from "../../core/failure.ts";
import type { JsonRecord } from "../../core/json.ts";
import type { MediaPart, Part } from "../../core/prompt.ts";
import { audioFormat, dataUrl, documentText, isTextual } from "../parts.ts";

/** What a user says or a tool answered. Throws `unsupported` for media that the vendor cannot get; `at` names it. */
export function inputPart(part: Part, at: string): JsonRecord {
  switch (part.type) {
    case "text":
    case "refusal":
      return { type: "input_text", text: part.text };
    case "image":
      return { type: "input_image", ...imageSource(part, at), detail: part.detail ?? "auto" };
    case "audio":
      return writeAudio(part, at);
    case "file":
      return writeFile(part, at);
  }
}

function imageSource({ source, mime }: MediaPart, at: string): JsonRecord {
  if ("fileId" in source) return stored(source, at);
  return { image_url: "url" in source ? source.url : dataUrl(source.base64, mime || "image/png") };
}

function writeAudio({ source, mime }: MediaPart, at: string): JsonRecord {
  if (!("base64" in source)) throw unsupported(at, "a sound must be sent itself, in base64");
  return { type: "input_audio", input_audio: { data: source.base64, format: audioFormat(mime) } };
}

/** A text document is words to every model. */
function writeFile({ source, mime, name }: MediaPart, at: string): JsonRecord {
  const filename = name === undefined ? {} : { filename: name };
  if ("fileId" in source) return { type: "input_file", ...stored(source, at) };
  if ("url" in source) return { type: "input_file", ...filename, file_url: source.url };
  if (isTextual(mime)) {
    const text = documentText(source.base64);
    return { type: "input_text", text: name === undefined ? text : `${name}:\n${text}` };
  }
  const data = dataUrl(source.base64, mime || "application/pdf");
  return { type: "input_file", filename: "document", ...filename, file_data: data };
}

/** Chat and Responses have one store. */
function stored(
  { fileId, issuer }: Extract<MediaPart["source"], { fileId: string }>,
  at: string,
): JsonRecord {
  if (issuer === "openai" || issuer === "openai-responses") return { file_id: fileId };
  throw unsupported(at, "OpenAI has no files that another vendor stored");
}

function unsupported(at: string, why: string): Failure {
  return new Failure("unsupported", `${why}: '${at}' cannot be sent.`, { param: at });
}
