import { Elysia } from "elysia";
import type { Calls } from "../call.ts";
import type { Deps } from "../deps.ts";
import { jsonAnswer } from "../respond.ts";

/** `GET /health`: this process lives. `GET /health/ready`: it takes requests and has a model to ask. Both from memory. */
export function healthRoutes(deps: Deps, calls: Calls) {
  return new Elysia()
    .get("/health", ({ request }) => jsonAnswer(calls.of(request), '{"status":"ok"}'), {
      detail: { summary: "Is this process alive?", tags: ["operation"], security: [{}] },
    })
    .get(
      "/health/ready",
      ({ request }) => {
        const reason = unreadiness(deps);
        const body = JSON.stringify(
          reason === undefined ? { status: "ready" } : { status: "not ready", reason },
        );
        return jsonAnswer(calls.of(request), body, {}, reason === undefined ? 200 : 503);
      },
      {
        detail: {
          summary: "Does it take requests, and is there a model?",
          tags: ["operation"],
          security: [{}],
        },
      },
    );
}

function unreadiness({ accepting, registry }: Deps): string | undefined {
  if (!accepting()) return "this server is shutting down";
  return registry.backends().some((backend) => backend.state === "connected")
    ? undefined
    : "no backend is connected";
}
