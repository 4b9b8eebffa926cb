import { Failure } from "../core/failure.ts";
import { type Reply, isLoading } from "./ask.ts";
import type { Findings } from "./backend.ts";
import { askLlamaCpp, askLmStudio, askOllama } from "./engines.ts";
import { describeModels, type Entry, type Listing, type Subject } from "./listing.ts";
import { fieldsOf } from "../core/lenient.ts";

/**
 * Looks at a backend: is it ready, which models has it, what can they do. Only the model list is essential; a detail that
 * cannot be had is left out. Rejects with a Failure when the backend is of no use now.
 */
export async function probe(subject: Subject): Promise<Findings> {
  const { preset, ask } = subject;
  if (preset.health !== undefined) {
    const health = await ask(preset.health);
    if (isLoading(health)) return { state: "loading" };
    if (health.status >= 500) throw refusal(subject, health);
  }
  const listing = await list(subject);
  if (listing.entries.length === 0) return listing.findings;
  return { ...listing.findings, ...(await detailed(subject, listing)) };
}

/** Engines tell more than their model list does, each in its own way. */
async function detailed(subject: Subject, listing: Listing): Promise<Partial<Findings>> {
  if (subject.preset.probe === "llamacpp") return askLlamaCpp(subject, listing);
  if (subject.preset.probe === "lmstudio") return askLmStudio(subject, listing);
  if (subject.preset.probe === "ollama") return askOllama(subject, listing);
  return {};
}

async function list(subject: Subject): Promise<Listing & { findings: Findings }> {
  const path = subject.adapter.modelsPath(subject.profile);
  if (path === undefined) return { models: [], entries: [], findings: { state: "connected" } };
  const reply = await subject.ask(path);
  if (isLoading(reply)) return { models: [], entries: [], findings: { state: "loading" } };
  if (reply.status !== 200) return { models: [], entries: [], findings: withoutList(subject, reply) };
  const entries = entriesOf(reply.json);
  if (entries === undefined) {
    throw new Failure("upstream_bad_response", "The backend's model list is not a list.", {
      cause: reply.text.slice(0, 500),
    });
  }
  const usable = entries.filter((entry) => entry.active !== false);
  // Each adapter finds the list where it looks for it.
  const models = describeModels(
    subject.adapter.models({ object: "list", data: usable, models: usable }),
    usable,
    subject.preset,
  );
  return { models, entries: usable, findings: { state: "connected", models } };
}

/** A host that answers without having a model list can still be asked for models that its user knows by name. */
function withoutList(subject: Subject, reply: Reply): Findings {
  const problem = refusal(subject, reply);
  if (isWrongKey(reply) || reply.status >= 500) throw problem;
  return { state: "connected", problem };
}

/** OpenAI's restricted keys may chat without being allowed to list: "Missing scopes: api.model.read". */
function isWrongKey({ status, text }: Reply): boolean {
  return status === 401 && !/insufficient permissions|missing scopes/i.test(text);
}

function refusal({ adapter }: Subject, { status, text, headers }: Reply): Failure {
  return adapter.failure(status, text, headers);
}

/**
 * The list is `data` to OpenAI and Anthropic, `models` to Gemini and Ollama, and both to llama-server; null where an Ollama
 * has no models. Together sends the bare array.
 */
function entriesOf(json: unknown): Entry[] | undefined {
  if (Array.isArray(json)) return json.map(fieldsOf);
  const { data, models, error } = fieldsOf(json);
  if (error !== undefined) return undefined;
  const list = data === undefined ? models : data;
  if (list === null) return [];
  return Array.isArray(list) ? list.map(fieldsOf) : undefined;
}
