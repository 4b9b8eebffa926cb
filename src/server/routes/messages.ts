import { Elysia } from "elysia";
import { CountBody, MessagesBody, messages, readCount, writeCount } from "../../api/messages.ts";
import type { TextRequest } from "../../core/request.ts";
import { countTokens } from "../../pipeline/count.ts";
import type { Calls } from "../call.ts";
import type { Deps } from "../deps.ts";
import { withBody } from "../openapi.ts";
import { jsonAnswer } from "../respond.ts";
import { answerModel, type Asked } from "./model-request.ts";
import { answerText } from "./text.ts";

/** Anthropic's API: `POST /v1/messages` and `POST /v1/messages/count_tokens`. */
export function messagesRoutes(deps: Deps, calls: Calls) {
  return new Elysia()
    .post(
      "/v1/messages",
      ({ request, server }) => answerText(messages, { request, server }, { deps, calls }),
      {
        parse: "none",
        detail: withBody({
          summary: "Ask a model for a message, as Anthropic's API does",
          tags: ["models"],
          body: MessagesBody,
        }),
      },
    )
    .post(
      "/v1/messages/count_tokens",
      ({ request, server }) =>
        answerModel({ request, server }, { deps, calls }, readCount, (asked) => count(asked, deps)),
      {
        parse: "none",
        detail: withBody({ summary: "Count the tokens of a message", tags: ["models"], body: CountBody }),
      },
    );
}

async function count({ call, request, signal }: Asked<TextRequest>, deps: Deps): Promise<Response> {
  const counted = await countTokens(request, deps.resolver.resolve(request.model), signal);
  call.routedTo(counted.backend, request.model);
  return jsonAnswer(call, writeCount(counted));
}
