import type { TextApi } from "../../api/api.ts";
import type { ModelRequest, TextRequest } from "../../core/request.ts";
import type { Run } from "../../pipeline/pipeline.ts";
import type { Calls } from "../call.ts";
import type { Deps } from "../deps.ts";
import { jsonAnswer, notesHeader, notesLine, streamAnswer } from "../respond.ts";
import { answerModel, type Asked, type RouteContext } from "./model-request.ts";

/** Answers a request for text in the dialect of an api, as a stream or whole. */
export function answerText(
  api: TextApi,
  context: RouteContext,
  { deps, calls }: { deps: Deps; calls: Calls },
): Promise<Response> {
  return answerModel(context, { deps, calls }, api.read, (asked) => answerAsked(api, asked, deps));
}

/** The same for a request that has been read. */
export function answerAsked(api: TextApi, asked: Asked<TextRequest>, deps: Deps): Promise<Response> {
  return asked.request.stream ? streamed(api, asked, deps) : whole(api, asked, deps);
}

function streamed(
  api: TextApi,
  { call, request, signal }: Asked<TextRequest>,
  deps: Deps,
): Promise<Response> {
  const run = deps.pipeline.stream(request, signal);
  const model = nameToAnswer(request, run);
  call.routedTo(run.target.backend.name, model);
  const writer = api.stream({ model, request });
  const { heartbeat } = deps.config.server;
  return streamAnswer(call, run, { writer, heartbeat, signal, type: api.streamType });
}

async function whole(
  api: TextApi,
  { call, request, signal }: Asked<TextRequest>,
  deps: Deps,
): Promise<Response> {
  const run = deps.pipeline.answer(request, signal);
  const model = nameToAnswer(request, run);
  call.routedTo(run.target.backend.name, model);
  const answer = await run.result;
  call.count(answer.usage);
  call.note({ notes: notesLine(run) });
  return jsonAnswer(call, api.answer(answer, { model, request }), notesHeader(run));
}

/** The name the client asked for; where it named none, the backend's. */
function nameToAnswer({ model }: ModelRequest, { target }: Run<unknown>): string {
  return model || target.model;
}
