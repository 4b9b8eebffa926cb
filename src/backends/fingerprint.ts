import { type Ask, goodFields, isGood, isLoading, type Reply } from "./ask.ts";
import type { PresetName } from "./presets.ts";
import { entriesOf, fieldsOf, textOf } from "../core/lenient.ts";
import { texts } from "./lenient.ts";

/** The engines that can be told apart, and the rest of those that speak OpenAI. */
export type Engine = Extract<PresetName, "llamacpp" | "lmstudio" | "ollama" | "vllm" | "openai-compatible">;

/**
 * Which engine answers at an address, told by what it answers and never by its port. Undefined when what answers does not
 * serve models: a web page, some other API, or another Fairlead (two that find each other would list each other's lists
 * for ever; one that is wanted can be configured). Rejects with a Failure when nobody answers.
 */
export async function identify(ask: Ask): Promise<Engine | undefined> {
  const list = await ask("/v1/models");
  const named = byName(list);
  if (named) return named;
  if (!isModelList(list)) return undefined;
  return byRoutes(ask, list);
}

const SIDE_ROUTES = [
  "/",
  "/api/version",
  "/api/tags",
  "/api/v0/models",
  "/api/v1/models",
  "/props",
  "/version",
  "/v1/backends",
];

/** Servers that say who they are in the first answer, even when that is "still loading" or "no key, no answer". */
function byName(list: Reply): Engine | undefined {
  if (isLoading(list) || /^llama\.cpp\b/i.test(list.headers.get("server") ?? "")) return "llamacpp";
  if (!isModelList(list)) return undefined;
  const owners = new Set(
    entriesOf(fieldsOf(list.json).data).map((entry) => textOf(fieldsOf(entry).owned_by)),
  );
  // Of a list with several owners a gateway is the keeper, not one of the engines behind it.
  if (owners.size !== 1) return undefined;
  if (owners.has("llamacpp")) return "llamacpp";
  return owners.has("vllm") ? "vllm" : undefined;
}

/** An OpenAI list; `data` is null where Ollama has no models. LM Studio says 200 to everything, but then with `error`. */
function isModelList(reply: Reply): boolean {
  if (!isGood(reply)) return false;
  const { object, data } = fieldsOf(reply.json);
  if (data === null || (Array.isArray(data) && data.length === 0)) return object === "list";
  return Array.isArray(data) && data.every((entry) => textOf(fieldsOf(entry).id) !== undefined);
}

/** Servers that can only be known by the routes that no other server has. */
async function byRoutes(ask: Ask, list: Reply): Promise<Engine | undefined> {
  const asked = await Promise.all(SIDE_ROUTES.map((path) => ask(path).catch(() => undefined)));
  const answers = new Map(SIDE_ROUTES.map((path, index) => [path, asked[index]]));
  const said = (path: string): Record<string, unknown> => goodFields(answers.get(path));
  // First, since it answers Ollama's routes too.
  if (isFairlead(said("/v1/backends"))) return undefined;
  const ollama = answers.get("/")?.text.startsWith("Ollama is running") || "version" in said("/api/version");
  if (ollama && Array.isArray(said("/api/tags").models)) return "ollama";
  if (Array.isArray(said("/api/v1/models").models) || isStatedList(said("/api/v0/models"))) return "lmstudio";
  if (said("/props").default_generation_settings !== undefined) return "llamacpp";
  if ("version" in said("/version") && hasMaxModelLength(list)) return "vllm";
  return "openai-compatible";
}

/** LM Studio's own list tells of every model whether it is loaded. */
function isStatedList({ data }: Record<string, unknown>): boolean {
  return Array.isArray(data) && data.every((entry) => textOf(fieldsOf(entry).state) !== undefined);
}

function hasMaxModelLength(list: Reply): boolean {
  return entriesOf(fieldsOf(list.json).data).some((entry) => "max_model_len" in fieldsOf(entry));
}

function isFairlead({ data }: Record<string, unknown>): boolean {
  return Array.isArray(data) && texts(data.map((entry) => fieldsOf(entry).state))?.length === data.length;
}
