import { Failure } from "../core/failure.ts";
import type { JsonRecord } from "../core/json.ts";
import { dropped, emulated, type Note } from "../core/note.ts";
import type { EmbeddingRequest, ModelRequest, TextRequest } from "../core/request.ts";
import type { Destination, Written } from "./adapter.ts";
import { noteUnknown } from "./client-fields.ts";
import { fieldOf, type Wish, type Writing } from "./gemini-fields.ts";
import { isOlder, methodPath } from "./gemini-models.ts";
import { writeConversation } from "./gemini-prompt.ts";
import { writeSampling } from "./gemini-sampling.ts";
import { writeThinking } from "./gemini-thinking.ts";
import { noteSchema, writeTools } from "./gemini-tools.ts";
import { GEMINI_JSON_SCHEMA, GEMINI_SCHEMA } from "./schema-targets.ts";
import { compileSchema } from "./schema.ts";

/**
 * A request in Gemini's words. Nobody speaks them to this server, so that each is written from what it means. Throws
 * `invalid_request` and `unsupported`.
 */
export function writeRequest(request: ModelRequest, to: Destination, notes: Note[]): Written {
  if (request.operation === "embeddings") return writeEmbeddings(request, to, notes);
  const method = request.stream ? "streamGenerateContent" : "generateContent";
  // Without the query a stream is one JSON list.
  const path = methodPath(to.model, method) + (request.stream ? "?alt=sse" : "");
  return { path, body: [encode(writeText(request, to, notes))] };
}

function writeText(request: TextRequest, to: Destination, notes: Note[]): JsonRecord {
  const prompt = request.prompt();
  const writing: Writing = { request, prompt, to, notes };
  if (prompt.completion) notes.push(emulated("prompt", ": it was sent as a message of the user"));
  noteLosses(writing);
  const generationConfig = {
    ...writeSampling(writing),
    ...writeFormat(writing),
    ...thinking(writing),
  };
  return {
    ...writeConversation(prompt.items, to.model, notes),
    ...writeTools(writing),
    ...(Object.keys(generationConfig).length > 0 ? { generationConfig } : {}),
    ...serviceTier(writing),
  };
}

function thinking({ request, prompt, to, notes }: Writing): JsonRecord {
  const field = fieldOf("reasoning", request.dialect);
  const thinkingConfig = writeThinking(prompt.reasoning, to, { field, notes });
  return thinkingConfig ? { thinkingConfig } : {};
}

/**
 * Structured output. Models before Gemini 3 answer tools beside it with 400; that is theirs to say, for which of the two
 * the client can do without nobody here knows.
 */
function writeFormat({ request, prompt: { format }, to, notes }: Writing): JsonRecord {
  if (format.type !== "json") return {};
  const json = { responseMimeType: "application/json" };
  if (format.schema === undefined) return json;
  const older = isOlder(to.model);
  const compiled = compileSchema(format.schema, older ? GEMINI_SCHEMA : GEMINI_JSON_SCHEMA);
  noteSchema(compiled, fieldOf("format", request.dialect), notes);
  const { schema } = compiled;
  if (format.description !== undefined && schema.description === undefined)
    schema.description = format.description;
  return { ...json, [older ? "responseSchema" : "responseJsonSchema"]: schema };
}

/** Wishes that Gemini has no field for. */
function noteLosses({ request, prompt, notes }: Writing): void {
  const { user, metadata, verbosity, suffix, sampling } = prompt;
  const { logitBias, minP, repeatPenalty } = sampling;
  const wishes: Partial<Record<Wish, unknown>> = {
    user,
    metadata,
    verbosity,
    suffix,
    logitBias,
    minP,
    repeatPenalty,
  };
  for (const [wish, value] of Object.entries(wishes) as [Wish, unknown][])
    if (value !== undefined)
      notes.push(dropped(fieldOf(wish, request.dialect), ": Gemini has no such field"));
  noteUnknown(prompt, ": Gemini has no such field", notes);
}

/** OpenAI's words are Gemini's, but for one; `auto` is the default of all. */
function serviceTier({ request, prompt: { serviceTier: tier }, notes }: Writing): JsonRecord {
  if (tier === undefined || tier === "auto") return {};
  const own = tier === "default" || tier === "standard_only" ? "standard" : tier;
  if (["standard", "flex", "priority"].includes(own)) return { serviceTier: own };
  notes.push(dropped(fieldOf("serviceTier", request.dialect), ": Gemini has no such tier"));
  return {};
}

/** One request for all texts; each names the model again. */
function writeEmbeddings(request: EmbeddingRequest, to: Destination, notes: Note[]): Written {
  const { inputs, dimensions, user, truncate } = request.inputs();
  const model = /^(?:models|tunedModels)\//.test(to.model) ? to.model : `models/${to.model}`;
  if (user !== undefined) notes.push(dropped(fieldOf("user", request.dialect), ": Gemini has no such field"));
  if (truncate === false)
    notes.push(dropped(fieldOf("truncate", request.dialect), ": Gemini cuts what is too long"));
  const size = dimensions === undefined ? {} : { outputDimensionality: dimensions };
  const requests = inputs.map((input) => {
    if (typeof input === "string") return { model, content: { parts: [{ text: input }] }, ...size };
    throw new Failure("invalid_request", "'input' must be text: Gemini reads no lists of tokens.", {
      param: "input",
    });
  });
  return { path: methodPath(to.model, "batchEmbedContents"), body: [encode({ requests })] };
}

function encode(body: JsonRecord): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(body));
}
