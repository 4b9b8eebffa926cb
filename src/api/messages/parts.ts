import { isRecord, type JsonRecord } from "../../core/json.ts";
import { fieldsOf, textOf } from "../../core/lenient.ts";
import { dropped, type Note } from "../../core/note.ts";
import type { MediaPart, Part, TextPart } from "../../core/prompt.ts";
import { cacheOf, invalid } from "../fields.ts";
import { type Media, mediaFromBase64, mediaFromUrl } from "../media.ts";

/**
 * Claude Code begins its instructions with a block of this name whose value changes with every request: an engine that
 * keeps the beginning of a prompt could never use it again. It is for Anthropic's accounts alone.
 */
const BILLING = /^\s*x-anthropic-billing-header:[^\n]*\n?/;

/** A content that is a text or a list of blocks; `at` is its place in the body. Throws `invalid_request`. */
export function partsOf(content: unknown, at: string, notes: Note[]): Part[] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  return blocksOf(content, at).flatMap(({ block, at: place }) => partsOfBlock(block, place, notes));
}

/** Instructions, without what changes with every request. */
export function instructionsOf(content: unknown, at: string, notes: Note[]): Part[] {
  const parts = partsOf(content, at, notes).map((part) =>
    part.type === "text" ? { ...part, text: part.text.replace(BILLING, "") } : part,
  );
  return parts.filter((part) => part.type !== "text" || part.text !== "");
}

/** The blocks of a list with their places. Throws `invalid_request` for what is no list of objects. */
export function blocksOf(content: unknown, at: string): { block: JsonRecord; at: string }[] {
  if (!Array.isArray(content)) throw invalid(at, "string or array");
  return content.map((block: unknown, i) => {
    if (!isRecord(block)) throw invalid(`${at}[${i}]`, "object");
    if (typeof block.type !== "string") throw invalid(`${at}[${i}].type`, "string");
    return { block, at: `${at}[${i}]` };
  });
}

/** One block that is something said or shown; what only Anthropic could do something with is noted. */
export function partsOfBlock(block: JsonRecord, at: string, notes: Note[]): Part[] {
  switch (block.type) {
    case "text":
      if (typeof block.text !== "string") throw invalid(`${at}.text`, "string");
      return worded(block.text, block);
    case "image":
      return [{ ...media(block, at), type: "image" }];
    case "document":
      return documentOf(block, at, notes);
    case "search_result":
      return searchResult(block, at, notes);
    case "compaction":
      // Anthropic's summary of the conversation before it: without it the model would know nothing of that.
      return worded(textOf(block.content) ?? "", block);
    default:
      notes.push(
        dropped(at, `: only Anthropic's API knows blocks of type "${textOf(block.type)?.slice(0, 64)}"`),
      );
      return [];
  }
}

/** Empty texts are errors at Anthropic, and say nothing to anybody else. */
function worded(text: string, block: JsonRecord): TextPart[] {
  return text === "" ? [] : [{ type: "text", text, ...cacheOf(block) }];
}

function media(block: JsonRecord, at: string): Omit<MediaPart, "type"> {
  return { ...sourceOf(block.source, `${at}.source`), ...cacheOf(block) };
}

function sourceOf(source: unknown, at: string): Media {
  const { type, data, media_type: mime, url, file_id: fileId } = fieldsOf(source);
  if (type === "base64" && typeof data === "string") return mediaFromBase64(data, mime);
  if (type === "url" && typeof url === "string") return mediaFromUrl(url);
  if (type === "file" && typeof fileId === "string")
    return { source: { fileId, issuer: "anthropic" }, mime: "" };
  throw invalid(at, "a source of type base64, url or file");
}

function documentOf(block: JsonRecord, at: string, notes: Note[]): Part[] {
  noteCitations(block, at, notes);
  const { title, context, source } = block;
  const { type, data, content } = fieldsOf(source);
  const about = [textOf(title), textOf(context)].filter((text) => text !== undefined);
  if (type === "text" && typeof data === "string") return worded([...about, data].join("\n\n"), block);
  if (type === "content") {
    const parts = partsOf(content, `${at}.source.content`, notes);
    return [...worded(about.join("\n\n"), {}), ...marked(parts, block)];
  }
  const name = textOf(title);
  const file: MediaPart = { ...media(block, at), type: "file", ...(name === undefined ? {} : { name }) };
  return [...worded(textOf(context) ?? "", {}), file];
}

function searchResult(block: JsonRecord, at: string, notes: Note[]): Part[] {
  noteCitations(block, at, notes);
  const about = [textOf(block.title), textOf(block.source)].filter((text) => text !== undefined);
  const parts = partsOf(block.content, `${at}.content`, notes);
  return [...worded(about.join("\n"), {}), ...marked(parts, block)];
}

/** The cache mark of a block that became several parts stands on the last of them. */
function marked(parts: Part[], block: JsonRecord): Part[] {
  const last = parts.at(-1);
  if (last === undefined || last.type === "refusal") return parts;
  return [...parts.slice(0, -1), { ...last, ...cacheOf(block) }];
}

function noteCitations({ citations }: JsonRecord, at: string, notes: Note[]): void {
  if (fieldsOf(citations).enabled === true)
    notes.push(dropped(`${at}.citations`, ": only Anthropic's API quotes documents"));
}
