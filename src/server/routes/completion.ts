import { Elysia } from "elysia";
import type { TextApi } from "../../api/api.ts";
import { ChatBody, chat } from "../../api/chat.ts";
import { CompletionsBody, completions } from "../../api/completions.ts";
import type { Calls } from "../call.ts";
import type { Deps } from "../deps.ts";
import { described } from "../openapi.ts";
import { jsonAnswer, runHeaders, streamAnswer } from "../respond.ts";
import { type Exchange, readRequest } from "./model-request.ts";

/** `POST /v1/chat/completions` and `POST /v1/completions`. */
export function completionRoutes(deps: Deps, calls: Calls) {
  return new Elysia()
    .post("/v1/chat/completions", (exchange) => answer(chat, exchange, deps, calls), {
      parse: "none",
      detail: described({
        summary: "Ask a model to continue a conversation",
        tags: ["models"],
        body: ChatBody,
      }),
    })
    .post("/v1/completions", (exchange) => answer(completions, exchange, deps, calls), {
      parse: "none",
      detail: described({
        summary: "Ask a model to continue a text",
        tags: ["models"],
        body: CompletionsBody,
      }),
    });
}

async function answer(api: TextApi, exchange: Exchange, deps: Deps, calls: Calls): Promise<Response> {
  const call = calls.of(exchange.request);
  const request = await readRequest(exchange, call, deps, api.read);
  const { signal } = exchange.request;
  if (request.stream) {
    const run = deps.pipeline.stream(request, signal);
    call.note({ backend: run.target.backend.name });
    const writer = api.stream({
      model: request.model || run.target.model,
      includeUsage: request.includeUsage,
    });
    return streamAnswer(call, run, {
      writer,
      heartbeat: deps.config.server.heartbeat,
      streams: deps.streams,
    });
  }
  const run = deps.pipeline.answer(request, signal);
  call.note({ backend: run.target.backend.name });
  const whole = await run.result;
  call.count(whole.usage);
  call.note({ notes: run.notes.length });
  return jsonAnswer(call, api.answer(whole, request.model || run.target.model), runHeaders(run));
}
