import type { AnswerChoice, AnswerToolCall, WordsPart } from "../../core/answer.ts";
import { fieldsFrom } from "../../core/dialect.ts";
import type { Annotation, Finish, PartKind, StreamEvent, ToolStart } from "../../core/event.ts";
import type { JsonRecord } from "../../core/json.ts";
import { type Opaque, sealOpaque } from "../../core/opaque.ts";
import type { TextRequest } from "../../core/request.ts";
import { type ChunkShape, finishWord } from "../openai/stream.ts";

/** Does the client call functions in the way that OpenAI gave up for tools? It reads no `tool_calls` then. */
export function readsFunctionCall({ body, dialect }: TextRequest): boolean {
  return dialect === "openai" && body.kind("functions") === "array" && body.kind("tools") !== "array";
}

/** The word for why a choice ended. */
export function chatFinish({ reason, raw }: Pick<Finish, "reason" | "raw">, oldStyle: boolean): string {
  return oldStyle && reason === "tool_calls" ? "function_call" : finishWord(reason, raw);
}

/** The `annotations` of a whole message: places in its parts become places in their joined text. */
export function annotationsOf({ parts }: Pick<AnswerChoice, "parts">): JsonRecord[] {
  let before = 0;
  return parts.flatMap((part) => {
    if (part.kind !== "text") return [];
    const from = before;
    before += part.text.length;
    return part.annotations
      .map((annotation) => annotationAt(annotation, from))
      .filter((annotation) => annotation !== undefined);
  });
}

/** The `reasoning_details` of a whole message: the state that must come back with the next turn. */
export function detailsOf({ parts }: Pick<AnswerChoice, "parts">): JsonRecord[] {
  const stated = parts.filter((part): part is WordsPart => "opaque" in part && part.kind !== "tool");
  return stated
    .map(({ kind, text, opaque }) => ({
      text: kind === "reasoning" ? text : "",
      opaque: opaque.filter(isForeign),
    }))
    .filter(({ opaque }) => opaque.length > 0)
    .flatMap(({ text, opaque }, index) =>
      opaque.map((state, i) => detail(state, i === 0 ? text : "", index)),
    );
}

/** A whole call, or the head of one whose arguments follow. */
export function callFields({
  extra,
  opaque = [],
}: Pick<ToolStart | AnswerToolCall, "extra" | "opaque">): JsonRecord {
  const state = opaque.find(({ issuer, kind }) => issuer === "gemini" && kind === "thought");
  // The slot of Google's own compatible route. Framed: a chat may go on at a host that is not Google's.
  const signature = state && sealOpaque(state, "openai");
  const google = signature ? { extra_content: { google: { thought_signature: signature } } } : {};
  return { ...google, ...fieldsFrom(extra, "openai") };
}

/** What a backend of this dialect issued is among its unknown fields, and goes out with those. */
function isForeign({ issuer }: Opaque): boolean {
  return issuer !== "openai";
}

/**
 * One piece of state in OpenRouter's form. The text stands in it too, though it was said already: a signature is one of
 * its own text, and an answer may have several.
 */
function detail(opaque: Opaque, text: string, index: number): JsonRecord {
  const sealed = sealOpaque(opaque, "openai");
  if (opaque.kind === "signature") return { type: "reasoning.text", text, signature: sealed, index };
  return { type: "reasoning.encrypted", ...(text === "" ? {} : { summary: text }), data: sealed, index };
}

/** A statement's source as OpenAI says it; undefined for one that is no page. */
function annotationAt({ url, title, start, end, native }: Annotation, from: number): JsonRecord | undefined {
  if (native.dialect === "openai") return native.value;
  if (url === undefined) return undefined;
  const citation = {
    url,
    title: title ?? url,
    start_index: from + (start ?? 0),
    end_index: from + (end ?? 0),
  };
  return { type: "url_citation", url_citation: citation };
}

