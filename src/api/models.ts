import type { JsonRecord } from "../core/json.ts";
import type { ListedModel } from "../core/model.ts";

/** `GET /v1/models`. */
export function writeModelList(models: readonly ListedModel[]): string {
  return JSON.stringify({ object: "list", data: models.map(modelObject) });
}

/** `GET /v1/models/{id}`. */
export function writeModel(model: ListedModel): string {
  return JSON.stringify(modelObject(model));
}

/** `GET /v1/models` for a client of Anthropic's: one page with all of them. */
export function writeAnthropicModelList(models: readonly ListedModel[]): string {
  return JSON.stringify({
    object: "list",
    data: models.map(anthropicModel),
    has_more: false,
    first_id: models[0]?.id ?? null,
    last_id: models.at(-1)?.id ?? null,
  });
}

/** `GET /v1/models/{id}` for a client of Anthropic's. */
export function writeAnthropicModel(model: ListedModel): string {
  return JSON.stringify(anthropicModel(model));
}

/**
 * Anthropic's fields over OpenAI's, so that a client which sends the header by habit and reads the other form is served
 * too. Of what Anthropic calls capabilities nothing is known: they are features of its own API.
 */
function anthropicModel(model: ListedModel): JsonRecord {
  const { id, created, contextLength, maxOutputTokens } = model;
  return {
    ...modelObject(model),
    type: "model",
    display_name: id,
    created_at: dateOf(created),
    max_input_tokens: contextLength ?? null,
    max_tokens: maxOutputTokens ?? null,
    capabilities: null,
    lifecycle: "active",
    line: null,
    deprecated_at: null,
    retires_at: null,
  };
}

/** In RFC 3339; 1970 where the day is not known, or makes no sense. */
function dateOf(seconds: number): string {
  const date = new Date(Math.floor(seconds) * 1000);
  const known = Number.isNaN(date.getTime()) ? new Date(0) : date;
  return known.toISOString().replace(".000Z", "Z");
}

/**
 * OpenAI's four fields, and beside them what clients look for under names that others introduced: the context length of
 * OpenRouter (`context_length`), vLLM (`max_model_len`), Groq (`context_window`) and LM Studio (`max_context_length`),
 * OpenRouter's `architecture` and `top_provider`, LM Studio's `state`.
 */
function modelObject(model: ListedModel): JsonRecord {
  const { id, created, ownedBy, backend, contextLength, maxOutputTokens, loaded } = model;
  const entry: JsonRecord = { id, object: "model", created, owned_by: ownedBy || backend || "fairlead" };
  if (backend !== undefined) entry.backend = backend;
  if (contextLength !== undefined) {
    entry.context_length = contextLength;
    entry.max_model_len = contextLength;
    entry.context_window = contextLength;
    entry.max_context_length = contextLength;
  }
  if (maxOutputTokens !== undefined) entry.max_output_tokens = maxOutputTokens;
  if (contextLength !== undefined || maxOutputTokens !== undefined) {
    entry.top_provider = {
      context_length: contextLength ?? null,
      max_completion_tokens: maxOutputTokens ?? null,
    };
  }
  if (loaded !== undefined) entry.state = loaded ? "loaded" : "not-loaded";
  return { ...entry, ...modalities(model), ...capabilities(model) };
}

function modalities({ inputModalities, outputModalities, capabilities: known }: ListedModel): JsonRecord {
  const seen = known?.vision === true ? ["text", "image"] : known?.vision === false ? ["text"] : undefined;
  const input = inputModalities ?? seen;
  if (!input && !outputModalities) return {};
  return {
    architecture: { input_modalities: input ?? ["text"], output_modalities: outputModalities ?? ["text"] },
  };
}

function capabilities({ capabilities: known }: ListedModel): JsonRecord {
  const said = Object.entries(known ?? {}).filter(([, value]) => value !== null);
  return said.length > 0 ? { capabilities: Object.fromEntries(said) } : {};
}
