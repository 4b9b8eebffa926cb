import { Elysia } from "elysia";
import { EmbeddingsBody, readEmbeddings, writeEmbeddings } from "../../api/embeddings.ts";
import type { EmbeddingRequest } from "../../core/request.ts";
import type { Calls } from "../call.ts";
import type { Deps } from "../deps.ts";
import { withBody } from "../openapi.ts";
import { jsonAnswer, notesHeader, notesLine } from "../respond.ts";
import { answerModel, type Asked } from "./model-request.ts";

/** `POST /v1/embeddings`. */
export function embeddingRoutes(deps: Deps, calls: Calls) {
  return new Elysia().post(
    "/v1/embeddings",
    ({ request, server }) =>
      answerModel({ request, server }, { deps, calls }, readEmbeddings, (asked) => answer(asked, deps)),
    {
      parse: "none",
      detail: withBody({ summary: "Turn texts into vectors", tags: ["models"], body: EmbeddingsBody }),
    },
  );
}

async function answer({ call, request, signal }: Asked<EmbeddingRequest>, deps: Deps): Promise<Response> {
  const run = deps.pipeline.embed(request, signal);
  call.routedTo(run.target.backend.name, request.model || run.target.model);
  const { vectors, usage } = await run.result;
  call.count(usage);
  call.note({ notes: notesLine(run) });
  return jsonAnswer(call, writeEmbeddings(vectors, usage, request), notesHeader(run));
}
