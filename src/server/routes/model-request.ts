import { Failure } from "../../core/failure.ts";
import type { ModelRequest, RawObject } from "../../core/request.ts";
import { readObject } from "../../api/body.ts";
import { readBody } from "../body.ts";
import type { Call } from "../call.ts";
import type { Deps } from "../deps.ts";
import { IDLE_SECONDS } from "../idle.ts";

/** What Elysia hands to a route, as far as ours use it. */
export interface Exchange {
  request: Request;
  /** Null in tests that call the app without a port. */
  server: { timeout(request: Request, seconds: number): void } | null;
}

/** The body of a request for a model, read and checked by its api. Throws a Failure. */
export async function readRequest(
  { request, server }: Exchange,
  call: Call,
  deps: Deps,
  read: (body: RawObject, id: string) => ModelRequest,
): Promise<ModelRequest> {
  // The runtime would cut a quiet answer, and a slow upload too: its timeout is not moved by body bytes. Ours are.
  server?.timeout(request, 0);
  // The setting stays with the connection: without this an idle one would be kept for ever.
  call.onFinish(() => server?.timeout(request, IDLE_SECONDS));
  const body = readObject(await readBody(request, deps.config.server.bodyMax));
  const asked = read(body, call.id);
  call.note({ model: asked.model, stream: asked.stream });
  if (!isKnown(asked.model, deps)) await deps.firstLook;
  return asked;
}

/** In the first moments after the start a model may not have been found yet. */
function isKnown(model: string, { resolver }: Deps): boolean {
  try {
    resolver.resolve(model);
    return true;
  } catch (thrown) {
    if (Failure.from(thrown).code === "model_not_found") return false;
    throw thrown;
  }
}
