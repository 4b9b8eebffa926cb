import { isRecord, type JsonRecord } from "../../core/json.ts";
import { secondsOf } from "../../core/lenient.ts";
import type { ModelInfo } from "../../core/model.ts";

/** `{models: [..]}`, models of its cloud among them; its entries may also come as a `data` list. */
export function readModels(body: unknown): ModelInfo[] {
  const list: unknown = isRecord(body) ? (body.models ?? body.data) : body;
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry: unknown) => {
    const model = isRecord(entry) ? readModel(entry) : undefined;
    return model ? [model] : [];
  });
}

function readModel(entry: JsonRecord): ModelInfo | undefined {
  const id = entry.name || entry.model;
  if (typeof id !== "string" || id === "") return undefined;
  const { context_length: length } = isRecord(entry.details) ? entry.details : {};
  const model: ModelInfo = { id, created: secondsOf(entry.modified_at), ownedBy: "library" };
  if (typeof length === "number" && length > 0) {
    model.contextLength = length;
    model.contextLengthMax = length;
  }
  return model;
}
