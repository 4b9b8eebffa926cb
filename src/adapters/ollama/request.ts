import { Failure } from "../../core/failure.ts";
import type { JsonRecord } from "../../core/json.ts";
import { fieldsOf } from "../../core/lenient.ts";
import { dropped, type Note } from "../../core/note.ts";
import type { Item, Prompt } from "../../core/prompt.ts";
import type { EmbeddingRequest, ModelRequest, TextRequest } from "../../core/request.ts";
import { jsonBytes } from "../../wire/json.ts";
import type { Destination, Hints, Written } from "../adapter.ts";
import { type Asked, askedOf } from "../asked.ts";
import { noteUnknown } from "../client-fields.ts";
import { Draft } from "../draft.ts";
import { noteLosses } from "../losses.ts";
import { withoutLead } from "../turns.ts";
import { contextFor, ownContext, tokensIn, tokensNeeded } from "./context.ts";
import { writeCompletion, writeMessages } from "./conversation.ts";
import { OPTION_NAMES, writeLogprobs, writeOptions } from "./sampling.ts";
import { writeThink } from "./thinking.ts";
import { writeTools } from "./tools.ts";

const CHAT = "/api/chat";
const GENERATE = "/api/generate";
const EMBED = "/api/embed";

/**
 * A request in Ollama's words: the client's own with few fields changed, or written from its prompt. Whatever is too long
 * is an error: by itself Ollama would cut the prompt at 4096 tokens and say nothing. Throws `unsupported`, and
 * `invalid_request` for a tool choice that names no tool.
 */
export function writeOllamaRequest(request: ModelRequest, to: Destination, notes: Note[]): Written {
  if (request.operation === "embeddings") return writeEmbeddings(request, to, notes);
  return request.dialect === "ollama" ? ownWords(request, to, notes) : otherWords(request, to, notes);
}

/** Nothing is cut from the prompt, neither before the answer nor while it grows. */
const WHOLE = { truncate: false, shift: false };

function ownWords({ operation, body, stream }: TextRequest, to: Destination, notes: Note[]): Written {
  const draft = new Draft(body);
  draft.set("model", to.model);
  const options = withDefaults(draft, to, notes);
  if ((draft.value("stream") ?? true) !== stream) draft.set("stream", stream);
  for (const [name, value] of Object.entries(WHOLE)) if (!draft.has(name)) draft.set(name, value);
  const tokens = PROMPT_FIELDS.reduce((sum, name) => sum + tokensIn(draft.value(name)), 0);
  const room = ownContext(options) ?? contextFor(to, tokensNeeded(tokens, options.num_predict));
  if (room !== undefined && options.num_ctx !== room) draft.set("options", { ...options, num_ctx: room });
  const path = body.has("messages") || (operation === "chat" && !body.has("prompt")) ? CHAT : GENERATE;
  return { path, body: draft.pieces(), hints: { context: { tokens, room } } };
}

/** Fields that become part of what the model reads. */
const PROMPT_FIELDS = ["messages", "tools", "prompt", "suffix", "system"];

/** Returns the options as they are to be sent. */
function withDefaults(draft: Draft, to: Destination, notes: Note[]): JsonRecord {
  const options = { ...fieldsOf(draft.value("options")) };
  const before = Object.keys(options).length;
  for (const [name, value] of Object.entries(to.defaults)) {
    const option = OPTION_NAMES.get(name);
    if (option !== undefined) options[option] ??= value;
    else if (name === "keep_alive" || name === "think") {
      if (!draft.has(name)) draft.set(name, value);
    } else if (name === "reasoning_effort" && typeof value === "string") {
      const { think } = writeThink({ effort: value }, to, { field: "think", notes });
      if (think !== undefined && !draft.has("think")) draft.set("think", think);
    } else notes.push(dropped(name, `, a default of the alias${NO_FIELD}`));
  }
  if (Object.keys(options).length > before) draft.set("options", options);
  return options;
}

