import type { Annotation } from "../../core/event.ts";
import { isRecord, type JsonRecord } from "../../core/json.ts";
import { entriesOf, fieldsOf } from "../../core/lenient.ts";

/** Longest text whose places are counted, characters. Sources of a longer one are told without them. */
export const PLACED_TEXT_MAX = 1024 * 1024;
/** Statements and sources of one answer, at most. */
const SOURCES_MAX = 256;

/**
 * Where an answer's statements come from: what a search found for it (`groundingMetadata`), each source once for every
 * statement it stands for, and what it repeats (`citationMetadata`). `text` is what the model said; undefined: too long.
 */
export function sourcesOf({ grounding, citations }: Said, text: string | undefined): Annotation[] {
  const places = new Places(text);
  return [
    ...(grounding ? fromSearch(grounding, places) : []),
    ...(citations ? repeated(citations, places) : []),
  ].slice(0, SOURCES_MAX);
}

/** What a candidate says of its sources. */
export interface Said {
  grounding: JsonRecord | undefined;
  citations: JsonRecord | undefined;
}

function fromSearch(grounding: JsonRecord, places: Places): Annotation[] {
  const chunks = records(grounding.groundingChunks);
  const used = new Set<JsonRecord>();
  const annotations = records(grounding.groundingSupports).flatMap((support) => {
    // To find a place costs a look at the whole text: once for all sources of a statement.
    const place = places.of(fieldsOf(support.segment));
    const indices = entriesOf(support.groundingChunkIndices).slice(0, SOURCES_MAX);
    return indices.flatMap((index) => {
      const chunk = typeof index === "number" ? chunks[index] : undefined;
      if (!chunk) return [];
      used.add(chunk);
      return [annotation(sourceIn(chunk), place, { groundingChunk: chunk, groundingSupport: support })];
    });
  });
  const rest = chunks.filter((chunk) => !used.has(chunk));
  return [...annotations, ...rest.map((chunk) => annotation(sourceIn(chunk), {}, { groundingChunk: chunk }))];
}

function repeated(citations: JsonRecord, places: Places): Annotation[] {
  const sources = records(citations.citationSources ?? citations.citations);
  return sources.map((source) => annotation(source, places.of(source), source));
}

function annotation({ uri, title }: JsonRecord, place: Place, value: JsonRecord): Annotation {
  return {
    ...(typeof uri === "string" ? { url: uri } : {}),
    ...(typeof title === "string" ? { title } : {}),
    ...place,
    native: { dialect: "gemini", value },
  };
}

/** A page, a place on a map, or a document of the user's own. */
function sourceIn({ web, maps, retrievedContext }: JsonRecord): JsonRecord {
  return [web, maps, retrievedContext].find(isRecord) ?? {};
}

type Place = Pick<Annotation, "start" | "end" | "cited">;

/** Gemini counts places in bytes of UTF-8, clients in characters. */
class Places {
  readonly #bytes: Buffer | undefined;

  constructor(text: string | undefined) {
    this.#bytes = text === undefined ? undefined : Buffer.from(text);
  }

  /** A missing `startIndex` is 0, as in all of Google's JSON. */
  of({ startIndex: from = 0, endIndex: to, text }: JsonRecord): Place {
    const cited = typeof text === "string" ? { cited: text } : {};
    const bytes = this.#bytes;
    if (!bytes || typeof from !== "number" || typeof to !== "number" || from > to || to > bytes.length)
      return cited;
    const start = bytes.subarray(0, from).toString().length;
    return { start, end: start + bytes.subarray(from, to).toString().length, ...cited };
  }
}

function records(value: unknown): JsonRecord[] {
  return entriesOf(value).slice(0, SOURCES_MAX).map(fieldsOf);
}
