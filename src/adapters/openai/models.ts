import { isRecord } from "../../core/json.ts";
import { secondsOf } from "../../core/lenient.ts";
import type { ModelInfo } from "../../core/model.ts";

/** `{data:[..]}`; Together answers with the bare list. */
export function readModels(body: unknown): ModelInfo[] {
  const list: unknown = isRecord(body) ? (body.data ?? body.models) : body;
  if (!Array.isArray(list)) return [];
  const models: ModelInfo[] = [];
  for (const entry of list) {
    if (!isRecord(entry) || typeof entry.id !== "string" || entry.id === "") continue;
    const model: ModelInfo = {
      id: entry.id,
      created: secondsOf(entry.created),
      ownedBy: typeof entry.owned_by === "string" ? entry.owned_by : "",
    };
    const context = CONTEXT_FIELDS.map((name) => entry[name]).find(
      (value) => typeof value === "number" && value > 0,
    );
    if (typeof context === "number") model.contextLength = context;
    models.push(model);
  }
  return models;
}

/** vLLM, OpenRouter, Groq, Mistral: four names of one number. */
const CONTEXT_FIELDS = ["max_model_len", "context_length", "context_window", "max_context_length"];
