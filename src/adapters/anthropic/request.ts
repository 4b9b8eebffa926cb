import { Failure } from "../../core/failure.ts";
import type { JsonRecord } from "../../core/json.ts";
import { emulated, type Note } from "../../core/note.ts";
import type { ModelRequest, TextRequest } from "../../core/request.ts";
import { jsonBytes } from "../../wire/json.ts";
import type { Destination, Written } from "../adapter.ts";
import type { Asked } from "../asked.ts";
import { askedOfModel } from "./asked.ts";
import { writeConversation } from "./conversation.ts";
import { Grammars } from "./grammars.ts";
import { writeOwn } from "./own-body.ts";
import { writeSampling } from "./sampling.ts";
import { writeThinking } from "./thinking.ts";
import { writeTools } from "./tools.ts";
import { writeAbout, writeFormat, writeLimits } from "./wishes.ts";

/** The version that every host of this dialect knows. */
export const API_VERSION = "2023-06-01";

const PATH = "/v1/messages";

/** A request in the words of Messages: the client's own with few fields changed, or written from its prompt. */
export function writeMessagesRequest(request: ModelRequest, to: Destination, notes: Note[]): Written {
  if (request.operation === "embeddings")
    throw new Failure("unsupported", "Anthropic's API has no embeddings.", { param: "model" });
  const own = request.dialect === "anthropic";
  const { apiVersion } = to.profile;
  const headers = {
    ...(apiVersion === undefined ? {} : { "anthropic-version": apiVersion }),
    // What these say is about the client's own body, and about an answer that it understands.
    ...(own ? ownHeaders(request.headers) : {}),
  };
  return {
    path: PATH,
    body: own ? writeOwn(request, to, notes) : writeOther(request, to, notes),
    ...(Object.keys(headers).length > 0 ? { headers } : {}),
  };
}

function ownHeaders(headers: TextRequest["headers"] = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith("anthropic-")));
}

function writeOther(request: TextRequest, to: Destination, notes: Note[]): Uint8Array[] {
  const asked = askedOfModel(request, to, notes);
  const grammars = new Grammars();
  const { system, messages, called } = writeConversation(asked.prompt.items, notes);
  const tools = writeTools(asked, called, grammars);
  const format = writeFormat(asked, grammars);
  const thinking = writeThinking(asked, messages, tools.forced);
  if (format.instruction !== undefined) system.push({ type: "text", text: format.instruction });
  const config = {
    ...(thinking.effort === undefined ? {} : { effort: thinking.effort }),
    ...(format.field === undefined ? {} : { format: format.field }),
  };
  noteCompletion(asked);
  const body: JsonRecord = {
    model: to.model,
    ...(system.length > 0 ? { system } : {}),
    ...tools.fields,
    messages,
    ...writeLimits(asked, thinking),
    ...(Object.keys(config).length > 0 ? { output_config: config } : {}),
    ...writeSampling(asked, thinking.on),
    ...writeAbout(asked),
    stream: request.stream,
  };
  limitMarks(body);
  return [jsonBytes(body)];
}

function noteCompletion({ prompt, notes, named }: Asked): void {
  if (prompt.completion) notes.push(emulated(named("prompt"), ": it was sent as a message of the user"));
}

/** "A maximum of 4 blocks with cache_control may be provided": the last ones hold what stands before them too. */
const MARKS_MAX = 4;

function limitMarks({ tools, system, messages }: JsonRecord): void {
  const marked = [tools, system, messages]
    .flatMap((list) => (Array.isArray(list) ? (list as JsonRecord[]) : []))
    .flatMap((entry) => (Array.isArray(entry.content) ? (entry.content as JsonRecord[]) : [entry]))
    .filter((block) => block.cache_control !== undefined);
  for (const block of marked.slice(0, -MARKS_MAX)) delete block.cache_control;
}
