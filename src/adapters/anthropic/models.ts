import { isRecord, type JsonRecord } from "../../core/json.ts";
import { secondsOf } from "../../core/lenient.ts";
import type { Capabilities, ModelInfo } from "../../core/model.ts";

/** `{data:[..]}`, with what Anthropic says that each of its models can do. */
export function readModels(body: unknown): ModelInfo[] {
  const list: unknown = isRecord(body) ? body.data : undefined;
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry: unknown) => {
    if (!isRecord(entry) || typeof entry.id !== "string" || entry.id === "") return [];
    const { id, created_at: created, max_input_tokens: input, max_tokens: output } = entry;
    const model: ModelInfo = { id, created: secondsOf(created), ownedBy: "anthropic" };
    if (typeof input === "number" && input > 0) model.contextLength = input;
    if (typeof output === "number" && output > 0) model.maxOutputTokens = output;
    return [isRecord(entry.capabilities) ? { ...model, ...abilitiesOf(entry.capabilities) } : model];
  });
}

function abilitiesOf(said: JsonRecord): Partial<ModelInfo> {
  const { thinking, effort } = said;
  const capabilities: Partial<Capabilities> = {};
  for (const [name, theirs] of CAPABILITIES) {
    const can = isSupported(said[theirs]);
    if (can !== undefined) capabilities[name] = can;
  }
  const types = isRecord(thinking) && isRecord(thinking.types) ? thinking.types : undefined;
  return {
    capabilities,
    ...(types ? { thinking: supported(types) } : {}),
    ...(isRecord(effort) ? { efforts: effort.supported === false ? [] : supported(effort) } : {}),
  };
}

const CAPABILITIES: readonly (readonly [keyof Capabilities, string])[] = [
  ["vision", "image_input"],
  ["json_schema", "structured_outputs"],
  ["reasoning", "thinking"],
];

function isSupported(ability: unknown): boolean | undefined {
  return isRecord(ability) && typeof ability.supported === "boolean" ? ability.supported : undefined;
}

function supported(abilities: JsonRecord): string[] {
  return Object.keys(abilities).filter((name) => isSupported(abilities[name]) === true);
}
