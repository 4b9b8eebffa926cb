import { Type } from "@sinclair/typebox";
import type { JsonRecord } from "../../core/json.ts";
import type { ListedModel } from "../../core/model.ts";
import { loose, optional } from "../schemas.ts";
import { timeText } from "./time.ts";

/**
 * The release of Ollama whose API is spoken here. Clients ask for it before anything else and refuse what is too old
 * (Copilot before 0.6.4, Codex before 0.13.4), or leave out what an older one could not do (images, thinking, logprobs).
 */
export const OLLAMA_VERSION = "0.32.0";

/** `POST /api/show`. */
export const ShowBody = Type.Object(
  { model: optional(Type.String()), name: optional(Type.String()) },
  { ...loose, description: "The model to describe." },
);

/** `GET /api/version`. */
export function writeVersion(): string {
  return JSON.stringify({ version: OLLAMA_VERSION });
}

/** `GET /api/tags`. */
export function writeTags(models: readonly ListedModel[]): string {
  const list = models.map((model) => ({ ...entry(model), capabilities: capabilities(model) }));
  return JSON.stringify({ models: list });
}

/** `GET /api/ps`; `models` are those that are in memory, or need not be. */
export function writePs(models: readonly ListedModel[]): string {
  const list = models.map((model) => ({
    ...entry(model),
    expires_at: NEVER,
    size_vram: 0,
    context_length: model.contextLength ?? 0,
  }));
  return JSON.stringify({ models: list });
}

/** `POST /api/show`. Clients look for the context length under the name that the architecture has. */
export function writeShow(model: ListedModel): string {
  const { id, contextLength } = model;
  return JSON.stringify({
    license: "",
    modelfile: "",
    parameters: contextLength === undefined ? "" : `num_ctx ${contextLength}`,
    template: "",
    details: details(),
    model_info: {
      "general.architecture": FAMILY,
      "general.basename": id,
      ...(contextLength === undefined ? {} : { [`${FAMILY}.context_length`]: contextLength }),
    },
    capabilities: capabilities(model),
    modified_at: modifiedAt(model),
  });
}

/** Stands for the architecture, which only Ollama tells of its models. */
const FAMILY = "fairlead";

/** What Ollama says of a model that stays in memory. */
const NEVER = "2318-01-01T00:00:00Z";

function entry(model: ListedModel): JsonRecord {
  const { id } = model;
  return {
    name: id,
    model: id,
    modified_at: modifiedAt(model),
    // Nobody tells: clients show it and do nothing else with it.
    size: 0,
    digest: digest(model),
    details: details(),
  };
}

/** What is not known is empty, as Ollama has it of the models in its cloud. */
function details(): JsonRecord {
  return {
    parent_model: "",
    format: "",
    family: FAMILY,
    families: [FAMILY],
    parameter_size: "",
    quantization_level: "",
  };
}

function modifiedAt({ created }: ListedModel): string {
  return timeText(created * 1000);
}

/** Clients take it for the model's identity: the same as long as the name means the same. */
function digest({ id, backend = "" }: ListedModel): string {
  return new Bun.CryptoHasher("sha256").update(`${backend}\n${id}`).digest("hex");
}

/**
 * In Ollama's words. Of tools "no" is only said where somebody has said so, since clients hide what they see no word of, and
 * nearly every model that chats can call them; of everything else "yes" is.
 */
function capabilities({ capabilities: known = {}, inputModalities = [] }: ListedModel): string[] {
  const { embeddings, streaming, tools, vision, reasoning } = known;
  // A model that embeds and does not write generates nothing.
  const writes = !(embeddings === true && streaming === false);
  const words: readonly (readonly [string, boolean])[] = [
    ["completion", writes],
    ["tools", writes && tools !== false],
    ["vision", vision ?? inputModalities.includes("image")],
    ["audio", inputModalities.includes("audio")],
    ["thinking", reasoning === true],
    ["embedding", embeddings === true],
  ];
  return words.flatMap(([word, can]) => (can ? [word] : []));
}
