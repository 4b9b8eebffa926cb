import { Elysia } from "elysia";
import type { TextApi } from "../../api/api.ts";
import { ChatBody, chat } from "../../api/chat.ts";
import { CompletionsBody, completions } from "../../api/completions.ts";
import type { ModelRequest } from "../../core/request.ts";
import type { Run } from "../../pipeline/pipeline.ts";
import type { Calls } from "../call.ts";
import type { Deps } from "../deps.ts";
import { withBody } from "../openapi.ts";
import { jsonAnswer, notesHeader, streamAnswer } from "../respond.ts";
import { answerModel, type Asked, type RouteContext } from "./model-request.ts";

/**
 * `POST /v1/chat/completions` and `POST /v1/completions`. Handlers take from Elysia's context by name only: it reads their
 * source, and one that hands the whole context on is given everything (cookies, query ...) parsed, for each request.
 */
export function completionRoutes(deps: Deps, calls: Calls) {
  return new Elysia()
    .post("/v1/chat/completions", ({ request, server }) => answer(chat, { request, server }, deps, calls), {
      parse: "none",
      detail: withBody({
        summary: "Ask a model to continue a conversation",
        tags: ["models"],
        body: ChatBody,
      }),
    })
    .post("/v1/completions", ({ request, server }) => answer(completions, { request, server }, deps, calls), {
      parse: "none",
      detail: withBody({
        summary: "Ask a model to continue a text",
        tags: ["models"],
        body: CompletionsBody,
      }),
    });
}

function answer(api: TextApi, context: RouteContext, deps: Deps, calls: Calls): Promise<Response> {
  return answerModel(context, { deps, calls }, api.read, (asked) =>
    asked.request.stream ? streamed(api, asked, deps) : whole(api, asked, deps),
  );
}

function streamed(api: TextApi, { call, request, signal }: Asked, deps: Deps): Promise<Response> {
  const run = deps.pipeline.stream(request, signal);
  const model = nameToAnswer(request, run);
  call.routedTo(run.target.backend.name, model);
  const writer = api.stream({ model, includeUsage: request.includeUsage });
  return streamAnswer(call, run, { writer, heartbeat: deps.config.server.heartbeat, signal });
}

async function whole(api: TextApi, { call, request, signal }: Asked, deps: Deps): Promise<Response> {
  const run = deps.pipeline.answer(request, signal);
  const model = nameToAnswer(request, run);
  call.routedTo(run.target.backend.name, model);
  const answer = await run.result;
  call.count(answer.usage);
  call.note({ notes: run.notes.length });
  return jsonAnswer(call, api.answer(answer, model), notesHeader(run));
}

/** The name the client asked for; where it named none, the backend's. */
function nameToAnswer({ model }: ModelRequest, { target }: Run<unknown>): string {
  return model || target.model;
}
