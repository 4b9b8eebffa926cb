import { Elysia } from "elysia";
import { ChatBody, chat } from "../../api/chat.ts";
import { CompletionsBody, completions } from "../../api/completions.ts";
import type { Calls } from "../call.ts";
import type { Deps } from "../deps.ts";
import { withBody } from "../openapi.ts";
import { answerText } from "./text.ts";

/**
 * `POST /v1/chat/completions` and `POST /v1/completions`. Handlers take from Elysia's context by name only: it reads their
 * source, and one that hands the whole context on is given everything (cookies, query ...) parsed, for each request.
 */
export function completionRoutes(deps: Deps, calls: Calls) {
  return new Elysia()
    .post(
      "/v1/chat/completions",
      ({ request, server }) => answerText(chat, { request, server }, { deps, calls }),
      {
        parse: "none",
        detail: withBody({
          summary: "Ask a model to continue a conversation",
          tags: ["models"],
          body: ChatBody,
        }),
      },
    )
    .post(
      "/v1/completions",
      ({ request, server }) => answerText(completions, { request, server }, { deps, calls }),
      {
        parse: "none",
        detail: withBody({
          summary: "Ask a model to continue a text",
          tags: ["models"],
          body: CompletionsBody,
        }),
      },
    );
}
