import { Elysia } from "elysia";
import { EVENT_STREAM } from "../../api/api.ts";
import { estimateTokens } from "../../core/prompt-tokens.ts";
import { ResponsesBody } from "../../api/responses/body.ts";
import type { Keeping } from "../../api/responses/keeping.ts";
import { writeInputItems } from "../../api/responses/input-items.ts";
import { replayResponse } from "../../api/responses/replay.ts";
import { responsesApi } from "../../api/responses.ts";
import { Failure } from "../../core/failure.ts";
import { decodePercent } from "../../core/percent.ts";
import type { StoredResponse } from "../../store/tables.ts";
import { type Call, type Calls, pathOf } from "../call.ts";
import type { Deps } from "../deps.ts";
import { withBody } from "../openapi.ts";
import { jsonAnswer } from "../respond.ts";
import { answerModel, type RouteContext } from "./model-request.ts";
import { answerText } from "./text.ts";

const PREFIX = "/v1/responses";
const TAGS = ["responses"];

/** `POST /v1/responses`, and what a client may ask of the responses that were kept for it. */
export function responsesRoutes(deps: Deps, calls: Calls) {
  const shelf = new Shelf(deps, calls);
  return new Elysia()
    .post(
      PREFIX,
      ({ request, server }) =>
        answerText(responsesApi(shelf.of(request)), { request, server }, { deps, calls }),
      {
        parse: "none",
        detail: withBody({ summary: "Ask a model for a response", tags: TAGS, body: ResponsesBody }),
      },
    )
    .post(
      `${PREFIX}/input_tokens`,
      ({ request, server }) => countTokens({ request, server }, shelf, { deps, calls }),
      {
        parse: "none",
        detail: withBody({ summary: "Estimate the tokens of a request", tags: TAGS, body: ResponsesBody }),
      },
    )
    .get(`${PREFIX}/:id`, ({ request }) => retrieve(calls.of(request), shelf), {
      detail: { summary: "Get a response that was kept", tags: TAGS },
    })
    .delete(`${PREFIX}/:id`, ({ request }) => remove(calls.of(request), shelf), {
      detail: { summary: "Delete a response that was kept", tags: TAGS },
    })
    .post(`${PREFIX}/:id/cancel`, ({ request }) => cancel(calls.of(request), shelf), {
      parse: "none",
      detail: { summary: "Cancel a response in the background, of which there are none", tags: TAGS },
    })
    .get(`${PREFIX}/:id/input_items`, ({ request }) => listInput(calls.of(request), shelf), {
      detail: { summary: "List the items that a response was asked with", tags: TAGS },
    });
}

/** The store as each caller sees it. */
class Shelf {
  readonly #deps: Deps;
  readonly #calls: Calls;

  constructor(deps: Deps, calls: Calls) {
    this.#deps = deps;
    this.#calls = calls;
  }

  of(request: Request): Keeping {
    const { responses, config } = this.#deps;
    const owner = this.#calls.ownerOf(request);
    return {
      enabled: config.responses.store,
      history: (id) => responses.history(owner, id),
      item: (id) => responses.item(owner, id),
      keep: (response) => responses.put(owner, response),
    };
  }

  /** The response that the address names. Throws `not_found`. */
  find(call: Call): StoredResponse {
    const id = idOf(call);
    const found = this.#deps.responses.get(this.#calls.ownerOf(call.request), id);
    if (!found) throw notFound(id);
    return found;
  }

  /** Throws `not_found`. */
  delete(call: Call): string {
    const id = idOf(call);
    if (!this.#deps.responses.delete(this.#calls.ownerOf(call.request), id)) throw notFound(id);
    return id;
  }
}

function idOf({ request }: Call): string {
  const [id = ""] = pathOf(request.url)
    .slice(PREFIX.length + 1)
    .split("/");
  return decodePercent(id);
}

function notFound(id: string): Failure {
  return new Failure("not_found", `Response with id '${id.slice(0, 100)}' not found.`, { apiCode: null });
}

function retrieve(call: Call, shelf: Shelf): Response {
  const query = queryOf(call);
  const { response } = shelf.find(call);
  if (query.get("stream") !== "true") return jsonAnswer(call, response);
  if (query.has("starting_after")) {
    throw new Failure("unsupported", "A kept response is replayed from its beginning only.", {
      param: "starting_after",
    });
  }
  return jsonAnswer(call, replayResponse(response), { "content-type": EVENT_STREAM });
}

function remove(call: Call, shelf: Shelf): Response {
  return jsonAnswer(call, JSON.stringify({ id: shelf.delete(call), object: "response", deleted: true }));
}

/** What is kept is over already. */
function cancel(call: Call, shelf: Shelf): Response {
  shelf.find(call);
  throw new Failure("invalid_request", "Cannot cancel a synchronous response.");
}

function listInput(call: Call, shelf: Shelf): Response {
  const { id, input } = shelf.find(call);
  return jsonAnswer(call, writeInputItems(id, input, queryOf(call)));
}

function countTokens(
  context: RouteContext,
  shelf: Shelf,
  { deps, calls }: { deps: Deps; calls: Calls },
): Promise<Response> {
  const { read } = responsesApi(shelf.of(context.request));
  return answerModel(context, { deps, calls }, read, async ({ call, request }) => {
    const tokens = estimateTokens(request.prompt());
    const mark = { x_fairlead: { usage: "estimated" } };
    return jsonAnswer(
      call,
      JSON.stringify({ object: "response.input_tokens", input_tokens: tokens, ...mark }),
    );
  });
}

function queryOf({ request: { url } }: Call): URLSearchParams {
  const query = url.indexOf("?");
  return new URLSearchParams(query === -1 ? "" : url.slice(query + 1));
}
