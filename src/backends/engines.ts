import { type Capabilities, EMBEDDING_ONLY, type ModelInfo } from "../core/model.ts";
import { type Ask, goodFields, isGood } from "./ask.ts";
import type { Findings } from "./backend.ts";
import { enrich, type Entry, type Listing, type Subject } from "./listing.ts";
import { entriesOf, fieldsOf, flagOf, present, textOf } from "../core/lenient.ts";
import { firstCount, texts } from "./lenient.ts";

/** Models of one backend that are asked about one by one, and how many of them at a time. */
const DETAILS_MAX = 32;
const DETAILS_AT_A_TIME = 4;
/** Versions of models remembered per backend. */
const SHOWN_MAX = 512;

/**
 * llama-server: `/props` has the context of one slot as it is really configured, the number of slots, what the projector
 * can see and what the chat template can write. With several models (router) only the loaded ones have properties: asking
 * for another would be an error, and for a chat would load it.
 */
export async function askLlamaCpp(
  subject: Subject,
  { models, entries }: Listing,
): Promise<Partial<Findings>> {
  const router = entries.some((entry) => entry.status !== undefined);
  if (!router) {
    const props = await detail(subject.ask, "/props");
    const only = models.length === 1 ? await each(models, (model) => oneOf(subject, model, props)) : models;
    return { models: only, ...present({ slots: firstCount(props.total_slots) }) };
  }
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  return {
    models: await each(models, async (model) => {
      const loaded = fieldsOf(byId.get(model.id)?.status).value === "loaded";
      const query = `/props?model=${encodeURIComponent(model.id)}&autoload=false`;
      const props = loaded ? propsOf(await detail(subject.ask, query)) : {};
      return enrich(model, { ...props, loaded }, subject.preset);
    }),
  };
}

/** The one model of a llama-server. Its own `created` is the time of the question, which says nothing. */
async function oneOf(subject: Subject, model: ModelInfo, props: Entry): Promise<ModelInfo> {
  const found = propsOf(props);
  const capabilities = { ...found.capabilities, ...(await embedsOf(subject, model.id)) };
  return enrich(model, { ...found, capabilities, created: 0 }, subject.preset);
}

/**
 * Nothing that llama-server lists tells a server for embeddings, which answers nothing else, from one for chat. Its answer
 * to an empty question does: 501 where there are none, 400 for what is missing. Asked once per model.
 */
async function embedsOf({ ask, memory }: Subject, id: string): Promise<Partial<Capabilities>> {
  const key = `embeds ${id}`;
  const before = memory.shown.get(key)?.capabilities;
  if (before) return before;
  const status = (await ask("/v1/embeddings", {}).catch(() => undefined))?.status;
  if (status !== 400 && status !== 501) return {};
  const capabilities = status === 400 ? EMBEDDING_ONLY : { embeddings: false };
  memory.shown.set(key, { capabilities });
  return capabilities;
}

/**
 * LM Studio: its own lists (v1 since 0.4.0, v0 before) tell kind, state and context. The context of a model that is not
 * loaded is the longest it could be loaded with.
 */
export async function askLmStudio(subject: Subject, { models }: Listing): Promise<Partial<Findings>> {
  const described = new Map<string, Partial<ModelInfo>>();
  const v1 = await remembered(subject, "/api/v1/models");
  for (const entry of entriesOf(v1.models).map(fieldsOf)) readV1(entry, described);
  if (described.size === 0) {
    const v0 = await remembered(subject, "/api/v0/models");
    for (const entry of entriesOf(v0.data).map(fieldsOf)) readV0(entry, described);
  }
  return { models: models.map((model) => enrich(model, described.get(model.id) ?? {}, subject.preset)) };
}

/**
 * Ollama: its list says what changed, `/api/show` (asked once per version of a model) what it can do, `/api/ps` what is
 * loaded, and with which context. A model that is not loaded has the context of its Modelfile, or else the longest possible.
 */
export async function askOllama(subject: Subject, { models, entries }: Listing): Promise<Partial<Findings>> {
  const running = await detail(subject.ask, "/api/ps");
  const tagged = new Map(entries.map((tag) => [textOf(tag.name), tag]));
  const loaded = Array.isArray(running.models)
    ? new Map(running.models.map((model) => [textOf(fieldsOf(model).name), fieldsOf(model)]))
    : undefined;
  return {
    models: await each(models, async (model) => {
      const tag = tagged.get(model.id) ?? {};
      const shown = await showOf(subject, model.id, textOf(tag.digest) ?? "");
      const state = loaded?.get(model.id);
      const contextLength = firstCount(state?.context_length) ?? shown.contextLength;
      const news = present({ contextLength, loaded: loaded && state !== undefined });
      return enrich(model, { ...shown, ...news }, subject.preset);
    }),
  };
}

