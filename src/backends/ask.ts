import { Failure } from "../core/failure.ts";
import { readBodyText } from "./body-text.ts";
import type { Clock } from "./clock.ts";
import { fieldsOf } from "../core/lenient.ts";
import type { Transport } from "./transport.ts";

/**
 * One small question to a server: a GET, or a POST of JSON when there is a body. Resolves with whatever it answered, error
 * statuses included; rejects with a Failure when there is no answer.
 */
export type Ask = (path: string, body?: unknown) => Promise<Reply>;

/** What came back, error statuses included. */
export interface Reply {
  status: number;
  headers: ReadonlyMap<string, string>;
  /** The body as text. */
  text: string;
  /** The body as JSON; undefined when it is not JSON. */
  json: unknown;
}

/** Longest reply read, bytes. OpenRouter's model list, the longest known, has about 1 MiB. */
const REPLY_MAX = 16 * 1024 * 1024;

/** Questions to one server. All of them end when `signal` fires; `limit` (ms) bounds each step of each one. */
export function asker(
  server: { transport: Transport; headers: Readonly<Record<string, string>> },
  signal: AbortSignal,
  limit: number,
): Ask {
  const timeouts = { connect: limit, firstByte: limit, idle: limit };
  return async (path, body) => {
    const headers = { ...server.headers, accept: "application/json" };
    const answer = await server.transport.send({
      method: body === undefined ? "GET" : "POST",
      path,
      headers,
      ...(body === undefined ? {} : { body: [new TextEncoder().encode(JSON.stringify(body))] }),
      signal,
      timeouts,
      // Looks are seconds apart, and an idle connection keeps one of llama-server's few threads busy.
      keepAlive: false,
    });
    const text = await readBodyText(answer, REPLY_MAX);
    return { status: answer.status, headers: answer.headers, text, json: parse(text) };
  };
}

/** Runs something with a time limit (ms): when it is over, the signal fires and the Failure says so. */
export async function within<T>(
  limit: { clock: Clock; ms: number; stop: AbortSignal },
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const control = new AbortController();
  const onStop = (): void => control.abort();
  let late = false;
  const callOff = limit.clock.after(limit.ms, () => {
    late = true;
    control.abort();
  });
  limit.stop.addEventListener("abort", onStop);
  if (limit.stop.aborted) control.abort();
  try {
    return await run(control.signal);
  } catch (thrown) {
    if (!late) throw Failure.from(thrown);
    throw new Failure("upstream_first_byte_timeout", `The backend gave no answer within ${limit.ms} ms.`, {
      cause: thrown,
    });
  } finally {
    callOff();
    limit.stop.removeEventListener("abort", onStop);
  }
}

/** Status 200, and no `error` in it, which some servers send with any status. */
export function isGood({ status, json }: Reply): boolean {
  return status === 200 && fieldsOf(json).error === undefined;
}

/** The fields of a good reply; none of any other. */
export function goodFields(reply: Reply | undefined): Readonly<Record<string, unknown>> {
  return reply !== undefined && isGood(reply) ? fieldsOf(reply.json) : {};
}

/** llama-server answers everything with this while it reads the model from the disk. */
export function isLoading(reply: Reply): boolean {
  return reply.status === 503 && /loading model/i.test(reply.text);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
