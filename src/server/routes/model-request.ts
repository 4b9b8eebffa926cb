import type { ModelRequest, RawObject } from "../../core/request.ts";
import { readObject } from "../../api/body.ts";
import { readBody } from "../body.ts";
import type { Call, Calls } from "../call.ts";
import type { Deps } from "../deps.ts";
import { IDLE_SECONDS } from "../idle.ts";
import { unlessEnded } from "../underway.ts";

/** What Elysia hands to a route, as far as ours use it. */
export interface RouteContext {
  request: Request;
  /** Null in tests that call the app without a port. */
  server: { timeout(request: Request, seconds: number): void } | null;
}

/** A request for a model, ready to be answered. */
export interface Asked<T extends ModelRequest> {
  call: Call;
  request: T;
  /** Ends everything that is done for it. */
  signal: AbortSignal;
}

/** One dialect's way to read a body: throws a Failure. */
export type Read<T extends ModelRequest> = (body: RawObject, id: string, headers: Headers) => T;

/** Reads a request for a model and answers it; both end when the client leaves or the server stops. */
export function answerModel<T extends ModelRequest>(
  context: RouteContext,
  { deps, calls }: { deps: Deps; calls: Calls },
  read: Read<T>,
  answer: (asked: Asked<T>) => Promise<Response>,
): Promise<Response> {
  const call = calls.of(context.request);
  return deps.underway.answer(call, async (signal) => {
    keepOpen(context, call);
    const body = await unlessEnded(signal, readBody(context.request, deps.config.server.bodyMax));
    const { headers } = context.request;
    const owner = calls.ownerOf(context.request);
    const request: T = { ...read(readObject(body), call.id, headers), owner };
    call.note({ model: request.model, stream: request.stream });
    // In the first moments after the start a model may not have been found yet.
    if (!deps.resolver.knows(request.model)) await unlessEnded(signal, deps.firstRound);
    return answer({ call, request, signal });
  });
}

/** Takes the connection out of the runtime's care until the call is finished. */
function keepOpen({ request, server }: RouteContext, call: Call): void {
  // It would cut a quiet answer, and a slow upload too: its timeout is not moved by body bytes. The limits are ours.
  server?.timeout(request, 0);
  // The setting stays with the connection: without this an idle one would be kept for ever.
  call.onFinish(() => server?.timeout(request, IDLE_SECONDS));
}
