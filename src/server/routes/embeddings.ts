import { Elysia } from "elysia";
import { EmbeddingsBody, readEmbeddings, writeEmbeddings } from "../../api/embeddings.ts";
import type { Calls } from "../call.ts";
import type { Deps } from "../deps.ts";
import { described } from "../openapi.ts";
import { jsonAnswer, runHeaders } from "../respond.ts";
import { type Exchange, readRequest } from "./model-request.ts";

/** `POST /v1/embeddings`. */
export function embeddingRoutes(deps: Deps, calls: Calls) {
  return new Elysia().post("/v1/embeddings", (exchange) => answer(exchange, deps, calls), {
    parse: "none",
    detail: described({ summary: "Turn texts into vectors", tags: ["models"], body: EmbeddingsBody }),
  });
}

async function answer(exchange: Exchange, deps: Deps, calls: Calls): Promise<Response> {
  const call = calls.of(exchange.request);
  const request = await readRequest(exchange, call, deps, readEmbeddings);
  const run = deps.pipeline.embed(request, exchange.request.signal);
  call.note({ backend: run.target.backend.name });
  const { vectors, usage } = await run.result;
  call.count(usage);
  call.note({ notes: run.notes.length });
  return jsonAnswer(call, writeEmbeddings(vectors, usage, request), runHeaders(run));
}
