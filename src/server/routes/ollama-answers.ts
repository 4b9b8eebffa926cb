import {
  embedsNothing,
  readEmbed,
  readOldEmbeddings,
  writeEmbed,
  writeOldEmbeddings,
} from "../../api/ollama/embed.ts";
import { clock, Stopwatch } from "../../api/ollama/time.ts";
import type { OllamaApi } from "../../api/ollama.ts";
import type { EmbeddingRequest, ModelRequest } from "../../core/request.ts";
import type { Usage } from "../../core/usage.ts";
import { firstUp } from "../../pipeline/resolve.ts";
import type { Calls } from "../call.ts";
import type { Deps } from "../deps.ts";
import { jsonAnswer, notesHeader, notesLine } from "../respond.ts";
import { answerModel, type Asked, type Read, type RouteContext } from "./model-request.ts";
import { inOllamasWords, nameHere } from "./ollama-names.ts";
import { answerAsked } from "./text.ts";

interface Kit {
  deps: Deps;
  calls: Calls;
}

/** `/api/chat` and `/api/generate`. */
export function answerOllama(api: OllamaApi, context: RouteContext, kit: Kit): Promise<Response> {
  const { deps } = kit;
  return answerNamed(context, kit, api.read, (asked) => {
    const { call, request } = asked;
    const errand = api.errand(request);
    if (errand === undefined || runsErrands(asked, deps)) return answerAsked(api, asked, deps);
    return Promise.resolve(jsonAnswer(call, api.done(errand, request)));
  });
}

/** `/api/embed`. */
export function answerEmbed(context: RouteContext, kit: Kit): Promise<Response> {
  const watch = new Stopwatch(clock);
  return answerNamed(context, kit, readEmbed, (asked) =>
    embed(asked, kit.deps, (vectors, usage) => writeEmbed(vectors, usage, { request: asked.request, watch })),
  );
}

/** `/api/embeddings`. */
export function answerOldEmbeddings(context: RouteContext, kit: Kit): Promise<Response> {
  return answerNamed(context, kit, readOldEmbeddings, (asked) => embed(asked, kit.deps, writeOldEmbeddings));
}

async function embed(
  asked: Asked<EmbeddingRequest>,
  deps: Deps,
  write: (vectors: readonly ArrayLike<number>[], usage: Usage) => string,
): Promise<Response> {
  const { call, request, signal } = asked;
  if (embedsNothing(request) && !runsErrands(asked, deps))
    return jsonAnswer(call, write([], { input: 0, output: 0 }));
  const run = deps.pipeline.embed(request, signal);
  call.routedTo(run.target.backend.name, request.model || run.target.model);
  const { vectors, usage } = await run.result;
  call.count(usage);
  call.note({ notes: notesLine(run) });
  return jsonAnswer(call, write(vectors, usage), notesHeader(run));
}

/** Reads a request, gives its model the name that it has here, and answers it. */
function answerNamed<T extends ModelRequest>(
  context: RouteContext,
  kit: Kit,
  read: Read<T>,
  answer: (asked: Asked<T>) => Promise<Response>,
): Promise<Response> {
  return answerModel(context, kit, read, (asked) => {
    const { request } = asked;
    const model = nameHere(request.model, kit.deps);
    return inOllamasWords(request.model, () => answer({ ...asked, request: { ...request, model } }));
  });
}

/**
 * Does the model's backend know what it means to load a model, or to let it go? Only an Ollama does; for any other there is
 * nothing to do. Throws `model_not_found`.
 */
function runsErrands({ call, request }: Asked<ModelRequest>, { resolver }: Deps): boolean {
  const { backend, model } = firstUp(resolver.resolve(request.model));
  call.routedTo(backend.name, request.model || model);
  return backend.adapter.dialect === "ollama";
}
