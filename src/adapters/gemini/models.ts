import { isRecord } from "../../core/json.ts";
import { EMBEDDING_ONLY, type ModelInfo } from "../../core/model.ts";
import type { Destination } from "../adapter.ts";

/** `generateContent` and the like are methods of a model's own path; ids are written with `models/` or without. */
export function methodPath(model: string, method: string): string {
  const [, collection = "models", name = model] = /^(models|tunedModels)\/(.+)$/s.exec(model) ?? [];
  return `/v1beta/${collection}/${encodeURIComponent(name)}:${method}`;
}

/**
 * How a model lets its thinking be chosen: by a level (Gemini 3 and later), by tokens (2.5), not at all though it thinks
 * (`fixed`), or it does not think.
 */
export type Thinker = "level" | "budget" | "fixed" | "none";

/** Google's list counts for more than a model's name, which says what no list has said. */
export function thinkerOf({ model, info }: Destination): Thinker {
  const name = nameOf(model);
  const said = info?.capabilities?.reasoning ?? undefined;
  if (said === false) return "none";
  const otherwise = said === true ? "fixed" : "none";
  if (isOlder(name) || MEDIA.test(name)) return otherwise;
  if (/^gemini-(?:2\.5|robotics-er-1)/.test(name)) return "budget";
  return name.startsWith("gemini-") ? "level" : otherwise;
}

/** Before Gemini 2.5: no JSON Schema, no files at foreign addresses. Gemma and LearnLM are as little as these. */
export function isOlder(model: string): boolean {
  return /^(?:gemini-(?:1[.-]|2\.0|2-|pro(?:-vision)?$|exp)|gemma|learnlm|aqa|text-|chat-|palm)/.test(
    nameOf(model),
  );
}

/** Gemini 3 and later, and aliases of the latest: a call without its signature is answered with 400. */
export function wantsSignatures(model: string): boolean {
  const name = nameOf(model);
  return name.startsWith("gemini-") && !isOlder(name) && !/^gemini-(?:2\.5|robotics-er-1)/.test(name);
}

/** Without its collection, in lower case. */
export function nameOf(model: string): string {
  return model.slice(model.lastIndexOf("/") + 1).toLowerCase();
}

/** Models that draw or speak: they think as they like, if at all. */
const MEDIA = /-(?:image|tts|live|native-audio)(?:-|$)/;

/** `{models:[..]}`. Models that are asked in other ways (Imagen, Veo, live ones) are left out. */
export function readModels(body: unknown): ModelInfo[] {
  const list: unknown = isRecord(body) ? (body.models ?? body.data) : body;
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry: unknown) => readModel(entry) ?? []);
}

function readModel(entry: unknown): ModelInfo | undefined {
  if (!isRecord(entry) || typeof entry.name !== "string") return undefined;
  const id = entry.name.replace(/^models\//, "");
  if (id === "") return undefined;
  const model: ModelInfo = { id, created: 0, ownedBy: "google" };
  const {
    inputTokenLimit: input,
    outputTokenLimit: output,
    supportedGenerationMethods: methods,
    thinking,
  } = entry;
  if (typeof input === "number" && input > 0) model.contextLength = input;
  if (typeof output === "number" && output > 0) model.maxOutputTokens = output;
  if (!Array.isArray(methods))
    return typeof thinking === "boolean" ? { ...model, capabilities: { reasoning: thinking } } : model;
  const embeddings = methods.includes("embedContent") || methods.includes("batchEmbedContents");
  if (methods.includes("generateContent")) {
    // The list says `thinking: true` where it is so, and nothing where it is not.
    model.capabilities = { streaming: true, embeddings, reasoning: thinking === true };
    return model;
  }
  return embeddings ? { ...model, capabilities: EMBEDDING_ONLY } : undefined;
}