function propsOf(props: Entry): Partial<ModelInfo> {
  const { vision, audio } = fieldsOf(props.modalities);
  const template = fieldsOf(props.chat_template_caps);
  const sees = flagOf(vision);
  return present({
    contextLength: firstCount(fieldsOf(props.default_generation_settings).n_ctx),
    inputModalities:
      sees === undefined
        ? undefined
        : ["text", ...(sees ? ["image"] : []), ...(audio === true ? ["audio"] : [])],
    capabilities: present({
      vision: sees,
      // Without tools in the template llama-server has a format of its own: a "no" here is no "no".
      tools: template.supports_tools === true || template.supports_tool_calls === true || undefined,
      reasoning:
        template.supports_preserve_reasoning === true ||
        template.supports_reasoning_effort === true ||
        undefined,
    }),
  });
}

function readV1(entry: Entry, into: Map<string, Partial<ModelInfo>>): void {
  const instances = entriesOf(entry.loaded_instances).map(fieldsOf);
  const can = fieldsOf(entry.capabilities);
  const capabilities =
    entry.type === "embedding"
      ? EMBEDDING_ONLY
      : present({
          vision: flagOf(can.vision),
          // LM Studio gives every other model a default tool format.
          tools: can.trained_for_tool_use === true || undefined,
          reasoning:
            can.reasoning === undefined ? undefined : can.reasoning !== null && can.reasoning !== false,
          embeddings: false,
        });
  const name = textOf(entry.key);
  const ids = new Set([
    ...(name === undefined ? [] : [name]),
    ...instances.flatMap(({ id }) => textOf(id) ?? []),
  ]);
  for (const id of ids) {
    const instance = instances.find((one) => one.id === id) ?? instances[0];
    const contextLength = firstCount(fieldsOf(instance?.config).context_length, entry.max_context_length);
    into.set(id, { loaded: instances.length > 0, ...present({ contextLength }), capabilities });
  }
}

function readV0(entry: Entry, into: Map<string, Partial<ModelInfo>>): void {
  const id = textOf(entry.id);
  if (id === undefined) return;
  const contextLength = firstCount(entry.loaded_context_length, entry.max_context_length);
  const capabilities =
    entry.type === "embeddings"
      ? EMBEDDING_ONLY
      : present({
          vision: entry.type === undefined ? undefined : entry.type === "vlm",
          tools: texts(entry.capabilities)?.includes("tool_use") || undefined,
          embeddings: false,
        });
  into.set(id, { loaded: entry.state === "loaded", ...present({ contextLength }), capabilities });
}

async function showOf(subject: Subject, id: string, digest: string): Promise<Partial<ModelInfo>> {
  const { ask, memory } = subject;
  const key = `${id} ${digest}`;
  const seen = memory.shown.get(key);
  if (seen !== undefined) return seen;
  const shown = await detail(ask, "/api/show", { model: id });
  const found = readShow(shown);
  if (memory.shown.size >= SHOWN_MAX) memory.shown.clear();
  if (digest !== "" && Object.keys(shown).length > 0) memory.shown.set(key, found);
  return found;
}

function readShow(shown: Entry): Partial<ModelInfo> {
  const info = fieldsOf(shown.model_info);
  const longest = Object.keys(info).find((name) => name.endsWith(".context_length"));
  const contextLengthMax = firstCount(longest && info[longest]);
  const configured = /^num_ctx\s+(\d+)\s*$/m.exec(textOf(shown.parameters) ?? "")?.[1];
  const can = texts(shown.capabilities);
  const generates = can === undefined || can.includes("completion");
  return present({
    contextLength: firstCount(Number(configured), contextLengthMax),
    contextLengthMax,
    inputModalities: can && ["text", ...(can.includes("vision") ? ["image"] : [])],
    capabilities: generates
      ? present({
          tools: can?.includes("tools"),
          vision: can?.includes("vision"),
          reasoning: can?.includes("thinking"),
          embeddings: can?.includes("embedding"),
        })
      : EMBEDDING_ONLY,
  });
}

/** A detail that may not exist: the fields of a good answer, none otherwise. */
async function detail(ask: Ask, path: string, body?: unknown): Promise<Entry> {
  const reply = await ask(path, body).catch(() => undefined);
  return goodFields(reply);
}

/** Asks a route no more once it turned out not to exist: LM Studio shows its user every request it does not know. */
async function remembered({ ask, memory }: Subject, path: string): Promise<Entry> {
  if (memory.missing.has(path)) return {};
  const reply = await ask(path).catch(() => undefined);
  if (reply !== undefined && !isGood(reply)) memory.missing.add(path);
  return goodFields(reply);
}

/** Every model through `look`, a few at a time; those beyond the limit stay as they are. */
async function each(
  models: ModelInfo[],
  look: (model: ModelInfo) => Promise<ModelInfo>,
): Promise<ModelInfo[]> {
  const results = [...models];
  const queue = models.slice(0, DETAILS_MAX).entries();
  const worker = async (): Promise<void> => {
    for (const [index, model] of queue) results[index] = await look(model);
  };
  await Promise.all(Array.from({ length: DETAILS_AT_A_TIME }, worker));
  return results;
}
