import type { Adapter } from "../adapters/adapter.ts";
import type { Profile } from "../adapters/profile.ts";
import { type Capabilities, EMBEDDING_ONLY, type ModelInfo } from "../core/model.ts";
import type { Ask } from "./ask.ts";
import type { Preset } from "./presets.ts";
import { fieldsOf, flagOf, present, textOf } from "../core/lenient.ts";
import { firstCount, texts } from "./lenient.ts";

/** A backend that is being looked at. */
export interface Subject {
  ask: Ask;
  adapter: Adapter;
  profile: Profile;
  preset: Preset;
  memory: Memory;
}

/** Kept between the looks at one backend: what never changes is asked for once. */
export interface Memory {
  /** What is known of a version of a model. */
  shown: Map<string, Partial<ModelInfo>>;
  /** Routes that turned out not to exist. */
  missing: Set<string>;
}

/** A model list as the adapter reads it, and its entries as the backend wrote them. */
export interface Listing {
  models: ModelInfo[];
  entries: Entry[];
}

/** One entry of a model list as the backend wrote it: nobody promised its shape. */
export type Entry = Readonly<Record<string, unknown>>;

/** The models with what their list entries say beyond id and owner, under the names that different hosts use for it. */
export function describeModels(models: ModelInfo[], entries: readonly Entry[], preset: Preset): ModelInfo[] {
  const byId = new Map(entries.map((entry) => [textOf(entry.id), entry]));
  return models.map((model) => {
    const entry = byId.get(model.id);
    return entry ? enrich(model, { ...limitsOf(entry), capabilities: capabilitiesOf(entry) }, preset) : model;
  });
}

/**
 * A model with something more known about it; what was known before stays where nothing new is said. What a local engine
 * can do it can do for each of its models; what a remote host can do says nothing about one model.
 */
export function enrich(model: ModelInfo, news: Partial<ModelInfo>, preset: Preset): ModelInfo {
  const engineWide = preset.where === "local" || preset.where === "inside" ? preset.capabilities : {};
  const capabilities = { ...engineWide, ...model.capabilities, ...news.capabilities };
  const merged = { ...model, ...news };
  if (Object.keys(capabilities).length > 0) return { ...merged, capabilities };
  delete merged.capabilities;
  return merged;
}

function limitsOf(entry: Entry): Partial<ModelInfo> {
  const provider = fieldsOf(entry.top_provider);
  const architecture = fieldsOf(entry.architecture);
  return present({
    contextLength: firstCount(
      entry.max_model_len, // vLLM
      provider.context_length, // OpenRouter: of the provider that will be asked; the model's own may be longer
      entry.context_length, // OpenRouter, Together, Fireworks
      entry.context_window, // Groq
      entry.max_context_length, // Mistral
      fieldsOf(entry.meta).n_ctx, // llama.cpp
    ),
    maxOutputTokens: firstCount(
      provider.max_completion_tokens, // OpenRouter
      entry.max_completion_tokens, // Groq
    ),
    inputModalities: texts(architecture.input_modalities), // OpenRouter, llama.cpp
    outputModalities: texts(architecture.output_modalities),
  });
}

function capabilitiesOf(entry: Entry): Partial<Capabilities> {
  const own = fieldsOf(entry.capabilities); // Mistral
  const parameters = texts(entry.supported_parameters); // OpenRouter
  const inputs = texts(fieldsOf(entry.architecture).input_modalities);
  if (entry.type === "embedding") return EMBEDDING_ONLY; // Together
  return present({
    tools: parameters?.includes("tools") ?? flagOf(own.function_calling) ?? flagOf(entry.supports_tools), // last: Fireworks
    vision: inputs?.includes("image") ?? flagOf(own.vision) ?? flagOf(entry.supports_image_input),
    json_schema: parameters?.includes("structured_outputs"),
    logprobs: parameters?.includes("logprobs"),
    reasoning: parameters?.includes("reasoning") ?? flagOf(own.reasoning),
    embeddings: undefined,
    streaming: undefined,
  });
}
