import { isRecord, type JsonRecord } from "../../core/json.ts";
import { entriesOf, textOf } from "../../core/lenient.ts";

/** How the words of an item travel. */
interface Shape {
  /** Events of the words: `.delta` and `.done` are added. */
  words: string;
  /** The field that holds them, in the item or its part. */
  field: string;
  /** Events of the part they stand in: `.added` and `.done` are added. */
  part?: string;
  /** What its number is called. Every item that this program makes has one part. */
  index?: string;
}

/** By the type of the part, or of an item that has none. */
const SHAPES: ReadonlyMap<unknown, Shape> = new Map<unknown, Shape>(
  Object.entries<Shape>({
    output_text: {
      words: "response.output_text",
      field: "text",
      part: "response.content_part",
      index: "content_index",
    },
    refusal: {
      words: "response.refusal",
      field: "refusal",
      part: "response.content_part",
      index: "content_index",
    },
    summary_text: {
      words: "response.reasoning_summary_text",
      field: "text",
      part: "response.reasoning_summary_part",
      index: "summary_index",
    },
    function_call: { words: "response.function_call_arguments", field: "arguments" },
    custom_tool_call: { words: "response.custom_tool_call_input", field: "input" },
  }),
);

/** What an item looks like before its words have come. */
const AT_FIRST: ReadonlyMap<unknown, JsonRecord> = new Map<unknown, JsonRecord>(
  Object.entries<JsonRecord>({
    message: { status: "in_progress", content: [] },
    reasoning: { summary: [], encrypted_content: undefined },
    function_call: { status: "in_progress", arguments: "" },
    custom_tool_call: { status: "in_progress", input: "" },
  }),
);

/**
 * The events of one stream, numbered from 0 without a gap. Their order within an item is OpenAI's own, and the SDKs'
 * helpers throw at any other: the item, its part, the words, then the same backwards with all words in it.
 */
export class Frames {
  #sequence = 0;

  /** One event; `fields` is JSON text without the outer braces. */
  frame(type: string, fields: string): string {
    return `event: ${type}\ndata: {"type":"${type}",${fields},"sequence_number":${this.#sequence++}}\n\n`;
  }

  /** An item begins; of its words, which may all be known already, nothing is said yet. */
  begin(item: JsonRecord, index: number): string {
    const empty = { ...item, ...AT_FIRST.get(item.type) };
    const added = this.#item("added", empty, index);
    const { speaker, shape } = shaped(item);
    if (shape?.part === undefined) return added;
    const part = { ...speaker, [shape.field]: "" };
    if (shape.field === "text" && "annotations" in part)
      Object.assign(part, { annotations: [], logprobs: [] });
    return (
      added + this.frame(`${shape.part}.added`, `${place(item, index, shape)},"part":${JSON.stringify(part)}`)
    );
  }

  /** Some of its words; `fields` is what `deltaFields` made of it once. */
  delta(fields: DeltaFields, words: string, logprobs?: readonly unknown[]): string {
    const { type, before, after } = fields;
    const tail = logprobs && logprobs.length > 0 ? `,"logprobs":${JSON.stringify(logprobs)}` : after;
    return this.frame(type, `${before}${JSON.stringify(words)}${tail}`);
  }

  /** A source of the words so far. */
  annotation(
    item: JsonRecord,
    index: number,
    { annotation, at }: { annotation: JsonRecord; at: number },
  ): string {
    const where = `"item_id":${json(item.id)},"output_index":${index},"content_index":0`;
    const what = `"annotation_index":${at},"annotation":${JSON.stringify(annotation)}`;
    return this.frame("response.output_text.annotation.added", `${where},${what}`);
  }

  /** An item is whole. */
  end(item: JsonRecord, index: number): string {
    const { speaker, shape } = shaped(item);
    const done = () => this.#item("done", item, index);
    if (!shape) return done();
    const at = place(item, index, shape);
    const said = this.frame(`${shape.words}.done`, `${at}${finalFields(speaker, shape)}`);
    const part = shape.part
      ? this.frame(`${shape.part}.done`, `${at},"part":${JSON.stringify(speaker)}`)
      : "";
    return said + part + done();
  }

  /** An item that is whole from the beginning: said in one go. */
  whole(item: JsonRecord, index: number): string {
    const { speaker, shape } = shaped(item);
    const begun = this.begin(item, index);
    if (!shape) return begun + this.end(item, index);
    const { logprobs } = speaker;
    const said = this.delta(
      deltaFields(item, index),
      textOf(speaker[shape.field]) ?? "",
      entriesOf(logprobs),
    );
    const sources = entriesOf(speaker.annotations).filter(isRecord);
    const cited = sources.map((annotation, at) => this.annotation(item, index, { annotation, at })).join("");
    return begun + said + cited + this.end(item, index);
  }

  #item(what: "added" | "done", item: JsonRecord, index: number): string {
    return this.frame(
      `response.output_item.${what}`,
      `"output_index":${index},"item":${JSON.stringify(item)}`,
    );
  }
}

/** What is the same in all deltas of one item. */
export interface DeltaFields {
  type: string;
  before: string;
  after: string;
}

/** Made once for each item: a delta then costs one JSON.stringify of its words. */
export function deltaFields(item: JsonRecord, index: number): DeltaFields {
  const { shape, speaker } = shaped(item);
  if (!shape) throw new Error("an item of this type has no words");
  return {
    type: `${shape.words}.delta`,
    before: `${place(item, index, shape)},"delta":`,
    after: speaker.type === "output_text" ? ',"logprobs":[]' : "",
  };
}

/** The part of an item that has the words, or the item itself. */
function shaped(item: JsonRecord): { speaker: JsonRecord; shape: Shape | undefined } {
  const [part]: unknown[] = [item.content, item.summary].find((parts) => Array.isArray(parts)) ?? [];
  const speaker = isRecord(part) ? part : item;
  return { speaker, shape: SHAPES.get(speaker.type) };
}

function place({ id }: JsonRecord, output: number, { index }: Shape): string {
  return `"item_id":${json(id)},"output_index":${output}${index ? `,"${index}":0` : ""}`;
}

function finalFields(speaker: JsonRecord, { field }: Shape): string {
  const names = speaker.type === "function_call" ? ["name", field] : [field];
  if (speaker.type === "output_text") names.push("logprobs");
  return names.map((name) => `,"${name}":${json(speaker[name])}`).join("");
}

/** What a backend's own item does not have is null. */
function json(value: unknown): string {
  return JSON.stringify(value ?? null);
}
