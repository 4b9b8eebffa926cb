import { Failure } from "../../core/failure.ts";
import type { JsonRecord } from "../../core/json.ts";
import { dropped, emulated, type Note } from "../../core/note.ts";
import type { MessageItem } from "../../core/prompt.ts";
import type { EmbeddingRequest, ModelRequest, TextRequest } from "../../core/request.ts";
import { jsonBytes } from "../../wire/json.ts";
import type { Destination, Written } from "../adapter.ts";
import { type Asked, askedOf } from "../asked.ts";
import { fieldIn, noteUnknown } from "../client-fields.ts";
import { noteLosses } from "../losses.ts";
import { compileSchema } from "../schema/compile.ts";
import { GEMINI_JSON_SCHEMA, GEMINI_SCHEMA } from "../schema/targets.ts";
import { writeConversation } from "./conversation.ts";
import { isOlder, methodPath, wantsSignatures } from "./models.ts";
import { writeSampling } from "./sampling.ts";
import { writeThinking } from "./thinking.ts";
import { noteSchema, writeTools } from "./tools.ts";

/**
 * A request in Gemini's words. Nobody speaks them to this server, so that each is written from what it means. Throws
 * `invalid_request` and `unsupported`.
 */
export function writeRequest(request: ModelRequest, to: Destination, notes: Note[]): Written {
  if (request.operation === "embeddings") return writeEmbeddings(request, to, notes);
  const method = request.stream ? "streamGenerateContent" : "generateContent";
  // Without the query a stream is one JSON list.
  const path = methodPath(to.model, method) + (request.stream ? "?alt=sse" : "");
  return { path, body: [jsonBytes(writeText(request, to, notes))] };
}

function writeText(request: TextRequest, to: Destination, notes: Note[]): JsonRecord {
  const asked = askedOf(request, to, notes);
  const { prompt } = asked;
  if (prompt.completion) notes.push(emulated("prompt", ": it was sent as a message of the user"));
  noteLosses(asked, LOST, NO_FIELD);
  noteUnknown(prompt, NO_FIELD, notes);
  const told = toldFormat(asked);
  const generationConfig = {
    ...writeSampling(asked),
    ...(told === undefined ? writeFormat(asked) : {}),
    ...thinking(asked),
  };
  return {
    ...writeConversation(told === undefined ? prompt.items : [told, ...prompt.items], to.model, notes),
    ...writeTools(asked),
    ...(Object.keys(generationConfig).length > 0 ? { generationConfig } : {}),
    ...serviceTier(asked),
  };
}

const NO_FIELD = ": Gemini has no such field";
const LOST = ["user", "metadata", "verbosity", "suffix", "logit_bias", "min_p", "repeat_penalty"] as const;

function thinking({ prompt, to, notes, named }: Asked): JsonRecord {
  const field = named("reasoning_effort");
  const thinkingConfig = writeThinking(prompt.reasoning, to, { field, notes });
  return thinkingConfig ? { thinkingConfig } : {};
}

/** Models before Gemini 3 answer tools beside a form of the answer with 400: they are told of the form in words. */
function toldFormat({ prompt, to, notes, named }: Asked): MessageItem | undefined {
  const { format, tools, toolChoice } = prompt;
  if (format.type !== "json" || tools.length === 0 || wantsSignatures(to.model)) return undefined;
  if (toolChoice?.mode === "none") return undefined;
  const field = named("response_format");
  notes.push(emulated(field, ": this model was told the form in words, as it takes none beside tools"));
  const { schema } = format;
  const form = schema ? `JSON that matches this JSON Schema: ${JSON.stringify(schema)}` : "one JSON object";
  const text = `Unless you call a tool, answer with ${form}. Write nothing before or after it.`;
  return { type: "message", role: "system", parts: [{ type: "text", text }], at: field };
}

/** Structured output. */
function writeFormat({ prompt: { format }, to, notes, named }: Asked): JsonRecord {
  if (format.type !== "json") return {};
  const json = { responseMimeType: "application/json" };
  if (format.schema === undefined) return json;
  const older = isOlder(to.model);
  const compiled = compileSchema(format.schema, older ? GEMINI_SCHEMA : GEMINI_JSON_SCHEMA);
  noteSchema(compiled, named("response_format"), notes);
  const { schema } = compiled;
  if (format.description !== undefined && schema.description === undefined)
    schema.description = format.description;
  return { ...json, [older ? "responseSchema" : "responseJsonSchema"]: schema };
}

/** OpenAI's words are Gemini's, but for one; `auto` is the default of all. */
function serviceTier({ prompt: { serviceTier: tier }, notes, named }: Asked): JsonRecord {
  if (tier === undefined || tier === "auto") return {};
  const own = tier === "default" || tier === "standard_only" ? "standard" : tier;
  if (["standard", "flex", "priority"].includes(own)) return { serviceTier: own };
  notes.push(dropped(named("service_tier"), ": Gemini has no such tier"));
  return {};
}

/** One request for all texts; each names the model again. */
function writeEmbeddings(request: EmbeddingRequest, to: Destination, notes: Note[]): Written {
  const { inputs, dimensions, user, truncate } = request.inputs();
  const model = /^(?:models|tunedModels)\//.test(to.model) ? to.model : `models/${to.model}`;
  if (user !== undefined) notes.push(dropped(fieldIn(request.dialect, "user"), NO_FIELD));
  if (truncate === false)
    notes.push(dropped(fieldIn(request.dialect, "truncate"), ": Gemini cuts what is too long"));
  const size = dimensions === undefined ? {} : { outputDimensionality: dimensions };
  const requests = inputs.map((input) => {
    if (typeof input === "string") return { model, content: { parts: [{ text: input }] }, ...size };
    throw new Failure("invalid_request", "'input' must be text: Gemini reads no lists of tokens.", {
      param: "input",
    });
  });
  return { path: methodPath(to.model, "batchEmbedContents"), body: [jsonBytes({ requests })] };
}
