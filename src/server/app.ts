import { Elysia } from "elysia";
import { Failure } from "../core/failure.ts";
import { Calls, pathOf } from "./call.ts";
import { createCors } from "./cors.ts";
import type { Deps } from "./deps.ts";
import { mountEndpoints } from "./endpoints.ts";
import { hostAndOriginGuard } from "./guard.ts";
import { clientKeys, ownerOf } from "./keys.ts";
import { MethodTable } from "./method-table.ts";
import { openApiDocument } from "./openapi.ts";
import { failureAnswer, jsonAnswer, ownAnswer } from "./respond.ts";
import { completionRoutes } from "./routes/completion.ts";
import { embeddingRoutes } from "./routes/embeddings.ts";
import { healthRoutes } from "./routes/health.ts";
import { messagesRoutes } from "./routes/messages.ts";
import { modelRoutes } from "./routes/models.ts";
import { ollamaRoutes } from "./routes/ollama.ts";
import { responsesRoutes } from "./routes/responses.ts";

/** All routes behind all guards, without a port: tests call `handle`. */
export function createApp(deps: Deps) {
  const { server } = deps.config;
  const guard = hostAndOriginGuard(server);
  const keys = clientKeys(server.apiKeys);
  const cors = createCors(server.corsOrigins);
  const calls = new Calls(deps.log, ownerOf(server.apiKeys));
  let methods: MethodTable | undefined;
  const app = new Elysia({ handler: { standardHostname: false } })
    .onRequest(({ request }) => {
      const call = calls.begin(request, cors.headers(request.headers.get("origin")));
      const refused = guard(request.headers);
      if (refused) return failureAnswer(call, refused);
      const preflight = cors.preflight(request);
      if (preflight) {
        call.finish(preflight.status);
        preflight.headers.set("x-request-id", call.id);
        return preflight;
      }
      if (isOpen(request)) return undefined;
      const unknown = keys(request.headers);
      if (unknown) return failureAnswer(call, unknown);
      return deps.accepting() ? undefined : failureAnswer(call, draining());
    })
    .onError(({ code, error, request }) => {
      const call = calls.of(request);
      if (code !== "NOT_FOUND") return failureAnswer(call, error);
      methods ??= new MethodTable(app.routes);
      return methods.answer(call);
    })
    .use(healthRoutes(deps, calls))
    .use(modelRoutes(deps, calls))
    .use(completionRoutes(deps, calls))
    .use(embeddingRoutes(deps, calls))
    .use(responsesRoutes(deps, calls))
    .use(messagesRoutes(deps, calls))
    .use(ollamaRoutes(deps, calls));
  mountEndpoints(app, deps.config.endpoints, (request, answer) => ownAnswer(calls.of(request), answer));
  let document: string | undefined;
  return app.get(
    "/openapi.json",
    ({ request }) => {
      document ??= JSON.stringify(openApiDocument(app, deps.version));
      return jsonAnswer(calls.of(request), document);
    },
    { detail: { summary: "This description", tags: ["operation"] } },
  );
}

/** Whether this server lives may be asked without a key: by systemd, by a load balancer. It tells nothing else. */
const OPEN: ReadonlySet<string> = new Set(["/health", "/health/ready"]);

function isOpen({ method, url }: Request): boolean {
  return (method === "GET" || method === "HEAD") && OPEN.has(pathOf(url));
}

function draining(): Failure {
  return new Failure("shutting_down", "This server is shutting down.", { retryAfter: "5" });
}