/** What was said in a choice so far. */
interface Said {
  kind: PartKind | undefined;
  /** Characters of the message's text, and of those before the open part. */
  length: number;
  from: number;
  /** The open part's thoughts, until its state has come. */
  thought: string;
  /** Thoughts that had state, the open one included if `stated`. */
  details: number;
  stated: boolean;
}

/** A chat stream's deltas. */
export class ChatWords implements ChunkShape {
  readonly object = "chat.completion.chunk";
  readonly silence = "";
  readonly before = '"delta":{';
  readonly after = "}";
  readonly noLogprobs = "";
  readonly #oldStyle: boolean;
  readonly #choices = new Map<number, Said>();

  constructor(request: TextRequest) {
    this.#oldStyle = readsFunctionCall(request);
  }

  /** Null before a call, as OpenAI says it: the deltas then add up to the message that a whole answer has. */
  opening(first: string): string {
    const silent = first.startsWith('"tool_calls"') || first.startsWith('"function_call"');
    return `"role":"assistant","content":${silent ? "null" : '""'},"refusal":null`;
  }

  finish(event: Finish): string {
    return chatFinish(event, this.#oldStyle);
  }

  words(event: StreamEvent): string | undefined {
    switch (event.type) {
      case "text":
        this.#said(event.choice).length += event.text.length;
        return `"content":${JSON.stringify(event.text)}`;
      case "reasoning":
        this.#said(event.choice).thought += event.text;
        return `"reasoning_content":${JSON.stringify(event.text)}`;
      case "refusal":
        return `"refusal":${JSON.stringify(event.text)}`;
      case "part-start":
        this.#open(event.choice, event.kind);
        return undefined;
      case "annotation": {
        const annotation = annotationAt(event.annotation, this.#said(event.choice).from);
        return annotation && `"annotations":[${JSON.stringify(annotation)}]`;
      }
      case "opaque":
        return isForeign(event.opaque) ? this.#state(event.choice, event.opaque) : undefined;
      case "tool-start":
        return this.#oldStyle ? functionStart(event) : callStart(event);
      case "tool-args":
        return this.#oldStyle ? functionArgs(event) : callArgs(event);
      default:
        return undefined;
    }
  }

  #state(choice: number, opaque: Opaque): string {
    const said = this.#said(choice);
    if (!said.stated) said.details++;
    said.stated = true;
    const text = said.kind === "reasoning" ? said.thought : "";
    said.thought = "";
    return `"reasoning_details":[${JSON.stringify(detail(opaque, text, said.details - 1))}]`;
  }

  #open(choice: number, kind: PartKind): void {
    const said = this.#said(choice);
    Object.assign(said, { kind, from: said.length, thought: "", stated: false });
  }

  #said(choice: number): Said {
    let said = this.#choices.get(choice);
    if (!said) {
      said = { kind: undefined, length: 0, from: 0, thought: "", details: 0, stated: false };
      this.#choices.set(choice, said);
    }
    return said;
  }
}

type ToolArgs = Extract<StreamEvent, { type: "tool-args" }>;

function callStart(event: ToolStart): string {
  const { call: index, id, name, kind } = event;
  const call = kind === "custom" ? { custom: { name, input: "" } } : { function: { name, arguments: "" } };
  return `"tool_calls":[${JSON.stringify({ ...callFields(event), index, id, type: kind, ...call })}]`;
}

function callArgs({ call, kind, json }: ToolArgs): string {
  const inner = kind === "custom" ? `"custom":{"input":` : `"function":{"arguments":`;
  return `"tool_calls":[{"index":${call},${inner}${JSON.stringify(json)}}}]`;
}

/** There is room for one call: the others, which the model was asked not to make, have no words here. */
function functionStart({ call, name }: ToolStart): string | undefined {
  return call === 0 ? `"function_call":${JSON.stringify({ name, arguments: "" })}` : undefined;
}

function functionArgs({ call, json }: ToolArgs): string | undefined {
  return call === 0 ? `"function_call":{"arguments":${JSON.stringify(json)}}` : undefined;
}