function otherWords(request: TextRequest, to: Destination, notes: Note[]): Written {
  const asked = askedOf(request, to, notes);
  const { prompt } = asked;
  noteLosses(asked, LOST, NO_FIELD);
  noteUnknown(prompt, NO_FIELD, notes);
  const { path, fields, hints } = prompt.completion ? completionOf(prompt) : chatOf(asked);
  const tokens = tokensIn(fields);
  const own = to.contextWindow === undefined ? carriedContext(prompt) : undefined;
  const room = own ?? contextFor(to, tokensNeeded(tokens, prompt.maxOutput));
  const options = { ...writeOptions(prompt), ...(room === undefined ? {} : { num_ctx: room }) };
  const body: JsonRecord = {
    model: to.model,
    ...fields,
    stream: request.stream,
    ...writeThink(prompt.reasoning, to, { field: asked.named("reasoning_effort"), notes }),
    ...writeLogprobs(prompt.sampling),
    ...(prompt.keepAlive === undefined ? {} : { keep_alive: prompt.keepAlive }),
    ...WHOLE,
    ...(Object.keys(options).length > 0 ? { options } : {}),
  };
  return { path, body: [jsonBytes(body)], hints: { ...hints, context: { tokens, room } } };
}

const NO_FIELD = ": Ollama has no such field";
const LOST = ["n", "logit_bias", "verbosity", "user", "metadata", "service_tier"] as const;

/** What is asked, without how. */
interface Words {
  path: string;
  fields: JsonRecord;
  hints: Hints;
}

/** A text to go on with is sent as it stands. With a suffix the model's template is needed, which says how to fill a gap. */
function completionOf({ items, suffix }: Prompt): Words {
  const fields = {
    prompt: writeCompletion(items),
    ...(suffix === undefined ? { raw: true } : { suffix }),
  };
  return { path: GENERATE, fields, hints: { completion: true } };
}

function chatOf(asked: Asked): Words {
  const { prompt, to, notes } = asked;
  const { instructions, ...asking } = writeTools(asked);
  const messages = writeMessages(withInstructions(prompt.items, instructions), to, notes);
  return {
    path: CHAT,
    fields: { messages, ...asking },
    hints: instructions === undefined ? {} : { callAsText: true },
  };
}

/** Ours stand after the client's own, which begin the conversation. */
function withInstructions(items: readonly Item[], text: string | undefined): readonly Item[] {
  if (text === undefined) return items;
  const { lead, rest } = withoutLead(items);
  const ours: Item = { type: "message", role: "system", parts: [{ type: "text", text }], at: "tools" };
  return [...lead, ours, ...rest];
}

/** Some clients of OpenAI's chat send it along, though Ollama's own /v1 never read it. */
function carriedContext({ carried }: Prompt): number | undefined {
  return ownContext(carried?.fields) ?? ownContext(carried?.fields.options);
}

function writeEmbeddings(request: EmbeddingRequest, to: Destination, notes: Note[]): Written {
  const { body } = request;
  const { inputs, user, truncate = false, dimensions, keepAlive } = request.inputs();
  if (!inputs.every((input) => typeof input === "string")) {
    throw new Failure("invalid_request", "Ollama takes texts alone, not lists of tokens.", {
      param: "input",
    });
  }
  const longest = Math.max(0, ...inputs.map((input) => tokensIn(input)));
  const room = contextFor(to, longest);
  if (request.dialect === "ollama" && body.has("input")) {
    const draft = new Draft(body);
    draft.set("model", to.model);
    const options = draft.value("options");
    if (room !== undefined && ownContext(options) === undefined)
      draft.set("options", { ...fieldsOf(options), num_ctx: room });
    return { path: EMBED, body: draft.pieces() };
  }
  if (user !== undefined) notes.push(dropped("user", NO_FIELD));
  const fields: JsonRecord = {
    model: to.model,
    input: inputs,
    truncate,
    ...(dimensions === undefined ? {} : { dimensions }),
    ...(keepAlive === undefined ? {} : { keep_alive: keepAlive }),
    ...(room === undefined ? {} : { options: { num_ctx: room } }),
  };
  return { path: EMBED, body: [jsonBytes(fields)] };
}
