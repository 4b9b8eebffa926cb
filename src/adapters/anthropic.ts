import { Failure } from "../core/failure.ts";
import { isRecord, type JsonRecord } from "../core/json.ts";
import type { Capabilities, ModelInfo } from "../core/model.ts";
import type { Adapter } from "./adapter.ts";
import {
  type AnswerState,
  beginAnswer,
  hasEnded,
  isWhole,
  readEvent,
  readMessage,
} from "./anthropic-answer.ts";
import { API_VERSION, writeMessagesRequest } from "./anthropic-request.ts";
import { readFailure } from "./failure.ts";

/** Anthropic's Messages, as Anthropic itself and the hosts that copy it speak them. */
export const anthropic: Adapter<AnswerState> = {
  dialect: "anthropic",
  framing: "sse",
  operations: new Set(["chat", "completions"]),
  // Without a limit a page has 20 models; 1000 is the most that may be asked for.
  modelsPath: () => "/v1/models?limit=1000",
  headers: ({ apiVersion = API_VERSION }) => ({ "anthropic-version": apiVersion }),
  auth: (key) => ({ "x-api-key": key }),
  write: writeMessagesRequest,
  begin: beginAnswer,
  step: readEvent,
  whole: readMessage,
  ended: hasEnded,
  done: isWhole,
  failure: readError,
  models: readModels,
  embeddings() {
    throw new Failure("unsupported", "Anthropic's API has no embeddings.", { param: "model" });
  },
};

/** What Anthropic says in words of its own, where others have a code. */
function readError(status: number, body: string, headers: ReadonlyMap<string, string>): Failure {
  const failure = readFailure(status, body, headers);
  const { message, detail } = failure;
  // All that is said of an unknown model is "model: NAME".
  if (status === 404 && /^model\b/.test(message))
    return new Failure("model_not_found", `The backend has no such model (${message}).`, {
      ...detail,
      param: "model",
    });
  if (/credit balance is too low/i.test(message)) return new Failure("insufficient_quota", message, detail);
  return failure;
}

function readModels(body: unknown): ModelInfo[] {
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

/** RFC 3339; the epoch where the day is not known. */
function secondsOf(date: unknown): number {
  return typeof date === "string" ? Math.trunc(Date.parse(date) / 1000) || 0 : 0;
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
