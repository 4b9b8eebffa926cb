import { Elysia } from "elysia";
import {
  writeAnthropicModel,
  writeAnthropicModelList,
  writeModel,
  writeModelList,
} from "../../api/models.ts";
import { decodePercent } from "../../core/percent.ts";
import { type Calls, pathOf } from "../call.ts";
import type { Deps } from "../deps.ts";
import { jsonAnswer } from "../respond.ts";

const PREFIX = "/v1/models/";

/**
 * `GET /v1/models`, `GET /v1/models/{id}` and `GET /v1/backends`: answered from what is known, no backend is asked. A
 * client that sends `anthropic-version` gets Anthropic's form of the first two.
 */
export function modelRoutes(deps: Deps, calls: Calls) {
  const { registry, resolver } = deps;
  return new Elysia()
    .get(
      "/v1/models",
      async ({ request }) => {
        await deps.firstRound;
        const call = calls.of(request);
        const write = call.dialect === "anthropic" ? writeAnthropicModelList : writeModelList;
        return jsonAnswer(call, write(resolver.list()));
      },
      { detail: { summary: "List the models", tags: ["models"] } },
    )
    .get(
      `${PREFIX}*`,
      async ({ request }) => {
        await deps.firstRound;
        // From the address itself: ids hold slashes, which clients send plain or encoded.
        const id = decodePercent(pathOf(request.url).slice(PREFIX.length));
        const call = calls.of(request);
        const write = call.dialect === "anthropic" ? writeAnthropicModel : writeModel;
        return jsonAnswer(call, write(resolver.describe(id)));
      },
      { detail: { summary: "Describe one model", tags: ["models"] } },
    )
    .get(
      "/v1/backends",
      ({ request }) => {
        const body = JSON.stringify({ object: "list", data: registry.describe() });
        return jsonAnswer(calls.of(request), body);
      },
      { detail: { summary: "List the backends with their state and abilities", tags: ["operation"] } },
    );
}
